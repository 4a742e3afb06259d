//! Is all of it there: the facts of a run or a period, read and handed to the engine.

use std::collections::{BTreeMap, BTreeSet};

use ::completeness::{
    Completeness, Coverage, Mode, Population, PopulationCount, Profile, Reason, RunCompleteness,
    RunRecord,
};
use audit_evidence::{fact_of, open_checkpoint, range_proof, verify_range};
use replay_determinism::leaf_hash;
use store_traits::{Checkpoint, Digest, Entry, Object, Period, RunId, TenantId, Value};

use crate::{DomainError, LogsDomain};

/// Entries read at once.
const PAGE: u64 = 1_000;
/// Leaf hashes that one proof is made for.
const TILE: u64 = 256;
/// Runs that a period's answer names with their reasons; the counts are exact.
pub const MOST_RUNS_NAMED: usize = 1_000;

/// A run of a period whose record is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LackingRun {
    /// Which run.
    pub run_id: String,
    /// Partial or incomplete.
    pub completeness: Completeness,
    /// Why, the heaviest first.
    pub reasons: Vec<Reason>,
}

/// What the record of a period holds and lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodCompleteness {
    /// For whom it was checked.
    pub profile: Profile,
    /// What recommended fields counted for.
    pub mode: Mode,
    /// The worse of the population and of its runs.
    pub completeness: Completeness,
    /// The runs that began in the period, and the root that shows that none was left out.
    pub population: Population,
    /// How much of the ledger is signed.
    pub coverage: Coverage,
    /// Runs whose record is complete, partial, incomplete.
    pub counts: BTreeMap<Completeness, u64>,
    /// The first runs that are not complete.
    pub lacking: Vec<LackingRun>,
}

impl LogsDomain {
    /// The run that is meant by an id or by its first characters, also where only others' words about
    /// it were recorded.
    ///
    /// # Errors
    /// No run fits, or several do.
    pub async fn run_named(&self, tenant: &TenantId, text: &str) -> Result<RunId, DomainError> {
        if let Ok(run) = RunId::parse(text)
            && !self.ledger.run_seqs(tenant, &run).await?.is_empty()
        {
            return Ok(run);
        }
        self.run_id(tenant, text).await
    }

    /// What the record of a run holds and lacks, for a profile. That its entries are under a signed
    /// checkpoint is proved from their bytes.
    ///
    /// # Errors
    /// The store failed, nothing speaks of the run, or its entries do not lead to the signed root.
    pub async fn check_run(
        &self,
        tenant: &TenantId,
        run: &RunId,
        profile: Profile,
        mode: Mode,
    ) -> Result<RunCompleteness, DomainError> {
        let as_of_size = self.ledger.head(tenant).await?.size;
        let signed = self.newest_signed(tenant).await?;
        let coverage = Coverage { as_of_size, signed_size: signed.as_ref().map_or(0, |c| c.size) };
        let mut leaves = BTreeMap::new();
        let mut keep = |entry: &Entry| {
            leaves.insert(entry.seq, leaf_hash(&entry.bytes));
        };
        let record = self.run_record(tenant, run, as_of_size, &mut keep).await?;
        if record.entries() == 0 {
            return Err(DomainError::NoSuchRun(format!("tenant `{tenant}` has no run `{run}`")));
        }
        if let Some(signed) = &signed {
            self.proved(tenant, signed, &leaves).await?;
        }
        Ok(record.check(profile, mode, coverage))
    }

