//! Every statement of the typed rows of runs and steps.

use ledger_store::{Insert, Statement, Type, repeated};

use crate::labels::{SELECT_LABEL_ROWS, SELECT_LABELS_OF};

use Type::{Int, Text};

pub(crate) const INSERT_STEPS: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO steps (tenant, seq, run_id, kind, class, name, span_id, parent_span_id, agent, service, provider, model, response_id, tool, started_at, ended_at, input_tokens, output_tokens, cost_micros, error, root) VALUES ",
        "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        ""
    ),
    postgres: "INSERT INTO steps (tenant, seq, run_id, kind, class, name, span_id, parent_span_id, agent, service, provider, model, response_id, tool, started_at, ended_at, input_tokens, output_tokens, cost_micros, error, root) SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::bigint[], $20::text[], $21::bigint[])",
    columns: &[
        Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Int,
        Int, Int, Text, Int,
    ],
};
pub(crate) const SELECT_STEP_ROWS: Statement = Statement::both(
    "reading the rows of steps",
    "SELECT seq, run_id, kind, class, name, span_id, parent_span_id, agent, service, provider, model, response_id, tool, started_at, ended_at, input_tokens, output_tokens, cost_micros, error, root FROM steps WHERE tenant = $1 AND seq >= $2 AND seq < $3 ORDER BY seq",
);

/// A run that was seen before keeps its first entry.
pub(crate) const INSERT_RUNS: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR IGNORE INTO runs (tenant, first_seq, run_id) VALUES ",
        "(?,?,?)",
        ""
    ),
    postgres: "INSERT INTO runs (tenant, first_seq, run_id) SELECT $1, * FROM unnest($2::bigint[], $3::text[]) ON CONFLICT (tenant, run_id) DO NOTHING",
    columns: &[Text],
};

/// Steps whose run has no row, or one that is said to begin after them.
pub(crate) const SELECT_STEPS_BEFORE_THEIR_RUN: Statement = Statement::both(
    "comparing the rows of runs",
    "SELECT s.seq FROM steps s LEFT JOIN runs r ON r.tenant = $1 AND r.run_id = s.run_id WHERE s.tenant = $1 AND s.seq >= $2 AND s.seq < $3 AND (r.first_seq IS NULL OR r.first_seq > s.seq)",
);
/// Runs that are said to begin with an entry that is not theirs.
pub(crate) const SELECT_RUNS_WITHOUT_THEIR_STEP: Statement = Statement::both(
    "comparing the rows of runs",
    "SELECT r.first_seq FROM runs r LEFT JOIN steps s ON s.tenant = $1 AND s.seq = r.first_seq WHERE r.tenant = $1 AND r.first_seq >= $2 AND r.first_seq < $3 AND (s.run_id IS NULL OR s.run_id <> r.run_id)",
);

/// The steps of the runs that `$2` names, a JSON array, and how many entries speak of each.
pub(crate) static SELECT_STEPS_OF_PAGE: Statement = Statement {
    doing: "summarising runs",
    sqlite: concat!(
        include_str!("queries/page_sqlite.sql"),
        include_str!("queries/steps_of_page_sqlite.sql"),
    ),
    postgres: concat!(
        include_str!("queries/page_postgres.sql"),
        include_str!("queries/steps_of_page_postgres.sql"),
    ),
};
/// The three ways to a page of runs; their values are explained where they are used.
pub(crate) static SELECT_RUNS_BY_ENTRY: Statement = Statement::both(
    "listing runs",
    concat!(
        include_str!("queries/runs_by_entry.sql"),
        include_str!("queries/once.sql"),
        include_str!("queries/fitting_runs.sql"),
    ),
);
pub(crate) static SELECT_RUNS_BY_ID: Statement = Statement::both(
    "listing a run",
    concat!(
        include_str!("queries/runs_by_id.sql"),
        include_str!("queries/once.sql"),
        include_str!("queries/fitting_runs.sql"),
    ),
);
pub(crate) static SELECT_RUNS_BY_LABEL: Statement = Statement::both(
    "listing runs by a label",
    concat!(
        include_str!("queries/runs_by_label.sql"),
        include_str!("queries/first_hour.sql"),
        include_str!("queries/fitting_runs.sql"),
    ),
);
/// In order of (start, seq): a source may report the end of a step before its beginning.
pub(crate) static SELECT_STEPS: Statement = Statement::both(
    "reading a run's steps",
    "SELECT seq, run_id, span_id, parent_span_id, class, name, coalesce(agent, service) AS agent, provider, model, response_id, tool, started_at, ended_at, input_tokens, output_tokens, cost_micros, error, root = 1 AS root FROM steps WHERE tenant = $1 AND run_id = $2 ORDER BY started_at, seq LIMIT 100000",
);

