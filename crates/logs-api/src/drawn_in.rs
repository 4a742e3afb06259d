//! Whether a browser asks because its reader wants it, or because another site's page does: a browser says so
//! where it can (Fetch Metadata), and a program says nothing.

use axum::http::HeaderMap;

/// Does a page of another site ask, as for an image? Its reader's browser would send the key along, or be let
/// in as the machine that it runs on, and each question costs an entry.
pub(crate) fn is_drawn_in(headers: &HeaderMap) -> bool {
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
    says("sec-fetch-site", "cross-site") && !says("sec-fetch-dest", "document")
}

/// Was this page reached from another site's?
pub(crate) fn is_led_here(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}
