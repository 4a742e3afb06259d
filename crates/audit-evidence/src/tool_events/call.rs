//! One tool call, event by event.

use std::collections::BTreeMap;

use store_traits::{Digest, RecordedFact, Timestamp};

use super::{ToolDisorder, ToolEvent, ToolFinding};
use crate::said;

/// An event where it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolMoment {
    /// The entry.
    pub seq: u64,
    /// What happened.
    pub event: ToolEvent,
    /// When.
    pub occurred_at: Timestamp,
    /// The leaf hash of the entry.
    pub leaf_hash: Digest,
}

pub(super) fn moment(event: ToolEvent, fact: &RecordedFact) -> ToolMoment {
    let RecordedFact { seq, occurred_at, leaf_hash, .. } = fact;
    ToolMoment { seq: *seq, event, occurred_at: *occurred_at, leaf_hash: *leaf_hash }
}

/// Do the events of a call name their predecessors?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linkage {
    /// None does: its recorder links nothing.
    None,
    /// Each after the first names the one before.
    Whole,
    /// Some links are missing or wrong.
    Broken,
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// What names the call.
    pub id: String,
    /// Its run.
    pub run_id: Option<String>,
    /// The tool.
    pub tool: Option<String>,
    /// Its events in order of the entries.
    pub moments: Vec<ToolMoment>,
    /// Do they name their predecessors?
    pub linkage: Linkage,
    /// Was it read off the wire? There the request is the start.
    on_the_wire: bool,
    /// The first entry of each event: a call may be told a hundred thousand times.
    first: BTreeMap<ToolEvent, u64>,
}

impl ToolCall {
    pub(super) fn new(id: &str, fact: &RecordedFact) -> Self {
        Self {
            id: id.to_owned(),
            run_id: fact.run_id.clone(),
            tool: said::text(fact, &["tool"]).map(str::to_owned),
            moments: Vec::new(),
            linkage: Linkage::None,
            on_the_wire: fact.fact.at(&["body", "record"]).and_then(|r| r.as_str()) == Some("mcp"),
            first: BTreeMap::new(),
        }
    }

    /// How it came out, as far as its events say: `completed`, `failed` or `denied`.
    ///
    /// ```
    /// use audit_evidence::{ToolEvent, tool_audit};
    /// use store_traits::{Digest, Object, RecordedFact, Timestamp, Value};
    /// let denied = [("event", "denied"), ("call", "c1")];
    /// let body: Object = denied.into_iter().map(|(name, word)| (name, word.into())).collect();
    /// let audit = tool_audit(&[RecordedFact {
    ///     seq: 7,
    ///     kind: "audit.tool".into(),
    ///     run_id: None,
    ///     occurred_at: Timestamp::UNIX_EPOCH,
    ///     recorded_at: Timestamp::UNIX_EPOCH,
    ///     leaf_hash: Digest::new([0; 32]),
    ///     fact: Value::Object(Object::from([("body", body.into())])),
    /// }]);
    /// assert_eq!(audit.calls[0].outcome(), Some(ToolEvent::Denied));
    /// ```
    #[must_use]
    pub fn outcome(&self) -> Option<ToolEvent> {
        let ends = [ToolEvent::Completed, ToolEvent::Failed, ToolEvent::Denied];
        ends.into_iter().find(|end| self.seq_of(*end).is_some())
    }

    fn seq_of(&self, event: ToolEvent) -> Option<u64> {
        self.first.get(&event).copied()
    }

    pub(super) fn take(&mut self, event: ToolEvent, fact: &RecordedFact) -> Vec<ToolDisorder> {
        let mut found = self.link(fact);
        found.extend(self.order(event));
        self.first.entry(event).or_insert(fact.seq);
        self.moments.push(moment(event, fact));
        found
    }

    fn order(&self, event: ToolEvent) -> Option<ToolDisorder> {
        use ToolEvent::{Allowed, Completed, Denied, Failed, Requested, Started};
        let end = self.seq_of(Completed).or(self.seq_of(Failed));
        if let Some(first_seq) = self.seq_of(event) {
            return Some(ToolDisorder::Repeated { event, first_seq });
        }
        if let Some(end_seq) = end {
            return Some(ToolDisorder::AfterEnd { event, end_seq });
        }
        let denied = self.seq_of(Denied);
        let start = self.seq_of(Started);
        match event {
            Allowed | Denied => {
                let other = if event == Allowed { denied } else { self.seq_of(Allowed) };
                let both = other.map(|other_seq| ToolDisorder::DecidedBothWays { other_seq });
                both.or(start.map(|start_seq| ToolDisorder::AfterStart { event, start_seq }))
            }
            Requested => start.map(|start_seq| ToolDisorder::AfterStart { event, start_seq }),
            Started => denied.map(|denied_seq| ToolDisorder::AfterDenial { event, denied_seq }),
            Completed | Failed => match denied {
                // A denial reaches the caller as a failure.
                Some(_) if event == Failed && start.is_none() => None,
                Some(denied_seq) => Some(ToolDisorder::AfterDenial { event, denied_seq }),
                None => {
                    let asked = self.on_the_wire && self.seq_of(Requested).is_some();
                    let begun = start.is_some() || asked;
                    (!begun).then_some(ToolDisorder::EndWithoutStart { event })
                }
            },
            ToolEvent::ServerRegistered
            | ToolEvent::ServerUnregistered
            | ToolEvent::HealthChanged
            | ToolEvent::PolicyUpdated => None,
        }
    }

    /// The first event names nobody; of the others all or none name the one before.
    fn link(&mut self, fact: &RecordedFact) -> Vec<ToolDisorder> {
        let says = said::text(fact, &["previous"]);
        let last = self.moments.last();
        let previous_seq = last.map(|last| last.seq);
        let is = last.map(|last| last.leaf_hash.to_string());
        let what = match (says, is) {
            (None, None) => return Vec::new(),
            (None, Some(_)) if self.linkage == Linkage::None => return Vec::new(),
            (Some(says), Some(is)) if says == is => {
                // Links that begin in the middle: what came before is not linked.
                let late = self.linkage == Linkage::None && self.moments.len() > 1;
                if late || self.linkage == Linkage::Broken {
                    self.linkage = Linkage::Broken;
                    return if late { vec![ToolDisorder::MissingLink] } else { Vec::new() };
                }
                self.linkage = Linkage::Whole;
                return Vec::new();
            }
            (Some(_), _) => ToolDisorder::WrongLink { previous_seq },
            (None, Some(_)) => ToolDisorder::MissingLink,
        };
        self.linkage = Linkage::Broken;
        vec![what]
    }

    pub(super) fn unfinished(&self) -> Option<ToolFinding> {
        let last = self.moments.last()?;
        if self.outcome().is_some() {
            return None;
        }
        let what = ToolDisorder::Unfinished { last: last.event };
        Some(ToolFinding { seq: last.seq, call: Some(self.id.clone()), what })
    }
}
