//! The domain lock: files that do not change unless somebody says why.
//!
//! `blca.lock` names domains; each has a root (a folder or one file), the SHA-256 of every file below
//! it, and a digest: SHA-256 over the lines `<path> <sha256>\n`, sorted by path. So a file cannot be
//! changed together with its own line without the digest showing it, and the digest cannot be
//! changed without a reviewer seeing the one line that matters.
//!
//! ```toml
//! [domain.canon]
//! root = "crates/replay-determinism/src"
//! because = "every hash and every signature rests on these bytes"
//! digest = "5a1f…"
//!
//! [domain.canon.files]
//! "crates/replay-determinism/src/hash.rs" = "9c22…"
//! ```
//!
//! Unlocking takes four fields: `unlocked = true` with `reason`, `approver`, `change` and `expires`.

mod page;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::exceptions::is_date;
use crate::files::relative;
use crate::{Finding, Stop};

pub use page::page;
pub use write::{Change, Unlock, add, is_current, refresh, unlock};

/// Name of the file.
pub(crate) const FILE: &str = "blca.lock";

/// `blca.lock`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Domains by name.
    #[serde(default)]
    pub domain: BTreeMap<String, Domain>,
    /// Places that a reviewer looked at and left as they are, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gray_zone: BTreeMap<String, GrayZone>,
}

/// `[domain.NAME]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Folder or file, relative to the workspace.
    pub root: String,
    /// Why it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// SHA-256 over the lines of `files`, in hexadecimal.
    #[serde(default)]
    pub digest: String,
    /// Whether the domain may change; takes the four fields below.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlocked: bool,
    /// Why it is unlocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who allowed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// The change that it is unlocked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// `YYYY-MM-DD`, after which it is locked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Path → SHA-256 in hexadecimal.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// `[gray_zone.NAME]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrayZone {
    /// What is unusual there.
    pub what: String,
    /// Why it stays.
    pub why: String,
}

impl Lock {
    /// Reads the lock of a workspace; none where there is no file.
    ///
    /// # Errors
    /// [`Stop`]: the file cannot be read, or is no lock.
    pub fn read(root: &Path) -> Result<Option<Self>, Stop> {
        let path = root.join(FILE);
        // A link that leads nowhere is no missing lock: reading it says so.
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let text = crate::files::read(&path)
            .map_err(|why| Stop::Incomplete(format!("`{FILE}`: {why}")))?;
        let lock: Self = toml::from_str(&text)
            .map_err(|e| Stop::Declaration(format!("BLCA-T007 in `{FILE}`: {e}")))?;
        for (name, domain) in &lock.domain {
            inside(root, &domain.root)
                .map_err(|why| Stop::Declaration(format!("domain `{name}` in `{FILE}`: {why}")))?;
        }
        Ok(Some(lock))
    }
}

/// K001–K005.
pub(crate) fn check(
    root: &Path,
    as_of: Option<&str>,
    expected: &[String],
) -> Result<Vec<Finding>, Stop> {
    let Some(lock) = Lock::read(root)? else {
        let missing = |name: &String| {
            at("K002", name, format!("`{FILE}` is gone, and with it domain `{name}`"))
        };
        return Ok(expected.iter().map(missing).collect());
    };
    let mut out = Vec::new();
    for name in expected.iter().filter(|name| !lock.domain.contains_key(*name)) {
        out.push(at(
            "K002",
            name,
            format!("`{FILE}` lacks the domain `{name}` that `blca.toml` asks for"),
        ));
    }
    for (name, domain) in &lock.domain {
        let faults = unlock_faults(domain, as_of);
        if domain.unlocked && faults.is_empty() {
            continue;
        }
        for fault in faults {
            out.push(at("K005", name, format!("domain `{name}` {fault}")));
        }
        domain.compare(root, name, &mut out)?;
    }
    let text = crate::files::read(&root.join(FILE)).unwrap_or_default();
    for finding in &mut out {
        place(finding, &text);
    }
    Ok(out)
}

/// What an unlocked domain lacks.
fn unlock_faults(domain: &Domain, as_of: Option<&str>) -> Vec<String> {
    let fields = [
        ("reason", &domain.reason),
        ("approver", &domain.approver),
        ("change", &domain.change),
        ("expires", &domain.expires),
    ];
    if !domain.unlocked {
        let given = fields.iter().find(|(_, value)| value.is_some());
        let stray = given.map(|(field, _)| format!("gives `{field}` and is not unlocked"));
        return stray.into_iter().collect();
    }
    let lacks = fields.iter().filter(|(_, v)| v.as_ref().is_none_or(|v| v.trim().is_empty()));
    let mut out: Vec<String> =
        lacks.map(|(field, _)| format!("is unlocked without `{field}`")).collect();
    if let Some(date) = domain.expires.as_deref().filter(|date| !date.trim().is_empty()) {
        if !is_date(date) {
            out.push(format!("is unlocked until `{date}`, which is no date (YYYY-MM-DD)"));
        } else if as_of.is_some_and(|today| date < today) {
            out.push(format!("was unlocked until {date}, which has passed"));
        }
    }
    out
}

