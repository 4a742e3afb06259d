//! How a browser comes in, and how everything goes out to it: as a page that can do nothing.
//!
//! A browser cannot send `Authorization: Bearer`. It asks its user for a name and a password when it is
//! told to (RFC 7617), so here, and on no other path, the password is the key.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::page::{HTML, refused};
use crate::drawn_in::is_drawn_in;
use crate::problem::{Detail, Problem};

/// No script, nothing from elsewhere, no frame around it, and no form that leads away.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
const CHALLENGE: &str = "Basic realm=\"factlog\", charset=\"UTF-8\"";

pub(super) async fn open(mut request: Request, next: Next) -> Response {
    if is_drawn_in(request.headers()) {
        return dressed(Problem::drawn_in().into_response());
    }
    take_key(request.headers_mut());
    if let Some(asked) = without_empty(request.uri()) {
        *request.uri_mut() = asked;
    }
    dressed(next.run(request).await)
}

/// What is answered at paths that are not there: a page to whoever reads pages.
pub(crate) async fn nowhere(headers: HeaderMap) -> Response {
    let response = Problem::no_such_path().into_response();
    let accepted = headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok());
    let reads_pages = accepted.is_some_and(|accepted| accepted.contains("text/html"));
    if reads_pages { dressed(response) } else { response }
}

/// A password becomes the key that it is. Any other authorization is left as it came, for whoever
/// checks it.
fn take_key(headers: &mut HeaderMap) {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return };
    let bearer = password(only).and_then(|key| HeaderValue::try_from(format!("Bearer {key}")).ok());
    if let Some(bearer) = bearer {
        headers.insert(AUTHORIZATION, bearer);
    }
}

fn password(authorization: &HeaderValue) -> Option<String> {
    let (scheme, packed) = authorization.to_str().ok()?.split_once(' ')?;
    let pair = STANDARD.decode(scheme.eq_ignore_ascii_case("basic").then_some(packed.trim())?);
    let pair = String::from_utf8(pair.ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

/// The same question without the fields of a form that were left empty: they ask nothing, and are not
/// recorded as if they had.
fn without_empty(uri: &Uri) -> Option<Uri> {
    let query = uri.query()?;
    let is_filled = |field: &&str| field.split_once('=').is_none_or(|(_, value)| !value.is_empty());
    let filled: Vec<&str> = query.split('&').filter(is_filled).collect();
    format!("{}?{}", uri.path(), filled.join("&")).parse().ok()
}

/// An answer as a browser is given it. A problem document becomes a page of the same status.
fn dressed(mut response: Response) -> Response {
    let status = response.status();
    let detail = response.extensions().get().map(|Detail(text)| text.clone());
    if let Some(detail) = detail {
        *response.body_mut() = Body::from(refused(status, &detail).into_string());
        response.headers_mut().remove(CONTENT_LENGTH);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(HTML));
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_password_becomes_a_key() {
        #[track_caller]
        fn check(given: &[&str], expect: &[&str]) {
            let named = given.iter().map(|text| HeaderValue::from_str(text).unwrap());
            let mut headers = HeaderMap::new();
            for value in named {
                headers.append(AUTHORIZATION, value);
            }
            take_key(&mut headers);
            let left: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
            assert_eq!(left, expect, "{given:?}");
        }
        let basic = |pair: &[u8]| format!("Basic {}", STANDARD.encode(pair));
        check(&[&basic(b"anybody:factlog_k")], &["Bearer factlog_k"]);
        check(&[&basic(b":factlog_k").replace("Basic", "bAsIc")], &["Bearer factlog_k"]);
        check(&[&basic(b"a:b:c")], &["Bearer b:c"]);
        check(&["Bearer factlog_k"], &["Bearer factlog_k"]);
        check(&[], &[]);
        // What is no password stays what it was, and nobody's key.
        for wrong in ["Basic", "Basic !", "Basic", &basic(b"no colon"), &basic(b"\xff:\xff")] {
            check(&[wrong], &[wrong]);
        }
        check(&[&basic(b"a:b\r\nx")], &[&basic(b"a:b\r\nx")]);
        let twice = basic(b"a:b");
        check(&[&twice, &twice], &[&twice, &twice]);
    }

    #[test]
    fn empty_fields_ask_nothing() {
        #[track_caller]
        fn check(asked: &'static str, expect: &str) {
            let left = without_empty(&Uri::from_static(asked));
            assert_eq!(left.map(|uri| uri.to_string()).as_deref(), Some(expect));
        }
        check("/?agent=&status=failed&since=", "/?status=failed");
        check("/audit?actor=", "/audit?");
        check("/audit?actor=a%3D&event=b=&kind", "/audit?actor=a%3D&event=b=&kind");
        assert_eq!(without_empty(&Uri::from_static("/audit")), None);
    }
}
