//! Reads of runs and steps.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ledger_store::{Cell, Reader, from_i64};
use sqlx::FromRow;
use store_traits::{
    ListRequest, Page, Period, RunEnd, RunExtent, RunFilter, RunId, RunOrder, RunStatus,
    RunSummary, Step, StepOutcome, StoreError, TenantId, Timestamp, TraceStore, Usage, indexed,
};

use crate::row::{CandidateRow, OutcomeRow, StepRow, UsageRow, stored_time, summary};
use crate::sql;
use crate::summary::{read, summed};

/// Runs that are looked at for a page where an index does not answer the whole question; and, for each
/// run of a page of a period, where only those repeat that began steps in several hours.
const SCANNED: usize = 200;
const SCANNED_OF_HOURS: usize = 3;
/// Before and after every time and hour, in text order.
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

    /// Summaries of these runs, in their order.
    async fn summaries(
        &self,
        tenant: &TenantId,
        runs: &[String],
    ) -> Result<Vec<RunSummary>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let values = [Cell::from(serde_json::Value::from(runs).to_string())];
        let rows: Vec<(String, Option<String>, i64)> =
            self.reader.rows(&sql::SELECT_STEPS_OF_PAGE, tenant, &values).await?;
        let mut summaries = BTreeMap::new();
        for (run_id, steps, entries) in rows {
            let of = from_i64(entries, "entries")?;
            if let Some(summed) = summed(&read(&run_id, steps.as_deref())?) {
                summaries.insert(run_id.clone(), summary(run_id, summed, of)?);
            }
        }
        Ok(runs.iter().filter_map(|run| summaries.remove(run)).collect())
    }
}

fn time(at: Option<Timestamp>, open: &str) -> String {
    at.map_or_else(|| open.to_owned(), |at| at.to_string())
}

/// The hour in which a period begins, as the label spells it.
fn hour(at: Option<Timestamp>) -> String {
    time(at, BEGINNING).chars().take(13).collect()
}

fn asked(text: Option<&str>) -> Cell<'_> {
    Cell::searchable(text.map(indexed))
}

/// `$2` to `$17` of the statements that list runs.
fn values(request: &ListRequest<RunFilter>) -> Vec<Cell<'_>> {
    let filter = request.filter();
    let RunFilter { agent, provider, model, correlation, seed, scenario, .. } = filter;
    let RunFilter { run, plan_hash, root_hash, synthetic, status, period, .. } = filter;
    // Where an index gives just what is asked, one more than the page tells whether there is more.
    let page = request.limit() + 1;
    let unfiltered = run.is_none() && status.is_none() && *synthetic != Some(false);
    let scanned = match filter.ordered_by() {
        RunOrder::FirstEntry if unfiltered => page,
        RunOrder::Label { .. } if unfiltered && filter.labels().len() == 1 && period.is_open() => {
            page
        }
        RunOrder::Hour if unfiltered && filter.labels().is_empty() => page * SCANNED_OF_HOURS,
        RunOrder::FirstEntry | RunOrder::Label { .. } | RunOrder::Hour => SCANNED.max(page),
    };
    vec![
        request.after().map_or(u64::MAX, |place| place.seq).into(),
        (scanned as u64).into(),
        time(period.since, BEGINNING).into(),
        time(period.until, END).into(),
        (page as u64).into(),
        asked(agent.as_deref()),
        asked(provider.as_deref()),
        asked(model.as_deref()),
        asked(correlation.as_deref()),
        asked(seed.as_deref()),
        asked(scenario.as_deref()),
        asked(plan_hash.as_deref()),
        asked(root_hash.as_deref()),
        asked(synthetic.map(|synthetic| if synthetic { "true" } else { "false" })),
        asked(status.map(RunStatus::as_str)),
        Cell::searchable(run.as_deref()),
    ]
}

#[derive(FromRow)]
struct ExtentRow {
    started_at: Option<String>,
    last_at: Option<String>,
}

#[async_trait]
impl TraceStore for Traces {
    async fn runs(&self, request: &ListRequest<RunFilter>) -> Result<Page<RunSummary>, StoreError> {
        let (tenant, filter) = (request.tenant(), request.filter());
        let mut values = values(request);
        let after = request.after().map(|place| place.value.as_str());
        let statement = match filter.ordered_by() {
            RunOrder::FirstEntry if filter.run.is_some() => &sql::SELECT_RUNS_BY_ID,
            RunOrder::FirstEntry => &sql::SELECT_RUNS_BY_ENTRY,
            RunOrder::Label { name, value } => {
                values.extend([name.into(), asked(Some(value)), asked(Some(value))]);
                &sql::SELECT_RUNS_BY_LABEL
            }
            RunOrder::Hour => {
                let last = after.map_or_else(|| time(filter.period.until, END), str::to_owned);
                let first = hour(filter.period.since);
                values.extend(["hour".into(), first.into(), last.into()]);
                &sql::SELECT_RUNS_BY_LABEL
            }
        };
        let rows: Vec<CandidateRow> = self.reader.rows(statement, tenant, &values).await?;
        let rows = rows.into_iter().map(CandidateRow::into_scanned).collect::<Result<_, _>>()?;
        let Page { items, next } = request.page(rows);
        Ok(Page { items: self.summaries(tenant, &items).await?, next })
    }

    async fn run(&self, tenant: &TenantId, run: &RunId) -> Result<Option<RunSummary>, StoreError> {
        Ok(self.summaries(tenant, &[run.as_str().to_owned()]).await?.pop())
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

    async fn extent(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Option<RunExtent>, StoreError> {
        let values = [Cell::from(run.as_str())];
        let times: Option<ExtentRow> =
            self.reader.first(&sql::SELECT_EXTENT, tenant, &values).await?;
        let Some(ExtentRow { started_at: Some(started_at), last_at: Some(last_at) }) = times else {
            return Ok(None);
        };
        let services: Vec<(String,)> =
            self.reader.rows(&sql::SELECT_SERVICES, tenant, &values).await?;
        let ends: Vec<(i64, String)> = self.reader.rows(&sql::SELECT_ENDS, tenant, &values).await?;
        let what = format!("the steps of run `{run}`");
        let end = |(seq, kind)| Ok(RunEnd { seq: from_i64(seq, &what)?, kind });
        Ok(Some(RunExtent {
            started_at: stored_time(&started_at, &what)?,
            last_at: stored_time(&last_at, &what)?,
            services: services.into_iter().map(|(service,)| service).collect(),
            ends: ends.into_iter().map(end).collect::<Result<_, StoreError>>()?,
        }))
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Vec<StepOutcome>, StoreError> {
        let rows: Vec<OutcomeRow> =
            self.reader.rows(&sql::SELECT_OUTCOMES, tenant, &[run.as_str().into()]).await?;
        rows.into_iter().map(OutcomeRow::into_outcome).collect()
    }

    async fn usage(&self, tenant: &TenantId, period: Period) -> Result<Vec<Usage>, StoreError> {
        let Period { since, until } = period;
        let values = [time(since, BEGINNING), time(until, END), hour(since)].map(Cell::from);
        let rows: Vec<UsageRow> = self.reader.rows(&sql::SELECT_USAGE, tenant, &values).await?;
        rows.into_iter().map(UsageRow::into_usage).collect()
    }
}
