//! Every statement of the typed rows of runs and steps.

use ledger_store::{RowsInsert, TypedTable};

use crate::row::STEP_COLUMNS;

pub(crate) static STEPS: TypedTable = TypedTable {
    name: "steps",
    columns: &STEP_COLUMNS,
    insert: RowsInsert::new(
        "INSERT INTO steps (tenant, seq, run_id, kind, class, name, span_id, parent_span_id, agent, service, provider, model, response_id, tool, started_at, ended_at, input_tokens, output_tokens, cost_micros, error, root) VALUES ",
        21,
    ),
    select: "SELECT seq, run_id, kind, class, name, span_id, parent_span_id, agent, service, provider, model, response_id, tool, started_at, ended_at, input_tokens, output_tokens, cost_micros, error, root FROM steps WHERE tenant = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq",
};

/// A run that was seen before keeps its first entry.
pub(crate) static INSERT_RUNS: RowsInsert =
    RowsInsert::new("INSERT OR IGNORE INTO runs (tenant, run_id, first_seq) VALUES ", 3);

/// Steps whose run has no row, or one that is said to begin after them.
pub(crate) const SELECT_STEPS_BEFORE_THEIR_RUN: &str = "SELECT s.seq FROM steps s LEFT JOIN runs r ON r.tenant = ?1 AND r.run_id = s.run_id WHERE s.tenant = ?1 AND s.seq >= ?2 AND s.seq < ?3 AND (r.first_seq IS NULL OR r.first_seq > s.seq)";
/// Runs that are said to begin with an entry that is not theirs.
pub(crate) const SELECT_RUNS_WITHOUT_THEIR_STEP: &str = "SELECT r.first_seq FROM runs r LEFT JOIN steps s ON s.tenant = ?1 AND s.seq = r.first_seq WHERE r.tenant = ?1 AND r.first_seq >= ?2 AND r.first_seq < ?3 AND (s.run_id IS NULL OR s.run_id <> r.run_id)";

/// Newest first by `first_seq`; `?1` tenant, `?2` before_seq, `?3` since, `?4` until, `?5` limit.
pub(crate) const SELECT_RUNS: &str =
    concat!(include_str!("queries/page_of_runs.sql"), include_str!("queries/summarise_runs.sql"));
/// `?1` tenant, `?2` run.
pub(crate) const SELECT_RUN: &str =
    concat!(include_str!("queries/one_run.sql"), include_str!("queries/summarise_runs.sql"));

/// In order of (start, seq): a source may report the end of a step before its beginning.
pub(crate) const SELECT_STEPS: &str = "SELECT seq, run_id, span_id, parent_span_id, class, name, coalesce(agent, service) AS agent, provider, model, response_id, tool, started_at, ended_at, input_tokens, output_tokens, cost_micros, error, root FROM steps WHERE tenant = ?1 AND run_id = ?2 ORDER BY started_at, seq LIMIT 100000";

/// A range of the key, as LIKE would need another collation to use it.
pub(crate) const SELECT_RUNS_STARTING_WITH: &str = "SELECT run_id FROM runs WHERE tenant = ?1 AND run_id >= ?2 AND run_id < ?2 || char(1114111) ORDER BY run_id LIMIT 10";

/// Every reading statement, for a look at its plan.
pub const STATEMENTS: [&str; 6] = [
    SELECT_RUNS,
    SELECT_RUN,
    SELECT_STEPS,
    SELECT_RUNS_STARTING_WITH,
    SELECT_STEPS_BEFORE_THEIR_RUN,
    SELECT_RUNS_WITHOUT_THEIR_STEP,
];
