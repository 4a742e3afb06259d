//! What happened in the environment, and what others did about it: events, measurements, alerts.

use async_trait::async_trait;

use crate::{FactKind, Filter, ListRequest, Page, Period, StoreError, TenantId, Timestamp};

/// A fact of the environment in a list; the entry has the whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemRecord {
    /// The entry that records it.
    pub seq: u64,
    /// Its kind: `system.event`, `system.telemetry`, `alert.sent`, `alert.suppressed`.
    pub kind: String,
    /// Its run, if it belongs to one.
    pub run_id: Option<String>,
    /// The service or component that reported it.
    pub component: Option<String>,
    /// `trace`, `debug`, `info`, `warn`, `error` or `fatal`; another word where the source had one.
    pub severity: Option<String>,
    /// The event's name, the metric's, or the alert's.
    pub event: Option<String>,
    /// What was measured: a number as the source wrote it, or the sum of a histogram.
    pub value: Option<String>,
    /// How many measurements the value sums up, where it does.
    pub count: Option<u64>,
    /// The unit of what was measured.
    pub unit: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// Which facts of the environment to list. All that is named must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemFilter {
    /// Facts of this kind.
    pub kind: Option<String>,
    /// Facts of this run.
    pub run: Option<String>,
    /// What this service or component reported.
    pub component: Option<String>,
    /// Facts of this severity.
    pub severity: Option<String>,
    /// Events, metrics or alerts of this name.
    pub event: Option<String>,
    /// What happened in this period.
    pub period: Period,
}

/// What a list of facts of the environment is ordered by, newest first, and which index leads to
/// them: by (time of what happened, entry), or by entry alone where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemOrder<'f> {
    /// Those of a run.
    Run(&'f str),
    /// Those of a name.
    Event(&'f str),
    /// Those of a severity.
    Severity(&'f str),
    /// Those of a component.
    Component(&'f str),
    /// Those of a kind, by entry.
    Kind(&'f str),
    /// Those of a period.
    Time,
    /// All, by entry.
    Entry,
}

impl SystemFilter {
    /// What the list is ordered by: the rarest of what is named.
    #[must_use]
    pub fn ordered_by(&self) -> SystemOrder<'_> {
        let named = [
            self.run.as_deref().map(SystemOrder::Run),
            self.event.as_deref().map(SystemOrder::Event),
            self.severity.as_deref().map(SystemOrder::Severity),
            self.component.as_deref().map(SystemOrder::Component),
        ];
        // A period before a kind: its rows are bounded, those of a kind grow with the ledger, and by
        // entry no place says that the period is over.
        let unnamed = match &self.kind {
            _ if !self.period.is_open() => SystemOrder::Time,
            Some(kind) => SystemOrder::Kind(kind),
            None => SystemOrder::Entry,
        };
        named.into_iter().flatten().next().unwrap_or(unnamed)
    }
}

impl Filter for SystemFilter {
    fn order(&self) -> &'static str {
        match self.ordered_by() {
            SystemOrder::Run(_) => "system/run",
            SystemOrder::Event(_) => "system/event",
            SystemOrder::Severity(_) => "system/severity",
            SystemOrder::Component(_) => "system/component",
            SystemOrder::Kind(_) => "system/kind",
            SystemOrder::Time => "system/time",
            SystemOrder::Entry => "system",
        }
    }

    fn period(&self) -> Period {
        self.period
    }
}

impl ListRequest<SystemFilter> {
    /// The same page of facts of one kind only.
    #[must_use]
    pub fn of_kind(&self, kind: &FactKind) -> Self {
        // Where a kind leads, the list is by entry, as it was without: the cursor stays good.
        self.narrowed(|filter| filter.kind = Some(kind.as_str().to_owned()))
    }
}

/// What is known of an alert in a window: others decide whether to send one, and need this for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertFacts {
    /// The last one that was sent before the window's end.
    pub last_sent: Option<SystemRecord>,
    /// Sent within the window.
    pub sent: u64,
    /// Kept back within the window.
    pub suppressed: u64,
}

/// Reads facts of the environment.
#[async_trait]
pub trait SystemStore: Send + Sync {
    /// A page of facts, in the order that the filter gives ([`SystemFilter::ordered_by`]).
    async fn system_records(
        &self,
        request: &ListRequest<SystemFilter>,
    ) -> Result<Page<SystemRecord>, StoreError>;

    /// The facts of a closed span of time, both ends included, in order of (time, seq), at most
    /// `limit` of at most 10,000.
    async fn between(
        &self,
        tenant: &TenantId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<SystemRecord>, StoreError>;

    /// What is known of an alert of this name in a half-open window.
    async fn alert(
        &self,
        tenant: &TenantId,
        name: &str,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<AlertFacts, StoreError>;
}
