//! The record of one run, taken fact by fact, and what it lacks.

mod found;

use std::collections::BTreeMap;

use store_traits::{FactKind, RecordedFact, Value};

use self::found::Parts;
use crate::calls::Calls;
use crate::class::Classes;
use crate::ends::Ends;
use crate::said;
use crate::steps::Steps;
use crate::verdict::{FieldState, RunCompleteness};
use crate::{
    Call, CallKind, ClassState, Completeness, Field, Mode, Named, Profile, Reason, StepNumbers,
};

/// How far the ledger goes, and how much of it is signed: what the integrity of a record is judged
/// by. Whoever makes one has checked the checkpoint's signature and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Entries of the ledger when the run was read.
    pub as_of_size: u64,
    /// Entries under the newest signed checkpoint; 0 where none is signed or can be checked.
    pub signed_size: u64,
}

/// The record of one run. Facts are added in order of their entries; memory grows with the run's
/// calls and step numbers, not with the size of its facts.
///
/// ```
/// use completeness::{Completeness, Coverage, Mode, Profile, RunRecord};
/// let record = RunRecord::new("run-1");
/// let coverage = Coverage { as_of_size: 9, signed_size: 9 };
/// let found = record.check(Profile::Evidence, Mode::Usual, coverage);
/// assert_eq!(found.completeness, Completeness::Incomplete);
/// assert_eq!(found.reasons[0].to_string(), "no fact speaks of this run");
/// ```
#[derive(Debug, Clone)]
pub struct RunRecord {
    run_id: String,
    entries: u64,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
    /// Fields that a single fact shows: entries, and the first of them.
    seen: BTreeMap<Field, (u64, u64)>,
    views: u64,
    calls: Calls,
    steps: Steps,
    ends: Ends,
    classes: Classes,
}

impl RunRecord {
    /// A record without facts.
    ///
    /// ```
    /// assert_eq!(completeness::RunRecord::new("run-1").entries(), 0);
    /// ```
    #[must_use]
    pub fn new(run_id: &str) -> Self {
        Self {
            run_id: run_id.to_owned(),
            entries: 0,
            first_seq: None,
            last_seq: None,
            seen: BTreeMap::new(),
            views: 0,
            calls: Calls::default(),
            steps: Steps::default(),
            ends: Ends::default(),
            classes: Classes::default(),
        }
    }

    /// Entries taken.
    ///
    /// ```
    /// assert_eq!(completeness::RunRecord::new("run-1").entries(), 0);
    /// ```
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Takes the next fact of the run; facts of other runs are left out.
    ///
    /// ```
    /// use completeness::RunRecord;
    /// use store_traits::{Digest, Object, RecordedFact, Timestamp, Value};
    /// let fact = RecordedFact {
    ///     seq: 7,
    ///     kind: "run.started".into(),
    ///     run_id: Some("run-1".into()),
    ///     occurred_at: Timestamp::UNIX_EPOCH,
    ///     recorded_at: Timestamp::UNIX_EPOCH,
    ///     leaf_hash: Digest::new([0; 32]),
    ///     fact: Value::Object(Object::new()),
    /// };
    /// let mut record = RunRecord::new("run-1");
    /// record.add(&fact);
    /// record.add(&RecordedFact { run_id: Some("run-2".into()), ..fact });
    /// assert_eq!(record.entries(), 1);
    /// ```
    pub fn add(&mut self, fact: &RecordedFact) {
        if fact.run_id.as_deref() != Some(self.run_id.as_str()) {
            return;
        }
        self.entries += 1;
        self.first_seq.get_or_insert(fact.seq);
        self.last_seq = Some(fact.seq);
        self.fields(fact);
        self.calls.add(fact);
        self.steps.add(fact);
        self.ends.add(fact);
        self.classes.add(fact);
    }

    fn fields(&mut self, fact: &RecordedFact) {
        let RecordedFact { seq, kind, fact, .. } = fact;
        let kind = kind.as_str();
        // Who erased a content later, and why, is nothing that was recorded of what the run did.
        if kind == FactKind::ContentErased.as_str() {
            return;
        }
        let said = |names: &[&str]| said::text(fact, names).is_some();
        let actor = fact.at(&["meta", "actor", "kind"]).and_then(Value::as_str);
        let event = || said::text(fact, &["event"]);
        let viewed = fact.at(&["body", "view"]).is_some();
        self.views += u64::from(viewed);
        let shown = [
            (Field::Tenant, fact.member("tenant").is_some()),
            (Field::Agent, actor == Some("agent") || said(&["agent"])),
            (Field::TraceId, said::meta(fact, "trace_id").is_some()),
            (Field::Opening, kind == "run.started"),
            (Field::Actor, matches!(actor, Some("agent" | "human"))),
            (Field::PolicyIds, said::meta_list(fact, "policy_ids") || said(&["policy_id"])),
            (
                Field::PolicyDecision,
                kind == "audit.authorization"
                    || (kind == "audit.tool" && matches!(event(), Some("allowed" | "denied"))),
            ),
            (Field::Mapping, viewed && said(&["mapping"])),
            (Field::CorrelationId, said::meta(fact, "correlation_id").is_some()),
            (Field::IncidentIds, said::meta_list(fact, "incident_ids")),
            (Field::Expectation, kind == "audit.expectation"),
            (Field::Ack, kind == "audit.ack"),
            (Field::ReplayProof, kind == "certificate.issued"),
        ];
        for (field, _) in shown.into_iter().filter(|(_, shown)| *shown) {
            self.seen.entry(field).or_insert((0, *seq)).0 += 1;
        }
    }

