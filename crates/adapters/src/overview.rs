//! What an export of many runs comes to, counted from its entries alone, so that whoever checks the
//! bundle counts again.

use std::collections::BTreeMap;

use store_traits::{Object, Period, Value};

use crate::asked;
use crate::report::{counts, object};

/// The counts of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// What was asked for, label and value.
    pub about: Vec<(&'static str, String)>,
    /// Entries that answer the request; of a period, without those at its borders.
    pub entries: u64,
    /// By kind.
    pub by_kind: BTreeMap<String, u64>,
    /// By who acted, `<kind>:<name>`.
    pub by_actor: BTreeMap<String, u64>,
    /// Recorded decisions and tool events by their word, `<kind> <word>`.
    pub by_outcome: BTreeMap<String, u64>,
    /// The runs that the entries speak of, in order of their first entry.
    pub runs: Vec<RunLine>,
}

/// A run in an export of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLine {
    /// Its id.
    pub run_id: String,
    /// Who acted in its first entry here.
    pub actor: String,
    /// Entries of it in this export.
    pub entries: u64,
    /// The first of them.
    pub first_seq: u64,
    /// When the earliest of them happened, as it says.
    pub first_at: String,
    /// When the latest happened.
    pub last_at: String,
    /// What the first fact that ends it says: `completed`, `failed`, `aborted`.
    pub end: Option<&'static str>,
}

/// Counts entry by entry.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    period: Option<Period>,
    overview: Overview,
    at: BTreeMap<String, usize>,
}

impl Count {
    /// `None` where one run was asked for: its report shows its steps.
    pub(crate) fn of(query: &Object) -> Option<Self> {
        let of_many = ["since", "until", "incident", "actor"];
        of_many.iter().any(|name| query.contains_key(name)).then(|| Self {
            period: asked::period(query),
            overview: Overview { about: about(query), ..Overview::default() },
            at: BTreeMap::new(),
        })
    }

    pub(crate) fn add(&mut self, seq: u64, fact: &Value) {
        if self.period.is_some_and(|period| !asked::concerns(period, fact)) {
            return;
        }
        let overview = &mut self.overview;
        let text = |path: &[&str]| fact.at(path).and_then(Value::as_str).unwrap_or_default();
        let kind = text(&["kind"]);
        let actor = actor(fact);
        overview.entries += 1;
        *overview.by_kind.entry(kind.to_owned()).or_default() += 1;
        *overview.by_actor.entry(actor.clone()).or_default() += 1;
        if let Some(word) = outcome(kind, fact) {
            *overview.by_outcome.entry(format!("{kind} {word}")).or_default() += 1;
        }
        let run_id = text(&["meta", "run_id"]);
        if run_id.is_empty() {
            return;
        }
        let at = text(&["meta", "occurred_at"]);
        let place = *self.at.entry(run_id.to_owned()).or_insert(overview.runs.len());
        if place == overview.runs.len() {
            overview.runs.push(RunLine {
                run_id: run_id.to_owned(),
                actor,
                entries: 0,
                first_seq: seq,
                first_at: at.to_owned(),
                last_at: at.to_owned(),
                end: None,
            });
        }
        let Some(run) = overview.runs.get_mut(place) else { return };
        run.entries += 1;
        // Times have one spelling, whose text order is time order.
        if at < run.first_at.as_str() {
            at.clone_into(&mut run.first_at);
        }
        if at > run.last_at.as_str() {
            at.clone_into(&mut run.last_at);
        }
        run.end = run.end.or_else(|| end(kind, fact));
    }

    pub(crate) fn finish(self) -> Overview {
        self.overview
    }
}

/// What was asked for, in words.
fn about(query: &Object) -> Vec<(&'static str, String)> {
    let labels =
        [("Incident", "incident"), ("Actor", "actor"), ("From", "since"), ("Up to", "until")];
    let said = |(label, name)| Some((label, query.get(name)?.as_str()?.to_owned()));
    labels.into_iter().filter_map(said).collect()
}

/// Who acted, `<kind>:<name>`.
pub(crate) fn actor(fact: &Value) -> String {
    let actor = ["subject", "name", "component"]
        .iter()
        .find_map(|member| fact.at(&["meta", "actor", member]).and_then(Value::as_str))
        .unwrap_or_default();
    match fact.at(&["meta", "actor", "kind"]).and_then(Value::as_str).unwrap_or_default() {
        "" => actor.to_owned(),
        kind => format!("{kind}:{actor}"),
    }
}

