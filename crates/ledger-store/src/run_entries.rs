//! Which entries speak of a run.
//!
//! A row a run and stretch, and not one an entry: runs come in no order, and an index with an item an
//! entry changed as many pages as there were entries.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{
    Check, FactAt, Insert, Item, Projection, Row, Statement, Table, Type, repeated, rows_as_json,
    text_at,
};

use Type::Text;

/// Written with every commit, whatever topics are registered.
pub(crate) static RUN_ENTRIES: Projection = Projection { name: "ledger", tables: &TABLES };

static TABLES: [Table; 1] = [Table {
    name: "run_entries",
    insert: Insert {
        sqlite: repeated!(
            "INSERT OR FAIL INTO run_entries (tenant, seq, run_id, seqs)",
            "(?,?,?,?)",
            " ON CONFLICT (tenant, seq, run_id) DO NOTHING"
        ),
        postgres: "INSERT INTO run_entries (tenant, seq, run_id, seqs) SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[]) ON CONFLICT (tenant, seq, run_id) DO NOTHING",
        columns: &[Text, Text],
    },
    rows,
    check: Check::Packed { select: SELECT_RUN_ENTRIES, between: ",", items },
    topic: Some("run_parts"),
}];

/// What writes them.
pub(crate) fn insert() -> &'static Insert {
    let [Table { insert, .. }] = &TABLES;
    insert
}

pub(crate) const SELECT_RUN_ENTRIES: Statement =
    rows_as_json!("comparing the entries of runs", "run_entries", "run_id, seqs");
pub(crate) static SELECT_RUN_SEQS: Statement = Statement::both(
    "reading a run's entries",
    "SELECT seqs FROM run_entries WHERE tenant = $1 AND run_id = $2 ORDER BY seq",
);
fn rows<'f>(facts: &[FactAt<'f>]) -> Vec<Row<'f>> {
    let mut of: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for FactAt { seq, fact, .. } in facts {
        let Some(run) = text_at(fact, &["meta", "run_id"]) else { continue };
        of.entry(run).or_default().push(*seq);
    }
    let row = |(run, seqs): (&'f str, Vec<u64>)| {
        let mut text = String::new();
        for seq in &seqs {
            let between = if text.is_empty() { "" } else { "," };
            let _ = write!(text, "{between}{seq}");
        }
        let seq = seqs.first().copied().unwrap_or_default();
        Row { seq, cells: vec![run.into(), text.into()] }
    };
    let mut rows: Vec<_> = of.into_iter().map(row).collect();
    // In order of the key, so that rows are appended to it.
    rows.sort_by_key(|row| row.seq);
    rows
}

/// Each number is its own item.
fn items(seqs: &str) -> Vec<Item<'_>> {
    seqs.split(',').map(|text| Item { seq: text.parse().ok(), text }).collect()
}

/// The numbers of a row; `None` if it holds something else.
pub(crate) fn numbers(seqs: &str) -> Option<Vec<u64>> {
    seqs.split(',').map(|seq| seq.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use store_traits::{Object, Value};

    use super::*;
    use crate::Cell;
    use crate::projection::stored;

    #[test]
    fn a_run_has_one_row_a_stretch_at_its_first_entry() {
        let fact = |run: &str| {
            let meta = Object::from([("run_id", Value::from(run))]);
            Value::Object(Object::from([("meta", meta.into())]))
        };
        let facts = [fact("b"), fact("a"), fact("b"), Value::Null, fact("b")];
        let at: Vec<_> = (254..).zip(&facts).map(|(seq, fact)| FactAt::new(seq, fact)).collect();
        let rows = stored(&[&RUN_ENTRIES.tables[0]], &at, 1).remove(0).1;
        let row = |seq, run: &'static str, seqs: &'static str| Row {
            seq,
            cells: vec![Cell::from(run), Cell::from(seqs)],
        };
        assert_eq!(rows, [row(254, "b", "254"), row(255, "a", "255"), row(256, "b", "256,258")]);
        assert_eq!(numbers("256,258"), Some(vec![256, 258]));
        assert_eq!(numbers("256,"), None);
    }
}
