//! The composition root: stores, engines and facades of one database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapters::{KeyRing, StrictVerifier};
use audit_evidence::{Recorder, RunRecorder, VerifierKey};
use audit_store::{Audit, System};
use export_bundle_store::Exports;
use ledger_store::{Ledger, OpenMode, Projection};
use logs_facade::{EvidenceFacade, LogsFacade, Stores, TraceFacade};
use replay_determinism::{canonical, leaf_hash};
use store_traits::{Clock, Entropy, HighWater, LedgerStore, RunId, Signer, TenantId};
use trace_store::Traces;

use crate::backlog;
use crate::checkpoint::LastSigned;
use crate::{CheckpointPolicy, DomainBuilder, DomainError, HighWaterFile, key_file};

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Recording and reading.
    Write,
    /// Reading only; works on a read-only file.
    Read,
}

/// Where a database and its signing key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `sqlite://path` (or a plain path), or `postgres://user@host/database`.
    pub url: String,
    /// The signing key.
    pub key_file: PathBuf,
}

impl Place {
    /// The address as it may be printed: without a password.
    #[must_use]
    pub fn shown(&self) -> String {
        ledger_store::shown(&self.url)
    }
}

/// The LOGS domain over one database.
pub struct LogsDomain {
    pub(crate) ledger: Arc<dyn LedgerStore>,
    database: Arc<Ledger>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    keys: Option<KeyRing>,
    pub(crate) high_water: Arc<dyn HighWater>,
    pub(crate) policy: CheckpointPolicy,
    pub(crate) redactor: redaction::Redactor,
    pub(crate) last_signed: LastSigned,
    pub(crate) origin: String,
    facade: LogsFacade,
    traces: TraceFacade,
    evidence: EvidenceFacade,
    pub(crate) place: Place,
}

impl LogsDomain {
    /// Makes a new database and a new signing key, run by default.
    ///
    /// # Errors
    /// As [`DomainBuilder::init`].
    pub async fn init(place: &Place, origin: &str) -> Result<Self, DomainError> {
        DomainBuilder::at(place.clone()).init(origin).await
    }

    /// Opens a database that is run by default; [`LogsDomain::builder`] opens it otherwise.
    ///
    /// # Errors
    /// As [`DomainBuilder::open`].
    pub async fn open(place: &Place, access: Access) -> Result<Self, DomainError> {
        DomainBuilder::at(place.clone()).open(access).await
    }

    pub(crate) async fn build(builder: DomainBuilder, access: Access) -> Result<Self, DomainError> {
        let marks = builder.marks();
        let DomainBuilder { place, high_water: _, checkpoints, redactor, clock, entropy } = builder;
        let mode = match access {
            Access::Write => OpenMode::ReadWrite,
            Access::Read => OpenMode::ReadOnly,
        };
        let database = Arc::new(
            Ledger::open(&place.url, mode, projections(), replay_determinism::key_tag).await?,
        );
        if access == Access::Write {
            backlog::work_off(&database).await?;
        }
        let ledger: Arc<dyn LedgerStore> = Arc::<Ledger>::clone(&database);
        let reader = database.reader();
        let stores = Stores {
            ledger: Arc::clone(&ledger),
            traces: Arc::new(Traces::new(reader, as_recorded)),
            audit: Arc::new(Audit::new(reader)),
            system: Arc::new(System::new(reader)),
            exports: Arc::new(Exports::new(reader)),
        };
        let keys = key_file::load(&place.key_file, access)?;
        let origin = ledger.origin(DEFAULT_ORIGIN).await?;
        let recorder = Recorder::new(Arc::clone(&ledger), Arc::clone(&clock), Arc::clone(&entropy));
        let recorder = Arc::new(recorder);
        let runs = RunRecorder::new(
            Arc::clone(&recorder),
            Arc::clone(&ledger),
            Arc::clone(&stores.traces),
            redactor.clone(),
        );
        Ok(Self {
            traces: TraceFacade::new(runs, Arc::clone(&ledger)),
            recorder,
            evidence: EvidenceFacade::new(stores.clone()),
            facade: LogsFacade::new(stores),
            ledger,
            database,
            clock,
            entropy,
            keys,
            high_water: Arc::new(HighWaterFile::new(marks)),
            policy: checkpoints,
            redactor,
            last_signed: LastSigned::default(),
            origin,
            place,
        })
    }

    /// Reads what was recorded.
    #[must_use]
    pub fn logs(&self) -> &LogsFacade {
        &self.facade
    }

    /// Records runs: start, steps, end.
    #[must_use]
    pub fn traces(&self) -> &TraceFacade {
        &self.traces
    }

    /// What can be proved of what was recorded.
    #[must_use]
    pub fn evidence(&self) -> &EvidenceFacade {
        &self.evidence
    }

