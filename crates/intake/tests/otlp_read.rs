//! The reader's laws: both forms give the same records, a bad record stays alone, a broken post
//! gives nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::io::Cursor;
use std::path::{Path, PathBuf};

use intake::{Form, Hint, IntakeError, Item, Signal, detect, read_otlp};
use proptest::prelude::*;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/otel").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).unwrap()
}

fn read(bytes: &[u8], form: Form, signal: Signal) -> Result<Vec<Item>, IntakeError> {
    let mut items = Vec::new();
    read_otlp(&mut Cursor::new(bytes), form, signal, "post", &mut |item| {
        items.push(item);
        Ok(())
    })?;
    Ok(items)
}

fn json(text: &str) -> Result<Vec<Item>, IntakeError> {
    read(text.as_bytes(), Form::Json, Signal::Traces)
}

fn span(number: u8, more: &str) -> String {
    format!(r#"{{"traceId":"{:032x}","spanId":"{number:016x}","name":"n"{more}}}"#, 7)
}

fn post(spans: &[String]) -> String {
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"s"}}}}]}},"scopeSpans":[{{"scope":{{"name":"lib"}},"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    )
}

/// Only the second of three spans is rejected, and for a reason that says this.
#[track_caller]
fn rejects_the_second(more: &str, says: &str) {
    let items = json(&post(&[span(1, ""), span(2, more), span(3, "")])).unwrap();
    let rejected: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Rejected(rejection) => Some(rejection),
            Item::Record(_) => None,
        })
        .collect();
    assert_eq!((items.len(), rejected.len()), (3, 1));
    assert_eq!(rejected[0].position.path, "resourceSpans[0].scopeSpans[0].spans[1]");
    assert!(rejected[0].reason.contains(says), "{}", rejected[0].reason);
}

#[test]
fn both_forms_of_a_body_give_the_same_records() {
    for name in ["o2_01_traces", "o2_02_traces", "o2_03_traces", "o2_04_traces", "o2_05_traces"] {
        let protobuf = bytes(&format!("11_twins/{name}.pb"));
        let text = bytes(&format!("11_twins/{name}.json"));
        let protobuf = read(&protobuf, Form::Protobuf, Signal::Traces).unwrap();
        assert!(!protobuf.is_empty());
        assert_eq!(protobuf, read(&text, Form::Json, Signal::Traces).unwrap(), "{name}");
    }
    let protobuf = read(&bytes("11_twins/o2_06_logs.pb"), Form::Protobuf, Signal::Logs).unwrap();
    let text = read(&bytes("11_twins/o2_06_logs.json"), Form::Json, Signal::Logs).unwrap();
    assert_eq!(protobuf, text);
}

