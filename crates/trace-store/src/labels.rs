//! Labels of runs: what lists of runs are filtered by.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger_store::{Cell, FactAt, Insert, Row, Statement, Type, repeated};
use store_traits::{RunStatus, Value, indexed};

use crate::row::{StepFact, text};

use Type::Text;

pub(crate) const LABEL_COLUMNS: [&str; 3] = ["run_id", "name", "value"];

/// A label that a run has already keeps the entry that first gave it. The run's entries are written before
/// its labels.
pub(crate) const INSERT_LABELS: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO labels_of_runs (tenant, seq, run_id, name, value, first_seq)",
        "column1, column2, column3, column4, column5, (SELECT e.seq FROM run_entries e INDEXED BY run_entries_by_run WHERE e.tenant = column1 AND e.run_id = column3 ORDER BY e.seq LIMIT 1)",
        "(?,?,?,?,?)",
        " ON CONFLICT (tenant, first_seq, name, value) DO NOTHING"
    ),
    postgres: "INSERT INTO labels_of_runs (tenant, seq, run_id, name, value, first_seq) SELECT $1, own.*, (SELECT e.seq FROM run_entries e WHERE e.tenant = $1 AND e.run_id = own.run_id ORDER BY e.seq LIMIT 1) FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) AS own (seq, run_id, name, value) ON CONFLICT (tenant, first_seq, name, value) DO NOTHING",
    columns: &[Text, Text, Text],
};
pub(crate) const SELECT_LABEL_ROWS: Statement = Statement::both(
    "reading the labels of runs",
    "SELECT seq, run_id, name, value FROM labels_of_runs WHERE tenant = $1 AND seq >= $2 AND seq < $3 ORDER BY seq, name, value",
);
/// The labels of runs, and the entries that first gave them: `$2` runs as a JSON array.
pub(crate) const SELECT_LABELS_OF: Statement = Statement {
    doing: "looking up labels",
    sqlite: "SELECT l.seq, j.value AS run_id, l.name, l.value FROM json_each($2) j CROSS JOIN labels_of_runs l ON l.tenant = $1 AND l.first_seq = (SELECT e.seq FROM run_entries e INDEXED BY run_entries_by_run WHERE e.tenant = $1 AND e.run_id = j.value ORDER BY e.seq LIMIT 1)",
    // OFFSET keeps the planner from reading all labels of the tenant.
    postgres: "SELECT l.seq, j.run_id, l.name, l.value FROM json_array_elements_text(CAST($2 AS JSON)) AS j (run_id) CROSS JOIN LATERAL (SELECT * FROM labels_of_runs WHERE labels_of_runs.tenant = $1 AND labels_of_runs.first_seq = (SELECT e.seq FROM run_entries e WHERE e.tenant = $1 AND e.run_id = j.run_id ORDER BY e.seq LIMIT 1) OFFSET 0) l",
};
/// Labels that lie at another entry than the first of their run, where readers look for them.
pub(crate) const SELECT_MISPLACED_LABELS: Statement = Statement {
    doing: "comparing the places of labels",
    sqlite: "SELECT min(l.seq) AS seq FROM labels_of_runs l WHERE l.tenant = $1 AND l.seq >= $2 AND l.seq < $3 GROUP BY l.run_id, l.first_seq HAVING l.first_seq <> coalesce((SELECT e.seq FROM run_entries e INDEXED BY run_entries_by_run WHERE e.tenant = $1 AND e.run_id = l.run_id ORDER BY e.seq LIMIT 1), -1)",
    postgres: "SELECT min(l.seq) AS seq FROM labels_of_runs l WHERE l.tenant = $1 AND l.seq >= $2 AND l.seq < $3 GROUP BY l.run_id, l.first_seq HAVING l.first_seq <> coalesce((SELECT e.seq FROM run_entries e WHERE e.tenant = $1 AND e.run_id = l.run_id ORDER BY e.seq LIMIT 1), -1)",
};

/// The labels of each run once, at the first of these facts that gives it.
pub(crate) fn first_given<'f>(facts: &[FactAt<'f>]) -> Vec<Row<'f>> {
    let mut given: BTreeMap<&str, Vec<(&str, Cow<'f, str>)>> = BTreeMap::new();
    let mut rows = Vec::new();
    for at in facts {
        let Some(fact) = StepFact::of(at.fact) else { continue };
        let known = given.entry(fact.run).or_default();
        each_label(&fact, &mut |name, value| {
            // A run has a handful of labels: looking through them is quicker than a map.
            if known.iter().any(|(there, of)| *there == name && *of == value) {
                return;
            }
            known.push((name, value.clone()));
            let cells = vec![Cell::from(fact.run), Cell::from(name), Cell::Text(Some(value))];
            rows.push(Row { seq: at.seq, cells });
        });
    }
    rows
}

/// What a fact says of its run: a function of the fact alone.
fn each_label<'f>(fact: &StepFact<'f>, give: &mut dyn FnMut(&'static str, Cow<'f, str>)) {
    let mut label = |name, text: Option<&'f str>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            give(name, searchable(indexed(text)));
        }
    };
    label("run", Some("seen"));
    label("agent", fact.said("agent"));
    label("agent", fact.said("service").or_else(|| fact.actor()));
    label("provider", fact.said("provider"));
    label("model", fact.said("model"));
    label("correlation", text(fact.meta.get("correlation_id")));
    let end = end(fact);
    label("end", end);
    // A native fact may say that it completed and failed: then the steps decide.
    let completed = end == Some(RunStatus::Completed.as_str());
    label("end", (completed && fact.error().is_some()).then_some(RunStatus::Failed.as_str()));
    // The view of a mapping first; a native fact says it in its body.
    let said = |name| fact.member(name).or_else(|| fact.body?.get(name));
    label("scenario", text(said("synthetic_scenario_id")));
    label("plan_hash", text(said("plan_hash")));
    label("root_hash", text(said("root_hash")));
    label("synthetic", (said("is_synthetic") == Some(&Value::Bool(true))).then_some("true"));
    let seed = said("seed")
        .or_else(|| fact.body?.get("source")?.member("attributes")?.member("gen_ai.request.seed"));
    if let Some(seed) = seed.and_then(number_or_text) {
        give("seed", seed);
    }
    let hour = match fact.started_at() {
        Some(Cow::Borrowed(at)) => at.get(..13).map(Cow::Borrowed),
        Some(Cow::Owned(at)) => at.get(..13).map(|hour| Cow::Owned(hour.to_owned())),
        None => None,
    };
    if let Some(hour) = hour {
        give("hour", hour);
    }
}

/// What a fact says of its run's end.
fn end(fact: &StepFact<'_>) -> Option<&'static str> {
    let ends = fact.member("root") == Some(&Value::Bool(true)) && fact.member("ended_at").is_some();
    let status = match fact.kind {
        "run.aborted" => RunStatus::Aborted,
        kind if kind != "run.completed" && !ends => return None,
        _ if fact.said("error").is_some() => RunStatus::Failed,
        _ => RunStatus::Completed,
    };
    Some(status.as_str())
}

fn number_or_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Int(number) => Some(Cow::Owned(number.get().to_string())),
        Value::String(text) if !text.is_empty() => Some(searchable(indexed(text))),
        _ => None,
    }
}

/// As [`Cell::searchable`] writes a text.
fn searchable(text: &str) -> Cow<'_, str> {
    match Cell::searchable(Some(text)) {
        Cell::Text(Some(text)) => text,
        Cell::Text(None) | Cell::Int(_) | Cell::Bytes(_) => Cow::Borrowed(text),
    }
}
