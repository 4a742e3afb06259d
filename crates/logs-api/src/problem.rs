//! Errors as problem documents (RFC 9457), everywhere but on the paths of OTLP.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use logs_domain::{DomainError, Fault, StoreError};
use serde_json::{Map, Value};

use crate::callers::Denied;
use crate::post::Refusal;

/// Why a request is not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    /// What else is told, by name (RFC 9457 §3.2).
    members: Map<String, Value>,
    /// For the operator alone.
    cause: Option<String>,
}

/// What the document says, for whoever says it in another form.
#[derive(Debug, Clone)]
pub(crate) struct Detail(pub(crate) String);

/// What the operator is told of an answer; it is not in the answer.
#[derive(Debug, Clone)]
pub(crate) struct Cause(pub(crate) String);

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), members: Map::new(), cause: None }
    }

    pub(crate) fn with(
        status: StatusCode,
        detail: impl Into<String>,
        members: Map<String, Value>,
    ) -> Self {
        Self { members, ..Self::new(status, detail) }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn no_such_path() -> Self {
        Self::not_found("there is nothing at this path")
    }

    pub(crate) fn no_such_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this path does not take this method (`Allow` says which)",
        )
    }

    pub(crate) fn drawn_in() -> Self {
        Self::new(StatusCode::FORBIDDEN, "another site's page asked for this, not its reader")
    }

    /// That it was asked could not be recorded.
    pub(crate) fn unrecorded(error: &DomainError) -> Self {
        let detail = "that it was read could not be recorded, so it is not answered (ask again)";
        let cause = Some(format!("a read could not be recorded: {error}"));
        Self { cause, ..Self::unavailable(detail) }
    }

    pub(crate) fn unavailable(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }
}

impl From<DomainError> for Problem {
    fn from(error: DomainError) -> Self {
        let cause = Some(error.to_string());
        let mut problem = match &error {
            DomainError::NoSuchRun(text) | DomainError::NoSuchFact(text) => {
                return Self::not_found(text);
            }
            DomainError::List(error) => return Self::bad_request(error.to_string()),
            DomainError::Request(text) => return Self::bad_request(text),
            other => match other.fault() {
                Fault::DoesNotHold => Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "what is stored does not hold (its keeper should run `factlog ledger verify`)",
                ),
                // What was asked is not at fault here: it was checked before.
                Fault::Input | Fault::Environment => Self::unavailable(match other {
                    DomainError::Store(_) => "the database did not answer (ask again)",
                    _ => "it cannot be answered now, and the operator is told why (ask again)",
                }),
            },
        };
        problem.cause = cause;
        problem
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let status = StatusCode::from_u16(denied.status()).unwrap_or(StatusCode::FORBIDDEN);
        // For some of them there is no ledger in which it could be recorded that they asked.
        Self { cause: Some(denied.to_string()), ..Self::new(status, denied.to_string()) }
    }
}

impl From<&Refusal> for Problem {
    /// Its sender is told what it says; the operator is told already.
    fn from(refusal: &Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status());
        Self::new(status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE), refusal.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        DomainError::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, detail, members: mut document, cause } = self;
        let title = status.canonical_reason().unwrap_or("Error");
        document.insert("title".to_owned(), title.into());
        document.insert("status".to_owned(), status.as_u16().into());
        document.insert("detail".to_owned(), detail.clone().into());
        let mut response = (status, Json(document)).into_response();
        response.extensions_mut().insert(Detail(detail));
        if let Some(cause) = cause {
            response.extensions_mut().insert(Cause(cause));
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        // What is not there now may be there soon.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use logs_domain::{ListError, TenantId};

    use super::*;

    #[test]
    fn each_failure_has_its_status_and_says_no_more_than_the_caller_may_know() {
        #[track_caller]
        fn check(error: DomainError, status: u16) {
            let text = error.to_string();
            let problem = Problem::from(error);
            assert_eq!(problem.status.as_u16(), status, "{text}");
            let ours = status >= 500;
            assert_eq!(problem.cause.is_some(), ours, "{text}");
            assert_eq!(problem.detail.contains(&text), !ours, "{text}");
        }
        let why = || "host db.internal".to_owned();
        check(DomainError::NoSuchRun(why()), 404);
        check(DomainError::NoSuchFact(why()), 404);
        check(DomainError::List(ListError::OtherTenant), 400);
        check(DomainError::List(ListError::Limit(501)), 400);
        check(DomainError::Request(why()), 400);
        check(DomainError::Proof(why()), 500);
        check(DomainError::Store(StoreError::Corrupt { what: why() }), 500);
        check(DomainError::Store(StoreError::Foreign { url: why() }), 503);
        check(DomainError::Store(StoreError::Open { url: why(), why: why() }), 503);
        check(DomainError::Store(StoreError::ReadOnly { why: why() }), 503);
        check(DomainError::Store(StoreError::Full), 503);
        check(DomainError::Store(StoreError::Unknown { why: why() }), 503);
        check(DomainError::Store(StoreError::Database { doing: "reading", why: why() }), 503);
        check(DomainError::Task(why()), 503);
        check(DomainError::EmptyLedger(TenantId::parse("acme").unwrap()), 503);
    }
}
