//! Expectations of a run against their acknowledgements.
//!
//! Deadlines are compared with recorded times: an acknowledgement is in time when the ledger
//! recorded it by the deadline, and "now" is the newest `recorded_at` of the ledger. So the same
//! facts give the same answer on any day, and nobody's clock is asked.

mod answer;
mod finding;

use std::collections::{BTreeMap, BTreeSet};

use store_traits::{RecordedFact, Timestamp, Value};

pub use answer::{ReconcileStatus, Reconciled, Reconciliation, Standing};
pub use finding::ReconcileFinding;

use crate::expectation::{Ack, Expectation, STANDARD_SET};

/// Takes the facts of a run in order of their entries.
///
/// ```
/// use audit_evidence::{ReconcileStatus, Undertakings};
/// use store_traits::{Digest, Object, RecordedFact, Timestamp, Value};
/// let recorded = |seq, kind: &str, body: Object| RecordedFact {
///     seq,
///     kind: kind.into(),
///     run_id: Some("run-1".into()),
///     occurred_at: Timestamp::UNIX_EPOCH,
///     recorded_at: Timestamp::UNIX_EPOCH,
///     leaf_hash: Digest::new([0; 32]),
///     fact: Value::Object(Object::from([("body", body.into())])),
/// };
/// let said = |name: &str, text: &str| (name.to_owned(), Value::from(text));
/// let mut run = Undertakings::new("run-1");
/// run.add(&recorded(0, "run.completed", Object::new()));
/// let by = "2026-01-01T00:00:00Z";
/// let expected = [said("domain", "POLICY"), said("action", "policy.evaluate"), said("deadline", by)];
/// run.add(&recorded(1, "audit.expectation", Object::from(expected)));
/// let done = [said("expectation", "POLICY/policy.evaluate"), said("outcome", "done")];
/// run.add(&recorded(2, "audit.ack", Object::from(done)));
/// let found = run.reconcile(Timestamp::UNIX_EPOCH);
/// assert_eq!(found.status, ReconcileStatus::Complete, "{:?}", found.findings);
/// ```
#[derive(Debug, Clone)]
pub struct Undertakings {
    run_id: String,
    expectations: Vec<Expectation>,
    /// Where each stands in the list, by name.
    places: BTreeMap<String, usize>,
    acks: Vec<Ack>,
    /// The first acknowledgement, also one that cannot be read.
    first_ack: Option<u64>,
    ended_by: Option<u64>,
    /// Is there any fact of the run itself, besides words about it?
    active: bool,
    /// Facts whose recorder writes a receipt for each.
    receipted: BTreeSet<u64>,
    findings: Vec<ReconcileFinding>,
}

impl Undertakings {
    /// A run of which nothing was read yet.
    ///
    /// ```
    /// use audit_evidence::{ReconcileStatus, Undertakings};
    /// let found = Undertakings::new("run-1").reconcile(store_traits::Timestamp::UNIX_EPOCH);
    /// assert_eq!(found.status, ReconcileStatus::Incomplete, "nothing was expected");
    /// ```
    #[must_use]
    pub fn new(run_id: &str) -> Self {
        Self {
            run_id: run_id.to_owned(),
            expectations: Vec::new(),
            places: BTreeMap::new(),
            acks: Vec::new(),
            first_ack: None,
            ended_by: None,
            active: false,
            receipted: BTreeSet::new(),
            findings: Vec::new(),
        }
    }

