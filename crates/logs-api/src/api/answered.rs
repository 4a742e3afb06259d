//! Answers, and how much of the record each gives away.

use axum::Json;
use axum::response::{IntoResponse, Response};
use logs_domain::{Answer, Page};
use serde_json::Value;

use crate::shape;

/// What an answer discloses; it goes with the answer to whoever records that it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Disclosed {
    /// Items of the answer's own kind.
    pub(crate) items: u64,
    /// The size of the ledger that was read.
    pub(crate) as_of_size: u64,
}

/// What was asked, where it does not stand in the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AskedInBody(pub(super) Vec<(String, String)>);

/// A document that answers a question.
pub(super) struct Answered {
    disclosed: Disclosed,
    document: Value,
}

impl Answered {
    /// So many items, read at this state of the ledger.
    pub(super) fn of<T>(answer: &Answer<T>, items: usize, document: Value) -> Self {
        Self::at(answer.evidence.as_of_size, items, document)
    }

    pub(super) fn at(as_of_size: u64, items: usize, document: Value) -> Self {
        Self { disclosed: Disclosed { items: items as u64, as_of_size }, document }
    }

    pub(super) fn page<T>(answer: &Answer<Page<T>>, item: fn(&T) -> Value) -> Self {
        Self::of(answer, answer.value.items.len(), shape::page(answer, item))
    }
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let mut response = Json(self.document).into_response();
        response.extensions_mut().insert(self.disclosed);
        response
    }
}