    /// Every run that began in a period, none left out, and what the record of each holds and lacks.
    /// All entries of the ledger are read; `progress` hears how many were.
    ///
    /// # Errors
    /// The store failed, the tenant has no facts, or the entries do not lead to the signed root. That
    /// they do not lead to the recorded head is in the answer.
    pub async fn check_period(
        &self,
        tenant: &TenantId,
        period: Period,
        profile: Profile,
        mode: Mode,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<PeriodCompleteness, DomainError> {
        let head = self.ledger.head(tenant).await?;
        if head.size == 0 {
            return Err(DomainError::EmptyLedger(tenant.clone()));
        }
        let signed = self.newest_signed(tenant).await?;
        let signed = signed.filter(|signed| signed.size <= head.size);
        let mut count = PopulationCount::new(period);
        while count.size() < head.size {
            let start = count.size();
            let end = head.size.min(start.saturating_add(PAGE));
            for entry in self.ledger.entries(tenant, start..end).await? {
                count
                    .leaf(entry.seq, leaf_hash(&entry.bytes))
                    .map_err(|error| DomainError::Proof(error.to_string()))?;
                // From the bytes, which the root covers: a column that was emptied would hide a run.
                count.fact(&fact_of(&entry)?);
                if let Some(signed) = signed.as_ref().filter(|signed| signed.size == count.size())
                    && count.root() != signed.root
                {
                    return Err(not_under(signed, 0..signed.size));
                }
            }
            if count.size() == start {
                let why = format!("entry {start} is missing from the database");
                return Err(DomainError::Proof(why));
            }
            progress(count.size());
        }
        let coverage =
            Coverage { as_of_size: head.size, signed_size: signed.map_or(0, |signed| signed.size) };
        let population = count.finish(&head);
        self.runs_of(tenant, population, coverage, profile, mode).await
    }

    async fn runs_of(
        &self,
        tenant: &TenantId,
        population: Population,
        coverage: Coverage,
        profile: Profile,
        mode: Mode,
    ) -> Result<PeriodCompleteness, DomainError> {
        let mut worst = population.completeness();
        let mut counts = BTreeMap::new();
        let mut lacking = Vec::new();
        for run in &population.runs {
            let run_id = RunId::parse(&run.run_id)
                .map_err(|error| DomainError::NoSuchRun(error.to_string()))?;
            let record = self.run_record(tenant, &run_id, coverage.as_of_size, &mut |_| {}).await?;
            if record.entries() != run.entries {
                return Err(DomainError::Proof(format!(
                    "run `{run_id}` has {} entries, its index leads to {}",
                    run.entries,
                    record.entries()
                )));
            }
            let RunCompleteness { run_id, completeness, reasons, .. } =
                record.check(profile, mode, coverage);
            worst = worst.max(completeness);
            *counts.entry(completeness).or_insert(0) += 1;
            if completeness != Completeness::Complete && lacking.len() < MOST_RUNS_NAMED {
                lacking.push(LackingRun { run_id, completeness, reasons });
            }
        }
        Ok(PeriodCompleteness {
            profile,
            mode,
            completeness: worst,
            population,
            coverage,
            counts,
            lacking,
        })
    }

    /// The record of a run as of a size of the ledger, a page of entries at a time. What others
    /// record meanwhile belongs to the next answer.
    async fn run_record(
        &self,
        tenant: &TenantId,
        run: &RunId,
        as_of_size: u64,
        each: &mut (dyn FnMut(&Entry) + Send),
    ) -> Result<RunRecord, DomainError> {
        let mut record = RunRecord::new(run.as_str());
        self.each_entry_of(tenant, run, &mut |entry| {
            if entry.seq < as_of_size {
                record.add(&fact_of(entry)?);
                each(entry);
            }
            Ok(())
        })
        .await?;
        Ok(record)
    }

    /// The newest checkpoint, if there is one and a key to check it with. Its signature is checked.
    async fn newest_signed(&self, tenant: &TenantId) -> Result<Option<Checkpoint>, DomainError> {
        let (Some(stored), Ok(keys)) =
            (self.ledger.newest_checkpoint(tenant).await?, self.verifier_keys(tenant))
        else {
            return Ok(None);
        };
        let wrong = |why: String| {
            DomainError::Proof(format!("the stored checkpoint of size {}: {why}", stored.size))
        };
        let opened = open_checkpoint(&stored.note, &keys, &Self::verifier())
            .map_err(|error| wrong(error.to_string()))?;
        let says = (opened.origin.as_str(), opened.size, opened.root);
        if says != (self.log_origin(tenant).as_str(), stored.size, stored.root) {
            return Err(wrong("it does not say what its row says".to_owned()));
        }
        Ok(Some(stored))
    }

    /// These leaves lead to the signed root: one range proof for each 256 leaves that hold one.
    async fn proved(
        &self,
        tenant: &TenantId,
        signed: &Checkpoint,
        leaves: &BTreeMap<u64, Digest>,
    ) -> Result<(), DomainError> {
        let under = leaves.range(..signed.size);
        let tiles: BTreeSet<u64> = under.map(|(seq, _)| seq / TILE).collect();
        for tile in tiles {
            let range = tile * TILE..signed.size.min((tile + 1) * TILE);
            let stored = self.ledger.hashes(tenant, 0, range.clone()).await?;
            // What was read stands in the place of what was stored.
            let computed: Vec<Digest> = stored
                .into_iter()
                .zip(range.clone())
                .map(|(stored, seq)| leaves.get(&seq).copied().unwrap_or(stored))
                .collect();
            let ledger = self.ledger.as_ref();
            let proof = range_proof(ledger, tenant, range.start, range.end, signed.size)
                .await
                .map_err(|error| DomainError::Proof(error.to_string()))?;
            if verify_range(&proof, &computed, &signed.root).is_err() {
                return Err(not_under(signed, range));
            }
        }
        Ok(())
    }
}

fn not_under(signed: &Checkpoint, range: std::ops::Range<u64>) -> DomainError {
    DomainError::Proof(format!(
        "entries {}..{} do not lead to the root of the checkpoint that signs {} entries",
        range.start, range.end, signed.size
    ))
}

impl PeriodCompleteness {
    /// The same as an object of the restricted JSON that facts are made of.
    #[must_use]
    pub fn to_object(&self) -> Object {
        let run = |run: &LackingRun| {
            let reason = |reason: &Reason| Value::from(reason.to_string());
            Value::Object(Object::from([
                ("run_id", run.run_id.as_str().into()),
                ("completeness", run.completeness.as_str().into()),
                ("reasons", run.reasons.iter().map(reason).collect::<Vec<_>>().into()),
            ]))
        };
        let all = [Completeness::Complete, Completeness::Partial, Completeness::Incomplete];
        let counts: Object = all
            .into_iter()
            .map(|which| {
                let count = self.counts.get(&which).copied().unwrap_or(0);
                (which.as_str().to_owned(), Value::unsigned(count))
            })
            .collect();
        Object::from([
            ("profile", self.profile.as_str().into()),
            ("strict", (self.mode == Mode::Strict).into()),
            ("completeness", self.completeness.as_str().into()),
            ("population", self.population.to_object().into()),
            ("as_of_size", Value::unsigned(self.coverage.as_of_size)),
            ("signed_size", Value::unsigned(self.coverage.signed_size)),
            ("runs_by_completeness", counts.into()),
            ("lacking", self.lacking.iter().map(run).collect::<Vec<_>>().into()),
        ])
    }
}
