//! The replay window: what was recorded around the first thing that went wrong in a run.

use store_traits::{
    AuditRecord, AuditStore, RunEnd, RunId, Step, StepOutcome, StoreError, SystemRecord,
    SystemStore, TenantId, Timestamp, TraceStore,
};

/// How far the window goes to each side, in nanoseconds.
const REACH_NS: i128 = 30_000_000_000;
/// Facts of the environment that a window holds.
const MOST_SYSTEM: u32 = 1_000;

/// Words by which sources record that something was denied. Another word is no denial here: nothing
/// is guessed.
const DENIALS: [&str; 8] =
    ["deny", "denied", "block", "blocked", "reject", "rejected", "refuse", "refused"];

/// What went wrong first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A step ended in an error.
    Error,
    /// Something was denied.
    Denial,
    /// The run was given up.
    Abort,
}

impl Turn {
    /// The word for it.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// assert_eq!(Turn::Denial.as_str(), "denial");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Denial => "denial",
            Self::Abort => "abort",
        }
    }
}

/// The first recorded error, denial or abort of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inflection {
    /// What it was.
    pub turn: Turn,
    /// The entry that records it.
    pub seq: u64,
    /// When it was.
    pub at: Timestamp,
    /// The error's type, the tool or event that was denied, or the step's name.
    pub what: String,
}

/// Everything recorded within 30 seconds of a run's inflection point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayWindow {
    /// The point.
    pub inflection: Inflection,
    /// The window's beginning.
    pub from: Timestamp,
    /// Its end, included.
    pub to: Timestamp,
    /// Steps of the run that were going on in the window, in order of their start.
    pub steps: Vec<Step>,
    /// What happened in the environment, in order of time.
    pub system: Vec<SystemRecord>,
    /// Is there more of the environment than the window holds?
    pub system_cut: bool,
    /// Audit facts of the run in the window, in order of time.
    pub governance: Vec<AuditRecord>,
}

/// The first of a run's errors, denials and aborts by (time, entry); `None` where none was recorded.
///
/// ```
/// use audit_evidence::{Turn, inflection};
/// use store_traits::{StepClass, StepOutcome, Timestamp};
/// let failed = StepOutcome {
///     seq: 3,
///     class: StepClass::Tool,
///     name: "lookup".into(),
///     error: Some("timeout".into()),
///     at: Timestamp::UNIX_EPOCH,
/// };
/// let first = inflection(&[failed], &[], &[]).map(|point| (point.turn, point.what));
/// assert_eq!(first, Some((Turn::Error, "timeout".to_owned())));
/// assert_eq!(inflection(&[], &[], &[]), None);
/// ```
#[must_use]
pub fn inflection(
    outcomes: &[StepOutcome],
    audit: &[AuditRecord],
    ends: &[RunEnd],
) -> Option<Inflection> {
    let aborted = |seq| ends.iter().any(|end| end.seq == seq && end.kind == "run.aborted");
    let steps = outcomes.iter().filter_map(|step| {
        let (turn, what) = match &step.error {
            _ if aborted(step.seq) => (Turn::Abort, &step.name),
            Some(error) => (Turn::Error, error),
            None => return None,
        };
        Some(Inflection { turn, seq: step.seq, at: step.at, what: what.clone() })
    });
    let denials = audit.iter().filter(|record| is_denial(record)).map(|record| Inflection {
        turn: Turn::Denial,
        seq: record.seq,
        at: record.occurred_at,
        what: record.tool.clone().or_else(|| record.event.clone()).unwrap_or_default(),
    });
    steps.chain(denials).min_by_key(|point| (point.at, point.seq))
}

fn is_denial(record: &AuditRecord) -> bool {
    let said = |word: &Option<String>| {
        // `tool.denied` says it in its last part.
        let word = word.as_deref().unwrap_or_default().to_lowercase();
        DENIALS.contains(&word.rsplit('.').next().unwrap_or_default())
    };
    said(&record.outcome) || said(&record.event)
}

