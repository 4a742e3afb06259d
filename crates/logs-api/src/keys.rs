//! API keys: who may post, read, and see entries, without one password in a file.
//!
//! A file has a line a key: its role, its tenant, when it was made, SHA-256 of
//! `factlog/api-key/v1` ‖ 0x00 ‖ key, and its name. The key itself is 32 random bytes that are shown
//! once and stored nowhere; so a hash that is quick to compute gives nobody a way to guess it.
//!
//! ```text
//! writer acme 2026-11-29T21:00:00Z 5d0c…e2 claims-agents
//! ```

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use logs_domain::{Clock, Entropy, EntropyError, Fault, ROOT_LOG, TenantId, Timestamp};
use replay_determinism::sha256;
use store_traits::Digest;
use thiserror::Error;

use crate::file_state::FileState;

/// What begins every key, so that one that leaked is recognised.
const PREFIX: &str = "factlog_";
/// Hexadecimal digits of a key's hash that name the key: of a hash of 32 random bytes they tell nothing.
const ID_DIGITS: usize = 16;

/// What the holder of a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Post telemetry.
    Writer,
    /// Read what was recorded, and the log's checkpoint and hashes.
    Reader,
    /// What a reader may, the log's entries, and evidence bundles.
    Auditor,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no role (`writer`, `reader` or `auditor`)")]
pub struct RoleError(String);

impl std::str::FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        match text {
            "writer" => Ok(Self::Writer),
            "reader" => Ok(Self::Reader),
            "auditor" => Ok(Self::Auditor),
            other => Err(RoleError(other.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writer => "writer",
            Self::Reader => "reader",
            Self::Auditor => "auditor",
        })
    }
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    role: Role,
    tenant: TenantId,
    created: Timestamp,
    hash: Digest,
    name: String,
}

/// Who holds a key, as far as the key tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) tenant: TenantId,
    pub(crate) role: Role,
    pub(crate) name: String,
    /// The first digits of the hash in the key's line: names may be given twice.
    pub(crate) id: String,
}

/// The keys of a file, as it was when it was read. There was at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeys {
    path: PathBuf,
    state: Option<FileState>,
    known: Vec<Known>,
}

/// A file of keys cannot be used.
#[derive(Debug, Error)]
pub enum ApiKeysError {
    /// It cannot be read or written.
    #[error("cannot {doing} the API keys `{path}`: {source}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line that is no key.
    #[error("`{path}`, line {line}: {why} (a line is: role tenant time hash name)")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// Nobody could do anything.
    #[error("`{0}` holds no keys (make one with `factlog api-key new`)")]
    None(PathBuf),
    /// A name that would break its line.
    #[error("`{0}` cannot be a key's name (1 to 64 of letters, digits, `-`, `_`, `.`)")]
    Name(String),
    /// A key of no tenant.
    #[error("`{ROOT_LOG}` is the root log's own name: nobody can have a key of it")]
    RootLog,
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl ApiKeysError {
    /// Whose turn it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::File { doing: "read", .. }
            | Self::Line { .. }
            | Self::None(_)
            | Self::Name(_)
            | Self::RootLog => Fault::Input,
            Self::File { .. } | Self::Entropy(_) => Fault::Environment,
        }
    }
}

impl ApiKeys {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, holds no keys, or has a line that is none.
    pub fn read(path: &Path) -> Result<Self, ApiKeysError> {
        let failed = |source| ApiKeysError::File { doing: "read", path: path.to_owned(), source };
        // Before it is read: what is changed meanwhile is another state, and read again.
        let state = FileState::of(path);
        let text = logs_domain::read_small_text(path).map_err(failed)?;
        let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        let keys = lines
            .map(|(line, number)| {
                let wrong = |why| ApiKeysError::Line { path: path.to_owned(), line: number, why };
                line.parse().map_err(wrong)
            })
            .collect::<Result<Vec<Known>, ApiKeysError>>()?;
        if keys.is_empty() {
            return Err(ApiKeysError::None(path.to_owned()));
        }
        Ok(Self { path: path.to_owned(), state, known: keys })
    }

    /// Is the file another than the one that was read?
    pub(crate) fn is_outdated(&self) -> bool {
        FileState::of(&self.path) != self.state
    }

    /// The keys of the file as it is now, and what is wrong with it. A file that cannot be used changes
    /// no key; one that holds none is for nobody.
    pub(crate) fn reread(
        &self,
        may: &dyn Fn(&TenantId) -> Result<(), String>,
    ) -> (Self, Option<String>) {
        let state = FileState::of(&self.path);
        let kept = |why: String| {
            let same = Self { state, ..self.clone() };
            (same, Some(format!("{why} (those from before stay until it is mended)")))
        };
        match Self::read(&self.path) {
            Ok(keys) => {
                let refused = keys.tenants().find_map(|tenant| may(tenant).err());
                refused.map_or((keys, None), kept)
            }
            Err(none @ ApiKeysError::None(_)) => {
                let nobody = Self { state, known: Vec::new(), ..self.clone() };
                (nobody, Some(format!("{none}; nobody is let in")))
            }
            Err(wrong) => kept(wrong.to_string()),
        }
    }

