//! What a server counts, for whoever watches it: never what was recorded, and no tenant but where its
//! ledger is measured.

mod scrape;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use logs_domain::{ImportSummary, Profile, ReadOutcome};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;
use crate::post::Refusal;

pub(crate) use scrape::read;

/// The route of what names none: a stranger must not make new series.
const NO_ROUTE: &str = "other";
/// From what a cached answer takes to the longest that a body may.
const SECONDS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRoute {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BySignal {
    signal: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    signal: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReadBy {
    route: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByProfile {
    profile: &'static str,
}

/// A gauge of what is counted in whole numbers.
type Size = Gauge<u64, AtomicU64>;

/// What has been counted since the server was started.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<ByStatus, Counter>,
    request_seconds: Family<ByRoute, Histogram, fn() -> Histogram>,
    posts: Family<ByOutcome, Counter>,
    facts: Family<ByOutcome, Counter>,
    redactions: Counter,
    commit_seconds: Family<BySignal, Histogram, fn() -> Histogram>,
    reads: Family<ReadBy, Counter>,
    exports: Family<ByProfile, Counter>,
    export_bytes: Counter,
    /// Checkpoints that could not be signed.
    pub(crate) unsigned: Counter,
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let seconds = histogram as fn() -> Histogram;
        let mut this = Self {
            registry: Registry::with_prefix("factlog"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            posts: Family::default(),
            facts: Family::default(),
            redactions: Counter::default(),
            commit_seconds: Family::new_with_constructor(seconds),
            reads: Family::default(),
            exports: Family::default(),
            export_bytes: Counter::default(),
            unsigned: Counter::default(),
        };
        let registry = &mut this.registry;
        registry.register("requests", "Requests that were answered", this.requests.clone());
        registry.register_with_unit(
            "request",
            "From a request's head until its answer is ready",
            Unit::Seconds,
            this.request_seconds.clone(),
        );
        registry.register("posts", "Posts of telemetry and facts", this.posts.clone());
        registry.register("facts", "What became of the facts in posts", this.facts.clone());
        registry.register(
            "redactions",
            "Secrets and personal values that were taken out of new facts",
            this.redactions.clone(),
        );
        registry.register_with_unit(
            "commit",
            "From a post's last byte until its facts are durable",
            Unit::Seconds,
            this.commit_seconds.clone(),
        );
        registry.register("reads", "Reads that were recorded", this.reads.clone());
        registry.register("exports", "Evidence bundles that were handed out", this.exports.clone());
        registry.register_with_unit(
            "exported",
            "Their size",
            Unit::Bytes,
            this.export_bytes.clone(),
        );
        registry.register(
            "signing_failures",
            "Checkpoints that were due and could not be signed",
            this.unsigned.clone(),
        );
        this
    }

    /// What became of a post.
    pub(crate) fn post(&self, signal: &'static str, became: Result<&ImportSummary, &Refusal>) {
        let outcome = match became {
            Ok(summary) if summary.conflicts + summary.rejected > 0 => "partial",
            Ok(_) => "recorded",
            Err(refusal) if refusal.status() >= 500 => "failed",
            Err(_) => "refused",
        };
        self.posts.get_or_create(&ByOutcome { signal, outcome }).inc();
        let Ok(summary) = became else { return };
        for (outcome, count) in [
            ("recorded", summary.facts),
            ("duplicate", summary.duplicates),
            ("conflict", summary.conflicts),
            ("rejected", summary.rejected),
        ] {
            self.facts.get_or_create(&ByOutcome { signal, outcome }).inc_by(count);
        }
        self.redactions.inc_by(summary.redacted.total());
    }

    pub(crate) fn committed(&self, signal: &'static str, took: Duration) {
        self.commit_seconds.get_or_create(&BySignal { signal }).observe(took.as_secs_f64());
    }

    pub(crate) fn read(&self, route: &str, outcome: ReadOutcome) {
        let (route, outcome) = (route.to_owned(), outcome.as_str());
        self.reads.get_or_create(&ReadBy { route, outcome }).inc();
    }

    pub(crate) fn exported(&self, profile: Profile, bytes: u64) {
        self.exports.get_or_create(&ByProfile { profile: profile.as_str() }).inc();
        self.export_bytes.inc_by(bytes);
    }
}

/// Counts a request, and how long its answer took.
pub(crate) async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    let Metrics { requests, request_seconds, .. } = &app.metrics;
    let status = response.status().as_u16();
    request_seconds
        .get_or_create(&ByRoute { route: route.clone() })
        .observe(begun.elapsed().as_secs_f64());
    requests.get_or_create(&ByStatus { route, status }).inc();
    response
}
