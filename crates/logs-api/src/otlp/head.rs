//! What a post's head says of its body.

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use intake::Form;

use super::refusal::Refusal;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
}

pub(super) fn method(head: &Parts) -> Result<(), Refusal> {
    if head.method == Method::POST { Ok(()) } else { Err(Refusal::Method) }
}

/// The form of the body, parameters of the type allowed.
pub(super) fn form(head: &Parts) -> Result<Form, Refusal> {
    let given = one(head, &CONTENT_TYPE);
    let kind = given.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/x-protobuf") {
        Ok(Form::Protobuf)
    } else if kind.eq_ignore_ascii_case("application/json") {
        Ok(Form::Json)
    } else {
        Err(Refusal::MediaType)
    }
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
pub(super) fn waits_for_leave(head: &Parts) -> bool {
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
    fn the_form_is_what_the_type_says_and_nothing_else() {
        #[track_caller]
        fn check(kind: &str, expect: Option<Form>) {
            assert_eq!(form(&head(&[("content-type", kind)])).ok(), expect, "{kind}");
        }
        check("application/json", Some(Form::Json));
        check("Application/JSON ; charset=utf-8", Some(Form::Json));
        check("application/x-protobuf", Some(Form::Protobuf));
        check("application/x-protobuf;messageType=x", Some(Form::Protobuf));
        check("application/protobuf", None);
        check("application/jsonl", None);
        check("text/plain", None);
        check("", None);
        check("application/json, application/x-protobuf", None);
        assert!(form(&head(&[])).is_err());
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