    /// Who holds a key.
    pub(crate) fn holder(&self, key: &str) -> Option<Holder> {
        let given = hash(key);
        // Every one is compared, and each to its end: how long it takes tells nothing.
        let fits = |known: &&Known| {
            let bytes = known.hash.as_bytes().iter().zip(given.as_bytes());
            let differs = bytes.fold(0, |all, (a, b)| all | (a ^ b));
            std::hint::black_box(differs) == 0
        };
        let mut found = self.known.iter().filter(fits).collect::<Vec<_>>().into_iter();
        found.next().map(Known::holder)
    }

    /// Whose keys they are, each once.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.known.iter().map(|known| &known.tenant)
    }
}

/// Makes a key, appends what is known of it to a file (mode 0600), and gives it: nobody can ask for it
/// again.
///
/// # Errors
/// The name cannot be one, there is no randomness, or the file cannot be written.
pub fn new_api_key(
    path: &Path,
    tenant: &TenantId,
    role: Role,
    name: &str,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<String, ApiKeysError> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !(1..=64).contains(&name.len()) || !name.bytes().all(letters) {
        return Err(ApiKeysError::Name(name.chars().take(80).collect()));
    }
    if tenant.as_str() == ROOT_LOG {
        return Err(ApiKeysError::RootLog);
    }
    let mut secret = [0_u8; 32];
    entropy.fill(&mut secret)?;
    let key = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret));
    let (tenant, name) = (tenant.clone(), name.to_owned());
    let known = Known { role, tenant, created: clock.now(), hash: hash(&key), name };
    append(path, &format!("{known}\n")).map_err(|source| ApiKeysError::File {
        doing: "write",
        path: path.to_owned(),
        source,
    })?;
    Ok(key)
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file: File = options.open(path)?;
    let length = file.metadata()?.len();
    if length > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            let why = "its last line has no end (take it out, or end it)";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
    }
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a line would be taken for the beginning of the next one.
        let _ = file.set_len(length);
    }
    written
}

impl Known {
    fn holder(&self) -> Holder {
        let Self { role, tenant, created: _, hash, name } = self;
        let id = hash.to_string().chars().take(ID_DIGITS).collect();
        Holder { tenant: tenant.clone(), role: *role, name: name.clone(), id }
    }
}

fn hash(key: &str) -> Digest {
    sha256(format!("factlog/api-key/v1\0{key}").as_bytes())
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, tenant, created, hash, name } = self;
        write!(f, "{role} {tenant} {created} {hash} {name}")
    }
}

impl std::str::FromStr for Known {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split(' ').collect();
        let [role, tenant, created, hash, name] = words.as_slice() else {
            return Err(format!("it has {} words", words.len()));
        };
        Ok(Self {
            role: role.parse().map_err(|error: RoleError| error.to_string())?,
            tenant: TenantId::parse(tenant).map_err(|error| error.to_string())?,
            created: Timestamp::parse(created).map_err(|error| error.to_string())?,
            hash: Digest::from_hex(hash).map_err(|error| error.to_string())?,
            name: (*name).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp::parse("2026-01-01T12:00:00Z").unwrap()
        }
    }

    impl Entropy for Noon {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(7);
            Ok(())
        }
    }

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    #[test]
    fn a_key_is_known_by_its_hash_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("factlog.apikeys");
        let key = new_api_key(&path, &tenant("acme"), Role::Reader, "ci", &Noon, &Noon).unwrap();
        assert_eq!(key, "factlog_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&key["factlog_".len()..]));
        assert!(text.starts_with("reader acme 2026-01-01T12:00:00"), "{text}");
        let keys = ApiKeys::read(&path).unwrap();
        let holder = keys.holder(&key).unwrap();
        assert_eq!((holder.tenant, holder.role), (tenant("acme"), Role::Reader));
        assert_eq!((holder.name.as_str(), holder.id.len()), ("ci", 16));
        assert!(text.contains(&format!(" {}", holder.id)), "its line is found by it: {text}");
        for other in
            ["", "factlog_", &key[..key.len() - 1], &key.to_lowercase(), &format!("{key} ")]
        {
            assert_eq!(keys.holder(other), None, "{other}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_line_is_read_as_it_is_written_and_no_other_is() {
        let line = format!("writer acme 2026-01-01T12:00:00.000000000Z {} ci", "ab".repeat(32));
        let known: Known = line.parse().unwrap();
        assert_eq!(known.to_string().parse(), Ok(known));
        for wrong in [
            "writer acme 2026-01-01T12:00:00Z ab ci".to_owned(),
            line.replace("writer", "owner"),
            line.replace("acme", "ACME"),
            line.replace("2026", "now"),
            line.replace(" ci", ""),
            line.replace(" ci", " c i"),
            line.replace("ab", "AB"),
        ] {
            assert!(wrong.parse::<Known>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_cannot_break_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        for name in ["", "a b", "a\nwriter", &"a".repeat(65), "é"] {
            let made = new_api_key(&path, &tenant("acme"), Role::Writer, name, &Noon, &Noon);
            assert!(matches!(made, Err(ApiKeysError::Name(_))), "{name}");
        }
        assert!(!path.exists());
        std::fs::write(&path, "\n\n").unwrap();
        assert!(matches!(ApiKeys::read(&path), Err(ApiKeysError::None(_))));
    }
}
