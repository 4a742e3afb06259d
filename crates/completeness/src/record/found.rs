//! Where the record of a run shows a field.

use crate::verdict::Found;
use crate::{Call, CallKind, ClassEvidence, EvidenceClass, Field, RunRecord, StepNumbers};

/// What was put together from the whole record.
pub(super) struct Parts<'r> {
    pub(super) calls: &'r [Call],
    pub(super) steps: &'r StepNumbers,
    pub(super) classes: &'r [ClassEvidence],
    /// Does a signed checkpoint cover every entry?
    pub(super) signed: bool,
}

impl RunRecord {
    pub(super) fn found(&self, field: Field, parts: &Parts<'_>) -> Found {
        let Parts { calls, steps, classes, signed } = *parts;
        let share = |which: &dyn Fn(&&Call) -> bool, has: fn(&Call) -> bool| {
            let calls = calls.iter().filter(which);
            let (have, of) = calls.fold((0, 0), |(n, of), call| (n + u64::from(has(call)), of + 1));
            Found::share(have, of)
        };
        let model = |has| share(&|call: &&Call| call.kind == CallKind::Model, has);
        // A call that failed has no answer that could have it.
        let answer = |has: fn(&Call) -> bool| {
            let of = |call: &&Call| call.kind == CallKind::Model && (!call.failed || has(call));
            share(&of, has)
        };
        let tool = |has| share(&|call: &&Call| call.kind == CallKind::Tool, has);
        let one = |seq: Option<u64>| match seq {
            Some(seq) => Found::Present { entries: 1, first_seq: Some(seq) },
            None => Found::Absent,
        };
        let class = |class: EvidenceClass| {
            let evidence = classes.iter().find(|evidence| evidence.class == class);
            match evidence.map(|evidence| (evidence.entries, evidence.first_seq)) {
                None | Some((0, _)) => Found::Absent,
                Some((entries, first_seq)) => Found::Present { entries, first_seq },
            }
        };
        let end = self.ends.ends.first().map(|end| end.seq);
        match field {
            Field::StartedAt => one(self.ends.started.map(|(_, seq)| seq)),
            Field::EndedAt | Field::Outcome => one(end),
            Field::Steps => class(EvidenceClass::Steps),
            Field::Checkpoint if signed => {
                Found::Present { entries: self.entries, first_seq: self.first_seq }
            }
            Field::Checkpoint => Found::Absent,
            Field::DeclaredSteps => one(steps.declared.map(|(_, seq)| seq)),
            Field::Provider => model(|call| call.provider),
            Field::Model => model(|call| call.model),
            Field::InputTokens => answer(|call| call.input_tokens.is_some()),
            Field::OutputTokens => answer(|call| call.output_tokens.is_some()),
            Field::Cost => answer(|call| call.cost_micros.is_some()),
            Field::Inputs => model(|call| call.input),
            Field::Outputs => answer(|call| call.output),
            Field::Tools => tool(|call| call.tool),
            Field::Mapping => {
                Found::share(self.seen.get(&field).map_or(0, |(n, _)| *n), self.views)
            }
            Field::Environment => class(EvidenceClass::Environment),
            Field::Tenant
            | Field::Agent
            | Field::TraceId
            | Field::Opening
            | Field::Actor
            | Field::PolicyIds
            | Field::PolicyDecision
            | Field::CorrelationId
            | Field::IncidentIds
            | Field::Expectation
            | Field::Ack
            | Field::ReplayProof => match self.seen.get(&field) {
                Some((entries, first)) => {
                    Found::Present { entries: *entries, first_seq: Some(*first) }
                }
                None => Found::Absent,
            },
        }
    }
}
