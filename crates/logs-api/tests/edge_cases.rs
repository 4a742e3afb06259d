//! Malformed and corner-case posts get the status that their manifest names.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{Cursor, Read as _};
use std::path::Path;

use intake::{IntakeError, Item, Signal};
use logs_api::{Refusal, accept};
use serde_json::Value;

/// The answer to a post: its status, and how many records are good and rejected.
fn answer(case: &Value, body: Vec<u8>) -> (u16, u64, u64) {
    match read(case, body) {
        Ok((good, rejected)) => (200, good, rejected),
        Err(refusal) => (refusal.status(), 0, 0),
    }
}

fn read(case: &Value, body: Vec<u8>) -> Result<(u64, u64), Refusal> {
    let header = |name: &str| {
        let headers = case["headers"].as_array().unwrap();
        headers.iter().find(|h| h[0] == name).map(|h| h[1].as_str().unwrap().to_owned())
    };
    let method = case["method_override"].as_str().unwrap_or("POST");
    let form = accept(method, &header("content-type").unwrap())?;
    let mut plain = Vec::new();
    if header("content-encoding").as_deref() == Some("gzip") {
        let mut body = std::io::BufReader::new(Cursor::new(body));
        intake::inflate(&mut body, &mut plain, 64 << 20, "post").map_err(Refusal::Body)?;
    } else {
        Cursor::new(body).read_to_end(&mut plain).unwrap();
    }
    let (mut good, mut rejected) = (0, 0);
    let each = &mut |item| {
        match item {
            Item::Record(_) => good += 1,
            Item::Rejected(_) => rejected += 1,
        }
        Ok(())
    };
    intake::read_otlp(&mut Cursor::new(plain), form, Signal::Traces, "post", each)
        .map_err(Refusal::Body)?;
    Ok((good, rejected))
}

#[test]
fn every_edge_case_gets_its_status() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/tests/data/otel/12_edge_cases");
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let mut cases = 0;
    for line in manifest.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let file = case["file"].as_str().unwrap();
        let (status, good, rejected) = answer(&case, std::fs::read(folder.join(file)).unwrap());
        let wanted = case["expect_status"].to_string();
        // Where the manifest leaves a choice it names all of them in words.
        assert!(wanted.contains(&status.to_string()), "{file}: {status}, wanted {wanted}");
        if let Some(spans) = case["expect_spans"].as_u64() {
            // A span that stands twice is two records here and one fact in the ledger.
            assert!(good == spans || file.starts_with("16_"), "{file}: {good} spans");
        }
        if let Some(expected) = case["expect_rejected"].as_u64() {
            assert_eq!(rejected, expected, "{file}");
        }
        cases += 1;
    }
    assert_eq!(cases, 28);
}

#[test]
fn what_may_succeed_later_is_retried_by_clients_and_nothing_else_is() {
    let io = IntakeError::Io { file: "post".into(), source: std::io::Error::other("disk") };
    assert_eq!(Refusal::Body(io).status(), 503);
    assert_eq!(Refusal::Body(IntakeError::Stopped).status(), 503);
    let gzip = IntakeError::Gzip { file: "post".into(), why: "cut".into() };
    assert_eq!(Refusal::Body(gzip).status(), 400);
}
