//! `cargo metadata`, without touching the tree.

use std::path::Path;
use std::process::Command;

use guppy::CargoMetadata;
use guppy::graph::PackageGraph;

use crate::Stop;

/// Runs `cargo metadata`. The lock file is put back where cargo had to touch it: an audit never
/// writes.
pub(crate) fn load(root: &Path, offline: bool) -> Result<PackageGraph, Stop> {
    let lock = root.join("Cargo.lock");
    let before = std::fs::read(&lock).ok();
    let attempts: &[&[&str]] = if offline {
        &[&["--locked", "--offline"], &["--offline"]]
    } else {
        &[&["--locked", "--offline"], &["--offline"], &["--locked"], &[]]
    };
    let mut outcome = Err(Stop::Incomplete("cargo metadata was not run".to_owned()));
    for flags in attempts {
        outcome = metadata(root, flags);
        if outcome.is_ok() {
            break;
        }
    }
    let after = std::fs::read(&lock).ok();
    if before != after {
        let restored = match before {
            Some(bytes) => std::fs::write(&lock, bytes),
            None => std::fs::remove_file(&lock),
        };
        restored.map_err(|e| Stop::Incomplete(format!("cannot put `Cargo.lock` back: {e}")))?;
    }
    outcome
}

fn metadata(root: &Path, flags: &[&str]) -> Result<PackageGraph, Stop> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--all-features"])
        .args(flags)
        // A compiler or wrapper that the settings name is what X006 reports, not what an audit runs.
        .env("RUSTC", std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .output()
        .map_err(|e| Stop::Incomplete(format!("cannot run cargo: {e}")))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Stop::Incomplete(format!("cargo metadata failed: {}", why.trim())));
    }
    CargoMetadata::parse_json(String::from_utf8_lossy(&output.stdout))
        .and_then(CargoMetadata::build_graph)
        .map_err(|e| Stop::Incomplete(format!("cargo metadata makes no graph: {e}")))
}
