//! Lists of audit records.

use async_trait::async_trait;
use ledger_store::{Reader, Statement, from_i64};
use sqlx::FromRow;
use store_traits::{AuditPage, AuditRecord, AuditStore, StoreError, TenantId, Timestamp};

/// In descending order of the sequence number, which never changes: a page neither skips nor repeats.
pub(crate) static SELECT_PAGE: Statement = Statement::both(
    "listing audit records",
    "SELECT seq, kind, event, actor_kind, actor, tool, outcome, policy_id, run_id, occurred_at FROM audit_events WHERE tenant = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
);

/// The longest page.
const MOST_RECORDS: u32 = 500;

/// Audit records, read through a ledger's connections.
#[derive(Debug, Clone)]
pub struct Audit {
    reader: Reader,
}

impl Audit {
    /// Reads what [`crate::PROJECTION`] wrote into this database.
    #[must_use]
    pub fn new(reader: &Reader) -> Self {
        Self { reader: reader.clone() }
    }
}

#[async_trait]
impl AuditStore for Audit {
    async fn audit_records(
        &self,
        tenant: &TenantId,
        limit: u32,
        before_seq: Option<u64>,
    ) -> Result<AuditPage, StoreError> {
        let limit = limit.clamp(1, MOST_RECORDS);
        let values = [before_seq.unwrap_or(u64::MAX).into(), (u64::from(limit) + 1).into()];
        let mut rows: Vec<AuditRow> = self.reader.rows(&SELECT_PAGE, tenant, &values).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let items: Vec<_> =
            rows.into_iter().map(AuditRow::into_record).collect::<Result<_, _>>()?;
        let next_before_seq = items.last().filter(|_| more).map(|last| last.seq);
        Ok(AuditPage { items, next_before_seq })
    }
}

#[derive(FromRow)]
struct AuditRow {
    seq: i64,
    kind: String,
    event: Option<String>,
    actor_kind: Option<String>,
    actor: Option<String>,
    tool: Option<String>,
    outcome: Option<String>,
    policy_id: Option<String>,
    run_id: Option<String>,
    occurred_at: String,
}

impl AuditRow {
    fn into_record(self) -> Result<AuditRecord, StoreError> {
        let Self { seq, kind, event, actor_kind, actor, .. } = self;
        let Self { tool, outcome, policy_id, run_id, occurred_at, .. } = self;
        let occurred_at = Timestamp::parse(&occurred_at).map_err(|error| StoreError::Corrupt {
            what: format!("audit_events.{seq}: {error}"),
        })?;
        let seq = from_i64(seq, "audit_events.seq")?;
        Ok(AuditRecord {
            seq,
            kind,
            event,
            actor_kind,
            actor,
            tool,
            outcome,
            policy_id,
            run_id,
            occurred_at,
        })
    }
}
