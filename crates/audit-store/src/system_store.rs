//! Lists of facts of the environment.

use async_trait::async_trait;
use ledger_store::{Cell, Reader, from_i64};
use sqlx::FromRow;
use store_traits::{
    AlertFacts, ListRequest, Page, Place, Scanned, StoreError, SystemFilter, SystemOrder,
    SystemRecord, SystemStore, TenantId, Timestamp, indexed,
};

use crate::scan::{asked, before, period, scanned};
use crate::sql;

/// The most facts of a span of time.
const MOST_BETWEEN: u32 = 10_000;

/// Facts of the environment, read through a ledger's connections.
#[derive(Debug, Clone)]
pub struct System {
    reader: Reader,
}

impl System {
    /// Reads what [`crate::PROJECTION`] wrote into this database.
    #[must_use]
    pub fn new(reader: &Reader) -> Self {
        Self { reader: reader.clone() }
    }
}

/// `$2` to `$11` of the statements that list facts of the environment.
fn values(request: &ListRequest<SystemFilter>) -> Vec<Cell<'_>> {
    let SystemFilter { kind, run, component, severity, event, period: of } = request.filter();
    let named = [kind, run, component, severity, event];
    let asked_for = named.iter().filter(|text| text.is_some()).count();
    // What one thing is asked of is answered by its index alone; that of kinds knows no time.
    let one_index = asked_for <= 1 && (of.is_open() || kind.is_none());
    let mut values = scanned(request, one_index);
    values.extend(named.into_iter().map(|text| asked(text.as_deref())));
    values.extend(period(*of));
    values
}

#[async_trait]
impl SystemStore for System {
    async fn system_records(
        &self,
        request: &ListRequest<SystemFilter>,
    ) -> Result<Page<SystemRecord>, StoreError> {
        let mut values = values(request);
        let statement = match request.filter().ordered_by() {
            SystemOrder::Kind(_) => &sql::SYSTEM_BY_KIND,
            SystemOrder::Entry => &sql::SYSTEM_BY_ENTRY,
            by_time => {
                values.push(before(request, request.filter().period));
                match by_time {
                    SystemOrder::Run(_) => &sql::SYSTEM_BY_RUN,
                    SystemOrder::Event(_) => &sql::SYSTEM_BY_EVENT,
                    SystemOrder::Severity(_) => &sql::SYSTEM_BY_SEVERITY,
                    SystemOrder::Component(_) => &sql::SYSTEM_BY_COMPONENT,
                    _ => &sql::SYSTEM_BY_TIME,
                }
            }
        };
        let rows: Vec<SystemRow> = self.reader.rows(statement, request.tenant(), &values).await?;
        let rows = rows.into_iter().map(SystemRow::into_scanned).collect::<Result<_, _>>()?;
        Ok(request.page(rows))
    }

    async fn between(
        &self,
        tenant: &TenantId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<SystemRecord>, StoreError> {
        let limit = u64::from(limit.clamp(1, MOST_BETWEEN));
        let values = [from.to_string().into(), to.to_string().into(), limit.into()];
        let rows: Vec<SystemRow> = self.reader.rows(&sql::SYSTEM_BETWEEN, tenant, &values).await?;
        rows.into_iter().map(|row| Ok(row.into_scanned()?.item)).collect()
    }

    async fn alert(
        &self,
        tenant: &TenantId,
        name: &str,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<AlertFacts, StoreError> {
        let name = Cell::searchable(Some(indexed(name)));
        let window = [Cell::from(since.to_string()), Cell::from(until.to_string())];
        let [since, until] = window;
        let last = [name.clone(), until.clone()];
        let last: Option<SystemRow> = self.reader.first(&sql::LAST_ALERT, tenant, &last).await?;
        let counts: Option<(i64, i64)> =
            self.reader.first(&sql::COUNT_ALERTS, tenant, &[name, since, until]).await?;
        let (sent, suppressed) = counts.unwrap_or_default();
        Ok(AlertFacts {
            last_sent: last.map(|row| Ok::<_, StoreError>(row.into_scanned()?.item)).transpose()?,
            sent: from_i64(sent, "alerts")?,
            suppressed: from_i64(suppressed, "alerts")?,
        })
    }
}

#[derive(FromRow)]
struct SystemRow {
    ordering: String,
    fits: bool,
    at_end: bool,
    seq: i64,
    kind: String,
    run_id: Option<String>,
    component: Option<String>,
    severity: Option<String>,
    event: Option<String>,
    value: Option<String>,
    count: Option<i64>,
    unit: Option<String>,
    occurred_at: String,
}

impl SystemRow {
    fn into_scanned(self) -> Result<Scanned<SystemRecord>, StoreError> {
        let Self { ordering, fits, at_end, seq, kind, run_id, component, severity, .. } = self;
        let Self { event, value, count, unit, occurred_at, .. } = self;
        let what = format!("system_events.{seq}");
        let occurred_at = Timestamp::parse(&occurred_at)
            .map_err(|error| StoreError::Corrupt { what: format!("{what}: {error}") })?;
        let seq = from_i64(seq, &what)?;
        let count = count.map(|count| from_i64(count, &what)).transpose()?;
        let item = SystemRecord {
            seq,
            kind,
            run_id,
            component,
            severity,
            event,
            value,
            count,
            unit,
            occurred_at,
        };
        Ok(Scanned { place: Place { value: ordering, seq }, fits, last: at_end, item })
    }
}