impl Domain {
    fn compare(&self, root: &Path, name: &str, out: &mut Vec<Finding>) -> Result<(), Stop> {
        if digest(&self.files) != self.digest {
            let message =
                format!("the digest of domain `{name}` does not fit the files that it lists");
            out.push(at("K004", name, message));
        }
        let there = hashes(root, &self.root)?;
        if there.is_empty() {
            let message = format!("there is no file at `{}`, the root of `{name}`", self.root);
            out.push(at("K002", name, message));
        }
        // A lock may write its paths from the workspace or from the domain's root.
        let from_root = self.files.keys().any(|path| !within(path, &self.root));
        let prefix =
            if from_root { format!("{}/", self.root.trim_end_matches('/')) } else { String::new() };
        let listed: BTreeMap<String, &String> =
            self.files.iter().map(|(path, hash)| (format!("{prefix}{path}"), hash)).collect();
        for (path, hash) in &listed {
            match there.get(path) {
                None => out.push(at("K002", path, format!("the locked file `{path}` is gone"))),
                Some(now) if now != *hash => {
                    out.push(at("K001", path, format!("the locked file `{path}` changed")));
                }
                Some(_) => {}
            }
        }
        for path in there.keys().filter(|path| !listed.contains_key(*path)) {
            let message = format!("`{path}` was added to the locked domain `{name}`");
            out.push(at("K003", path, message));
        }
        Ok(())
    }
}

fn within(path: &str, root: &str) -> bool {
    let root = root.trim_end_matches('/');
    path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}

fn at(rule: &str, subject: &str, message: String) -> Finding {
    Finding {
        rule: rule.to_owned(),
        file: FILE.to_owned(),
        subject: subject.to_owned(),
        message,
        ..Finding::default()
    }
}

/// Puts a finding on the line of the lock that speaks of its subject.
fn place(finding: &mut Finding, text: &str) {
    let heading = format!("[domain.{}]", finding.subject);
    let quoted = format!("\"{}\"", finding.subject);
    let found =
        text.lines().enumerate().find(|(_, l)| l.trim() == heading || l.starts_with(&quoted));
    if let Some((index, line)) = found {
        finding.line = index + 1;
        finding.frame = line.to_owned();
    }
}

/// SHA-256 over the lines `<path> <sha256>\n`.
pub(crate) fn digest(files: &BTreeMap<String, String>) -> String {
    let lines: String = files.iter().map(|(path, hash)| format!("{path} {hash}\n")).collect();
    sha256(lines.as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a root lies in the workspace, whatever links lie on the way.
pub(crate) fn inside(root: &Path, domain: &str) -> Result<(), String> {
    let path = Path::new(domain);
    let plain = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if domain.is_empty() || !plain {
        return Err(format!("the root `{domain}` is no path inside the workspace"));
    }
    let full = root.join(path);
    let real = full.canonicalize();
    let home = root.canonicalize();
    match (real, home) {
        (Ok(real), Ok(home)) if real != home.join(path) => {
            Err(format!("a symbolic link lies on the way to the root `{domain}`"))
        }
        // A root that is gone is K002.
        _ => Ok(()),
    }
}

/// Every file of a domain with its hash; empty where the root is gone.
pub(crate) fn hashes(root: &Path, domain: &str) -> Result<BTreeMap<String, String>, Stop> {
    let start = root.join(domain.trim_end_matches('/'));
    let mut out = BTreeMap::new();
    if start.is_dir() {
        folder(root, &start, &mut out)?;
    } else if start.is_file() {
        file(root, &start, &mut out)?;
    }
    Ok(out)
}

fn folder(root: &Path, dir: &Path, out: &mut BTreeMap<String, String>) -> Result<(), Stop> {
    let shown = relative(root, dir);
    let failed = |e: std::io::Error| Stop::Incomplete(format!("the locked folder `{shown}`: {e}"));
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if kind.is_symlink() {
            // What it leads to may change without the lock seeing it.
            let shown = relative(root, &path);
            return Err(Stop::Incomplete(format!(
                "`{shown}` is a symbolic link in a locked domain"
            )));
        }
        if kind.is_dir() {
            folder(root, &path, out)?;
        } else {
            file(root, &path, out)?;
        }
    }
    Ok(())
}

fn file(root: &Path, path: &Path, out: &mut BTreeMap<String, String>) -> Result<(), Stop> {
    let shown = relative(root, path);
    if path.to_str().is_none() {
        return Err(Stop::Incomplete(format!("the name of `{shown}` is not UTF-8")));
    }
    let bytes = std::fs::read(path)
        .map_err(|e| Stop::Incomplete(format!("the locked file `{shown}`: {e}")))?;
    out.insert(shown, sha256(&bytes));
    Ok(())
}
