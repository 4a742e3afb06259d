//! Rows of facts of the environment, and of the policies and incidents that facts name.

use ledger_store::{
    Cell, Check, FactAt, Insert, Row, Statement, Table, Type, repeated, rows_as_json, text_at,
};
use store_traits::{RunId, Value, indexed};

use Type::{Int, Text};

const INSERT_SYSTEM: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO system_events (tenant, seq, kind, run_id, component, severity, event, value, count, unit, occurred_at)",
        "(?,?,?,?,?,?,?,?,?,?,?)",
        " ON CONFLICT (tenant, seq) DO NOTHING"
    ),
    postgres: "INSERT INTO system_events (tenant, seq, kind, run_id, component, severity, event, value, count, unit, occurred_at) SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[]) ON CONFLICT (tenant, seq) DO NOTHING",
    columns: &[Text, Text, Text, Text, Text, Text, Int, Text, Text],
};
pub(crate) const SELECT_SYSTEM_ROWS: Statement = rows_as_json!(
    "reading the rows of system facts",
    "system_events",
    "kind, run_id, component, severity, event, value, count, unit, occurred_at"
);

const INSERT_REFS: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO fact_refs (tenant, seq, name, value)",
        "(?,?,?,?)",
        " ON CONFLICT (tenant, name, value, seq) DO NOTHING"
    ),
    postgres: "INSERT INTO fact_refs (tenant, seq, name, value) SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[]) ON CONFLICT (tenant, name, value, seq) DO NOTHING",
    columns: &[Text, Text],
};
pub(crate) const SELECT_REF_ROWS: Statement =
    rows_as_json!("reading what facts name", "fact_refs", "name, value");

pub(crate) const SYSTEM_EVENTS: Table = Table {
    name: "system_events",
    insert: INSERT_SYSTEM,
    rows: |facts| facts.iter().filter_map(system_row).collect(),
    check: Check::Rows {
        columns: &[
            "kind",
            "run_id",
            "component",
            "severity",
            "event",
            "value",
            "count",
            "unit",
            "occurred_at",
        ],
        select: SELECT_SYSTEM_ROWS,
    },
    topic: Some("lists"),
};

pub(crate) const FACT_REFS: Table = Table {
    name: "fact_refs",
    insert: INSERT_REFS,
    rows: |facts| facts.iter().flat_map(refs).collect(),
    check: Check::Set {
        columns: &["name", "value"],
        select: SELECT_REF_ROWS,
        earlier: None,
        misplaced: None,
    },
    topic: Some("lists"),
};

/// The row of a fact of the environment: a function of the fact alone.
fn system_row<'f>(at: &FactAt<'f>) -> Option<Row<'f>> {
    let fact = at.fact;
    if !at.kind.starts_with("system.") && !at.kind.starts_with("alert.") {
        return None;
    }
    let occurred_at = text_at(fact, &["meta", "occurred_at"])?;
    let (view, body) = (fact.at(&["body", "view"]), fact.member("body"));
    let source = fact.at(&["body", "source"]);
    // The mapping's view first; a native fact says it in its body.
    let said = |names: &[&str]| {
        [view, body]
            .into_iter()
            .flatten()
            .find_map(|place| names.iter().find_map(|name| text_at(place, &[name])))
    };
    let component = text_at(fact, &["meta", "actor", "component"])
        .or_else(|| text_at(fact, &["meta", "source_component"]));
    let measured = source.or(body);
    let unit = measured.and_then(|of| text_at(of, &["metric", "unit"])).or_else(|| said(&["unit"]));
    let text = |text: Option<&'f str>| Cell::searchable(text.map(indexed));
    let run_id = text_at(fact, &["meta", "run_id"]).filter(|id| RunId::parse(id).is_ok());
    let cells = vec![
        Cell::searchable(Some(at.kind)),
        Cell::searchable(run_id),
        text(said(&["component"]).or(component)),
        severity(source, said(&["severity"])),
        text(said(&["event", "name", "alert"])),
        value(measured),
        Cell::Int(count(measured)),
        text(unit),
        Cell::from(occurred_at),
    ];
    Some(Row { seq: at.seq, cells })
}

/// The word for a severity number (OpenTelemetry logs data model, "Field: SeverityNumber"); else the
/// source's own word in lower case.
fn severity<'f>(source: Option<&'f Value>, said: Option<&'f str>) -> Cell<'f> {
    let number = source.and_then(|of| of.member("severity_number")).and_then(Value::as_i64);
    let word = match number {
        Some(1..=4) => "trace",
        Some(5..=8) => "debug",
        Some(9..=12) => "info",
        Some(13..=16) => "warn",
        Some(17..=20) => "error",
        Some(21..=24) => "fatal",
        _ => {
            let own = source.and_then(|of| text_at(of, &["severity_text"])).or(said);
            let own = own.map(|own| indexed(own).to_lowercase());
            // Lower case may be longer than what it was made from.
            let own = own.map(|own| indexed(&own).replace('\0', "\u{2400}"));
            return Cell::from(own);
        }
    };
    Cell::from(word)
}

/// A number as the source wrote it; of a histogram its sum.
fn value<'f>(measured: Option<&'f Value>) -> Cell<'f> {
    let number = |of: &'f Value| match of {
        Value::Int(number) => Some(number.get().to_string()),
        Value::Object(members) => {
            let tagged = ["f64", "i64", "u64"].iter().find_map(|tag| members.get(tag));
            tagged.and_then(Value::as_str).map(|text| indexed(text).replace('\0', "\u{2400}"))
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) => None,
    };
    let found =
        measured.and_then(|of| ["value", "sum"].iter().find_map(|name| number(of.member(name)?)));
    Cell::from(found.filter(|text| !text.is_empty()))
}

fn count(measured: Option<&Value>) -> Option<i64> {
    measured?.member("count")?.as_i64().filter(|count| *count >= 0)
}

/// The policies and incidents that a fact names, each once.
fn refs<'f>(at: &FactAt<'f>) -> Vec<Row<'f>> {
    let names: &[(&str, &str)] = if at.kind.starts_with("audit.") {
        &[("policy_ids", "audit.policy"), ("incident_ids", "audit.incident")]
    } else {
        &[("incident_ids", "incident")]
    };
    let mut rows: Vec<Row<'f>> = Vec::new();
    for (member, name) in names {
        let ids = at.fact.at(&["meta", member]).and_then(Value::as_array).unwrap_or_default();
        let texts = ids.iter().filter_map(Value::as_str).filter(|text| !text.is_empty());
        for id in texts {
            let cells = vec![Cell::from(*name), Cell::searchable(Some(indexed(id)))];
            if !rows.iter().any(|row| row.cells == cells) {
                rows.push(Row { seq: at.seq, cells });
            }
        }
    }
    rows
}
