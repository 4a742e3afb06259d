//! Every statement of the typed rows of runs and steps.

use ledger_store::{Insert, Statement, Type, repeated};

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

/// Newest first by `first_seq`; `$1` tenant, `$2` before_seq, `$3` since, `$4` until, `$5` limit.
pub(crate) static SELECT_RUNS: Statement = Statement {
    doing: "listing runs",
    sqlite: concat!(
        include_str!("queries/page_of_runs.sql"),
        include_str!("queries/steps_of_page_sqlite.sql"),
        include_str!("queries/summarise_runs.sql"),
    ),
    postgres: concat!(
        include_str!("queries/page_of_runs.sql"),
        include_str!("queries/steps_of_page_postgres.sql"),
        include_str!("queries/summarise_runs.sql"),
    ),
};
/// `$1` tenant, `$2` run.
pub(crate) static SELECT_RUN: Statement = Statement {
    doing: "reading a run",
    sqlite: concat!(
        include_str!("queries/one_run.sql"),
        include_str!("queries/steps_of_page_sqlite.sql"),
        include_str!("queries/summarise_runs.sql"),
    ),
    postgres: concat!(
        include_str!("queries/one_run.sql"),
        include_str!("queries/steps_of_page_postgres.sql"),
        include_str!("queries/summarise_runs.sql"),
    ),
};

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

/// Every reading statement, for a look at its plan.
pub static STATEMENTS: [&Statement; 7] = [
    &SELECT_RUNS,
    &SELECT_RUN,
    &SELECT_STEPS,
    &SELECT_RUNS_STARTING_WITH,
    &SELECT_STEP_ROWS,
    &SELECT_STEPS_BEFORE_THEIR_RUN,
    &SELECT_RUNS_WITHOUT_THEIR_STEP,
];
