//! Answers, in the encoding of the post.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use intake::Form;
use logs_domain::{ImportSummary, Signal};
use prost::Message;
use serde_json::{Value, json};

use crate::post::Refusal;

/// Characters of a note that a sender is told.
const LONGEST_NOTE: usize = 500;

/// `Export…ServiceResponse`, whose fields are the same for the three signals
/// (opentelemetry/proto/collector/*/v1).
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// What was recorded is recorded durably; what was not is counted.
pub(super) fn success(signal: Signal, form: Form, summary: &ImportSummary) -> Response {
    let partial_success = partial(summary);
    match form {
        Form::Protobuf => protobuf(StatusCode::OK, &ExportResponse { partial_success }),
        Form::Json => {
            let rejected = match signal {
                Signal::Traces => "rejectedSpans",
                Signal::Logs => "rejectedLogRecords",
                Signal::Metrics => "rejectedDataPoints",
            };
            let document = partial_success.map_or(json!({}), |partial| {
                // 64-bit integers are decimal strings in the JSON of protobuf.
                json!({ "partialSuccess": {
                    rejected: partial.rejected.to_string(),
                    "errorMessage": partial.error_message,
                } })
            });
            json(StatusCode::OK, &document)
        }
    }
}

fn partial(summary: &ImportSummary) -> Option<PartialSuccess> {
    let refused = summary.rejected.saturating_add(summary.conflicts);
    if refused == 0 {
        return None;
    }
    let first = summary.notes.first().map_or("", String::as_str);
    let first: String = first.chars().take(LONGEST_NOTE).collect();
    let (rejected, conflicts) = (summary.rejected, summary.conflicts);
    let error_message = format!(
        "{rejected} rejected, {conflicts} in conflict with what was recorded before; the first: {first}"
    );
    Some(PartialSuccess { rejected: i64::try_from(refused).unwrap_or(i64::MAX), error_message })
}

/// Why nothing was recorded.
pub(super) fn failure(form: Form, refusal: &Refusal) -> Response {
    let code = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let status = Status { code: refusal.rpc_code(), message: refusal.to_string() };
    let mut response = match form {
        Form::Protobuf => protobuf(code, &status),
        Form::Json => json(code, &json!({ "code": status.code, "message": status.message })),
    };
    let headers = response.headers_mut();
    if let Some((name, value)) = refusal.header() {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(seconds) = refusal.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn protobuf(status: StatusCode, message: &impl Message) -> Response {
    let kind = (CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    (status, [kind], Body::from(message.encode_to_vec())).into_response()
}

fn json(status: StatusCode, document: &Value) -> Response {
    let kind = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [kind], document.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;

    use super::*;

    #[test]
    fn a_partial_success_is_what_each_signal_reads() {
        let summary = ImportSummary {
            rejected: 2,
            conflicts: 1,
            notes: vec!["a".into(), "b".into()],
            ..ImportSummary::default()
        };
        let partial_success = partial(&summary);
        let told = partial_success.clone().unwrap();
        assert_eq!(told.rejected, 3);
        assert!(told.error_message.starts_with("2 rejected, 1 in conflict"), "{told:?}");
        let bytes = ExportResponse { partial_success }.encode_to_vec();
        let traces = ExportTraceServiceResponse::decode(&bytes[..]).unwrap();
        assert_eq!(traces.partial_success.unwrap().rejected_spans, 3);
        let logs = ExportLogsServiceResponse::decode(&bytes[..]).unwrap();
        assert_eq!(logs.partial_success.unwrap().rejected_log_records, 3);
        let metrics = ExportMetricsServiceResponse::decode(&bytes[..]).unwrap().partial_success;
        let metrics = metrics.unwrap();
        assert_eq!((metrics.rejected_data_points, metrics.error_message), (3, told.error_message));
    }

    #[test]
    fn a_full_success_is_an_empty_message() {
        let partial_success = partial(&ImportSummary { facts: 5, ..ImportSummary::default() });
        assert!(ExportResponse { partial_success }.encode_to_vec().is_empty());
    }
}