/// A range of the key, as LIKE would need another collation to use it: `$2` the prefix, `$3` the prefix
/// with the last character of all behind it.
pub(crate) static SELECT_RUNS_STARTING_WITH: Statement = Statement::both(
    "looking up runs",
    "SELECT run_id FROM runs WHERE tenant = $1 AND run_id >= $2 AND run_id < $3 ORDER BY run_id LIMIT 10",
);

/// What became of the steps, in order of (start, seq).
pub(crate) static SELECT_OUTCOMES: Statement = Statement::both(
    "reading the outcomes of a run's steps",
    "SELECT seq, class, coalesce(tool, name) AS name, error, coalesce(ended_at, started_at) AS at FROM steps WHERE tenant = $1 AND run_id = $2 ORDER BY started_at, seq LIMIT 100000",
);

/// `started_at >= ''` holds for all, and with `+seq`, which no index orders by, it leads SQLite to the
/// index of a run's steps.
pub(crate) static SELECT_EXTENT: Statement = Statement::both(
    "reading how far a run goes",
    "SELECT min(started_at) AS started_at, max(coalesce(ended_at, started_at)) AS last_at FROM steps WHERE tenant = $1 AND run_id = $2 AND started_at >= ''",
);
pub(crate) static SELECT_SERVICES: Statement = Statement::both(
    "reading who took part in a run",
    "SELECT DISTINCT service FROM steps WHERE tenant = $1 AND run_id = $2 AND started_at >= '' AND service IS NOT NULL ORDER BY service LIMIT 20",
);
pub(crate) static SELECT_ENDS: Statement = Statement::both(
    "reading what ended a run",
    "SELECT seq, kind FROM steps WHERE tenant = $1 AND run_id = $2 AND started_at >= '' AND kind IN ('run.completed', 'run.aborted') ORDER BY +seq LIMIT 20",
);

/// Reads every step of the runs of a period: a sum, and no page of a list.
pub(crate) static SELECT_USAGE: Statement = Statement {
    doing: "summing up usage",
    sqlite: concat!(
        include_str!("queries/used_steps_sqlite.sql"),
        include_str!("queries/sum_usage.sql"),
    ),
    postgres: concat!(
        include_str!("queries/used_steps_postgres.sql"),
        include_str!("queries/sum_usage.sql"),
    ),
};

/// Every reading statement, for a look at its plan.
pub static STATEMENTS: [&Statement; 16] = [
    &SELECT_STEPS_OF_PAGE,
    &SELECT_RUNS_BY_ENTRY,
    &SELECT_RUNS_BY_ID,
    &SELECT_RUNS_BY_LABEL,
    &SELECT_STEPS,
    &SELECT_OUTCOMES,
    &SELECT_EXTENT,
    &SELECT_SERVICES,
    &SELECT_ENDS,
    &SELECT_USAGE,
    &SELECT_RUNS_STARTING_WITH,
    &SELECT_STEP_ROWS,
    &SELECT_STEPS_BEFORE_THEIR_RUN,
    &SELECT_RUNS_WITHOUT_THEIR_STEP,
    &SELECT_LABEL_ROWS,
    &SELECT_LABELS_OF,
];
