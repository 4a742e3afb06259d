//! What a post's head says of its body.

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};

use super::refusal::Refusal;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Gzip,
}

pub(super) fn method(head: &Parts) -> Result<(), Refusal> {
    if head.method == Method::POST { Ok(()) } else { Err(Refusal::Method) }
}

/// Is the body of this type? Parameters of the type are allowed, and mean nothing here.
pub(crate) fn is_type(head: &Parts, kind: &str) -> bool {
    let given = one(head, &CONTENT_TYPE);
    given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(kind)
}

pub(super) fn encoding(head: &Parts) -> Result<Encoding, Refusal> {
    let given = one(head, &CONTENT_ENCODING);
    match given.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Encoding::Plain),
        // RFC 9110 §8.4.1.3: the second is an older name of the first.
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        _ => Err(Refusal::Encoding),
    }
}

/// Does the sender keep its body back until it is asked for it?
pub(crate) fn waits_for_leave(head: &Parts) -> bool {
    head.headers.contains_key(EXPECT)
}

/// A header's values as one: several are a list (RFC 9110 §5.3), which no single word is equal to.
fn one(head: &Parts, name: &HeaderName) -> String {
    let values = head.headers.get_all(name).iter();
    values.map(|value: &HeaderValue| value.to_str().unwrap_or("?")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn head(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method("POST");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_type_is_what_it_says_and_nothing_else() {
        #[track_caller]
        fn check(kind: &str, expect: bool) {
            let head = head(&[("content-type", kind)]);
            assert_eq!(is_type(&head, "application/json"), expect, "{kind}");
        }
        check("application/json", true);
        check("Application/JSON ; charset=utf-8", true);
        check("application/x-protobuf", false);
        check("application/jsonl", false);
        check("text/plain", false);
        check("", false);
        check("application/json, application/x-protobuf", false);
        assert!(!is_type(&head(&[]), "application/json"));
    }

    #[test]
    fn one_compression_is_known() {
        #[track_caller]
        fn check(given: &[(&str, &str)], expect: Option<Encoding>) {
            assert_eq!(encoding(&head(given)).ok(), expect, "{given:?}");
        }
        check(&[], Some(Encoding::Plain));
        check(&[("content-encoding", "identity")], Some(Encoding::Plain));
        check(&[("content-encoding", "GZIP")], Some(Encoding::Gzip));
        check(&[("content-encoding", "deflate")], None);
        check(&[("content-encoding", "zstd")], None);
        check(&[("content-encoding", "gzip, gzip")], None);
        check(&[("content-encoding", "gzip"), ("content-encoding", "gzip")], None);
    }
}
