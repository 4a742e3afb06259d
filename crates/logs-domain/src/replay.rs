//! Runs as replay compares them: read from the ledger, or mapped from a capture without recording it.

mod decision;
mod native;
mod part;
mod span;
mod trace;
mod transcript;

use std::collections::{BTreeMap, BTreeSet};

use intake::{Hint, Mapper, Stop};
use redaction::Redactor;
use replay_determinism::{TraceRecord, canonical, sha256};
use store_traits::{Content, Draft, Identity, RunId, TenantId};

use self::part::Part;
use self::trace::trace_of;
use crate::import::{Read, blocking, read};
use crate::{DomainError, Input, LogsDomain};

/// Entries that are read at once.
const PAGE: u64 = 1_000;
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
    /// The store failed, an entry is no fact, or nothing speaks of the run.
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
        let mut left = seqs.as_slice();
        while let Some(first) = left.first() {
            let stretch = left
                .iter()
                .zip(*first..first.saturating_add(PAGE))
                .take_while(|(seq, next)| *seq == next)
                .count();
            let range = *first..first.saturating_add(stretch as u64);
            let mut contents: BTreeMap<u64, Vec<Content>> = BTreeMap::new();
            for content in self.ledger.contents(tenant, range.clone()).await? {
                contents.entry(content.seq).or_default().push(content);
            }
            for entry in self.ledger.entries(tenant, range).await? {
                let fact = audit_evidence::fact_of(&entry)?;
                parts.push(Part::recorded(fact, contents.remove(&entry.seq).unwrap_or_default()));
            }
            left = left.get(stretch..).unwrap_or_default();
        }
        Ok(trace_of(&parts))
    }

    /// A run of a capture, in any format that [`LogsDomain::import`] takes, mapped and redacted as an
    /// import would, and not recorded. `run` names one of several.
    ///
    /// # Errors
    /// A file cannot be read, or the capture holds no run with steps, several and none is named, or
    /// not the one that is.
    pub async fn captured_trace(
        inputs: Vec<Input>,
        hint: Hint,
        run: Option<&str>,
    ) -> Result<CapturedTrace, DomainError> {
        let (runs, notes) = blocking(move || read_runs(inputs, hint)).await?;
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

type Runs = BTreeMap<String, Vec<Part>>;

/// The parts of each run of a capture; what was sent twice counts once, as in the ledger.
fn read_runs(inputs: Vec<Input>, hint: Hint) -> Result<(Runs, Vec<String>), DomainError> {
    let mapper = Mapper::new(Redactor::standard());
    let (mut runs, mut notes) = (Runs::new(), Vec::new());
    let mut seen = BTreeSet::new();
    let mut seq = 0;
    for mut input in inputs {
        let name = input.name.clone();
        let format = intake::detect(&mut input, hint, &name)?;
        read(&mut input, format, &mapper, &mut |item| {
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
