//! Which files a commit would change, as git sees them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::Stop;

/// Files that differ from the last commit, and new ones, relative to the root.
pub(crate) fn files(root: &Path) -> Result<BTreeSet<String>, Stop> {
    let differing = git(root, &["diff", "--name-only", "--relative", "HEAD", "--"])?;
    let fresh = git(root, &["ls-files", "--others", "--exclude-standard"])?;
    Ok(differing.lines().chain(fresh.lines()).map(str::to_owned).collect())
}

fn git(root: &Path, arguments: &[&str]) -> Result<String, Stop> {
    let output = Command::new("git")
        .current_dir(root)
        .args(["-c", "core.quotePath=off"])
        .args(arguments)
        .output()
        .map_err(|e| Stop::Incomplete(format!("cannot run git for --changed: {e}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Stop::Incomplete(format!("git does not say what changed: {why}")))
}
