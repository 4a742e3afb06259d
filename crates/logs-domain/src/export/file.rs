//! A file that is there whole or not at all.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use crate::DomainError;

/// Writes the whole file or nothing: under a temporary name in the same folder, then renamed.
pub(crate) fn write_whole(out: &Path, bytes: &[u8]) -> Result<(), DomainError> {
    let wrong = |source| DomainError::File { doing: "write", path: out.to_owned(), source };
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut part = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
    part.write_all(bytes).and_then(|()| part.as_file().sync_all()).map_err(wrong)?;
    let file: File = part.persist_noclobber(out).map_err(|error| wrong(error.error))?;
    readable(&file).map_err(wrong)?;
    // The new name is durable once the folder is.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(wrong)
}

/// Temporary files are made for the owner alone; evidence is meant to be handed on.
#[cfg(unix)]
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> std::io::Result<()> {
    Ok(())
}
