//! Recorded policy decisions: each with its entry, so that what is said of it can be read there.

use std::collections::BTreeMap;

use replay_determinism::{canonical, leaf_hash};
use store_traits::{Digest, FactKind, Timestamp, Value};

use super::replayed::text_or_null;
use super::stretch::Leaves;
use crate::report::{as_u64, object};

/// Which decisions a policy audit is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyScope {
    /// Those of a run.
    Run(String),
    /// Those that happened in a period, `until` not included.
    Period {
        /// From when on.
        since: Timestamp,
        /// Before when.
        until: Timestamp,
    },
}

/// The decisions of a run or a period, named and counted. Whether one was right is nobody's to say here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyClaim {
    /// Which are meant.
    pub scope: PolicyScope,
    /// The decisions in order of their entries.
    pub decisions: Vec<Decision>,
}

/// A decision that somebody else took and recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its entry.
    pub seq: u64,
    /// The leaf hash of that entry.
    pub leaf_hash: Digest,
    /// The policies that it names.
    pub policy_ids: Vec<String>,
    /// Its outcome in the recorder's own word; `None` where the entry does not say it in clear.
    pub outcome: Option<String>,
    /// The entry's exact bytes, which are text.
    pub entry: String,
}

impl Decision {
    /// What an entry records of a decision; `None` where it is no fact of the kind
    /// `audit.authorization`.
    ///
    /// ```
    /// use adapters::certificate::Decision;
    /// let entry = r#"{"body":{"outcome":"deny"},"kind":"audit.authorization","meta":{"policy_ids":["p-1"]}}"#;
    /// let decision = Decision::of_entry(7, entry.to_owned()).ok_or("no decision")?;
    /// assert_eq!(decision.outcome.as_deref(), Some("deny"));
    /// assert_eq!(decision.policy_ids, ["p-1"]);
    /// assert!(Decision::of_entry(7, entry.replace("authorization", "event")).is_none());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn of_entry(seq: u64, entry: String) -> Option<Self> {
        let fact = canonical::parse(entry.as_bytes()).ok()?;
        let kind = fact.member("kind").and_then(Value::as_str);
        kind.filter(|kind| *kind == FactKind::AuditAuthorization.as_str())?;
        Some(Self {
            seq,
            leaf_hash: leaf_hash(entry.as_bytes()),
            policy_ids: policies(&fact),
            outcome: said(&fact, &OUTCOME),
            entry,
        })
    }

    fn to_value(&self) -> Value {
        let Self { seq, leaf_hash, policy_ids, outcome, entry } = self;
        let policy_ids: Vec<Value> = policy_ids.iter().map(|id| id.as_str().into()).collect();
        object([
            ("seq", Value::unsigned(*seq)),
            ("leaf_hash", leaf_hash.to_string().into()),
            ("policy_ids", policy_ids.into()),
            ("outcome", text_or_null(outcome.as_deref())),
            ("entry", entry.as_str().into()),
        ])
    }

    fn from_value(value: &Value) -> Option<Self> {
        let policy_ids = value.member("policy_ids")?.as_array()?.iter();
        Some(Self {
            seq: as_u64(value.member("seq"))?,
            leaf_hash: Digest::from_hex(value.member("leaf_hash")?.as_str()?).ok()?,
            policy_ids: policy_ids
                .map(|id| id.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
            outcome: value.member("outcome")?.as_str().map(str::to_owned),
            entry: value.member("entry")?.as_str()?.to_owned(),
        })
    }

    /// When its entry was recorded.
    pub(super) fn recorded_at(&self) -> Option<Timestamp> {
        let fact = canonical::parse(self.entry.as_bytes()).ok()?;
        Timestamp::parse(fact.at(&["meta", "recorded_at"])?.as_str()?).ok()
    }
}

