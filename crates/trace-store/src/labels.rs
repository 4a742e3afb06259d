//! Labels of runs: what lists of runs are filtered by.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger_store::{Cell, FactAt, Insert, Row, Statement, Type, repeated, rows_as_json};
use store_traits::{Object, RunStatus, Value, indexed};

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
pub(crate) const SELECT_LABEL_ROWS: Statement =
    rows_as_json!("reading the labels of runs", "labels_of_runs", "run_id, name, value");
/// The labels of runs, and the entries that first gave them, as the rows above: `$2` runs as a JSON array.
pub(crate) const SELECT_LABELS_OF: Statement = Statement {
    doing: "looking up labels",
    sqlite: "SELECT json_group_array(json_array(l.seq, j.value, l.name, l.value)) FROM json_each($2) j CROSS JOIN labels_of_runs l ON l.tenant = $1 AND l.first_seq = (SELECT e.seq FROM run_entries e INDEXED BY run_entries_by_run WHERE e.tenant = $1 AND e.run_id = j.value ORDER BY e.seq LIMIT 1)",
    // OFFSET keeps the planner from reading all labels of the tenant.
    postgres: "SELECT CAST(json_agg(json_build_array(l.seq, j.run_id, l.name, l.value)) AS TEXT) FROM json_array_elements_text(CAST($2 AS JSON)) AS j (run_id) CROSS JOIN LATERAL (SELECT * FROM labels_of_runs WHERE labels_of_runs.tenant = $1 AND labels_of_runs.first_seq = (SELECT e.seq FROM run_entries e WHERE e.tenant = $1 AND e.run_id = j.run_id ORDER BY e.seq LIMIT 1) OFFSET 0) l",
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
        let mut next = 0;
        each_label(&fact, &mut |name, value| {
            let same = |(there, of): &(&str, Cow<'_, str>)| *there == name && *of == value;
            // Facts of a run mostly give the same labels in the same order. A run has a handful of them:
            // looking through them is quicker than a map.
            let there = known.get(next).is_some_and(same) || known.iter().any(same);
            next += 1;
            if there {
                return;
            }
            known.push((name, value.clone()));
            let cells = vec![Cell::from(fact.run), Cell::from(name), Cell::Text(Some(value))];
            rows.push(Row { seq: at.seq, cells });
        });
    }
    rows
}

/// What labels are made of, found in one look through the members of a fact: every fact is asked for all of
/// them.
#[derive(Clone, Copy, Default)]
struct Members<'f> {
    agent: Option<&'f Value>,
    ended_at: Option<&'f Value>,
    error: Option<&'f Value>,
    model: Option<&'f Value>,
    plan_hash: Option<&'f Value>,
    provider: Option<&'f Value>,
    root: Option<&'f Value>,
    root_hash: Option<&'f Value>,
    scenario: Option<&'f Value>,
    seed: Option<&'f Value>,
    service: Option<&'f Value>,
    started_at: Option<&'f Value>,
    synthetic: Option<&'f Value>,
}

impl<'f> Members<'f> {
    /// What a place says that none before it said.
    fn look(&mut self, place: &'f Object) {
        for (name, value) in place {
            let member = match name.as_str() {
                "agent" => &mut self.agent,
                "ended_at" => &mut self.ended_at,
                "error" => &mut self.error,
                "is_synthetic" => &mut self.synthetic,
                "model" => &mut self.model,
                "plan_hash" => &mut self.plan_hash,
                "provider" => &mut self.provider,
                "root" => &mut self.root,
                "root_hash" => &mut self.root_hash,
                "seed" => &mut self.seed,
                "service" => &mut self.service,
                "started_at" => &mut self.started_at,
                "synthetic_scenario_id" => &mut self.scenario,
                _ => continue,
            };
            member.get_or_insert(value);
        }
    }
}

/// What a fact says of its run: a function of the fact alone.
fn each_label<'f>(fact: &StepFact<'f>, give: &mut dyn FnMut(&'static str, Cow<'f, str>)) {
    let mut said = Members::default();
    fact.places().for_each(|place| said.look(place));
    // Of these the view of a mapping speaks first; a native fact says it in its body.
    let mut own = said;
    fact.body.iter().for_each(|body| own.look(body));

    let mut label = |name, text: Option<&'f str>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            give(name, searchable(indexed(text)));
        }
    };
    label("run", Some("seen"));
    label("agent", text(said.agent));
    label("agent", text(said.service).or_else(|| fact.actor()));
    label("provider", text(said.provider));
    label("model", text(said.model));
    label("correlation", text(fact.meta.get("correlation_id")));
    let end = end(fact.kind, &said);
    label("end", end);
    // A native fact may say that it completed and failed: then the steps decide.
    let completed = end == Some(RunStatus::Completed.as_str());
    label("end", (completed && fact.error().is_some()).then_some(RunStatus::Failed.as_str()));
    label("scenario", text(own.scenario));
    label("plan_hash", text(own.plan_hash));
    label("root_hash", text(own.root_hash));
    label("synthetic", (own.synthetic == Some(&Value::Bool(true))).then_some("true"));
    let seed = own
        .seed
        .or_else(|| fact.body?.get("source")?.member("attributes")?.member("gen_ai.request.seed"));
    if let Some(seed) = seed.and_then(number_or_text) {
        give("seed", seed);
    }
    let hour = match fact.started_at(said.started_at) {
        Some(Cow::Borrowed(at)) => at.get(..13).map(Cow::Borrowed),
        Some(Cow::Owned(at)) => at.get(..13).map(|hour| Cow::Owned(hour.to_owned())),
        None => None,
    };
    if let Some(hour) = hour {
        give("hour", hour);
    }
}

/// What a fact says of its run's end.
fn end(kind: &str, said: &Members<'_>) -> Option<&'static str> {
    let ends = said.root == Some(&Value::Bool(true)) && said.ended_at.is_some();
    let status = match kind {
        "run.aborted" => RunStatus::Aborted,
        kind if kind != "run.completed" && !ends => return None,
        _ if text(said.error).is_some() => RunStatus::Failed,
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
