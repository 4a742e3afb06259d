//! What a request asks, and in which part of the list.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use logs_domain::{Filter, ListRequest, Period, TenantId, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// Items of a page that nobody asks otherwise for, as on the command line.
const USUAL: u64 = 20;

/// The parameters of a question. One that the question does not take is refused: left out in silence
/// it would give the answer to another question.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(wrong) => Err(Problem::bad_request(wrong.body_text())),
        }
    }
}

/// What a path names. What is no text (RFC 3986 §2.1 lets any bytes be written) names nothing.
pub(crate) struct Named(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::from_request_parts(parts, state).await;
        named.map(|Path(name)| Self(name)).map_err(|_| Problem::not_found("nothing has this name"))
    }
}

/// A question without parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// A part of a list.
pub(crate) struct Part {
    pub(crate) limit: Option<u64>,
    pub(crate) cursor: Option<String>,
}

impl Part {
    pub(crate) fn of<F: Filter>(
        &self,
        tenant: &TenantId,
        filter: F,
    ) -> Result<ListRequest<F>, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        ListRequest::new(tenant, filter, limit, self.cursor.as_deref())
            .map_err(|error| Problem::bad_request(error.to_string()))
    }
}

/// A period between two times (RFC 3339), each of which may be left open.
pub(crate) fn period(since: Option<&str>, until: Option<&str>) -> Result<Period, Problem> {
    let time = |name: &str, text: Option<&str>| {
        let parsed = text.map(Timestamp::parse).transpose();
        parsed.map_err(|error| Problem::bad_request(format!("`{name}`: {error}")))
    };
    Ok(Period { since: time("since", since)?, until: time("until", until)? })
}
