//! Why a post is refused, and which status says it (for telemetry: opentelemetry.io/docs/specs/otlp,
//! "OTLP/HTTP Response").

use axum::http::HeaderName;
use axum::http::header::{ACCEPT_ENCODING, ALLOW, WWW_AUTHENTICATE};
use intake::IntakeError;
use logs_domain::DomainError;
use thiserror::Error;

use crate::callers::Denied;

/// Why a post is refused. The text is for its sender: where the fault is ours it says no more than
/// that, because the sender cannot mend it.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    /// Another method than POST.
    #[error("this path takes POST")]
    Method,
    /// Its sender may not post here.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A parameter that the path does not take.
    #[error("{0}")]
    Query(String),
    /// A content type that the path does not take.
    #[error("the content type is not {taken}")]
    MediaType {
        /// What it takes, in words.
        taken: &'static str,
    },
    /// A compression that is not known.
    #[error("the content encoding is not `gzip` (the only one that is known)")]
    Encoding,
    /// More bytes than allowed, as they came or inflated.
    #[error(
        "the body has more than {limit_bytes} bytes, as it came or inflated (send smaller batches, or raise --max-body)"
    )]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The connection broke before the body was whole.
    #[error("the body ended early")]
    Cut,
    /// A body that should be a value, and is blank.
    #[error("the body is empty")]
    NoValue,
    /// The body did not come in time.
    #[error("the body did not come within {seconds} s")]
    Slow {
        /// The time that it had.
        seconds: u64,
    },
    /// As many posts as may be are being recorded.
    #[error("{posts} posts are being recorded already (send it again)")]
    Full {
        /// How many.
        posts: usize,
    },
    /// The body cannot be read.
    #[error(transparent)]
    Body(IntakeError),
    /// The body could not be kept while it came.
    #[error("the body could not be kept (send it again)")]
    Spool(#[source] std::io::Error),
    /// Recording failed.
    #[error("the facts could not be recorded (send them again)")]
    Record(#[source] DomainError),
    /// A task ended without an answer.
    #[error("the facts could not be recorded (send them again)")]
    Ended(String),
}

impl From<DomainError> for Refusal {
    fn from(error: DomainError) -> Self {
        match error {
            DomainError::Intake(error) => Self::Body(error),
            other => Self::Record(other),
        }
    }
}

impl Refusal {
    /// The status to answer.
    ///
    /// Clients retry 429, 502, 503 and 504 only, and drop what any other status was said of: what may
    /// succeed later must be one of these, and what never will must not be. So there is no 500 here.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Method => 405,
            Self::Denied(denied) => denied.status(),
            Self::MediaType { .. } | Self::Encoding => 415,
            Self::TooLarge { .. } => 413,
            Self::Cut | Self::NoValue | Self::Query(_) => 400,
            Self::Body(error) => match error {
                IntakeError::TooLarge { .. } => 413,
                IntakeError::Empty { .. }
                | IntakeError::Ambiguous { .. }
                | IntakeError::Unknown { .. }
                | IntakeError::Gzip { .. }
                | IntakeError::Malformed { .. } => 400,
                IntakeError::Io { .. } | IntakeError::Stopped => 503,
            },
            Self::Slow { .. }
            | Self::Full { .. }
            | Self::Spool(_)
            | Self::Record(_)
            | Self::Ended(_) => 503,
        }
    }

    /// Seconds after which it is worth sending again, where it is.
    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        match (self.status(), self) {
            (503, Self::Full { .. }) => Some(1),
            (503, _) => Some(5),
            _ => None,
        }
    }

    /// What its sender's program can act on.
    pub(crate) fn header(&self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::Method => Some((ALLOW, "POST")),
            Self::Denied(Denied::NoKey) => Some((WWW_AUTHENTICATE, "Bearer")),
            Self::Encoding => Some((ACCEPT_ENCODING, "gzip")),
            _ => None,
        }
    }

    /// The code of `google.rpc.Status` (google/rpc/code.proto).
    pub(crate) fn rpc_code(&self) -> i32 {
        match self.status() {
            401 => 16,
            403 => 7,
            405 => 12,
            413 => 8,
            503 => 14,
            _ => 3,
        }
    }

    /// What the operator is told: the cause where the fault is ours, and of a body that cannot be read
    /// nothing that stands in it.
    pub(super) fn for_the_operator(&self) -> String {
        let status = self.status();
        match self {
            Self::Record(error) => format!("{status}, nothing acknowledged: {error}"),
            Self::Spool(error) => format!("{status}, nothing acknowledged: {error}"),
            Self::Ended(error) => format!("{status}, nothing acknowledged: {error}"),
            Self::Body(_) => format!("{status}, the body cannot be read as what this path takes"),
            Self::Query(_) => format!("{status}, a parameter that this path does not take"),
            other => format!("{status}, {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use logs_domain::TenantId;

    use super::*;

    #[test]
    fn what_may_succeed_later_is_retried_by_clients_and_nothing_else_is() {
        #[track_caller]
        fn check(refusal: Refusal, status: u16) {
            assert_eq!(refusal.status(), status, "{refusal:?}");
            let retried = matches!(status, 429 | 502 | 503 | 504);
            assert_eq!(refusal.retry_after_seconds().is_some(), retried, "{refusal:?}");
        }
        let text = || "x".to_owned();
        let file = || "traces post 0".to_owned();
        check(Refusal::Method, 405);
        check(Refusal::Denied(Denied::Misdirected), 421);
        check(Refusal::Denied(Denied::NoKey), 401);
        check(Refusal::Denied(Denied::Role), 403);
        check(Refusal::MediaType { taken: "a or b" }, 415);
        check(Refusal::Encoding, 415);
        check(Refusal::TooLarge { limit_bytes: 1 }, 413);
        check(Refusal::Cut, 400);
        check(Refusal::NoValue, 400);
        check(Refusal::Query(text()), 400);
        check(Refusal::Slow { seconds: 1 }, 503);
        check(Refusal::Full { posts: 1 }, 503);
        check(Refusal::Spool(io::Error::other("disk")), 503);
        check(Refusal::Ended(text()), 503);
        let tenant = TenantId::parse("acme").unwrap();
        check(Refusal::from(DomainError::EmptyLedger(tenant)), 503);
        let body = |error| Refusal::from(DomainError::Intake(error));
        let (limit, hint) = (text(), "x");
        check(body(IntakeError::TooLarge { file: file(), what: text(), limit, hint }), 413);
        check(body(IntakeError::Empty { file: file() }), 400);
        check(body(IntakeError::Ambiguous { file: file(), why: text() }), 400);
        check(body(IntakeError::Unknown { file: file(), why: text() }), 400);
        check(body(IntakeError::Gzip { file: file(), why: text() }), 400);
        check(body(IntakeError::Malformed { file: file(), at: text(), why: text() }), 400);
        check(body(IntakeError::Io { file: file(), source: io::Error::other("disk") }), 503);
        check(body(IntakeError::Stopped), 503);
    }

    #[test]
    fn the_sender_does_not_hear_what_the_database_said() {
        let why = "password of db.internal".to_owned();
        let refusal = Refusal::from(DomainError::Task(why.clone()));
        assert!(!refusal.to_string().contains(&why));
        assert!(refusal.for_the_operator().contains(&why));
    }

    #[test]
    fn the_operator_does_not_read_what_a_sender_made_up() {
        let refusal = Refusal::Query("unknown field `x\n503, all is lost`".to_owned());
        assert!(!refusal.for_the_operator().contains("all is lost"));
    }
}
