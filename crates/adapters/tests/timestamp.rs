//! Tokens of authorities that OpenSSL made, and every byte of them changed.

#![cfg(feature = "timestamp")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use adapters::timestamp::{
    TimestampError, TimestampRequest, TimestampTrust, open_timestamp, open_timestamp_response,
};

fn data(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/timestamp");
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn trust(names: &[&str]) -> TimestampTrust {
    let pem: String = names.iter().map(|name| String::from_utf8(data(name)).unwrap()).collect();
    TimestampTrust::parse(&pem).unwrap()
}

fn request() -> TimestampRequest {
    TimestampRequest::new(&data("message"), 7)
}

#[test]
fn a_request_is_written_as_openssl_reads_it() {
    assert_eq!(request().to_der(), data("query.tsq"));
}

#[test]
fn a_token_holds_by_its_signers_certificate_or_by_the_issuers() {
    for (kind, name) in [("rsa", "tsa-rsa"), ("ec", "tsa-ec")] {
        for trusted in [format!("{name}.pem"), format!("root-{kind}.pem")] {
            let trust = trust(&[&trusted]);
            let answer = data(&format!("{kind}.tsr"));
            let (token, opened) = open_timestamp_response(&answer, &request(), &trust).unwrap();
            assert_eq!((opened.policy.as_str(), opened.signer.as_str()), ("1.2.3.4.1", name));
            // What is kept says the same later, without the nonce.
            assert_eq!(open_timestamp(&token, &data("message"), &trust), Ok(opened));
            let other = open_timestamp(&token, b"another message", &trust);
            assert_eq!(other, Err(TimestampError::Other("is about other bytes")));
        }
    }
    // By OpenSSL's other signer of CMS, too.
    open_timestamp(&data("good.token"), &data("message"), &trust(&["root-ec.pem"])).unwrap();
}

#[track_caller]
fn refused(result: Result<impl std::fmt::Debug, TimestampError>, says: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(says), "wanted `{says}` in: {error}");
}

#[test]
fn what_is_not_to_be_believed_is_refused_with_the_reason() {
    let ec = trust(&["root-ec.pem"]);
    let answer = |name: &str| open_timestamp_response(&data(name), &request(), &ec);
    refused(answer("rsa.tsr"), "`tsa-rsa` is neither trusted nor issued by a trusted one");
    refused(answer("p384.tsr"), "");
    refused(answer("sha512.tsr"), "2.16.840.1.101.3.4.2.3, which is not supported");
    refused(answer("refused.tsr"), "the authority refused: status 2");
    let again = TimestampRequest::new(&data("message"), 8);
    refused(open_timestamp_response(&data("ec.tsr"), &again, &ec), "another request");

    let token = |name: &str| open_timestamp(&data(name), &data("message"), &ec);
    refused(token("not-critical.token"), "not for time-stamping alone");
    refused(token("two-purposes.token"), "not for time-stamping alone");
    refused(token("unnamed.token"), "does not name its certificate");
    // A certificate that issues nothing does not vouch for another.
    let signer = trust(&["tsa-rsa.pem"]);
    refused(open_timestamp_response(&data("ec.tsr"), &request(), &signer), "neither trusted");
}

/// Every byte counts, but for those that nobody signed: the certificates beside the token are
/// checked by what names them, and the status says no more than that the token is there.
#[test]
fn no_changed_byte_gives_another_statement_and_none_panics() {
    for kind in ["rsa", "ec"] {
        let trust = trust(&[&format!("root-{kind}.pem")]);
        let answer = data(&format!("{kind}.tsr"));
        let (token, opened) = open_timestamp_response(&answer, &request(), &trust).unwrap();
        for at in 0..token.len() {
            for flip in [1, 0x80] {
                let mut changed = token.clone();
                changed[at] ^= flip;
                if let Ok(other) = open_timestamp(&changed, &data("message"), &trust) {
                    assert_eq!(other, opened, "byte {at}");
                }
            }
            assert!(open_timestamp(&token[..at], &data("message"), &trust).is_err());
        }
        let mut longer = token.clone();
        longer.push(0);
        refused(open_timestamp(&longer, &data("message"), &trust), "malformed");
    }
}
