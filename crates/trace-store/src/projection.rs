//! Rows of steps and runs, written with the entries that they are derived from.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use ledger_store::{FactAt, Projection, SqliteQuery, TypedRow, database, to_i64};
use sqlx::SqliteConnection;
use store_traits::{SealedEntry, StoreError, TenantId};

use crate::row::{run_of, step_row};
use crate::sql;

/// Writes `steps` and `runs`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceProjection;

/// A run and the first entry of it that was seen.
struct FirstSeen {
    run_id: String,
    seq: i64,
}

#[async_trait]
impl Projection for TraceProjection {
    fn name(&self) -> &'static str {
        "traces"
    }

    async fn apply(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        entries: &[SealedEntry],
    ) -> Result<(), StoreError> {
        let rows: Vec<TypedRow> =
            entries.iter().filter_map(|entry| step_row(entry.seq, &entry.fact)).collect();
        sql::STEPS.insert(conn, tenant, &rows).await?;

        let runs = entries.iter().filter_map(|entry| Some((run_of(&entry.fact)?, entry.seq)));
        sql::INSERT_RUNS
            .insert(conn, tenant, &first_seen(runs), bind_run)
            .await
            .map_err(database("writing the rows of runs"))
    }

    async fn differences(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        range: Range<u64>,
        facts: &[FactAt],
    ) -> Result<Vec<(u64, String)>, StoreError> {
        let expected = facts.iter().filter_map(|at| step_row(at.seq, &at.fact)).collect();
        let mut found = sql::STEPS.differences(conn, tenant, range.clone(), expected).await?;
        found.extend(run_differences(conn, tenant, range).await?);
        Ok(found)
    }
}

/// The first of each run, in order of sequence, so that rows are appended to the index.
fn first_seen<'a>(runs: impl Iterator<Item = (&'a str, u64)>) -> Vec<FirstSeen> {
    let mut first = BTreeMap::new();
    for (run_id, seq) in runs {
        first.entry(run_id).or_insert(seq);
    }
    let mut seen: Vec<_> = first
        .into_iter()
        .map(|(run_id, seq)| FirstSeen { run_id: run_id.to_owned(), seq: to_i64(seq) })
        .collect();
    seen.sort_by_key(|seen| seen.seq);
    seen
}

fn bind_run(query: SqliteQuery, seen: &FirstSeen) -> SqliteQuery {
    query.bind(seen.run_id.as_str()).bind(seen.seq)
}

/// The steps of the range have been compared with their entries, so that runs are compared with the
/// steps: each begins with a step of its own, and none of its steps lies before.
async fn run_differences(
    conn: &mut SqliteConnection,
    tenant: &TenantId,
    range: Range<u64>,
) -> Result<Vec<(u64, String)>, StoreError> {
    let mut found = Vec::new();
    for (statement, what) in [
        (sql::SELECT_STEPS_BEFORE_THEIR_RUN, "`runs` lacks the run, or says that it began later"),
        (sql::SELECT_RUNS_WITHOUT_THEIR_STEP, "`runs` has a row that its entry does not give"),
    ] {
        let seqs: Vec<i64> = sqlx::query_scalar(statement)
            .bind(tenant.as_str())
            .bind(to_i64(range.start))
            .bind(to_i64(range.end))
            .fetch_all(&mut *conn)
            .await
            .map_err(database("comparing the rows of runs"))?;
        found.extend(seqs.into_iter().map(|seq| (seq.unsigned_abs(), what.to_owned())));
    }
    Ok(found)
}