impl PolicyClaim {
    pub(super) fn to_value(&self) -> Value {
        let scope = match &self.scope {
            PolicyScope::Run(run) => object([("run", run.as_str().into())]),
            PolicyScope::Period { since, until } => {
                object([("since", since.to_string().into()), ("until", until.to_string().into())])
            }
        };
        let decisions: Vec<Value> = self.decisions.iter().map(Decision::to_value).collect();
        object([("of", scope), ("counts", self.counts()), ("decisions", decisions.into())])
    }

    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let text = |path: &[&str]| value.at(path).and_then(Value::as_str);
        let time = |path: &[&str]| Timestamp::parse(text(path)?).ok();
        let scope = match text(&["of", "run"]) {
            Some(run) => PolicyScope::Run(run.to_owned()),
            None => PolicyScope::Period {
                since: time(&["of", "since"])?,
                until: time(&["of", "until"])?,
            },
        };
        let decisions = value.member("decisions")?.as_array()?.iter().map(Decision::from_value);
        Some(Self { scope, decisions: decisions.collect::<Option<_>>()? })
    }

    /// What was recorded, counted by the recorders' own words.
    fn counts(&self) -> Value {
        let mut outcomes: BTreeMap<Option<&str>, u64> = BTreeMap::new();
        let mut policies: BTreeMap<&str, u64> = BTreeMap::new();
        for decision in &self.decisions {
            *outcomes.entry(decision.outcome.as_deref()).or_default() += 1;
            for policy in &decision.policy_ids {
                *policies.entry(policy).or_default() += 1;
            }
        }
        let outcomes = outcomes.into_iter().map(|(outcome, count)| {
            object([("outcome", text_or_null(outcome)), ("decisions", Value::unsigned(count))])
        });
        let policies = policies.into_iter().map(|(policy, count)| {
            object([("policy_id", policy.into()), ("decisions", Value::unsigned(count))])
        });
        object([
            ("decisions", Value::unsigned(self.decisions.len() as u64)),
            ("outcomes", outcomes.collect::<Vec<_>>().into()),
            ("policies", policies.collect::<Vec<_>>().into()),
        ])
    }

    /// Where a decision is not what its entry says, or is none of those that are meant.
    pub(super) fn differences(&self, tenant: &str, leaves: &Leaves) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if !self.decisions.iter().map(|decision| &decision.seq).eq(leaves.keys()) {
            let what = "the decisions are not those of the proved entries, in their order";
            found.push(("the decisions".to_owned(), what.to_owned()));
        }
        for decision in &self.decisions {
            if let Some(what) = self.difference(decision, tenant, leaves) {
                found.push((format!("the decision of entry {}", decision.seq), what.to_owned()));
            }
        }
        found
    }

    fn difference(
        &self,
        decision: &Decision,
        tenant: &str,
        leaves: &Leaves,
    ) -> Option<&'static str> {
        if leaves.get(&decision.seq) != Some(&leaf_hash(decision.entry.as_bytes())) {
            return Some("its entry has another leaf hash than the proved one");
        }
        match Decision::of_entry(decision.seq, decision.entry.clone()) {
            None => return Some("its entry is no decision"),
            Some(said) if said != *decision => return Some("its entry says it otherwise"),
            Some(_) => {}
        }
        let fact = canonical::parse(decision.entry.as_bytes()).ok()?;
        let text = |path: &[&str]| fact.at(path).and_then(Value::as_str);
        let meant = match &self.scope {
            PolicyScope::Run(run) => text(&["meta", "run_id"]) == Some(run),
            PolicyScope::Period { since, until } => {
                let at = text(&["meta", "occurred_at"]).and_then(|at| Timestamp::parse(at).ok());
                at.is_some_and(|at| *since <= at && at < *until)
            }
        };
        if !meant {
            return Some("its entry is of another run or period");
        }
        (text(&["tenant"]) != Some(tenant)).then_some("its entry is of another tenant")
    }
}

/// Where outcomes stand, as in the lists of audit facts: the body's own word first.
const OUTCOME: [&str; 4] = ["outcome", "decision", "policy.outcome", "policy.decision"];
const POLICY: [&str; 2] = ["policy_id", "policy.id"];

/// The first of these members that is a text and not empty.
fn said(fact: &Value, names: &[&str]) -> Option<String> {
    let places: [&[&str]; 4] =
        [&["body"], &["body", "view"], &["body", "source"], &["body", "source", "attributes"]];
    let found = names.iter().flat_map(|name| places.iter().map(move |place| (*place, *name)));
    let mut texts = found.filter_map(|(place, name)| fact.at(place)?.member(name)?.as_str());
    texts.find(|text| !text.is_empty()).map(str::to_owned)
}

/// The policies that the fact's metadata name, else the one that its body names.
fn policies(fact: &Value) -> Vec<String> {
    let named = fact.at(&["meta", "policy_ids"]).and_then(Value::as_array).unwrap_or_default();
    let named: Vec<String> = named.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    if named.is_empty() { said(fact, &POLICY).into_iter().collect() } else { named }
}
