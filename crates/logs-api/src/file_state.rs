//! Whether a file is still the one that was read.

use std::path::Path;
use std::time::SystemTime;

/// What tells that a file is not the one that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileState {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl FileState {
    /// None where there is no file.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&meta);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { modified: meta.modified().ok(), length: meta.len(), inode })
    }
}