    /// Takes the next fact; facts of other runs are left out. [`Undertakings`] has an example.
    ///
    /// ```
    /// use audit_evidence::Undertakings;
    /// use store_traits::{Digest, Object, RecordedFact, Timestamp, Value};
    /// let mut run = Undertakings::new("run-1");
    /// run.add(&RecordedFact {
    ///     seq: 7,
    ///     kind: "run.aborted".into(),
    ///     run_id: Some("run-1".into()),
    ///     occurred_at: Timestamp::UNIX_EPOCH,
    ///     recorded_at: Timestamp::UNIX_EPOCH,
    ///     leaf_hash: Digest::new([0; 32]),
    ///     fact: Value::Object(Object::new()),
    /// });
    /// assert_eq!(run.reconcile(Timestamp::UNIX_EPOCH).ended_by, Some(7));
    /// ```
    pub fn add(&mut self, fact: &RecordedFact) {
        if fact.run_id.as_deref() != Some(self.run_id.as_str()) {
            return;
        }
        let seq = fact.seq;
        match fact.kind.as_str() {
            "audit.expectation" => match Expectation::read(fact) {
                Ok(expectation) => self.expect(expectation),
                Err(why) => self.findings.push(ReconcileFinding::Invalid { seq, id: None, why }),
            },
            "audit.ack" => {
                self.first_ack = self.first_ack.or(Some(seq));
                match Ack::read(fact) {
                    Ok(ack) => self.acks.push(ack),
                    Err(why) => self.findings.push(ReconcileFinding::UnreadableAck { seq, why }),
                }
            }
            kind => {
                self.active |= kind.starts_with("run.") || kind == "audit.tool";
                let record = fact.fact.at(&["body", "record"]).and_then(Value::as_str);
                if kind.starts_with("run.") && record == Some("trace") {
                    self.receipted.insert(seq);
                }
                if self.ended_by.is_none() && ends(kind, fact) {
                    self.ended_by = Some(seq);
                }
            }
        }
    }

    /// First truth wins: another undertaking of the same name is told and left out.
    fn expect(&mut self, expectation: Expectation) {
        let place = self.places.get(&expectation.id);
        match place.and_then(|place| self.expectations.get(*place)) {
            None => {
                self.places.insert(expectation.id.clone(), self.expectations.len());
                self.expectations.push(expectation);
            }
            Some(known) => {
                let (seq, first_seq) = (expectation.seq, known.seq);
                let id = expectation.id.clone();
                if (Expectation { seq: first_seq, ..expectation }) != *known {
                    self.findings.push(ReconcileFinding::Restated { seq, id, first_seq });
                }
            }
        }
    }

    /// What agrees and what does not, as of a recorded time. [`Undertakings`] has an example.
    ///
    /// ```
    /// use audit_evidence::Undertakings;
    /// let found = Undertakings::new("run-1").reconcile(store_traits::Timestamp::UNIX_EPOCH);
    /// assert_eq!(found.findings[0].code(), "nothing_expected");
    /// assert_eq!(found.not_expected.len(), 4);
    /// ```
    #[must_use]
    pub fn reconcile(&self, as_of: Timestamp) -> Reconciliation {
        let mut findings = self.findings.clone();
        let newest: BTreeMap<&str, &Ack> =
            self.acks.iter().map(|ack| (ack.id.as_str(), ack)).collect();
        let expectations: Vec<Reconciled> = self
            .expectations
            .iter()
            .map(|expectation| {
                let ack = newest.get(expectation.id.as_str()).copied();
                let standing = standing(expectation, ack, as_of);
                told(expectation, ack, standing, as_of, &mut findings);
                Reconciled { expectation: expectation.clone(), ack: ack.cloned(), standing }
            })
            .collect();
        for ack in self.acks.iter().filter(|ack| ack.receipt_of.is_none()) {
            if !self.places.contains_key(&ack.id) {
                findings.push(ReconcileFinding::Drift { seq: ack.seq, id: ack.id.clone() });
            }
        }
        self.receipts(&mut findings);
        if self.expectations.is_empty() && self.receipted.is_empty() {
            findings.push(ReconcileFinding::NothingExpected);
        }
        if let Some(seq) = self.first_ack.filter(|_| !self.active) {
            findings.push(ReconcileFinding::UnknownRun { seq });
        }
        findings.extend(self.stale(as_of, &newest));
        let stale = findings.iter().any(|f| matches!(f, ReconcileFinding::Stale { .. }));
        let status = match (stale, findings.is_empty()) {
            (true, _) => ReconcileStatus::Stale,
            (false, false) => ReconcileStatus::Incomplete,
            (false, true) => ReconcileStatus::Complete,
        };
        let undertaken = |(domain, action): &(&str, &str)| {
            self.expectations.iter().any(|e| e.domain == *domain && e.action == *action)
        };
        let not_expected = STANDARD_SET.into_iter().filter(|set| !undertaken(set)).collect();
        let lacking = findings.iter().filter(|f| matches!(f, ReconcileFinding::NoReceipt { .. }));
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let (facts, lacking) = (count(self.receipted.len()), count(lacking.count()));
        Reconciliation {
            run_id: self.run_id.clone(),
            status,
            as_of,
            ended_by: self.ended_by,
            expectations,
            not_expected,
            receipts: (facts, facts.saturating_sub(lacking)),
            findings,
        }
    }