/// What a decision's outcome is called.
pub(crate) const DECISION: [&str; 4] = ["outcome", "decision", "policy.outcome", "policy.decision"];

/// What was decided or happened, in the source's word.
fn outcome<'f>(kind: &str, fact: &'f Value) -> Option<&'f str> {
    let names: &[&str] = match kind {
        "audit.authorization" => &DECISION,
        "audit.tool" => &["event"],
        _ => return None,
    };
    said(fact, names)
}

/// The first of these members of the mapping's view, the body or what arrived (its attributes too), that
/// is a text.
pub(crate) fn said<'f>(fact: &'f Value, names: &[&str]) -> Option<&'f str> {
    let places: [&[&str]; 4] =
        [&["body", "view"], &["body"], &["body", "source"], &["body", "source", "attributes"]];
    let members = places.iter().filter_map(|place| fact.at(place)?.as_object());
    let mut texts = members.flat_map(|of| names.iter().filter_map(|name| of.get(name)?.as_str()));
    texts.find(|text| !text.is_empty())
}

fn end(kind: &str, fact: &Value) -> Option<&'static str> {
    let view = |name: &str| fact.at(&["body", "view", name]);
    let root = view("root") == Some(&Value::Bool(true)) && view("ended_at").is_some();
    match kind {
        "run.aborted" => Some("aborted"),
        kind if kind != "run.completed" && !root => None,
        _ if view("error").is_some() || failed_natively(fact) => Some("failed"),
        _ => Some("completed"),
    }
}

/// A native fact has no view: it says in its body, or in the step there, that something failed, or how it
/// ended.
fn failed_natively(fact: &Value) -> bool {
    let Some(body) = fact.at(&["body"]).filter(|body| body.member("view").is_none()) else {
        return false;
    };
    let said = |name: &str| {
        let texts = [Some(body), body.member("step")].into_iter().flatten();
        texts.filter_map(|of| of.member(name)?.as_str()).find(|text| !text.is_empty())
    };
    said("error").is_some()
        || ["outcome", "status"].into_iter().any(|name| said(name) == Some("failed"))
}

impl Overview {
    pub(crate) fn to_value(&self) -> Value {
        let Self { about, entries, by_kind, by_actor, by_outcome, runs } = self;
        let about = about.iter().map(|(label, value)| {
            object([("label", (*label).into()), ("value", value.as_str().into())])
        });
        object([
            ("about", about.collect::<Vec<_>>().into()),
            ("entries", Value::unsigned(*entries)),
            ("by_kind", counts(by_kind)),
            ("by_actor", counts(by_actor)),
            ("by_outcome", counts(by_outcome)),
            ("runs", runs.iter().map(RunLine::to_value).collect::<Vec<_>>().into()),
        ])
    }
}

impl RunLine {
    fn to_value(&self) -> Value {
        let Self { run_id, actor, entries, first_seq, first_at, last_at, end } = self;
        object([
            ("run_id", run_id.as_str().into()),
            ("actor", actor.as_str().into()),
            ("entries", Value::unsigned(*entries)),
            ("first_seq", Value::unsigned(*first_seq)),
            ("first_at", first_at.as_str().into()),
            ("last_at", last_at.as_str().into()),
            ("end", end.map_or(Value::Null, Value::from)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use replay_determinism::canonical;

    use super::*;

    #[test]
    fn a_native_run_ends_as_it_says_itself() {
        for (kind, body, expect) in [
            ("run.completed", r#"{"outcome":"completed"}"#, Some("completed")),
            ("run.completed", "{}", Some("completed")),
            ("run.completed", r#"{"error":"boom","outcome":"completed"}"#, Some("failed")),
            ("run.completed", r#"{"status":"failed"}"#, Some("failed")),
            ("run.completed", r#"{"step":{"error":"boom"}}"#, Some("failed")),
            ("run.completed", r#"{"outcome":"failed","view":{}}"#, Some("completed")),
            ("run.completed", r#"{"view":{"error":"boom"}}"#, Some("failed")),
            ("run.aborted", r#"{"outcome":"failed"}"#, Some("aborted")),
            ("run.step", r#"{"outcome":"failed"}"#, None),
        ] {
            let fact = canonical::parse(format!(r#"{{"body":{body}}}"#).as_bytes()).unwrap();
            assert_eq!(end(kind, &fact), expect, "{kind} {body}");
        }
    }
}
