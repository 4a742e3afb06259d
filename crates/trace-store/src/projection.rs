//! Packed rows of steps and the labels of runs, written with the entries that they are derived from.

use std::collections::BTreeMap;

use ledger_store::{Cell, Check, FactAt, Lies, Projection, Row, Table, text_at};

use crate::labels::{
    INSERT_LABELS, LABEL_COLUMNS, SELECT_LABEL_ROWS, SELECT_LABELS_OF, SELECT_MISPLACED_LABELS,
    first_given,
};
use crate::line::{BETWEEN, items, write};
use crate::sql;

/// `run_steps` and `labels_of_runs`.
pub static PROJECTION: Projection = Projection {
    name: "traces",
    tables: &[
        Table {
            name: "run_steps",
            insert: sql::INSERT_STEPS,
            rows: packed,
            check: Check::Packed {
                select: sql::SELECT_STEP_ROWS,
                compressed: true,
                between: BETWEEN,
                items,
                lies: Lies::With("run_entries"),
            },
            topic: Some("run_parts"),
        },
        Table {
            name: "labels_of_runs",
            insert: INSERT_LABELS,
            rows: first_given,
            check: Check::Set {
                columns: &LABEL_COLUMNS,
                select: SELECT_LABEL_ROWS,
                earlier: Some(SELECT_LABELS_OF),
                misplaced: Some(SELECT_MISPLACED_LABELS),
            },
            // Behind "run_parts", of which `run_entries` is.
            topic: Some("run_parts_labels"),
        },
    ],
};

/// The steps of each run, at the first entry of these that speaks of the run: where the ledger's
/// `run_entries` leads.
fn packed<'f>(facts: &[FactAt<'f>]) -> Vec<Row<'f>> {
    let mut of: BTreeMap<&str, (u64, Vec<u8>)> = BTreeMap::new();
    for at in facts {
        let Some(run) = text_at(at.fact, &["meta", "run_id"]) else { continue };
        let (_, steps) = of.entry(run).or_insert_with(|| (at.seq, Vec::new()));
        write(at, steps);
    }
    let row = |(run, (seq, steps)): (_, (_, Vec<u8>))| {
        let steps = String::from_utf8(steps).ok().filter(|steps| !steps.is_empty())?;
        Some(Row { seq, cells: vec![Cell::from(run), steps.into()] })
    };
    let mut rows: Vec<_> = of.into_iter().filter_map(row).collect();
    // In order of the key, so that rows are appended to it.
    rows.sort_by_key(|row| row.seq);
    rows
}
