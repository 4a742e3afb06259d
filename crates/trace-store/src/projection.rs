//! The labels of runs, written with the entries that they are derived from.

use ledger_store::{Check, Projection, Table};

use crate::labels::{
    INSERT_LABELS, LABEL_COLUMNS, SELECT_LABEL_ROWS, SELECT_LABELS_OF, SELECT_MISPLACED_LABELS,
    first_given,
};

/// `labels_of_runs`.
pub static PROJECTION: Projection = Projection {
    name: "traces",
    tables: &[Table {
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
    }],
};