#[test]
fn a_bad_record_stays_alone() {
    rejects_the_second(r#","name":"again""#, "twice");
    rejects_the_second(r#","status":{"message":"\ud800"}"#, "escape");
    rejects_the_second(r#","kind":"SPAN_KIND_CLIENT""#, "kind");
    rejects_the_second(r#","parentSpanId":"00ff""#, "parent_span_id");
    let huge = r#","attributes":[{"key":"k","value":{"intValue":1e+21}}]"#;
    rejects_the_second(huge, "intValue");
    let deep = format!(
        r#","attributes":[{{"key":"k","value":{}{{}}{}}}]"#,
        r#"{"arrayValue":{"values":["#.repeat(40),
        "]}}".repeat(40)
    );
    rejects_the_second(&deep, "");
}

#[test]
fn the_order_of_members_does_not_matter() {
    let spans = span(1, "");
    let usual = format!(
        r#"{{"resourceSpans":[{{"resource":{{"droppedAttributesCount":1}},"scopeSpans":[{{"scope":{{"name":"lib"}},"spans":[{spans}],"schemaUrl":"u"}}],"schemaUrl":"v"}}]}}"#
    );
    let reversed = format!(
        r#"{{"resourceSpans":[{{"schemaUrl":"v","scopeSpans":[{{"schemaUrl":"u","spans":[{spans}],"scope":{{"name":"lib"}}}}],"resource":{{"droppedAttributesCount":1}}}}]}}"#
    );
    assert_eq!(json(&usual).unwrap(), json(&reversed).unwrap());
}

#[test]
fn requests_may_follow_each_other() {
    let lines = format!("{}\n{}\n", post(&[span(1, "")]), post(&[span(2, "")]));
    assert_eq!(json(&lines).unwrap().len(), 2);
}

#[test]
fn a_broken_post_is_an_error_that_says_where() {
    #[track_caller]
    fn check(text: &str) {
        let error = json(text).expect_err(text).to_string();
        assert!(error.contains("byte"), "{error}");
    }
    check(r#"{"resourceSpans":[{"scopeSpans":[}]}"#);
    check(r#"{"resourceSpans":{}}"#);
    check(r#"{"resourceSpans":[],"resourceSpans":[]}"#);
    check(r#"{"resourceSpans":[],"resourceLogs":[]}"#);
    check("{");
    check(&"[".repeat(10_000));
}

#[test]
fn a_cut_body_never_gives_more_than_the_whole() {
    let protobuf = bytes("06_proto_simple_embeddings/o4_01_traces.pb");
    let text = bytes("11_twins/o2_05_traces.json");
    for (whole, form) in [(protobuf, Form::Protobuf), (text, Form::Json)] {
        let all = read(&whole, form, Signal::Traces).unwrap();
        for end in 1..whole.len() {
            if let Ok(items) = read(&whole[..end], form, Signal::Traces) {
                assert!(items.len() <= all.len(), "cut at {end}");
            }
        }
    }
}

#[test]
fn every_capture_is_recognised_from_its_bytes() {
    for (name, form, signal) in [
        ("01_proto_plain/o1_01_logs.pb", Form::Protobuf, Signal::Logs),
        ("01_proto_plain/o1_02_traces.pb", Form::Protobuf, Signal::Traces),
        ("01_proto_plain/o1_04_metrics.pb", Form::Protobuf, Signal::Metrics),
        ("04_json_plain/o1_01_logs.json", Form::Json, Signal::Logs),
        ("04_json_plain/o1_02_traces.json", Form::Json, Signal::Traces),
        ("04_json_plain/o1_04_metrics.json", Form::Json, Signal::Metrics),
    ] {
        let found = detect(&mut Cursor::new(bytes(name)), Hint::default(), name).unwrap();
        assert_eq!(found, intake::Format::Otlp { form, signal }, "{name}");
    }
    let mcp = bytes("mcp/http_2026-07-28.jsonl");
    let found = detect(&mut Cursor::new(mcp), Hint::default(), "mcp").unwrap();
    assert_eq!(found, intake::Format::Mcp);
}

#[test]
fn what_is_not_clear_is_refused_with_a_hint() {
    let refused =
        |bytes: &[u8]| detect(&mut Cursor::new(bytes.to_vec()), Hint::default(), "x").unwrap_err();
    assert!(matches!(refused(b""), IntakeError::Empty { .. }));
    assert!(matches!(refused(b"{}"), IntakeError::Ambiguous { .. }));
    assert!(matches!(refused(b"{\"a\":1}"), IntakeError::Unknown { .. }));
    assert!(matches!(refused(b"hello"), IntakeError::Unknown { .. }));
    assert!(refused(b"{}").to_string().contains("--signal"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = detect(&mut Cursor::new(&bytes), Hint::default(), "x");
        for form in [Form::Json, Form::Protobuf] {
            for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
                let _ = read(&bytes, form, signal);
            }
        }
    }

    #[test]
    fn a_flipped_byte_never_panics(at in 0_usize..755, bit in 0_u8..8) {
        let mut body = bytes("06_proto_simple_embeddings/o4_01_traces.pb");
        if let Some(byte) = body.get_mut(at) {
            *byte ^= 1 << bit;
        }
        let _ = detect(&mut Cursor::new(&body), Hint::default(), "x");
        let _ = read(&body, Form::Protobuf, Signal::Traces);
    }
}
