//! OTLP/HTTP statuses (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Response").

use intake::{Form, IntakeError};

/// Why a post is refused.
#[derive(Debug)]
pub enum Refusal {
    /// Another method than POST.
    Method,
    /// A content type that is neither protobuf nor JSON.
    MediaType,
    /// The body cannot be read, or recording it was stopped.
    Body(IntakeError),
}

impl Refusal {
    /// The status to answer.
    ///
    /// Clients retry 429, 502, 503 and 504 only: what may succeed later must be one of these, and
    /// what never will must not be.
    ///
    /// ```
    /// assert_eq!(logs_api::Refusal::MediaType.status(), 415);
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Method => 405,
            Self::MediaType => 415,
            Self::Body(error) => match error {
                IntakeError::TooLarge { .. } => 413,
                IntakeError::Empty { .. }
                | IntakeError::Ambiguous { .. }
                | IntakeError::Unknown { .. }
                | IntakeError::Gzip { .. }
                | IntakeError::Malformed { .. } => 400,
                IntakeError::Io { .. } | IntakeError::Stopped => 503,
            },
        }
    }
}

/// The encoding of a post's body, from its method and its `Content-Type`, parameters allowed.
///
/// # Errors
/// The method is not POST, or the type is neither `application/x-protobuf` nor `application/json`.
///
/// ```
/// use intake::Form;
/// let form = logs_api::accept("POST", "application/json; charset=utf-8");
/// assert!(matches!(form, Ok(Form::Json)));
/// ```
pub fn accept(method: &str, content_type: &str) -> Result<Form, Refusal> {
    if method != "POST" {
        return Err(Refusal::Method);
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/x-protobuf") {
        Ok(Form::Protobuf)
    } else if kind.eq_ignore_ascii_case("application/json") {
        Ok(Form::Json)
    } else {
        Err(Refusal::MediaType)
    }
}
