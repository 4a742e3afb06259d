//! A file that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::DomainError;

/// A file that is written under a temporary name in its folder, and gets its own when it is whole.
pub struct WholeFile {
    part: NamedTempFile,
    out: PathBuf,
}

impl WholeFile {
    /// Begins a file.
    ///
    /// # Errors
    /// There is one of this name, or nothing can be written beside it.
    pub fn begin(out: &Path) -> Result<Self, DomainError> {
        is_free(out)?;
        let folder = folder_of(out);
        let part = NamedTempFile::new_in(folder).map_err(|source| wrong(out, source))?;
        Ok(Self { part, out: out.to_owned() })
    }

    /// Gives the file its name, durably.
    ///
    /// # Errors
    /// Somebody made one of this name meanwhile, or the disk failed; then nothing is left.
    pub fn finish(self) -> Result<(), DomainError> {
        let Self { part, out } = self;
        let wrong = |source| wrong(&out, source);
        part.as_file().sync_all().map_err(wrong)?;
        let file: File = part.persist_noclobber(&out).map_err(|error| wrong(error.error))?;
        readable(&file).map_err(wrong)?;
        // The new name is durable once the folder is.
        File::open(folder_of(&out)).and_then(|folder| folder.sync_all()).map_err(wrong)
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.part.flush()
    }
}

/// May a file of this name be written? Asked before the work as well.
pub(crate) fn is_free(out: &Path) -> Result<(), DomainError> {
    if out == Path::new("-") {
        // Elsewhere it is standard output, which would take a part of a file too.
        let why = "`-` names no file here (a file that is called so is `./-`)";
        return Err(DomainError::Request(why.to_owned()));
    }
    match out.exists() {
        true => Err(DomainError::Exists { path: out.to_owned() }),
        false => Ok(()),
    }
}

/// Writes the whole file or nothing.
pub(crate) fn write_whole(out: &Path, bytes: &[u8]) -> Result<(), DomainError> {
    let mut file = WholeFile::begin(out)?;
    file.write_all(bytes).map_err(|source| wrong(out, source))?;
    file.finish()
}

fn folder_of(out: &Path) -> &Path {
    match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn wrong(out: &Path, source: io::Error) -> DomainError {
    DomainError::File { doing: "write", path: out.to_owned(), source }
}

/// Temporary files are made for the owner alone; evidence is meant to be handed on.
#[cfg(unix)]
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> io::Result<()> {
    Ok(())
}
