//! `POST /facts`: native facts, as `factlog import --format jsonl` takes them.
//!
//! The whole body is read before anything of it is recorded, and what is answered with 200 is durable.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use logs_domain::{FactReceipt, FormatHint, Hint, ImportSummary, Receipts};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::post::{self, Lines, Refusal, Taken};
use crate::problem::Problem;

/// What they are called among posts.
const SIGNAL: &str = "facts";
/// What is taken here.
const TAKEN: &str = "`application/x-ndjson` or `application/json`";

pub(super) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let taken = taken(&head);
    let failure = |refusal: &Refusal| {
        let header = refusal.header().map(|(name, value)| [(name, value)]);
        (header, Problem::from(refusal)).into_response()
    };
    let request = Request::from_parts(head, body);
    post::answered(app, SIGNAL, request, taken, answer, failure).await
}

/// What the sender wants to know beside the counts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    receipts: bool,
}

fn taken(head: &Parts) -> Result<Taken, Refusal> {
    let wanted = Query::<Wanted>::try_from_uri(&head.uri);
    let Query(Wanted { receipts }) = wanted.map_err(|wrong| Refusal::Query(wrong.body_text()))?;
    let receipts = if receipts { Receipts::Each } else { Receipts::No };
    let lines = if post::head::is_type(head, "application/x-ndjson") {
        Lines::AsTheyCame
    } else if post::head::is_type(head, "application/json") {
        Lines::OneValue
    } else {
        return Err(Refusal::MediaType { taken: TAKEN });
    };
    let hint = Hint { format: Some(FormatHint::Native), signal: None };
    Ok(Taken { name: SIGNAL, hint, lines, receipts })
}

/// What became of the facts; a problem where one of them did not become one.
fn answer(summary: &ImportSummary) -> Response {
    let ImportSummary { facts, duplicates, conflicts, rejected, redacted, receipts, .. } = summary;
    let mut counts = Map::from_iter([
        ("facts".to_owned(), (*facts).into()),
        ("duplicates".to_owned(), (*duplicates).into()),
        ("conflicts".to_owned(), (*conflicts).into()),
        ("rejected".to_owned(), (*rejected).into()),
        ("redactions".to_owned(), redacted.total().into()),
    ]);
    if let Some(receipts) = receipts {
        counts.insert("receipts".to_owned(), receipts.iter().map(receipt).collect());
    }
    let status = match (conflicts, rejected) {
        (0, 0) => return Json(counts).into_response(),
        (0, _) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, _) => StatusCode::CONFLICT,
    };
    let detail = format!(
        "{conflicts} in conflict with what was recorded before, and that stands; {rejected} that cannot be recorded (everything else in the body is recorded)"
    );
    let errors = summary.refused.iter().map(
        |refused| json!({ "line": refused.line, "entry": refused.entry, "detail": refused.reason }),
    );
    counts.insert("errors".to_owned(), errors.collect::<Vec<Value>>().into());
    Problem::with(status, detail, counts).into_response()
}

fn receipt(FactReceipt { line, entry, id, duplicate }: &FactReceipt) -> Value {
    json!({ "line": line, "entry": entry, "id": id.as_str(), "duplicate": duplicate })
}
