//! OTLP/HTTP (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP"): the signal comes from the path, the form
//! from the content type, and neither is guessed.

mod answer;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use intake::Form;
use logs_domain::{FormatHint, Hint, Receipts, Signal};

use crate::app::App;
use crate::post::{self, Lines, Refusal, Taken};

/// What is taken here.
const TAKEN: &str = "`application/x-protobuf` or `application/json`";

/// Records a post, and answers when its facts are durable.
pub(crate) async fn post(app: Arc<App>, signal: Signal, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let form = form(&head);
    let taken = form.ok_or(Refusal::MediaType { taken: TAKEN }).map(|form| Taken {
        name: signal.as_str(),
        hint: Hint { format: Some(format(form)), signal: Some(signal) },
        lines: Lines::AsTheyCame,
        receipts: Receipts::No,
    });
    // Where the type says nothing, a person is likelier to read it.
    let form = form.unwrap_or(Form::Json);
    let success = |summary: &_| answer::success(signal, form, summary);
    let failure = |refusal: &_| answer::failure(form, refusal);
    let request = Request::from_parts(head, body);
    post::answered(app, signal.as_str(), request, taken, success, failure).await
}

/// The form of the body, parameters of the type allowed.
fn form(head: &Parts) -> Option<Form> {
    if post::head::is_type(head, "application/x-protobuf") {
        Some(Form::Protobuf)
    } else if post::head::is_type(head, "application/json") {
        Some(Form::Json)
    } else {
        None
    }
}

fn format(form: Form) -> FormatHint {
    match form {
        Form::Json => FormatHint::OtlpJson,
        Form::Protobuf => FormatHint::OtlpProtobuf,
    }
}