    /// A recorder that writes receipts writes one for each fact: where one is missing it stopped in
    /// between, and a receipt without its fact is about nothing.
    fn receipts(&self, findings: &mut Vec<ReconcileFinding>) {
        let mut open = self.receipted.clone();
        for ack in &self.acks {
            let Some(fact_seq) = ack.receipt_of else { continue };
            if !self.receipted.contains(&fact_seq) {
                findings.push(ReconcileFinding::ReceiptOfNothing { seq: ack.seq, fact_seq });
            }
            open.remove(&fact_seq);
        }
        findings.extend(open.into_iter().map(|seq| ReconcileFinding::NoReceipt { seq }));
    }

    /// Never finalised: no fact ends the run, and the time to do so has passed. That time is the
    /// deadline of what finalises the run, else the last of all.
    fn stale(&self, as_of: Timestamp, acks: &BTreeMap<&str, &Ack>) -> Option<ReconcileFinding> {
        if self.ended_by.is_some() {
            return None;
        }
        let finalizes = self.expectations.iter().find(|expectation| expectation.finalizes());
        let deadline = match finalizes {
            Some(expectation) => expectation.deadline,
            None => self.expectations.iter().filter_map(|e| e.deadline).max(),
        };
        let deadline = deadline.filter(|deadline| *deadline < as_of)?;
        let acked = finalizes.and_then(|expectation| acks.get(expectation.id.as_str()));
        let acked_seq = acked.filter(|ack| ack.done).map(|ack| ack.seq);
        Some(ReconcileFinding::Stale { deadline, acked_seq })
    }
}

fn standing(expectation: &Expectation, ack: Option<&Ack>, as_of: Timestamp) -> Standing {
    let Some(deadline) = expectation.deadline else { return Standing::Invalid };
    match ack {
        Some(ack) if !ack.done => Standing::Failed,
        Some(ack) if ack.recorded_at <= deadline => Standing::Done,
        Some(_) => Standing::DoneLate,
        None if as_of <= deadline => Standing::Missing,
        None => Standing::Overdue,
    }
}

/// One expectation may be told of more than once: a late one that failed is both.
fn told(
    expectation: &Expectation,
    ack: Option<&Ack>,
    standing: Standing,
    as_of: Timestamp,
    findings: &mut Vec<ReconcileFinding>,
) {
    let Expectation { seq, id, deadline, .. } = expectation;
    let (seq, id) = (*seq, id.clone());
    if standing == Standing::Invalid {
        let why = "it has no deadline";
        findings.push(ReconcileFinding::Invalid { seq, id: Some(id.clone()), why });
    }
    match ack {
        None => findings.push(ReconcileFinding::Missing { seq, id: id.clone() }),
        Some(ack) if !ack.done => {
            let (ack_seq, error) = (ack.seq, ack.error.clone());
            findings.push(ReconcileFinding::Failed { seq: ack_seq, id: id.clone(), error });
        }
        Some(_) => {}
    }
    let at = ack.map_or(as_of, |ack| ack.recorded_at);
    if let Some(deadline) = deadline.filter(|deadline| *deadline < at) {
        let ack_seq = ack.map(|ack| ack.seq);
        findings.push(ReconcileFinding::PastDeadline { seq, id, deadline, ack_seq, at });
    }
}

/// Does the fact end its run: a terminal kind, or the root of a trace with its end?
fn ends(kind: &str, fact: &RecordedFact) -> bool {
    let root = fact.fact.at(&["body", "view", "root"]) == Some(&Value::Bool(true));
    matches!(kind, "run.completed" | "run.aborted")
        || (root && fact.fact.at(&["body", "view", "ended_at"]).is_some())
}
