//! The log for readers without the database: its checkpoint and its tiles (C2SP tlog-tiles).
//!
//! What is answered is what `factlog ledger export-tiles` writes, up to the newest checkpoint that was
//! signed. A read signs nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use logs_domain::{TenantId, Tile};

use crate::app::App;
use crate::callers::{Reader, Wish};
use crate::problem::Problem;

/// Not `public`: where a request was allowed by a key, a shared cache may not hand the answer to others
/// (RFC 9111 §3.5).
const HASHES: &str = "max-age=31536000, immutable";
/// Entries are facts: a shared cache never keeps them.
const ENTRIES: &str = "private, max-age=31536000, immutable";
const CHECKPOINT: &str = "max-age=5";

/// A name below a tenant's log, as it was spelt: what is spelt otherwise is not there, so that each
/// object has one name in caches.
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    Reader(own): Reader,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let (tenant, name) = split(uri.path()).ok_or_else(Problem::no_such_path)?;
    // Whoever may not read a log does not learn whether there is one.
    if tenant != own {
        return Err(Problem::no_such_path());
    }
    if name == "checkpoint" {
        let signed = app.domain.newest_checkpoint(&tenant).await?.ok_or_else(unsigned)?;
        return Ok(object("text/plain; charset=utf-8", CHECKPOINT, signed.note));
    }
    let tile: Tile = name.parse().map_err(|_| Problem::no_such_path())?;
    if tile.level.is_none() {
        app.callers().admit(&headers, Wish::ReadEntries)?;
    }
    let bytes = app.domain.signed_tile(&tenant, &tile).await?;
    let bytes = bytes.ok_or_else(Problem::no_such_path)?;
    let keep = if tile.level.is_some() { HASHES } else { ENTRIES };
    Ok(object("application/octet-stream", keep, bytes))
}

fn split(path: &str) -> Option<(TenantId, &str)> {
    let (tenant, name) = path.strip_prefix("/tlog/")?.split_once('/')?;
    Some((TenantId::parse(tenant).ok()?, name))
}

fn unsigned() -> Problem {
    Problem::not_found("nothing of this log is signed yet (see `factlog ledger checkpoint`)")
}

fn object(kind: &'static str, keep: &'static str, bytes: impl IntoResponse) -> Response {
    let header = |name: HeaderName, value| (name, HeaderValue::from_static(value));
    ([header(CONTENT_TYPE, kind), header(CACHE_CONTROL, keep)], bytes).into_response()
}
