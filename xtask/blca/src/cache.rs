//! What one run keeps for the next: verdicts by the hash of everything that they depend on.
//!
//! The cache lies in the `target` folder and only where cargo has made one, so that an audit never
//! writes to a tree. A damaged or foreign cache is an empty one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A SHA-256 in hexadecimal.
pub(crate) type Key = String;

/// The cache of one workspace.
pub(crate) struct Cache {
    file: Option<PathBuf>,
    tool: String,
    before: BTreeMap<Key, String>,
    now: Mutex<BTreeMap<Key, String>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    tool: String,
    verdicts: BTreeMap<Key, String>,
}

impl Cache {
    /// Opens the cache of a workspace.
    pub(crate) fn open(root: &Path) -> Self {
        let target = root.join("target");
        let file = target.is_dir().then(|| target.join("blca").join("verdicts.json"));
        let tool = tool();
        let stored: Option<Stored> = file
            .as_ref()
            .and_then(|file| std::fs::read(file).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let before = stored.filter(|s| s.tool == tool).map(|s| s.verdicts).unwrap_or_default();
        Self { file, tool, before, now: Mutex::default() }
    }

    /// The verdict that was kept for a key, or the one that `make` gives.
    pub(crate) fn get_or<T, E>(&self, key: Key, make: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        if let Some(text) = self.before.get(&key)
            && let Ok(verdict) = serde_json::from_str(text)
        {
            self.keep(key, text.clone());
            return Ok(verdict);
        }
        let verdict = make()?;
        if self.file.is_some()
            && let Ok(text) = serde_json::to_string(&verdict)
        {
            self.keep(key, text);
        }
        Ok(verdict)
    }

    fn keep(&self, key: Key, text: String) {
        if let Ok(mut now) = self.now.lock() {
            now.insert(key, text);
        }
    }

    /// Writes what this run used, unless it is what was there. A cache that cannot be written is no
    /// fault of the audit.
    pub(crate) fn close(self) {
        let (Some(file), Ok(verdicts)) = (self.file, self.now.into_inner()) else { return };
        if verdicts == self.before {
            return;
        }
        let stored = Stored { tool: self.tool, verdicts };
        let Ok(bytes) = serde_json::to_vec(&stored) else { return };
        let Some(folder) = file.parent() else { return };
        let partial = file.with_extension(format!("{}.part", std::process::id()));
        if std::fs::create_dir_all(folder).is_ok() && std::fs::write(&partial, bytes).is_ok() {
            let _ = std::fs::rename(&partial, &file);
        }
    }
}

/// Which build of the tool this is: another one may judge otherwise.
fn tool() -> String {
    let exe = std::env::current_exe().and_then(std::fs::metadata);
    let changed = exe.as_ref().ok().and_then(|m| m.modified().ok());
    let changed = changed.and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
    let size = exe.map_or(0, |m| m.len());
    format!("{} {} {:?}", env!("CARGO_PKG_VERSION"), size, changed.map(|d| d.as_nanos()))
}

/// Hash of parts, each with its length, so that no two lists of parts are alike.
pub(crate) fn key<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
