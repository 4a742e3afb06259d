//! Reads of runs and steps.

use async_trait::async_trait;
use ledger_store::{Cell, Reader};
use store_traits::{
    Page, RunCursor, RunFilter, RunId, RunSummary, Step, StoreError, TenantId, Timestamp,
    TraceStore,
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
pub struct Traces {
    reader: Reader,
}

impl Traces {
    /// Reads what [`crate::PROJECTION`] wrote into this database.
    #[must_use]
    pub fn new(reader: &Reader) -> Self {
        Self { reader: reader.clone() }
    }
}

#[async_trait]
impl TraceStore for Traces {
    async fn runs(
        &self,
        tenant: &TenantId,
        filter: &RunFilter,
        cursor: Option<RunCursor>,
        limit: u32,
    ) -> Result<Page<RunSummary>, StoreError> {
        let limit = limit.clamp(1, MOST_RUNS);
        let time = |at: Option<Timestamp>, open: &str| {
            Cell::from(at.map_or_else(|| open.to_owned(), |at| at.to_string()))
        };
        let values = [
            cursor.map_or(u64::MAX, |cursor| cursor.before_seq).into(),
            time(filter.since, BEGINNING),
            time(filter.until, END),
            // One more than asked for, to know whether there is a next page.
            (u64::from(limit) + 1).into(),
        ];
        let mut rows: Vec<SummaryRow> =
            self.reader.rows(&sql::SELECT_RUNS, tenant, &values).await?;
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
        let row: Option<SummaryRow> =
            self.reader.first(&sql::SELECT_RUN, tenant, &[run.as_str().into()]).await?;
        row.map(SummaryRow::into_summary).transpose()
    }

    async fn steps(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<Step>, StoreError> {
        let rows: Vec<StepRow> =
            self.reader.rows(&sql::SELECT_STEPS, tenant, &[run.as_str().into()]).await?;
        rows.into_iter().map(StepRow::into_step).collect()
    }

    async fn runs_starting_with(
        &self,
        tenant: &TenantId,
        prefix: &str,
    ) -> Result<Vec<String>, StoreError> {
        if prefix.contains('\0') {
            // No run id has it, and PostgreSQL would refuse the question.
            return Ok(Vec::new());
        }
        let values = [Cell::from(prefix), Cell::from(format!("{prefix}{}", char::MAX))];
        let rows: Vec<(String,)> =
            self.reader.rows(&sql::SELECT_RUNS_STARTING_WITH, tenant, &values).await?;
        Ok(rows.into_iter().map(|(run_id,)| run_id).collect())
    }
}
