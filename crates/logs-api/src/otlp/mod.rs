//! OTLP/HTTP (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP"): the signal comes from the path, the form
//! from the content type, and neither is guessed.

mod answer;
mod body;
mod head;
mod refusal;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use intake::Form;
use logs_domain::{FormatHint, Hint, ImportSummary, Signal, TenantId};
use tokio::sync::OwnedSemaphorePermit;

use crate::app::App;
use crate::callers::Wish;
use body::Received;
use head::Encoding;
use refusal::Refusal;

/// Records a post, and answers when its facts are durable.
pub(crate) async fn post(app: Arc<App>, signal: Signal, request: Request) -> Response {
    let (head, mut body) = request.into_parts();
    let form = head::form(&head);
    match take(&app, signal, &head, &mut body).await {
        Ok(summary) => answer::success(signal, form.unwrap_or(Form::Json), &summary),
        Err(refusal) => {
            (app.report)(&format!("{}: {}", head.uri.path(), refusal.for_the_operator()));
            // A sender that is cut off while it sends never reads the answer.
            if !head::waits_for_leave(&head) {
                body::drain(&mut body, &app.limits).await;
            }
            answer::failure(form.unwrap_or(Form::Json), &refusal)
        }
    }
}

async fn take(
    app: &Arc<App>,
    signal: Signal,
    head: &Parts,
    body: &mut Body,
) -> Result<ImportSummary, Refusal> {
    head::method(head)?;
    let tenant = app.callers.admit(&head.headers, Wish::Post)?;
    let (form, encoding) = (head::form(head)?, head::encoding(head)?);
    let full = |_| Refusal::Full { posts: app.limits.posts };
    let permit = Arc::clone(&app.posts).try_acquire_owned().map_err(full)?;
    let received = body::read(body, &app.limits).await?;
    let post = Post { tenant, signal, form, encoding, received };
    // A task of its own: what has come whole is recorded even if its sender hangs up now.
    let recording = tokio::spawn(record(permit, Arc::clone(app), post));
    recording.await.map_err(|ended| Refusal::Ended(ended.to_string()))?
}

/// A post that came whole.
struct Post {
    tenant: TenantId,
    signal: Signal,
    form: Form,
    encoding: Encoding,
    received: Received,
}

async fn record(
    permit: OwnedSemaphorePermit,
    app: Arc<App>,
    post: Post,
) -> Result<ImportSummary, Refusal> {
    let Post { tenant, signal, form, encoding, received } = post;
    let limit = app.limits.max_body_bytes;
    let input = tokio::task::spawn_blocking(move || received.into_input(signal, encoding, limit));
    let input = input.await.map_err(|ended| Refusal::Ended(ended.to_string()))??;
    let format = match form {
        Form::Json => FormatHint::OtlpJson,
        Form::Protobuf => FormatHint::OtlpProtobuf,
    };
    let hint = Hint { format: Some(format), signal: Some(signal) };
    let summary = app.domain.receive(&tenant, input, hint).await?;
    app.has_recorded(tenant);
    // A server that ends waits for the permits, and then nobody may hold its domain any more.
    drop(app);
    drop(permit);
    Ok(summary)
}
