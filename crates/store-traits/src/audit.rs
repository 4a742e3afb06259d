//! Audit facts in lists, and the trait that reads them.

use async_trait::async_trait;

use crate::{StoreError, TenantId, Timestamp};

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

/// Reads audit records.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// A page of at most `limit` (1 to 500) records before `before_seq`, newest first.
    async fn audit_records(
        &self,
        tenant: &TenantId,
        limit: u32,
        before_seq: Option<u64>,
    ) -> Result<AuditPage, StoreError>;
}
