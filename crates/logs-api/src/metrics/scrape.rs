//! `GET /metrics`: what was counted, and how large the ledgers are now.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use logs_domain::{DomainError, TenantId};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::prometheus_text::{self, encode};
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;

use super::Size;
use crate::app::App;
use crate::callers::Watcher;
use crate::problem::Problem;

/// A database that takes longer is down for whoever watches.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByTenant {
    tenant: String,
}

/// Its own tenant's sizes, and what the process counted for all.
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    Watcher(tenant): Watcher,
) -> Result<Response, Problem> {
    let now = now(&app, &tenant).await;
    let mut text = String::new();
    encode(&mut text, &app.metrics.registry)
        .and_then(|()| encode(&mut text, &now))
        .map_err(|_| Problem::unavailable("the metrics could not be written (ask again)"))?;
    let headers = [(CONTENT_TYPE, prometheus_text::CONTENT_TYPE), (CACHE_CONTROL, "no-store")];
    Ok((headers, text).into_response())
}

/// What is so at this moment.
async fn now(app: &App, tenant: &TenantId) -> Registry {
    let mut registry = Registry::with_prefix("factlog");
    let mut say = |name: &str, help: &str, value: u64| {
        let gauge = Size::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    let limits = &app.limits;
    let taken =
        |room: &Semaphore, size: usize| size.saturating_sub(room.available_permits()) as u64;
    say("posts_in_flight", "Posts that are read or recorded", taken(&app.posts, limits.posts));
    say(
        "exports_in_flight",
        "Evidence bundles that are made or sent",
        taken(&app.exports, limits.exports),
    );
    // One permit is held for the connection that is waited for.
    let connections = taken(&app.room, limits.connections).saturating_sub(1);
    say("connections", "Connections that are open", connections);
    let sizes = tokio::time::timeout(PATIENCE, sizes(app, tenant)).await;
    let sizes = sizes.ok().and_then(Result::ok);
    say("database_up", "Whether the database answers", u64::from(sizes.is_some()));
    let Some((size, signed)) = sizes else { return registry };
    for (name, help, value) in [
        ("ledger_entries", "Entries of a tenant's ledger", Some(size)),
        ("signed_entries", "Entries under its newest checkpoint", signed),
    ] {
        let Some(value) = value else { continue };
        let family = Family::<ByTenant, Size>::default();
        family.get_or_create(&ByTenant { tenant: tenant.to_string() }).set(value);
        registry.register(name, help, family);
    }
    registry
}

async fn sizes(app: &App, tenant: &TenantId) -> Result<(u64, Option<u64>), DomainError> {
    let size = app.domain.size(tenant).await?;
    let signed = app.domain.newest_checkpoint(tenant).await?;
    Ok((size, signed.map(|checkpoint| checkpoint.size)))
}
