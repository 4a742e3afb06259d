//! Audit facts in lists, and the trait that reads them.

use async_trait::async_trait;

use crate::{FactKind, Filter, ListRequest, Page, Period, RunId, StoreError, TenantId, Timestamp};

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

/// Which audit facts to list. All that is named must fit; an empty filter lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Facts of this kind, for example `audit.authorization`.
    pub kind: Option<String>,
    /// What actors of this kind did: `human`, `agent` or `system`.
    pub actor_kind: Option<String>,
    /// What this person, agent or component did.
    pub actor: Option<String>,
    /// Events of this name.
    pub event: Option<String>,
    /// What concerns this tool.
    pub tool: Option<String>,
    /// What came out so, in the source's word.
    pub outcome: Option<String>,
    /// Facts of this run.
    pub run: Option<String>,
    /// Facts that name this policy.
    pub policy: Option<String>,
    /// Facts that name this incident.
    pub incident: Option<String>,
    /// What happened in this period.
    pub period: Period,
}

/// What a list of audit facts is ordered by, newest first, and which index leads to them: by (time of
/// what happened, entry), or by entry alone where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOrder<'f> {
    /// Those of a run.
    Run(&'f str),
    /// Those that name an incident, by entry.
    Incident(&'f str),
    /// Those that name a policy, by entry.
    Policy(&'f str),
    /// Those of an actor.
    Actor(&'f str),
    /// Those about a tool.
    Tool(&'f str),
    /// Those of an event, by entry.
    Event(&'f str),
    /// Those of an outcome, by entry.
    Outcome(&'f str),
    /// Those of a kind, by entry.
    Kind(&'f str),
    /// Those of a period.
    Time,
    /// All, by entry.
    Entry,
}

impl AuditFilter {
    /// What the list is ordered by: the rarest of what is named.
    #[must_use]
    pub fn ordered_by(&self) -> AuditOrder<'_> {
        let named = [
            self.run.as_deref().map(AuditOrder::Run),
            self.incident.as_deref().map(AuditOrder::Incident),
            self.policy.as_deref().map(AuditOrder::Policy),
            self.actor.as_deref().map(AuditOrder::Actor),
            self.tool.as_deref().map(AuditOrder::Tool),
            self.event.as_deref().map(AuditOrder::Event),
            self.outcome.as_deref().map(AuditOrder::Outcome),
        ];
        // A period before a kind: its rows are bounded, those of a kind grow with the ledger, and by
        // entry no place says that the period is over.
        let unnamed = match &self.kind {
            _ if !self.period.is_open() => AuditOrder::Time,
            Some(kind) => AuditOrder::Kind(kind),
            None => AuditOrder::Entry,
        };
        named.into_iter().flatten().next().unwrap_or(unnamed)
    }
}

impl Filter for AuditFilter {
    fn order(&self) -> &'static str {
        match self.ordered_by() {
            AuditOrder::Run(_) => "audit/run",
            AuditOrder::Incident(_) => "audit/incident",
            AuditOrder::Policy(_) => "audit/policy",
            AuditOrder::Actor(_) => "audit/actor",
            AuditOrder::Tool(_) => "audit/tool",
            AuditOrder::Event(_) => "audit/event",
            AuditOrder::Outcome(_) => "audit/outcome",
            AuditOrder::Kind(_) => "audit/kind",
            AuditOrder::Time => "audit/time",
            AuditOrder::Entry => "audit",
        }
    }

    fn period(&self) -> Period {
        self.period
    }
}

impl ListRequest<AuditFilter> {
    /// The same page of facts of one kind only.
    #[must_use]
    pub fn of_kind(&self, kind: &FactKind) -> Self {
        // Where a kind leads, the list is by entry, as it was without: the cursor stays good.
        self.narrowed(|filter| filter.kind = Some(kind.as_str().to_owned()))
    }

    /// The same page of what the platform itself did.
    #[must_use]
    pub fn of_the_system(&self) -> Self {
        self.narrowed(|filter| filter.actor_kind = Some("system".to_owned()))
    }
}

/// What an actor did, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorFacts {
    /// `human`, `agent` or `system`.
    pub actor_kind: Option<String>,
    /// Who.
    pub actor: String,
    /// Audit facts of the actor.
    pub facts: u64,
    /// The entry of the first.
    pub first_seq: u64,
    /// The entry of the last.
    pub last_seq: u64,
}

/// Reads audit records.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// A page of audit records, in the order that the filter gives ([`AuditFilter::ordered_by`]).
    async fn audit_records(
        &self,
        request: &ListRequest<AuditFilter>,
    ) -> Result<Page<AuditRecord>, StoreError>;

    /// The audit records of a run in order of their entries, at most 10,000.
    async fn audit_of_run(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Vec<AuditRecord>, StoreError>;

    /// Who acted, by name, from the name after `after` on, at most 500.
    async fn identities(
        &self,
        tenant: &TenantId,
        after: &str,
    ) -> Result<Vec<ActorFacts>, StoreError>;

    /// Entries that name an incident, in order, at most 100,000.
    async fn seqs_of_incident(
        &self,
        tenant: &TenantId,
        incident: &str,
    ) -> Result<Vec<u64>, StoreError>;

    /// Entries of an actor's audit facts, in order, at most 100,000.
    async fn seqs_of_actor(&self, tenant: &TenantId, actor: &str) -> Result<Vec<u64>, StoreError>;
}
