//! Every statement of the typed rows of runs.

use ledger_store::Statement;

use crate::labels::{SELECT_LABEL_ROWS, SELECT_LABELS_OF, SELECT_MISPLACED_LABELS};

/// The entries that speak of each of the runs that `$2` names.
pub(crate) static SELECT_PARTS: Statement = Statement {
    doing: "reading the entries of runs",
    sqlite: include_str!("queries/parts_of_runs_sqlite.sql"),
    postgres: include_str!("queries/parts_of_runs_postgres.sql"),
};
/// The two ways to a page of runs; their values are explained where they are used.
pub(crate) static SELECT_RUNS_BY_ID: Statement = Statement {
    doing: "listing a run",
    sqlite: concat!(
        include_str!("queries/runs_by_id_sqlite.sql"),
        include_str!("queries/fitting_runs.sql")
    ),
    postgres: concat!(
        include_str!("queries/runs_by_id_postgres.sql"),
        include_str!("queries/fitting_runs.sql")
    ),
};
pub(crate) static SELECT_RUNS_BY_LABEL: Statement = Statement::both(
    "listing runs by a label",
    concat!(include_str!("queries/runs_by_label.sql"), include_str!("queries/fitting_runs.sql")),
);
/// A range of the key, as LIKE would need another collation to use it: `$2` the prefix, `$3` the prefix
/// with the last character of all behind it.
pub(crate) static SELECT_RUNS_STARTING_WITH: Statement = Statement::both(
    "looking up runs",
    "SELECT e.run_id FROM run_entries e WHERE e.tenant = $1 AND e.run_id >= $2 AND e.run_id < $3 AND EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = e.seq AND l.name = 'run') ORDER BY e.run_id LIMIT 10",
);
/// The runs of a sum, a page at a time.
pub(crate) static SELECT_RUNS_OF_HOURS: Statement =
    Statement::both("listing the runs of hours", include_str!("queries/runs_of_hours.sql"));

/// Every reading statement, for a look at its plan.
pub static STATEMENTS: [&Statement; 8] = [
    &SELECT_PARTS,
    &SELECT_RUNS_BY_ID,
    &SELECT_RUNS_BY_LABEL,
    &SELECT_RUNS_STARTING_WITH,
    &SELECT_RUNS_OF_HOURS,
    &SELECT_LABEL_ROWS,
    &SELECT_LABELS_OF,
    &SELECT_MISPLACED_LABELS,
];
