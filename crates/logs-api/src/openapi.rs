//! `GET /openapi.json`: everything that is served, as OpenAPI 3.1.
//!
//! The document is written by hand. Tests hold it against the router, both ways, and real answers against
//! its schemas.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

const DOCUMENT: &str = include_str!("openapi.json");

/// For everybody: it says nothing of what was recorded.
pub(crate) async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}
