//! Rows of steps and runs, written with the entries that they are derived from.

use std::collections::BTreeMap;

use ledger_store::{Cell, Check, FactAt, Projection, Row, Table};

use crate::labels::{
    INSERT_LABELS, LABEL_COLUMNS, SELECT_LABEL_ROWS, SELECT_LABELS_OF, first_given,
};
use crate::row::{STEP_COLUMNS, run_of, step_row};
use crate::sql;

/// `steps`, `runs` and `run_labels`.
pub static PROJECTION: Projection = Projection {
    name: "traces",
    tables: &[
        Table {
            name: "steps",
            insert: sql::INSERT_STEPS,
            rows: |facts| facts.iter().filter_map(step_row).collect(),
            check: Check::Rows { columns: &STEP_COLUMNS, select: sql::SELECT_STEP_ROWS },
            topic: None,
        },
        // The steps of the range have been compared with their entries, so that runs are compared
        // with the steps: each begins with a step of its own, and none of its steps lies before.
        Table {
            name: "runs",
            insert: sql::INSERT_RUNS,
            rows: first_seen,
            check: Check::Faults(&[
                (
                    sql::SELECT_STEPS_BEFORE_THEIR_RUN,
                    "`runs` lacks the run, or says that it began later",
                ),
                (
                    sql::SELECT_RUNS_WITHOUT_THEIR_STEP,
                    "`runs` has a row that its entry does not give",
                ),
            ]),
            topic: None,
        },
        Table {
            name: "run_labels",
            insert: INSERT_LABELS,
            rows: first_given,
            check: Check::Set {
                columns: &LABEL_COLUMNS,
                select: SELECT_LABEL_ROWS,
                earlier: Some(SELECT_LABELS_OF),
            },
            topic: Some("lists"),
        },
    ],
};

/// The first of each run, in order of sequence, so that rows are appended to the index.
fn first_seen<'f>(facts: &[FactAt<'f>]) -> Vec<Row<'f>> {
    let mut first = BTreeMap::new();
    for at in facts {
        if let Some(run) = run_of(at.fact) {
            first.entry(run).or_insert(at.seq);
        }
    }
    let row = |(run, seq)| Row { seq, cells: vec![Cell::from(run)] };
    let mut rows: Vec<_> = first.into_iter().map(row).collect();
    rows.sort_by_key(|row| row.seq);
    rows
}
