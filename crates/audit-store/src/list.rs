//! Lists of audit records.

use ledger_store::{Reader, Statement, from_i64};
use sqlx::FromRow;
use store_traits::{StoreError, TenantId, Timestamp};

/// In descending order of the sequence number, which never changes: a page neither skips nor repeats.
pub(crate) static SELECT_PAGE: Statement = Statement::both(
    "listing audit records",
    "SELECT seq, kind, event, actor_kind, actor, tool, outcome, policy_id, run_id, occurred_at FROM audit_events WHERE tenant = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
);

/// The longest page.
const MOST_RECORDS: u32 = 500;

/// An audit fact in a list; the entry has the whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// The entry that records it.
    pub seq: u64,
    /// Its kind, for example `audit.tool`.
    pub kind: String,
    /// What happened, in the source's word.
    pub event: Option<String>,
    /// `human`, `agent` or `system`.
    pub actor_kind: Option<String>,
    /// Who.
    pub actor: Option<String>,
    /// The tool concerned.
    pub tool: Option<String>,
    /// How it came out, in the source's word.
    pub outcome: Option<String>,
    /// The first policy that the fact names.
    pub policy_id: Option<String>,
    /// Its run.
    pub run_id: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// A page of audit records, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The records.
    pub items: Vec<AuditRecord>,
    /// The next page holds records before this sequence number; `None` at the end.
    pub next_before_seq: Option<u64>,
}

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

    /// A page of at most `limit` (1 to 500) records before `before_seq`, newest first.
    ///
    /// # Errors
    /// The database failed, or a stored row breaks its own rules.
    pub async fn list(
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
