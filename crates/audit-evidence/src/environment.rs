//! In what a run ran, and what was measured meanwhile: as recorded, or not at all.

use store_traits::{
    LedgerStore, ListRequest, Object, Period, RecordedFact, RunId, StoreError, SystemFilter,
    SystemRecord, SystemStore, TenantId, Timestamp, TraceStore, Value,
};

use crate::recorded::facts_of_run;

/// Facts of a run that are looked at.
const MOST_FACTS: usize = 10_000;
/// A measurement bears the time at which it was collected, which is up to a minute after what it
/// measures (OpenTelemetry, "Periodic exporting MetricReader": 60 s by default).
const AFTER_NS: i128 = 60_000_000_000;
/// Measurements of each service.
const MOST_POINTS: u64 = 500;

/// What a run's facts say of the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunEnvironment {
    /// Each different environment once, in order of the entries; empty: not recorded.
    pub recorded: Vec<Environment>,
}

/// What one source said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The first entry that says it.
    pub seq: u64,
    /// The OTLP resource as it was recorded (service, host, SDK); members behind a commitment are
    /// commitments. Or the `environment` of a native fact.
    pub resource: Object,
    /// The instrumentation that reported it.
    pub scope: Option<Object>,
}

/// What was measured while a run ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunTelemetry {
    /// From the first start of a step to the last time that a step names; `None`: the run has no
    /// steps.
    pub period: Option<(Timestamp, Timestamp)>,
    /// What the run's services measured in that time and the minute after, newest first by service:
    /// measurements bear the time at which they were collected.
    pub points: Vec<SystemRecord>,
    /// Did a service measure more than is shown?
    pub points_cut: bool,
    /// Events of the run's spans, in order of the entries.
    pub span_events: Vec<SpanEvent>,
    /// Spans whose events lie behind a commitment.
    pub committed: u64,
}

/// An event within a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanEvent {
    /// The entry of its span.
    pub seq: u64,
    /// Its name.
    pub name: String,
    /// When it was, if the source said so.
    pub at: Option<Timestamp>,
    /// Its attributes as recorded.
    pub attributes: Object,
}

/// The environments that facts name, each once.
///
/// ```
/// assert!(audit_evidence::environments(&[]).is_empty(), "not recorded");
/// ```
#[must_use]
pub fn environments(facts: &[RecordedFact]) -> Vec<Environment> {
    let mut found: Vec<Environment> = Vec::new();
    for fact in facts {
        let object = |path: &[&str]| fact.fact.at(path).and_then(Value::as_object).cloned();
        let resource =
            object(&["body", "source", "resource"]).or_else(|| object(&["body", "environment"]));
        let Some(resource) = resource else { continue };
        let scope = object(&["body", "source", "scope"]);
        if !found.iter().any(|there| there.resource == resource && there.scope == scope) {
            found.push(Environment { seq: fact.seq, resource, scope });
        }
    }
    found
}

/// The events within spans, and how many spans have theirs behind a commitment.
///
/// ```
/// assert_eq!(audit_evidence::span_events(&[]), (vec![], 0));
/// ```
#[must_use]
pub fn span_events(facts: &[RecordedFact]) -> (Vec<SpanEvent>, u64) {
    let (mut events, mut committed) = (Vec::new(), 0);
    for fact in facts {
        match fact.fact.at(&["body", "source", "events"]) {
            Some(Value::Array(items)) => {
                events.extend(items.iter().map(|item| span_event(fact.seq, item)));
            }
            Some(_) => committed += 1,
            // A committed list is taken out of the body, and the fact holds the commitment.
            None => committed += u64::from(commits_to_events(&fact.fact)),
        }
    }
    (events, committed)
}

fn span_event(seq: u64, item: &Value) -> SpanEvent {
    let text = |name: &str| item.member(name).and_then(Value::as_str);
    SpanEvent {
        seq,
        name: text("name").unwrap_or_default().to_owned(),
        at: text("time").and_then(|at| Timestamp::parse(at).ok()),
        attributes: item
            .member("attributes")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default(),
    }
}

fn commits_to_events(fact: &Value) -> bool {
    fact.at(&["_blob", "/body/source/events"]).is_some()
}

/// In what a run ran.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let found = ready(run_environment(ledger().as_ref(), &tenant(), &run()))?;
/// assert_eq!(found.recorded[0].resource["host"].as_str(), Some("node-7"));
/// let other = RunId::parse("nobody")?;
/// assert!(ready(run_environment(ledger().as_ref(), &tenant(), &other))?.recorded.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The store failed, or an entry is no fact.
pub async fn run_environment(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    run: &RunId,
) -> Result<RunEnvironment, StoreError> {
    let facts = facts_of_run(ledger, tenant, run, MOST_FACTS).await?;
    Ok(RunEnvironment { recorded: environments(&facts) })
}

/// What was measured while a run ran.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let ledger = ledger();
/// let topics = MemoryTopics(ledger.clone());
/// let found = ready(run_telemetry(ledger.as_ref(), &topics, &topics, &tenant(), &run()))?;
/// assert_eq!(found.points[0].value.as_deref(), Some("7"));
/// assert_eq!((found.points_cut, found.committed), (false, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A store failed, or an entry is no fact.
pub async fn run_telemetry(
    ledger: &dyn LedgerStore,
    traces: &dyn TraceStore,
    system: &dyn SystemStore,
    tenant: &TenantId,
    run: &RunId,
) -> Result<RunTelemetry, StoreError> {
    let facts = facts_of_run(ledger, tenant, run, MOST_FACTS).await?;
    let (span_events, committed) = span_events(&facts);
    let (mut points, mut points_cut) = (Vec::new(), false);
    let extent = traces.extent(tenant, run).await?;
    for service in extent.iter().flat_map(|extent| &extent.services) {
        let Some(extent) = &extent else { continue };
        let after = Timestamp::from_unix_nanos(extent.last_at.as_unix_nanos() + AFTER_NS + 1);
        let period = Period { since: Some(extent.started_at), until: after.ok() };
        let filter = SystemFilter {
            kind: Some("system.telemetry".to_owned()),
            component: Some(service.clone()),
            period,
            ..SystemFilter::default()
        };
        // The limit is within bounds, the period ends after its beginning, and there is no cursor:
        // nothing of it can be refused.
        let Ok(request) = ListRequest::new(tenant, filter, MOST_POINTS, None) else { continue };
        let page = system.system_records(&request).await?;
        points_cut |= page.has_more();
        points.extend(page.items);
    }
    let period = extent.map(|extent| (extent.started_at, extent.last_at));
    Ok(RunTelemetry { period, points, points_cut, span_events, committed })
}
