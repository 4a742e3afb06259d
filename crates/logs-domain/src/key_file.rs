//! The signing key's file: made once, mode 0600, never overwritten.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use adapters::{Ed25519Signer, KeyRing};
use store_traits::Entropy;

use crate::small_file::read_small;
use crate::{Access, DomainError};

/// A key file that was just made, and can be taken back if what follows fails.
pub(crate) struct Made(PathBuf);

impl Made {
    pub(crate) fn take_back(self) {
        // Nothing was signed with it yet; leaving it behind would only be untidy.
        let _ = fs::remove_file(self.0);
    }
}

pub(crate) fn create(path: &Path, entropy: &dyn Entropy) -> Result<Made, DomainError> {
    let mut seed = [0_u8; 32];
    entropy.fill(&mut seed)?;
    let text = Ed25519Signer::from_seed(&seed).to_key_file();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let wrong = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => DomainError::Exists { path: path.to_owned() },
        _ => DomainError::File { doing: "create", path: path.to_owned(), source },
    };
    let mut file = options.open(path).map_err(wrong)?;
    let made = Made(path.to_owned());
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(source) = written {
        made.take_back();
        return Err(DomainError::File { doing: "write", path: path.to_owned(), source });
    }
    Ok(made)
}

/// `None` where there is no such file, or where somebody who only reads may not see it.
pub(crate) fn load(path: &Path, access: Access) -> Result<Option<KeyRing>, DomainError> {
    match read_small(path) {
        Ok(bytes) => match KeyRing::from_key_file(&bytes) {
            Ok(keys) => Ok(Some(keys)),
            Err(source) => Err(DomainError::Key { path: path.to_owned(), source }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if access == Access::Read && error.kind() == io::ErrorKind::PermissionDenied => {
            Ok(None)
        }
        Err(source) => Err(DomainError::File { doing: "read", path: path.to_owned(), source }),
    }
}

/// Changes the keys of a file, one process at a time: read, changed, replaced as a whole.
pub(crate) fn change<T>(
    path: &Path,
    work: impl FnOnce(&mut KeyRing) -> Result<T, DomainError>,
) -> Result<(KeyRing, T), DomainError> {
    let wrong = |source| DomainError::File { doing: "write", path: path.to_owned(), source };
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(name);
    let lock = lock.map_err(wrong)?;
    lock.lock().map_err(wrong)?;
    let ring = load(path, Access::Write)?;
    let mut ring = ring.ok_or_else(|| DomainError::NoKey { path: path.to_owned() })?;
    let done = work(&mut ring)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // A temporary file is made with mode 0600, which is what a key file has.
    let mut part = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
    part.write_all(ring.to_key_file().as_bytes()).map_err(wrong)?;
    part.as_file().sync_all().map_err(wrong)?;
    part.persist(path).map_err(|error| wrong(error.error))?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(wrong)?;
    Ok((ring, done))
}
