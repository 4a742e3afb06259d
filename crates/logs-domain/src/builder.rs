//! How a domain is opened: where it lies, and what is other than by default.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use audit_evidence::VerifierKey;
use ledger_store::Ledger;
use redaction::Redactor;
use store_traits::{Clock, Entropy};

use crate::{
    Access, DomainError, HighWaterFile, LogsDomain, OsEntropy, Place, SystemClock,
    default_key_file, key_file,
};

/// When checkpoints are signed without being asked for.
///
/// Looked at after facts were recorded, and at close: there is no background task, so a log that
/// nothing is written to signs nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckpointPolicy {
    /// As soon as so many entries lie above the last signed one.
    pub every_entries: Option<NonZeroU64>,
    /// As soon as the last checkpoint is so old and entries lie above it.
    pub every: Option<Duration>,
    /// When the domain is closed, for each tenant that it recorded for.
    pub at_close: bool,
}

/// Opens or makes a domain. By default its key lies beside the database and its high-water marks
/// beside the key, it signs on demand, redacts by the standard rules, and asks the system for the
/// time and for randomness.
///
/// Whether a fact is durable before it is acknowledged is not among the choices: it is
/// ([`RecordError::NotDurable`](audit_evidence::RecordError::NotDurable)).
///
/// ```
/// use logs_domain::{
///     Access, CheckpointPolicy, Ending, LogsDomain, Redactor, Rules, RunEnding, RunId, RunScope,
///     RunStart, TenantId, Timestamp,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let url = format!("sqlite://{}", folder.path().join("factlog.db").display());
/// let rules = Rules::parse("[[pattern]]\nregex = 'CASE-[0-9]{6}'\nkind = \"case_no\"")?;
/// let builder = LogsDomain::builder(url)
///     .key_file(folder.path().join("signing.key"))
///     .redactor(Redactor::with_rules(&rules)?)
///     .checkpoints(CheckpointPolicy { at_close: true, ..CheckpointPolicy::default() });
///
/// let logs = builder.clone().init("logs.example").await?;
/// let (acme, at) = (TenantId::parse("acme")?, Timestamp::parse("2026-01-01T00:00:00Z")?);
/// let scope = RunScope::new(RunId::parse("r-1")?, "support");
/// logs.traces().start(&acme, RunStart::new(scope.clone(), at)).await?;
/// let ending = Ending::Aborted { reason: "CASE-004711 was withdrawn".into() };
/// let end = logs.traces().complete(&acme, RunEnding { scope, at, ending }).await?;
/// logs.close().await?;
///
/// let logs = builder.open(Access::Read).await?;
/// assert_eq!(logs.ledgers().await?, [acme.clone()]);
/// assert_eq!(end.value.seq, 2);
/// # logs.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a builder opens nothing until `open` or `init`"]
pub struct DomainBuilder {
    pub(crate) place: Place,
    pub(crate) high_water: Option<PathBuf>,
    pub(crate) checkpoints: CheckpointPolicy,
    pub(crate) redactor: Redactor,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl LogsDomain {
    /// Opens or makes a domain at `sqlite://path` (or a plain path), or
    /// `postgres://user@host/database`.
    pub fn builder(url: impl Into<String>) -> DomainBuilder {
        let url = url.into();
        let key_file = default_key_file(&url);
        DomainBuilder::at(Place { url, key_file })
    }
}

impl DomainBuilder {
    pub(crate) fn at(place: Place) -> Self {
        Self {
            place,
            high_water: None,
            checkpoints: CheckpointPolicy::default(),
            redactor: Redactor::standard(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
        }
    }

    /// The signing key. By default `factlog.key` beside a database file; for a server, in the
    /// working directory.
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.place.key_file = path.into();
        self
    }

    /// The file of the high-water marks. By default `factlog.highwater` beside the key file.
    pub fn high_water(mut self, path: impl Into<PathBuf>) -> Self {
        self.high_water = Some(path.into());
        self
    }

    /// When checkpoints are signed without being asked for. By default never.
    pub fn checkpoints(mut self, policy: CheckpointPolicy) -> Self {
        self.checkpoints = policy;
        self
    }

    /// What is taken out of everything that is recorded, imported or said by a platform, before it
    /// is stored. [`Redactor::with_rules`] adds rules to the standard ones.
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// The time at which facts are recorded and checkpoints signed.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where ids, salts, keys and nonces come from. It must be unpredictable: whoever can guess a
    /// salt can guess the short content behind it.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Makes a new database and a new signing key, and opens them for writing. The origin names the
    /// log in its checkpoints: `<origin>/<tenant>`.
    ///
    /// # Errors
    /// One of the two is already there (nothing is overwritten), or cannot be written.
    pub async fn init(self, origin: &str) -> Result<LogsDomain, DomainError> {
        // The origin names the key of every checkpoint: it must be able to.
        VerifierKey::ed25519(&format!("{origin}/tenant"), [0; 32])
            .map_err(|source| DomainError::Origin { origin: origin.to_owned(), source })?;
        // Marks of a log that signed before: a new key of the same name would sign a second history.
        let marks = self.marks();
        if marks.exists() {
            return Err(DomainError::Exists { path: marks });
        }
        // The key first: a database without a key would be in the way of the next attempt.
        let made = key_file::create(&self.place.key_file, self.entropy.as_ref())?;
        if let Err(error) = Ledger::create(&self.place.url, origin).await {
            made.take_back();
            return Err(error.into());
        }
        self.open(Access::Write).await
    }

    /// Opens a database. The key is loaded where its file is there; what needs it says so.
    ///
    /// # Errors
    /// The database is missing, is another program's, or cannot be read; the key file is damaged.
    pub async fn open(self, access: Access) -> Result<LogsDomain, DomainError> {
        LogsDomain::build(self, access).await
    }

    pub(crate) fn marks(&self) -> PathBuf {
        let own = self.high_water.clone();
        own.unwrap_or_else(|| HighWaterFile::beside(&self.place.key_file))
    }
}
