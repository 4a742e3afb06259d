//! Reads of runs and steps.

use async_trait::async_trait;
use ledger_store::{SqliteLedger, database, to_i64};
use sqlx::SqlitePool;
use store_traits::{
    Page, RunCursor, RunFilter, RunId, RunSummary, Step, StoreError, TenantId, TraceStore,
};

use crate::row::{StepRow, SummaryRow};
use crate::sql;

/// The longest page.
const MOST_RUNS: u32 = 500;
/// Before and after every time, in text order.
const BEGINNING: &str = "";
const END: &str = "~";

/// Runs and steps, read through a ledger's connections.
#[derive(Debug, Clone)]
pub struct SqliteTraces {
    pool: SqlitePool,
}

impl SqliteTraces {
    /// Reads what [`crate::TraceProjection`] wrote into this ledger's database.
    #[must_use]
    pub fn new(ledger: &SqliteLedger) -> Self {
        Self { pool: ledger.reader().clone() }
    }
}

#[async_trait]
impl TraceStore for SqliteTraces {
    async fn runs(
        &self,
        tenant: &TenantId,
        filter: &RunFilter,
        cursor: Option<RunCursor>,
        limit: u32,
    ) -> Result<Page<RunSummary>, StoreError> {
        let limit = limit.clamp(1, MOST_RUNS);
        let time = |at: Option<store_traits::Timestamp>, open: &str| {
            at.map_or_else(|| open.to_owned(), |at| at.to_string())
        };
        // One more than asked for, to know whether there is a next page.
        let mut rows: Vec<SummaryRow> = sqlx::query_as(sql::SELECT_RUNS)
            .bind(tenant.as_str())
            .bind(cursor.map_or(i64::MAX, |cursor| to_i64(cursor.before_seq)))
            .bind(time(filter.since, BEGINNING))
            .bind(time(filter.until, END))
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.pool)
            .await
            .map_err(database("listing runs"))?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = match rows.last().filter(|_| more) {
            Some(last) => Some(RunCursor { before_seq: last.first_seq()? }),
            None => None,
        };
        let items = rows.into_iter().map(SummaryRow::into_summary).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    async fn run(&self, tenant: &TenantId, run: &RunId) -> Result<Option<RunSummary>, StoreError> {
        let row: Option<SummaryRow> = sqlx::query_as(sql::SELECT_RUN)
            .bind(tenant.as_str())
            .bind(run.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(database("reading a run"))?;
        row.map(SummaryRow::into_summary).transpose()
    }

    async fn steps(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<Step>, StoreError> {
        let rows: Vec<StepRow> = sqlx::query_as(sql::SELECT_STEPS)
            .bind(tenant.as_str())
            .bind(run.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(database("reading a run's steps"))?;
        rows.into_iter().map(StepRow::into_step).collect()
    }

    async fn runs_starting_with(
        &self,
        tenant: &TenantId,
        prefix: &str,
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar(sql::SELECT_RUNS_STARTING_WITH)
            .bind(tenant.as_str())
            .bind(prefix)
            .fetch_all(&self.pool)
            .await
            .map_err(database("looking up runs"))
    }
}
