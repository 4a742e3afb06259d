//! Audit facts, facts of the environment and exports in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryTopics;
use super::runs::{newest_first, text, time};
use crate::{
    ActorFacts, AlertFacts, AuditFilter, AuditRecord, AuditStore, Digest, ExportFilter,
    ExportRecord, ExportStore, ListRequest, Page, Period, Place, RunId, Scanned, StoreError,
    SystemFilter, SystemRecord, SystemStore, TenantId, Timestamp, Value,
};

/// What a fact says by one of these names, in its view or in its body.
fn said(fact: &Value, names: &[&str]) -> Option<String> {
    let places = ["view", "source"].map(|place| vec!["body", place]);
    let places = places.into_iter().chain([vec!["body"]]);
    let mut found = places.flat_map(|place| {
        names.iter().filter_map(move |name| text(fact, &[&place[..], &[*name]].concat()))
    });
    found.next().map(str::to_owned)
}

fn actor(fact: &Value) -> Option<&str> {
    ["subject", "name", "component"].iter().find_map(|name| text(fact, &["meta", "actor", name]))
}

fn names(fact: &Value, list: &str, id: &str) -> bool {
    let ids = fact.at(&["meta", list]).and_then(Value::as_array).unwrap_or_default();
    ids.iter().any(|named| named.as_str() == Some(id))
}

fn own(fact: &Value, path: &[&str]) -> Option<String> {
    text(fact, path).map(str::to_owned)
}

fn audit_record(seq: u64, fact: &Value) -> Option<AuditRecord> {
    Some(AuditRecord {
        seq,
        kind: own(fact, &["kind"]).filter(|kind| kind.starts_with("audit."))?,
        event: said(fact, &["event", "name", "action"]),
        actor_kind: own(fact, &["meta", "actor", "kind"]),
        actor: actor(fact).map(str::to_owned),
        tool: said(fact, &["tool"]),
        outcome: said(fact, &["outcome", "decision"]),
        policy_id: said(fact, &["policy_id"]),
        run_id: own(fact, &["meta", "run_id"]),
        occurred_at: time(text(fact, &["meta", "occurred_at"]))?,
    })
}

fn system_record(seq: u64, fact: &Value) -> Option<SystemRecord> {
    let ours = |kind: &String| kind.starts_with("system.") || kind.starts_with("alert.");
    let value = fact.at(&["body", "value"]).and_then(Value::as_i64);
    Some(SystemRecord {
        seq,
        kind: own(fact, &["kind"]).filter(ours)?,
        run_id: own(fact, &["meta", "run_id"]),
        component: said(fact, &["component"])
            .or_else(|| own(fact, &["meta", "actor", "component"]))
            .or_else(|| own(fact, &["meta", "source_component"])),
        severity: said(fact, &["severity"]),
        event: said(fact, &["event", "name", "alert"]),
        value: value.map(|value| value.to_string()),
        count: None,
        unit: said(fact, &["unit"]),
        occurred_at: time(text(fact, &["meta", "occurred_at"]))?,
    })
}

fn export_record(seq: u64, fact: &Value) -> Option<ExportRecord> {
    text(fact, &["kind"]).filter(|kind| *kind == "export.completed")?;
    let sha256 = text(fact, &["body", "sha256"]).and_then(|hex| Digest::from_hex(hex).ok());
    Some(ExportRecord {
        seq,
        export_id: said(fact, &["export_id"]),
        profile: said(fact, &["profile"]),
        run_id: own(fact, &["meta", "run_id"]),
        sha256,
        occurred_at: time(text(fact, &["meta", "occurred_at"]))?,
    })
}

/// Is nothing wanted, or this?
fn is(wanted: &Option<String>, said: Option<&str>) -> bool {
    wanted.as_deref().is_none_or(|wanted| Some(wanted) == said)
}

fn audit_fits(filter: &AuditFilter, record: &AuditRecord, fact: &Value) -> bool {
    let AuditFilter { kind, actor_kind, actor, event, tool, outcome, run, .. } = filter;
    is(kind, Some(&record.kind))
        && is(actor_kind, record.actor_kind.as_deref())
        && is(actor, record.actor.as_deref())
        && is(event, record.event.as_deref())
        && is(tool, record.tool.as_deref())
        && is(outcome, record.outcome.as_deref())
        && is(run, record.run_id.as_deref())
        && filter.policy.as_deref().is_none_or(|id| names(fact, "policy_ids", id))
        && filter.incident.as_deref().is_none_or(|id| names(fact, "incident_ids", id))
        && filter.period.contains(record.occurred_at)
}

fn scanned<T>(seq: u64, fits: bool, item: T) -> Scanned<T> {
    Scanned { place: Place { value: String::new(), seq }, fits, last: false, item }
}

impl MemoryTopics {
    fn records<T>(&self, tenant: &TenantId, read: fn(u64, &Value) -> Option<T>) -> Vec<T> {
        self.facts(tenant).iter().filter_map(|(seq, fact)| read(*seq, fact)).collect()
    }

