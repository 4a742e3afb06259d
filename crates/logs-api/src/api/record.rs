//! A fact for each question: who asked what, and what came of it, recorded before the answer goes out.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, MatchedPath, Query, RawPathParams, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use logs_domain::{LogRead, ReadOutcome};

use super::answered::{AskedInBody, Disclosed};
use crate::app::App;
use crate::callers::{Caller, Denied, Wish};
use crate::problem::Problem;

/// Where the questions of programs lie; those of people are pages.
const ROOT: &str = "/api/v1/logs/";

/// Who may ask, and where it is recorded.
#[derive(Clone)]
pub(crate) struct Recording {
    pub(crate) app: Arc<App>,
    pub(crate) wish: Wish,
}

/// What a question asks.
#[derive(Debug, Clone, Default)]
struct Question {
    route: String,
    subject: Option<String>,
    asked: Vec<(String, String)>,
}

/// Answers a question, if that it was asked is recorded.
///
/// Whoever is not known has no ledger in which anything could be recorded: the operator is told.
pub(crate) async fn record(
    State(Recording { app, wish }): State<Recording>,
    request: Request,
    next: Next,
) -> Response {
    let caller = match app.callers().known(request.headers()) {
        Ok(caller) => caller,
        Err(denied) => return Problem::from(denied).into_response(),
    };
    let (mut head, body) = request.into_parts();
    let question = Question::of(&mut head).await;
    let response = if caller.may(wish) {
        next.run(Request::from_parts(head, body)).await
    } else {
        Problem::from(Denied::Role).into_response()
    };
    let read = question.read(&caller, &response);
    match app.domain.record_read(caller.tenant(), &read).await {
        Ok(_) => {
            app.metrics.read(&read.route, read.outcome);
            app.has_recorded(caller.tenant().clone());
            response
        }
        // What could not be answered discloses nothing, and says better what is wrong.
        Err(_) if response.status().is_server_error() => response,
        Err(error) => Problem::unrecorded(&error).into_response(),
    }
}

impl Question {
    async fn of(head: &mut Parts) -> Self {
        let matched = head.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let route = match matched.strip_prefix(ROOT) {
            Some(question) => question.to_owned(),
            None => format!("console{}", matched.trim_end_matches('/')),
        };
        let values = RawPathParams::from_request_parts(head, &()).await.ok();
        let subject = values.and_then(|values| values.iter().next().map(|(_, v)| v.to_owned()));
        let asked = Query::try_from_uri(&head.uri).map(|Query(asked)| asked).unwrap_or_default();
        Self { route, subject, asked }
    }

    fn read(self, caller: &Caller, response: &Response) -> LogRead {
        let Self { route, subject, asked } = self;
        let outcome = outcome(response.status());
        let disclosed = response.extensions().get::<Disclosed>();
        let in_body = response.extensions().get().map(|AskedInBody(asked)| asked.clone());
        let asked = in_body.unwrap_or(asked);
        // Filters that were not understood are no filters, and may be anything.
        let understood = matches!(outcome, ReadOutcome::Served | ReadOutcome::NotFound);
        LogRead {
            reader: caller.reader(),
            route,
            subject,
            asked: if understood { asked } else { Vec::new() },
            outcome,
            items: disclosed.map(|disclosed| disclosed.items),
            as_of_size: disclosed.map(|disclosed| disclosed.as_of_size),
        }
    }
}

fn outcome(status: StatusCode) -> ReadOutcome {
    match status.as_u16() {
        404 => ReadOutcome::NotFound,
        500.. => ReadOutcome::Failed,
        400.. => ReadOutcome::Refused,
        _ => ReadOutcome::Served,
    }
}