    /// What the record holds and what it lacks, for a profile.
    ///
    /// ```
    /// use completeness::{Coverage, Mode, Profile, RunRecord};
    /// let coverage = Coverage { as_of_size: 0, signed_size: 0 };
    /// let found = RunRecord::new("run-1").check(Profile::Soc2, Mode::Strict, coverage);
    /// assert_eq!(found.run_id, "run-1");
    /// ```
    #[must_use]
    pub fn check(&self, profile: Profile, mode: Mode, coverage: Coverage) -> RunCompleteness {
        let calls = self.calls.finish();
        let steps = self.steps.finish();
        let signed = self.last_seq.is_some_and(|last| last < coverage.signed_size);
        let classes = self.classes.finish(self.entries, self.first_seq, signed);
        let parts = Parts { calls: &calls, steps: &steps, classes: &classes, signed };
        let fields: Vec<FieldState> = profile
            .fields()
            .into_iter()
            .map(|(field, need)| {
                let found = self.found(field, &parts);
                FieldState { field, need, found }
            })
            .collect();
        let mut reasons = Vec::new();
        if self.entries == 0 {
            reasons.push(Reason::NothingRecorded);
        } else {
            self.lifecycle(&mut reasons);
            numbered(&steps, &mut reasons);
            unanswered(&calls, &mut reasons);
            self.totals(&calls, &mut reasons);
            for evidence in &classes {
                if let ClassState::CaptureFailed { seq, reason } = &evidence.state {
                    let class = Some(evidence.class);
                    let (seq, reason) = (*seq, reason.clone());
                    reasons.push(Reason::CaptureFailed { seq, class, reason, more: 0 });
                }
            }
            if let Some((seq, reason)) = self.classes.unclassed.first.first() {
                let more = self.classes.unclassed.count - 1;
                let (seq, reason) = (*seq, reason.clone());
                reasons.push(Reason::CaptureFailed { seq, class: None, reason, more });
            }
            reasons.extend(fields.iter().filter_map(FieldState::lack));
        }
        // The heaviest first; the order within stays.
        reasons.sort_by_key(Reason::need);
        RunCompleteness {
            run_id: self.run_id.clone(),
            profile,
            mode,
            completeness: Completeness::of(&reasons, mode),
            entries: self.entries,
            seqs: self.first_seq.zip(self.last_seq),
            started_at: self.ends.started.map(|(at, _)| at),
            ends: self.ends.ends.clone(),
            coverage,
            fields,
            classes,
            steps,
            calls,
            reasons,
        }
    }

    fn lifecycle(&self, reasons: &mut Vec<Reason>) {
        let ends = &self.ends.ends;
        match ends.as_slice() {
            [] => reasons.push(Reason::Open),
            [_] => {}
            [first, rest @ ..] if rest.iter().all(|end| end.outcome == first.outcome) => {
                reasons.push(Reason::RepeatedEnds(Named::of(ends.iter().map(|end| end.seq))));
            }
            _ => {
                let ends = Named::of(ends.iter().map(|end| (end.seq, end.outcome.clone())));
                reasons.push(Reason::ConflictingEnds { ends });
            }
        }
        if self.ends.openings.len() > 1 {
            let openings = Named::of(self.ends.openings.iter().copied());
            reasons.push(Reason::RepeatedOpenings(openings));
        }
    }

    fn totals(&self, calls: &[Call], reasons: &mut Vec<Reason>) {
        let models = || calls.iter().filter(|call| call.kind == CallKind::Model);
        let sum =
            |of: fn(&Call) -> Option<u64>| models().filter_map(of).fold(0_u64, u64::saturating_add);
        let counted = u64::try_from(models().count()).unwrap_or(u64::MAX);
        for totals in &self.ends.declared {
            let sums = [
                ("input tokens", totals.input_tokens, sum(|call| call.input_tokens)),
                ("output tokens", totals.output_tokens, sum(|call| call.output_tokens)),
                ("millionths of a US dollar", totals.cost_micros, sum(|call| call.cost_micros)),
                ("model calls", totals.llm_calls, counted),
            ];
            for (what, declared, summed) in sums {
                if let Some(declared) = declared.filter(|declared| *declared != summed) {
                    reasons.push(Reason::TotalsDiffer { seq: totals.seq, what, declared, summed });
                }
            }
        }
    }
}

fn numbered(steps: &StepNumbers, reasons: &mut Vec<Reason>) {
    let StepNumbers { missing, repeated, out_of_order, lost_parents, .. } = steps;
    if missing.count > 0 {
        reasons.push(Reason::StepsMissing(missing.clone()));
    }
    if repeated.count > 0 {
        reasons.push(Reason::StepsRepeated(repeated.clone()));
    }
    if out_of_order.count > 0 {
        reasons.push(Reason::StepsOutOfOrder(out_of_order.clone()));
    }
    if lost_parents.count > 0 {
        reasons.push(Reason::ParentsMissing(lost_parents.clone()));
    }
}

fn unanswered(calls: &[Call], reasons: &mut Vec<Reason>) {
    for kind in [CallKind::Model, CallKind::Tool, CallKind::Exchange] {
        let mut named = Named::default();
        for call in calls.iter().filter(|call| call.kind == kind && !call.answered) {
            named.push(call.key.clone());
        }
        if named.count > 0 {
            reasons.push(Reason::Unanswered { kind, calls: named });
        }
    }
}
