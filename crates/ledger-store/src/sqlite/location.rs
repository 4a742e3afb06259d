//! Which file a URL names, and whether it is one of ours: found out without touching it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use store_traits::StoreError;

/// `PRAGMA application_id` of every factlog database: "fact" in ASCII. SQLite keeps it at offset 68
/// of the file header, so that a file is recognised before any connection is made.
pub(crate) const APPLICATION_ID: i32 = 0x6661_6374;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const APPLICATION_ID_AT: std::ops::Range<usize> = 68..72;

/// A database address: a URL as the user gave it, and the file that it names.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) url: String,
    pub(crate) path: PathBuf,
}

/// Do two addresses name one file that is there?
pub(crate) fn same_file(one: &str, other: &str) -> bool {
    let file = |url| Location::parse(url).ok()?.path.canonicalize().ok();
    file(one).is_some_and(|one| file(other).is_some_and(|other| one == other))
}

impl Location {
    /// Reads `sqlite://path`, `sqlite:path` or a plain path. `?mode=…` is accepted because other
    /// tools want it in `DATABASE_URL`; the mode itself is the caller's choice.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let refuse = |why: &str| StoreError::Address { url: url.to_owned(), why: why.to_owned() };
        let path = match url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            Some(rest) => match rest.split_once('?') {
                None => rest,
                Some((path, option)) if option.starts_with("mode=") && !option.contains('&') => {
                    path
                }
                Some(_) => return Err(refuse("no option but `?mode=…` is understood here")),
            },
            None if url.contains("://") => {
                // The address may hold a password: only its scheme is repeated.
                let scheme = url.split("://").next().unwrap_or_default();
                return Err(StoreError::Address {
                    url: format!("{scheme}://…"),
                    why: "the scheme is none of `sqlite`, `postgres`, `postgresql`".into(),
                });
            }
            None => url,
        };
        if path.is_empty() || path == ":memory:" {
            return Err(refuse("a ledger is a file: name its path (sqlite://factlog.db)"));
        }
        Ok(Self { url: url.to_owned(), path: PathBuf::from(path) })
    }

    pub(crate) fn refuse(&self, why: impl Into<String>) -> StoreError {
        StoreError::Open { url: self.url.clone(), why: why.into() }
    }

    /// Is the file there, and is it ours?
    pub(crate) fn recognise(&self) -> Result<(), StoreError> {
        let mut header = Vec::new();
        let read = File::open(&self.path).and_then(|file| file.take(100).read_to_end(&mut header));
        match read {
            Ok(0) => {
                return Err(self.refuse(
                    "the file is empty (was `factlog init` interrupted? remove it and run `factlog init` again)",
                ));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(self.refuse("there is no such file (run `factlog init` to make one)"));
            }
            Err(error) => return Err(self.refuse(error.to_string())),
        }
        let ours = APPLICATION_ID.to_be_bytes();
        if header.starts_with(MAGIC) && header.get(APPLICATION_ID_AT) == Some(&ours[..]) {
            Ok(())
        } else {
            Err(StoreError::Foreign { url: self.url.clone() })
        }
    }

    /// Would the operating system let us write the file? The permission bits are asked too, because
    /// an administrator may write a file that its owner has set aside as read-only.
    pub(crate) fn writable(&self) -> Result<(), StoreError> {
        let read_only = |why: String| StoreError::ReadOnly { why };
        let path = self.path.display();
        let metadata = std::fs::metadata(&self.path).map_err(|e| self.refuse(e.to_string()))?;
        if metadata.permissions().readonly() {
            return Err(read_only(format!("`{path}` is set read-only (make it writable first)")));
        }
        File::options().write(true).open(&self.path).map(drop).map_err(|error| {
            read_only(format!("`{path}`: {error} (is it on a read-only file system?)"))
        })
    }

    /// Does a write-ahead log with content lie beside the file?
    pub(crate) fn has_wal(&self) -> bool {
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        std::fs::metadata(Path::new(&wal)).is_ok_and(|wal| wal.len() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_spellings_name_one_file() {
        for url in ["sqlite://a/b.db", "sqlite:a/b.db", "a/b.db", "sqlite://a/b.db?mode=rwc"] {
            assert_eq!(Location::parse(url).unwrap().path, Path::new("a/b.db"), "{url}");
        }
        assert_eq!(Location::parse("sqlite:///a.db").unwrap().path, Path::new("/a.db"));
    }

    #[test]
    fn other_databases_are_refused_without_repeating_a_password() {
        let error = Location::parse("mysql://me:secret@host/db").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
        assert!(Location::parse("sqlite::memory:").is_err());
        assert!(Location::parse("sqlite://a.db?cache=shared").is_err());
    }
}