    /// All tenants with facts. The root log is nobody's.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, DomainError> {
        let root = Self::root_log()?;
        let mut tenants = self.ledgers().await?;
        tenants.retain(|tenant| *tenant != root);
        Ok(tenants)
    }

    /// All ledgers: the tenants', and the root log if there is one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn ledgers(&self) -> Result<Vec<TenantId>, DomainError> {
        Ok(self.ledger.tenants().await?)
    }

    /// The ledgers that a check of the whole database looks at: those that there are, those that were signed
    /// once and are not there, and where there is none, the root log if a guard of the database is gone: who
    /// takes a tenant or a policy away must not make the check pass.
    ///
    /// # Errors
    /// The store failed, or the high-water marks cannot be read.
    pub async fn ledgers_to_verify(&self) -> Result<Vec<TenantId>, DomainError> {
        let mut ledgers = self.ledgers().await?;
        for origin in self.high_water.origins().await? {
            let tenant = origin.rsplit_once('/').map(|(_, name)| TenantId::parse(name));
            let Some(Ok(tenant)) = tenant else { continue };
            if self.log_origin(&tenant) == origin && !ledgers.contains(&tenant) {
                ledgers.push(tenant);
            }
        }
        if ledgers.is_empty() && !self.ledger.missing_guards().await?.is_empty() {
            ledgers.push(Self::root_log()?);
        }
        ledgers.sort();
        Ok(ledgers)
    }

    /// The tenant that is meant: the named one, else the only one there is.
    ///
    /// # Errors
    /// None was named, and the database holds none or several.
    pub async fn tenant(&self, named: Option<TenantId>) -> Result<TenantId, DomainError> {
        let mut tenants = self.tenants().await?;
        match (named, tenants.len()) {
            (Some(tenant), _) => Ok(tenant),
            (None, 1) => Ok(tenants.remove(0)),
            (None, 0) => Err(DomainError::NothingRecorded),
            (None, _) => Err(DomainError::WhichTenant(tenants)),
        }
    }

    /// The run that is meant by an id or by its first characters.
    ///
    /// # Errors
    /// No run fits, or several do.
    pub async fn run_id(&self, tenant: &TenantId, text: &str) -> Result<RunId, DomainError> {
        let no_such = |why: String| DomainError::NoSuchRun(why);
        if text.is_empty() {
            // The beginning of every id: a script whose variable is empty means none of them.
            return Err(no_such("an empty text names no run (see `factlog runs`)".to_owned()));
        }
        let found = self.facade.runs_starting_with(tenant, text).await?.value;
        let unknown = format!("tenant `{tenant}` has no run `{text}` (see `factlog runs`)");
        let chosen = match found.as_slice() {
            [] => return Err(no_such(unknown)),
            [one] => one,
            several => match several.iter().find(|id| *id == text) {
                Some(exact) => exact,
                None => {
                    return Err(no_such(format!(
                        "`{text}` fits several runs: {} (give more characters)",
                        several.join(", ")
                    )));
                }
            },
        };
        RunId::parse(chosen).map_err(|error| no_such(error.to_string()))
    }

    /// The name of a tenant's log in its checkpoints: `<origin>/<tenant>`.
    #[must_use]
    pub fn log_origin(&self, tenant: &TenantId) -> String {
        format!("{}/{tenant}", self.origin)
    }

    /// The key that verifies a tenant's newest checkpoints and bundles, made from the first active
    /// key.
    ///
    /// # Errors
    /// There is no key file.
    pub fn verifier_key(&self, tenant: &TenantId) -> Result<VerifierKey, DomainError> {
        let signer = self.signer()?;
        VerifierKey::ed25519(&self.log_origin(tenant), signer.public_key())
            .map_err(|error| DomainError::Proof(error.to_string()))
    }

    /// All keys that verify a tenant's checkpoints, the retired ones too, in the order in which they
    /// were added.
    ///
    /// # Errors
    /// There is no key file.
    pub fn verifier_keys(&self, tenant: &TenantId) -> Result<Vec<VerifierKey>, DomainError> {
        let origin = self.log_origin(tenant);
        let named = |key: &adapters::RingKey| {
            VerifierKey::ed25519(&origin, key.public_key)
                .map_err(|error| DomainError::Proof(error.to_string()))
        };
        self.keys()?.keys().iter().map(named).collect()
    }

    /// Closes the database: what is in its write-ahead log moves into the one file. Signs before
    /// that, where the policy asks for it.
    ///
    /// # Errors
    /// A checkpoint could not be signed; the database is closed all the same.
    pub async fn close(self) -> Result<(), DomainError> {
        let signed = self.checkpoint_at_close().await;
        self.database.close().await;
        signed
    }

    pub(crate) fn keys(&self) -> Result<&KeyRing, DomainError> {
        self.keys.as_ref().ok_or_else(|| DomainError::NoKey { path: self.place.key_file.clone() })
    }

    pub(crate) fn replace_keys(&mut self, keys: KeyRing) {
        self.keys = Some(keys);
    }

    pub(crate) fn signer(&self) -> Result<&dyn Signer, DomainError> {
        self.first_signer().map(|signer| signer.as_ref() as &dyn Signer)
    }

    pub(crate) fn database(&self) -> &Ledger {
        &self.database
    }

    pub(crate) fn shared_signer(&self) -> Result<Arc<dyn Signer>, DomainError> {
        let signer = Arc::clone(self.first_signer()?);
        Ok(signer)
    }

    fn first_signer(&self) -> Result<&Arc<adapters::Ed25519Signer>, DomainError> {
        let first = self.keys()?.signers().next();
        first.ok_or_else(|| DomainError::NoKey { path: self.place.key_file.clone() })
    }

    pub(crate) fn verifier() -> StrictVerifier {
        StrictVerifier
    }
}

/// The name before the tenant in checkpoints of databases whose maker named none.
pub const DEFAULT_ORIGIN: &str = "factlog.local";

pub(crate) fn projections() -> Vec<&'static Projection> {
    vec![&trace_store::PROJECTION, &audit_store::PROJECTION, &export_bundle_store::PROJECTION]
}

/// The fact in an entry's bytes, if they are those that were recorded: who reads a run sees no step whose
/// entry was edited since.
fn as_recorded(bytes: &[u8], recorded: &[u8]) -> Option<store_traits::Value> {
    let same = leaf_hash(bytes).as_bytes() == recorded;
    same.then(|| canonical::parse(bytes).ok()).flatten()
}

/// The key file beside a database file; for a server, in the working directory.
#[must_use]
pub fn default_key_file(url: &str) -> PathBuf {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return PathBuf::from("factlog.key");
    }
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
    let path = path.split('?').next().unwrap_or(path);
    Path::new(path).with_file_name("factlog.key")
}