    fn seqs(&self, tenant: &TenantId, concerns: impl Fn(&Value) -> bool) -> Vec<u64> {
        let facts = self.facts(tenant).into_iter();
        facts.filter(|(_, fact)| concerns(fact)).map(|(seq, _)| seq).collect()
    }
}

#[async_trait]
impl AuditStore for MemoryTopics {
    async fn audit_records(
        &self,
        request: &ListRequest<AuditFilter>,
    ) -> Result<Page<AuditRecord>, StoreError> {
        let facts = self.facts(request.tenant());
        let rows = facts.iter().filter_map(|(seq, fact)| {
            let record = audit_record(*seq, fact)?;
            Some(scanned(*seq, audit_fits(request.filter(), &record, fact), record))
        });
        Ok(newest_first(request, rows.collect()))
    }

    async fn audit_of_run(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let mut records = self.records(tenant, audit_record);
        records.retain(|record| record.run_id.as_deref() == Some(run.as_str()));
        Ok(records)
    }

    async fn identities(
        &self,
        tenant: &TenantId,
        after: &str,
    ) -> Result<Vec<ActorFacts>, StoreError> {
        let mut actors: BTreeMap<String, ActorFacts> = BTreeMap::new();
        for record in self.records(tenant, audit_record) {
            let (AuditRecord { actor_kind, seq, .. }, Some(actor)) = (&record, &record.actor)
            else {
                continue;
            };
            let facts = actors.entry(actor.clone()).or_insert_with(|| ActorFacts {
                actor_kind: actor_kind.clone(),
                actor: actor.clone(),
                facts: 0,
                first_seq: *seq,
                last_seq: *seq,
            });
            facts.facts += 1;
            facts.last_seq = *seq;
            if facts.actor_kind != *actor_kind {
                facts.actor_kind = None;
            }
        }
        Ok(actors.into_values().filter(|of| of.actor.as_str() > after).take(500).collect())
    }

    async fn seqs_of_incident(
        &self,
        tenant: &TenantId,
        incident: &str,
    ) -> Result<Vec<u64>, StoreError> {
        Ok(self.seqs(tenant, |fact| names(fact, "incident_ids", incident)))
    }

    async fn seqs_of_actor(&self, tenant: &TenantId, name: &str) -> Result<Vec<u64>, StoreError> {
        let audit = |fact: &Value| text(fact, &["kind"]).is_some_and(|k| k.starts_with("audit."));
        Ok(self.seqs(tenant, |fact| audit(fact) && actor(fact) == Some(name)))
    }
}

#[async_trait]
impl SystemStore for MemoryTopics {
    async fn system_records(
        &self,
        request: &ListRequest<SystemFilter>,
    ) -> Result<Page<SystemRecord>, StoreError> {
        let SystemFilter { kind, run, component, severity, event, period } = request.filter();
        let rows = self.records(request.tenant(), system_record).into_iter().map(|record| {
            let fits = is(kind, Some(&record.kind))
                && is(run, record.run_id.as_deref())
                && is(component, record.component.as_deref())
                && is(severity, record.severity.as_deref())
                && is(event, record.event.as_deref())
                && period.contains(record.occurred_at);
            scanned(record.seq, fits, record)
        });
        Ok(newest_first(request, rows.collect()))
    }

    async fn between(
        &self,
        tenant: &TenantId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<SystemRecord>, StoreError> {
        let mut records = self.records(tenant, system_record);
        records.retain(|record| (from..=to).contains(&record.occurred_at));
        records.sort_by_key(|record| (record.occurred_at, record.seq));
        records.truncate(limit as usize);
        Ok(records)
    }

    async fn alert(
        &self,
        tenant: &TenantId,
        name: &str,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<AlertFacts, StoreError> {
        let mut alerts = self.records(tenant, system_record);
        alerts.retain(|record| record.event.as_deref() == Some(name));
        let window = Period { since: Some(since), until: Some(until) };
        let within = |kind: &str| {
            let fits = |a: &&SystemRecord| a.kind == kind && window.contains(a.occurred_at);
            alerts.iter().filter(fits).count() as u64
        };
        let (sent, suppressed) = (within("alert.sent"), within("alert.suppressed"));
        let before = |a: &SystemRecord| a.kind == "alert.sent" && a.occurred_at < until;
        alerts.retain(before);
        let last_sent = alerts.into_iter().max_by_key(|alert| (alert.occurred_at, alert.seq));
        Ok(AlertFacts { last_sent, sent, suppressed })
    }
}

#[async_trait]
impl ExportStore for MemoryTopics {
    async fn exports(
        &self,
        request: &ListRequest<ExportFilter>,
    ) -> Result<Page<ExportRecord>, StoreError> {
        let ExportFilter { run, profile, period } = request.filter();
        let rows = self.records(request.tenant(), export_record).into_iter().map(|record| {
            let fits = is(run, record.run_id.as_deref())
                && is(profile, record.profile.as_deref())
                && period.contains(record.occurred_at);
            scanned(record.seq, fits, record)
        });
        Ok(newest_first(request, rows.collect()))
    }
}