/// The window around a run's inflection point; `None` where the run has none.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let topics = MemoryTopics(ledger());
/// let window = ready(replay_window(&topics, &topics, &topics, &tenant(), &run()))?;
/// let window = window.ok_or("nothing went wrong")?;
/// assert_eq!((window.inflection.turn, window.inflection.what.as_str()), (Turn::Error, "timeout"));
/// assert_eq!((window.steps.len(), window.system.len(), window.governance.len()), (2, 2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A store failed.
pub async fn replay_window(
    traces: &dyn TraceStore,
    audit: &dyn AuditStore,
    system: &dyn SystemStore,
    tenant: &TenantId,
    run: &RunId,
) -> Result<Option<ReplayWindow>, StoreError> {
    let Some(extent) = traces.extent(tenant, run).await? else { return Ok(None) };
    let outcomes = traces.outcomes(tenant, run).await?;
    let mut governance = audit.audit_of_run(tenant, run).await?;
    let Some(inflection) = inflection(&outcomes, &governance, &extent.ends) else {
        return Ok(None);
    };
    let (from, to) = around(inflection.at);
    let mut steps = traces.steps(tenant, run).await?;
    steps.retain(|step| step.started_at <= to && step.ended_at.unwrap_or(step.started_at) >= from);
    governance.retain(|record| (from..=to).contains(&record.occurred_at));
    governance.sort_by_key(|record| (record.occurred_at, record.seq));
    let mut events = system.between(tenant, from, to, MOST_SYSTEM + 1).await?;
    let system_cut = events.len() > MOST_SYSTEM as usize;
    events.truncate(MOST_SYSTEM as usize);
    Ok(Some(ReplayWindow { inflection, from, to, steps, system: events, system_cut, governance }))
}

/// At the ends of time the window ends too.
fn around(at: Timestamp) -> (Timestamp, Timestamp) {
    let moved = |by: i128| Timestamp::from_unix_nanos(at.as_unix_nanos() + by).unwrap_or(at);
    (moved(-REACH_NS), moved(REACH_NS))
}

#[cfg(test)]
mod tests {
    use store_traits::StepClass;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_nanos(i128::from(seconds) * 1_000_000_000).unwrap()
    }

    fn step(seq: u64, seconds: i64, error: Option<&str>) -> StepOutcome {
        let error = error.map(str::to_owned);
        StepOutcome { seq, class: StepClass::Tool, name: "t".into(), error, at: at(seconds) }
    }

    fn record(seq: u64, seconds: i64, event: &str, outcome: &str) -> AuditRecord {
        AuditRecord {
            seq,
            kind: "audit.tool".into(),
            event: Some(event.into()),
            actor_kind: None,
            actor: None,
            tool: Some("shell".into()),
            outcome: Some(outcome.into()),
            policy_id: None,
            run_id: None,
            occurred_at: at(seconds),
        }
    }

    #[test]
    fn the_first_by_time_is_the_point_whatever_was_recorded_first() {
        #[track_caller]
        fn check(steps: &[StepOutcome], audit: &[AuditRecord], expect: Option<(Turn, u64)>) {
            let ends = [RunEnd { seq: 9, kind: "run.aborted".into() }];
            let point = inflection(steps, audit, &ends);
            assert_eq!(point.map(|point| (point.turn, point.seq)), expect);
        }
        let failed = step(1, 20, Some("timeout"));
        check(&[step(0, 1, None)], &[], None);
        check(&[step(0, 1, None), failed.clone()], &[], Some((Turn::Error, 1)));
        check(
            std::slice::from_ref(&failed),
            &[record(5, 10, "tool.denied", "")],
            Some((Turn::Denial, 5)),
        );
        check(
            std::slice::from_ref(&failed),
            &[record(5, 10, "tool", "DENIED")],
            Some((Turn::Denial, 5)),
        );
        check(
            std::slice::from_ref(&failed),
            &[record(5, 10, "tool.allowed", "allow")],
            Some((Turn::Error, 1)),
        );
        check(&[failed, step(9, 5, None)], &[], Some((Turn::Abort, 9)));
    }

    #[test]
    fn a_window_at_the_end_of_time_is_a_window() {
        let last = Timestamp::parse("9999-12-30T22:00:00.9Z").unwrap();
        assert_eq!(around(last).1, last);
    }
}
