//! Lists of audit records, and who acted.

use async_trait::async_trait;
use ledger_store::{Cell, Reader, from_i64};
use sqlx::FromRow;
use store_traits::{
    ActorFacts, AuditFilter, AuditOrder, AuditRecord, AuditStore, ListRequest, Page, Place, RunId,
    Scanned, StoreError, TenantId, Timestamp, indexed,
};

use crate::scan::{asked, before, period, scanned};
use crate::sql;

/// Audit records, read through a ledger's connections.
#[derive(Debug, Clone)]
pub struct Audit {
    pub(crate) reader: Reader,
}

impl Audit {
    /// Reads what [`crate::PROJECTION`] wrote into this database.
    #[must_use]
    pub fn new(reader: &Reader) -> Self {
        Self { reader: reader.clone() }
    }

    async fn seqs(
        &self,
        statement: &'static ledger_store::Statement,
        tenant: &TenantId,
        of: &str,
    ) -> Result<Vec<u64>, StoreError> {
        let rows: Vec<(i64,)> =
            self.reader.rows(statement, tenant, &[Cell::searchable(Some(indexed(of)))]).await?;
        rows.into_iter().map(|(seq,)| from_i64(seq, "audit_events.seq")).collect()
    }
}

/// `$2` to `$15` of the statements that list audit records.
fn values(request: &ListRequest<AuditFilter>) -> Vec<Cell<'_>> {
    let filter = request.filter();
    let AuditFilter { kind, actor, event, tool, outcome, run, policy, incident, .. } = filter;
    let (of, actor_kind) = (filter.period, &filter.actor_kind);
    let named = [kind, actor, event, tool, outcome, run, policy, incident];
    let asked_for = named.iter().filter(|text| text.is_some()).count();
    // Indexes of policies, incidents, events, outcomes and kinds know no time.
    let by_entry = [policy, incident, event, outcome, kind].into_iter().any(Option::is_some);
    let one_index = actor_kind.is_none() && asked_for <= 1 && (of.is_open() || !by_entry);
    let mut values = scanned(request, one_index);
    values.extend(named.into_iter().map(|text| asked(text.as_deref())));
    values.extend(period(of));
    values.push(asked(actor_kind.as_deref()));
    values
}

#[async_trait]
impl AuditStore for Audit {
    async fn audit_records(
        &self,
        request: &ListRequest<AuditFilter>,
    ) -> Result<Page<AuditRecord>, StoreError> {
        let mut values = values(request);
        let statement = match request.filter().ordered_by() {
            AuditOrder::Incident(_) => &sql::AUDIT_BY_INCIDENT,
            AuditOrder::Policy(_) => &sql::AUDIT_BY_POLICY,
            AuditOrder::Event(_) => &sql::AUDIT_BY_EVENT,
            AuditOrder::Outcome(_) => &sql::AUDIT_BY_OUTCOME,
            AuditOrder::Kind(_) => &sql::AUDIT_BY_KIND,
            AuditOrder::Entry => &sql::AUDIT_BY_ENTRY,
            by_time => {
                values.push(before(request, request.filter().period));
                match by_time {
                    AuditOrder::Run(_) => &sql::AUDIT_BY_RUN,
                    AuditOrder::Actor(_) => &sql::AUDIT_BY_ACTOR,
                    AuditOrder::Tool(_) => &sql::AUDIT_BY_TOOL,
                    _ => &sql::AUDIT_BY_TIME,
                }
            }
        };
        let rows: Vec<AuditRow> = self.reader.rows(statement, request.tenant(), &values).await?;
        let rows = rows.into_iter().map(AuditRow::into_scanned).collect::<Result<_, _>>()?;
        Ok(request.page(rows))
    }

    async fn audit_of_run(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let values = [run.as_str().into()];
        let rows: Vec<AuditRow> = self.reader.rows(&sql::AUDIT_OF_RUN, tenant, &values).await?;
        rows.into_iter().map(|row| Ok(row.into_scanned()?.item)).collect()
    }

    async fn identities(
        &self,
        tenant: &TenantId,
        after: &str,
    ) -> Result<Vec<ActorFacts>, StoreError> {
        let values = [Cell::searchable(Some(indexed(after)))];
        let rows: Vec<ActorRow> = self.reader.rows(&sql::ACTORS, tenant, &values).await?;
        rows.into_iter().map(ActorRow::into_facts).collect()
    }

    async fn seqs_of_incident(
        &self,
        tenant: &TenantId,
        incident: &str,
    ) -> Result<Vec<u64>, StoreError> {
        self.seqs(&sql::SEQS_OF_INCIDENT, tenant, incident).await
    }

    async fn seqs_of_actor(&self, tenant: &TenantId, actor: &str) -> Result<Vec<u64>, StoreError> {
        self.seqs(&sql::SEQS_OF_ACTOR, tenant, actor).await
    }
}

#[derive(FromRow)]
struct AuditRow {
    ordering: String,
    fits: bool,
    at_end: bool,
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
    fn into_scanned(self) -> Result<Scanned<AuditRecord>, StoreError> {
        let Self { ordering, fits, at_end, seq, kind, event, actor_kind, actor, .. } = self;
        let Self { tool, outcome, policy_id, run_id, occurred_at, .. } = self;
        let occurred_at = Timestamp::parse(&occurred_at).map_err(|error| StoreError::Corrupt {
            what: format!("audit_events.{seq}: {error}"),
        })?;
        let seq = from_i64(seq, "audit_events.seq")?;
        let item = AuditRecord {
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
        };
        Ok(Scanned { place: Place { value: ordering, seq }, fits, last: at_end, item })
    }
}

#[derive(FromRow)]
struct ActorRow {
    actor_kind: Option<String>,
    actor: String,
    facts: i64,
    first_seq: i64,
    last_seq: i64,
}

impl ActorRow {
    fn into_facts(self) -> Result<ActorFacts, StoreError> {
        let Self { actor_kind, actor, facts, first_seq, last_seq } = self;
        let number = |number| from_i64(number, "audit_events.seq");
        let (facts, first_seq, last_seq) = (number(facts)?, number(first_seq)?, number(last_seq)?);
        Ok(ActorFacts { actor_kind, actor, facts, first_seq, last_seq })
    }
}
