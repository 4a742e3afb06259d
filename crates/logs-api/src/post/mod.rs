//! Posts: a body is taken whole, recorded, and answered when its facts are durable.

pub(crate) mod body;
pub(crate) mod head;
mod refusal;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::response::Response;
use logs_domain::{Hint, ImportSummary, Receipts, TenantId};
use tokio::sync::OwnedSemaphorePermit;

use crate::app::App;
use crate::callers::Wish;
use body::Received;
use head::Encoding;

pub(crate) use refusal::Refusal;

/// What a post is taken for: its path and its content type say it, and nothing is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The first word of its name.
    pub(crate) name: &'static str,
    /// What its body is.
    pub(crate) hint: Hint,
    pub(crate) lines: Lines,
    /// What its sender wants to know.
    pub(crate) receipts: Receipts,
}

/// Whether the lines of a body mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// As they came.
    AsTheyCame,
    /// One value, however many lines it was written on.
    OneValue,
}

/// Records a post, or says why not.
pub(crate) async fn answered(
    app: Arc<App>,
    signal: &'static str,
    request: Request,
    taken: Result<Taken, Refusal>,
    success: impl FnOnce(&ImportSummary) -> Response,
    failure: impl FnOnce(&Refusal) -> Response,
) -> Response {
    let (head, mut body) = request.into_parts();
    match take(&app, &head, &mut body, taken).await {
        Ok(summary) => {
            app.metrics.post(signal, Ok(&summary));
            success(&summary)
        }
        Err(refusal) => {
            app.metrics.post(signal, Err(&refusal));
            let path = head.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
            (app.report)(&format!("{path}: {}", refusal.for_the_operator()));
            // A sender that is cut off while it sends never reads the answer. One that was too slow has had
            // its time.
            let was_slow = matches!(refusal, Refusal::Slow { .. });
            if !was_slow && !head::waits_for_leave(&head) {
                body::drain(&mut body, &app.limits).await;
            }
            failure(&refusal)
        }
    }
}

async fn take(
    app: &Arc<App>,
    head: &Parts,
    body: &mut Body,
    taken: Result<Taken, Refusal>,
) -> Result<ImportSummary, Refusal> {
    head::method(head)?;
    let tenant = app.callers().admit(&head.headers, Wish::Post)?;
    let (taken, encoding) = (taken?, head::encoding(head)?);
    let full = |_| Refusal::Full { posts: app.limits.posts };
    let permit = Arc::clone(&app.posts).try_acquire_owned().map_err(full)?;
    let received = body::read(body, &app.limits).await?;
    let post = Post { tenant, taken, encoding, received };
    // A task of its own: what has come whole is recorded even if its sender hangs up now.
    let recording = tokio::spawn(record(permit, Arc::clone(app), post));
    recording.await.map_err(|ended| Refusal::Ended(ended.to_string()))?
}

/// A post that came whole.
struct Post {
    tenant: TenantId,
    taken: Taken,
    encoding: Encoding,
    received: Received,
}

async fn record(
    permit: OwnedSemaphorePermit,
    app: Arc<App>,
    post: Post,
) -> Result<ImportSummary, Refusal> {
    let Post { tenant, taken, encoding, received } = post;
    let begun = Instant::now();
    let limit = app.limits.max_body_bytes;
    let input = tokio::task::spawn_blocking(move || received.into_input(taken, encoding, limit));
    let input = input.await.map_err(|ended| Refusal::Ended(ended.to_string()))??;
    let summary = app.domain.receive(&tenant, input, taken.hint, taken.receipts).await?;
    app.metrics.committed(taken.name, begun.elapsed());
    app.has_recorded(tenant);
    // A server that ends waits for the permits, and then nobody may hold its domain any more.
    drop(app);
    drop(permit);
    Ok(summary)
}
