//! Writing the lock: `cargo xtask lock` and `cargo xtask unlock`.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Domain, FILE, Lock, digest, hashes, inside, page, within};
use crate::Stop;
use crate::exceptions::is_date;

/// What writing the lock changed, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A file is locked now.
    Added(String),
    /// A file is no longer there.
    Removed(String),
    /// A file has another hash.
    Rehashed(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(path) => write!(f, "+ {path}"),
            Self::Removed(path) => write!(f, "- {path}"),
            Self::Rehashed(path) => write!(f, "~ {path}"),
        }
    }
}

/// The four fields that unlock a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlock {
    /// Why.
    pub reason: String,
    /// Who allowed it.
    pub approver: String,
    /// The change that it is for.
    pub change: String,
    /// `YYYY-MM-DD`.
    pub expires: String,
}

/// Locks every domain at its files as they are, renders the page, and says what changed.
///
/// # Errors
/// [`Stop`]: there is no lock, or something cannot be read or written.
pub fn refresh(root: &Path) -> Result<Vec<Change>, Stop> {
    let mut lock = existing(root)?;
    let mut changes = Vec::new();
    for domain in lock.domain.values_mut() {
        changes.extend(domain.lock_at(root)?);
    }
    store(root, &lock)?;
    Ok(changes)
}

/// Locks a new domain.
///
/// # Errors
/// [`Stop`]: the path is not there, the name is taken, or the lock cannot be written.
pub fn add(root: &Path, name: &str, path: &str, because: &str) -> Result<Vec<Change>, Stop> {
    let mut lock = Lock::read(root)?.unwrap_or_default();
    let good_name =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !good_name {
        return Err(Stop::Declaration(format!(
            "`{name}` is no domain name (letters, digits, `-`)"
        )));
    }
    inside(root, path.trim_end_matches('/')).map_err(Stop::Declaration)?;
    if lock.domain.contains_key(name) {
        return Err(Stop::Declaration(format!(
            "the domain `{name}` is locked already (run `lock` to refresh it)"
        )));
    }
    let mut domain = Domain {
        root: path.trim_end_matches('/').to_owned(),
        because: Some(because.to_owned()),
        ..Domain::default()
    };
    let changes = domain.lock_at(root)?;
    if domain.files.is_empty() {
        return Err(Stop::Declaration(format!("there is no file at `{path}` to lock")));
    }
    lock.domain.insert(name.to_owned(), domain);
    store(root, &lock)?;
    Ok(changes)
}

/// Unlocks the domain that holds a path, and gives its name.
///
/// # Errors
/// [`Stop`]: no domain holds the path, a field is empty or no date, or the lock cannot be written.
pub fn unlock(root: &Path, path: &str, fields: Unlock) -> Result<String, Stop> {
    let mut lock = existing(root)?;
    let Unlock { reason, approver, change, expires } = fields;
    for (name, value) in [("--because", &reason), ("--approver", &approver), ("--change", &change)]
    {
        if value.trim().is_empty() {
            return Err(Stop::Declaration(format!("{name} is empty")));
        }
    }
    if !is_date(&expires) {
        return Err(Stop::Declaration(format!("--expires `{expires}` is no date (YYYY-MM-DD)")));
    }
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let holds = |domain: &Domain| within(path, &domain.root);
    let found = lock.domain.iter_mut().find(|(_, domain)| holds(domain));
    let Some((name, domain)) = found else {
        return Err(Stop::Declaration(format!("no locked domain holds `{path}`")));
    };
    domain.unlocked = true;
    domain.reason = Some(reason);
    domain.approver = Some(approver);
    domain.change = Some(change);
    domain.expires = Some(expires);
    let name = name.clone();
    store(root, &lock)?;
    Ok(name)
}

/// Whether the lock and its page say what the files are.
///
/// # Errors
/// [`Stop`]: there is no lock, or something cannot be read.
pub fn is_current(root: &Path) -> Result<bool, Stop> {
    let mut lock = existing(root)?;
    let text = written(&lock)?;
    for domain in lock.domain.values_mut().filter(|domain| !domain.unlocked) {
        domain.lock_at(root)?;
    }
    let same = |path: &Path, wanted: &str| std::fs::read_to_string(path).is_ok_and(|t| t == wanted);
    Ok(written(&lock)? == text
        && same(&root.join(FILE), &text)
        && same(&page_path(root), &page(root, &lock)))
}

fn existing(root: &Path) -> Result<Lock, Stop> {
    Lock::read(root)?.ok_or_else(|| {
        Stop::Declaration(format!(
            "there is no `{FILE}` (lock a domain with `lock NAME=PATH --because \"…\"`)"
        ))
    })
}

impl Domain {
    /// Takes over the files as they are, and locks again.
    fn lock_at(&mut self, root: &Path) -> Result<Vec<Change>, Stop> {
        let now = hashes(root, &self.root)?;
        if self.files.keys().any(|path| !within(path, &self.root)) {
            let from_root = |path: &String| format!("{}/{path}", self.root.trim_end_matches('/'));
            self.files = self.files.iter().map(|(p, h)| (from_root(p), h.clone())).collect();
        }
        let mut changes = Vec::new();
        for (path, hash) in &now {
            match self.files.get(path) {
                None => changes.push(Change::Added(path.clone())),
                Some(before) if before != hash => changes.push(Change::Rehashed(path.clone())),
                Some(_) => {}
            }
        }
        let gone = self.files.keys().filter(|path| !now.contains_key(*path));
        changes.extend(gone.map(|path| Change::Removed(path.clone())));
        self.digest = digest(&now);
        self.files = now;
        self.unlocked = false;
        self.reason = None;
        self.approver = None;
        self.change = None;
        self.expires = None;
        Ok(changes)
    }
}

fn written(lock: &Lock) -> Result<String, Stop> {
    let body = toml::to_string(lock)
        .map_err(|e| Stop::Incomplete(format!("`{FILE}` cannot be written: {e}")))?;
    Ok(format!(
        "# What does not change unless somebody says why: `cargo xtask lock`, `cargo xtask unlock`.\n\n{body}"
    ))
}

fn page_path(root: &Path) -> PathBuf {
    root.join("docs").join("LOGS_DOMAIN_LOCK.md")
}

fn store(root: &Path, lock: &Lock) -> Result<(), Stop> {
    replace(&root.join(FILE), &written(lock)?)?;
    replace(&page_path(root), &page(root, lock))
}

/// Either the old text stands there or the new one, never half of it.
fn replace(path: &Path, text: &str) -> Result<(), Stop> {
    let failed =
        |e: std::io::Error| Stop::Incomplete(format!("cannot write `{}`: {e}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let partial = path.with_extension("part");
    std::fs::write(&partial, text).map_err(failed)?;
    std::fs::rename(&partial, path).map_err(failed)
}
