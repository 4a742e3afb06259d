//! Runs as replay compares them: read from the ledger, or mapped from a capture without recording it.

mod decision;
mod native;
mod part;
mod span;
mod trace;
mod transcript;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use intake::{Hint, Mapper, Stop};
use replay_determinism::{TraceRecord, canonical, sha256};
use store_traits::{Content, Draft, Entry, Identity, RunId, TenantId};
use tokio::task::JoinHandle;

use self::part::Part;
use self::trace::trace_of;
use crate::import::{Read, blocking, read};
use crate::run_entries::{around, stretches};
use crate::{DomainError, Input, LogsDomain};

/// Stretches that are parsed while the next ones are read.
const AHEAD: usize = 4;
/// Runs that an error names.
const MOST_NAMED: usize = 10;
/// Records of a capture that cannot be facts and are told.
const MOST_NOTES: usize = 20;

/// A run of a capture that was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedTrace {
    /// Its id in the capture.
    pub run_id: String,
    /// The run as replay sees it.
    pub trace: TraceRecord,
    /// What of the capture cannot be a fact, and so was left out; at most 20.
    pub notes: Vec<String>,
}

impl LogsDomain {
    /// A recorded run as replay compares it: its steps, and what policies decided. Contents are read
    /// from beside the ledger, and only those that the entries commit to count; one that is gone is
    /// not recorded.
    ///
    /// # Errors
    /// The store failed, an entry is missing or no fact, or nothing speaks of the run.
    pub async fn trace_record(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<TraceRecord, DomainError> {
        let seqs = self.ledger.run_seqs(tenant, run).await?;
        if seqs.is_empty() {
            return Err(DomainError::NoSuchRun(format!("tenant `{tenant}` has no run `{run}`")));
        }
        let mut parts = Vec::with_capacity(seqs.len());
        // Reading costs about as much as parsing and hashing: what was read is parsed beside it.
        let mut parsing = VecDeque::new();
        for stretch in stretches(&seqs) {
            let contents = self.ledger.contents(tenant, around(stretch)).await?;
            let entries = self.entries_of(tenant, stretch).await?;
            parsing.push_back(tokio::task::spawn_blocking(move || parts_of(entries, contents)));
            if parsing.len() > AHEAD {
                take_parsed(&mut parsing, &mut parts).await?;
            }
        }
        while !parsing.is_empty() {
            take_parsed(&mut parsing, &mut parts).await?;
        }
        blocking(move || Ok(trace_of(&parts))).await
    }

    /// A run of a capture, in any format that [`LogsDomain::import`] takes, mapped and redacted as an
    /// import would, and not recorded. `run` names one of several.
    ///
    /// # Errors
    /// A file cannot be read, or the capture holds no run with steps, several and none is named, or
    /// not the one that is.
    pub async fn captured_trace(
        &self,
        inputs: Vec<Input>,
        hint: Hint,
        run: Option<&str>,
    ) -> Result<CapturedTrace, DomainError> {
        let mapper = Mapper::new(self.redactor.clone());
        let (runs, notes) = blocking(move || read_runs(inputs, hint, &mapper)).await?;
        let mut traces: Vec<(String, TraceRecord)> = runs
            .into_iter()
            .map(|(run_id, parts)| (run_id, trace_of(&parts)))
            .filter(|(_, trace)| !trace.steps.is_empty())
            .collect();
        let no_such = |why: String| Err(DomainError::NoSuchRun(why));
        if let Some(named) = run {
            traces.retain(|(run_id, _)| run_id.starts_with(named));
        }
        match (traces.len(), run) {
            (1, _) => {}
            (0, Some(run)) => return no_such(format!("the capture has no steps of a run `{run}`")),
            (0, None) => {
                return no_such("the capture has no run with steps".to_owned());
            }
            (many, _) => {
                let names: Vec<&str> =
                    traces.iter().take(MOST_NAMED).map(|(run, _)| run.as_str()).collect();
                let more = if many > MOST_NAMED { ", …" } else { "" };
                return no_such(format!(
                    "the capture holds {many} runs: {}{more} (name one with --capture-run)",
                    names.join(", ")
                ));
            }
        }
        match traces.pop() {
            Some((run_id, trace)) => Ok(CapturedTrace { run_id, trace, notes }),
            None => no_such("the capture has no run with steps".to_owned()),
        }
    }
}

type Parsing = VecDeque<JoinHandle<Result<Vec<Part>, DomainError>>>;

async fn take_parsed(parsing: &mut Parsing, parts: &mut Vec<Part>) -> Result<(), DomainError> {
    if let Some(first) = parsing.pop_front() {
        parts.extend(first.await.map_err(|error| DomainError::Task(error.to_string()))??);
    }
    Ok(())
}

/// Entries with what lies beside them.
fn parts_of(entries: Vec<Entry>, contents: Vec<Content>) -> Result<Vec<Part>, DomainError> {
    let mut beside: BTreeMap<u64, Vec<Content>> = BTreeMap::new();
    for content in contents {
        beside.entry(content.seq).or_default().push(content);
    }
    let part = |entry: &Entry| {
        let fact = audit_evidence::fact_of(entry)?;
        Ok(Part::recorded(fact, beside.remove(&entry.seq).unwrap_or_default()))
    };
    entries.iter().map(part).collect()
}

type Runs = BTreeMap<String, Vec<Part>>;

/// The parts of each run of a capture; what was sent twice counts once, as in the ledger.
fn read_runs(
    inputs: Vec<Input>,
    hint: Hint,
    mapper: &Mapper,
) -> Result<(Runs, Vec<String>), DomainError> {
    let (mut runs, mut notes) = (Runs::new(), Vec::new());
    let mut seen = BTreeSet::new();
    let mut seq = 0;
    for mut input in inputs {
        let name = input.name.clone();
        let format = intake::detect(&mut input, hint, &name)?;
        read(&mut input, format, mapper, &mut |item| {
            match item {
                Read::Fact(mapped) => take(mapped.draft, &mut seq, &mut seen, &mut runs),
                Read::Rejected(rejection) if notes.len() < MOST_NOTES => {
                    notes.push(format!("{name}: {}: {}", rejection.position.path, rejection.reason))
                }
                Read::Rejected(_) => {}
            }
            Ok::<(), Stop>(())
        })?;
    }
    Ok((runs, notes))
}

fn take(draft: Draft, seq: &mut u64, seen: &mut BTreeSet<String>, runs: &mut Runs) {
    let Some(run) = draft.meta.run_id.clone() else { return };
    let identity = match &draft.identity {
        Identity::Key(key) => key.as_str().to_owned(),
        Identity::Content => sha256(&canonical::write(&draft.body.clone().into())).to_string(),
    };
    if seen.insert(identity) {
        runs.entry(run.as_str().to_owned()).or_default().push(Part::captured(draft, *seq));
        *seq += 1;
    }
}
