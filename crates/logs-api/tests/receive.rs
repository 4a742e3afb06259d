//! Real posts of real SDKs: each gets the answer that OTLP/HTTP gives it, and is recorded once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::num::NonZeroU64;

use logs_api::Limits;
use logs_domain::CheckpointPolicy;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use serde_json::{Value, json};
use support::{Answer, JSON, PROTOBUF, Post, Served, captures, gzip, posts, spans};

#[test]
fn every_edge_case_gets_its_status() {
    let mut cases = 0;
    for case in posts("12_edge_cases") {
        let served = Served::new();
        let answer = served.replay(&case);
        let (told, file) = (&case.told, case.told["file"].as_str().unwrap());
        let wanted = told["expect_status"].to_string();
        // Where the manifest leaves a choice it names all of them in words.
        assert!(wanted.contains(&answer.status.to_string()), "{file}: {}", answer.status);
        if let Some(rejected) = told["expect_rejected"].as_u64() {
            assert_eq!(rejected_spans(&case, &answer), rejected, "{file}");
        }
        if let Some(spans) = told["expect_spans"].as_u64() {
            let refused = told["expect_rejected"].as_u64().unwrap_or(0);
            assert_eq!(
                served.size(),
                spans + refused,
                "{file}: spans, and facts about refused ones"
            );
        }
        assert_eq!(answer.header("location"), None, "{file}: a redirect switches senders off");
        cases += 1;
    }
    assert_eq!(cases, 28);
}

fn rejected_spans(case: &Post, answer: &Answer) -> u64 {
    if case.told["file"].as_str().unwrap().ends_with(".pb") {
        let response = ExportTraceServiceResponse::decode(&answer.body[..]).unwrap();
        return response.partial_success.map_or(0, |p| u64::try_from(p.rejected_spans).unwrap());
    }
    let rejected = &answer.json()["partialSuccess"]["rejectedSpans"];
    rejected.as_str().map_or(0, |count| count.parse().unwrap())
}

#[test]
fn what_sdks_posted_is_recorded_once_and_answered_in_its_own_encoding() {
    let expected = std::fs::read_to_string(captures().join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    for folder in [
        "02_proto_gzip_retry",
        "07_no_content",
        "05_json_gzip_stream_pii",
        "08_redelivery",
        "11_twins",
    ] {
        let served = Served::new();
        let send_all = || {
            for post in posts(folder) {
                let answer = served.replay(&post).expect(200);
                let json = post.told["file"].as_str().unwrap().contains(".json");
                let (kind, body) = if json { (JSON, &b"{}"[..]) } else { (PROTOBUF, &b""[..]) };
                assert_eq!(answer.header("content-type"), Some(kind), "{folder}");
                assert_eq!(answer.body, body, "{folder}: a whole success says nothing");
            }
        };
        send_all();
        let want = |member: &str| expected[folder][member].as_u64().unwrap();
        let distinct = want("spans_distinct") + want("log_records_distinct");
        assert_eq!(served.size(), distinct, "{folder}");
        send_all();
        assert_eq!(served.size(), distinct, "{folder}: what is sent again is there already");
        assert_eq!(served.end(), distinct, "{folder}");
    }
}

#[test]
fn metrics_and_logs_have_their_own_paths() {
    let served = Served::new();
    for post in posts("01_proto_plain") {
        served.replay(&post).expect(200);
    }
    let before = served.size();
    let log = &posts("01_proto_plain")[0];
    assert_eq!(log.told["path"], "/v1/logs");
    // The path says what it is; what does not fit is refused and never taken for something else.
    let answer = served.post("/v1/traces", PROTOBUF, &log.body);
    assert!(answer.status == 400 || rejected_all(&answer), "{}", answer.status);
    served.post("/v1/metrics", PROTOBUF, b"").expect(200);
    served.post("/v1/logs", JSON, b"{}").expect(200);
    served.post("/v1/profiles", JSON, b"{}").expect(404);
    served.post("/v1/traces/", JSON, b"{}").expect(404);
    assert!(served.size() >= before);
    served.end();
}

fn rejected_all(answer: &Answer) -> bool {
    let response = ExportTraceServiceResponse::decode(&answer.body[..]).unwrap();
    response.partial_success.is_some_and(|partial| partial.rejected_spans > 0)
}

#[test]
fn a_conflict_is_a_partial_success_and_the_first_stands() {
    let served = Served::new();
    let edge = captures().join("12_edge_cases");
    let [first, second] =
        ["17_dup_span_conflict_a.json", "17_dup_span_conflict_b.json"].map(|file| {
            let body = std::fs::read(edge.join(file)).unwrap();
            served.post("/v1/traces", JSON, &body).expect(200).json()
        });
    assert_eq!(first, json!({}));
    assert_eq!(second["partialSuccess"]["rejectedSpans"], "1");
    let text = second["partialSuccess"]["errorMessage"].as_str().unwrap();
    assert!(text.contains("0 rejected, 1 in conflict"), "{text}");
    assert_eq!(served.size(), 2, "the first span, and that another was offered");
    let again = std::fs::read(edge.join("17_dup_span_conflict_b.json")).unwrap();
    served.post("/v1/traces", JSON, &again).expect(200);
    assert_eq!(served.size(), 2, "the same refusal is one fact");
}

#[test]
fn refusals_of_the_same_kind_in_other_posts_are_other_facts() {
    let served = Served::new();
    let bad = |name: &str| {
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"name":"{name}"}}]}}]}}]}}"#)
    };
    for (name, facts) in [("a", 1), ("b", 2), ("a", 2)] {
        served.post("/v1/traces", JSON, bad(name).as_bytes()).expect(200);
        assert_eq!(served.size(), facts);
    }
}

#[test]
fn a_body_that_does_not_fit_into_memory_is_taken_too() {
    let served = Served::new();
    let large = spans(0, 12_000);
    assert!(large.len() > 2 << 20);
    let encoding = [("content-type", JSON), ("content-encoding", "gzip")];
    served.ask("POST", "/v1/traces", &encoding, &gzip(&large)).expect(200);
    assert_eq!(served.size(), 12_000);
    served.post("/v1/traces", JSON, &large).expect(200);
    assert_eq!(served.size(), 12_000);
}

#[test]
fn many_posts_at_once_are_all_recorded() {
    let served = Served::new();
    std::thread::scope(|scope| {
        for n in 0..40 {
            let served = &served;
            scope.spawn(move || {
                for part in 0..5 {
                    served.post("/v1/traces", JSON, &spans((n * 5 + part) * 7, 7)).expect(200);
                }
            });
        }
    });
    assert_eq!(served.end(), 40 * 5 * 7);
}

#[test]
fn a_checkpoint_is_signed_by_policy_beside_the_posts() {
    let every_entries = NonZeroU64::new(3);
    let policy = CheckpointPolicy { every_entries, ..CheckpointPolicy::default() };
    let served = Served::with(Limits::default(), policy);
    served.post("/v1/traces", JSON, &spans(0, 4)).expect(200);
    let signed = || {
        let found = served.domain.newest_checkpoint(&served.tenant);
        served.runtime.block_on(found).unwrap().map(|checkpoint| checkpoint.size)
    };
    while signed() != Some(4) {
        std::thread::yield_now();
    }
    served.end();
}

#[test]
fn what_was_recorded_is_acknowledged_even_if_it_cannot_be_signed() {
    let every_entries = NonZeroU64::new(1);
    let policy = CheckpointPolicy { every_entries, ..CheckpointPolicy::default() };
    let served = Served::with(Limits::default(), policy);
    // Marks that cannot be read: nothing may be signed any more.
    std::fs::write(served.folder.path().join("factlog.highwater"), "garbage").unwrap();
    for n in 0..3 {
        served.post("/v1/traces", JSON, &spans(n, 1)).expect(200);
    }
    while served.told.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    assert!(served.told.lock().unwrap()[0].contains("not signed"), "{:?}", served.told);
    assert_eq!(served.size(), 3);
}

#[test]
fn a_database_that_is_gone_is_503_until_it_is_back() {
    let Some(server) = ledger_store::test_support::PostgresServer::start() else { return };
    let served = Served::on(&server);
    served.get("/readyz").expect(200);
    served.post("/v1/traces", JSON, &spans(0, 2)).expect(200);
    server.stop();
    let refused = served.post("/v1/traces", PROTOBUF, b"\x0a\x00").expect(200);
    assert!(refused.body.is_empty(), "nothing to record needs no database");
    let refused = served.post("/v1/traces", JSON, &spans(2, 2)).expect(503);
    assert!(refused.header("retry-after").is_some());
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("send them again") && !message.contains("127.0.0.1"), "{message}");
    served.get("/readyz").expect(503);
    served.get("/healthz").expect(200);
    assert!(served.told.lock().unwrap()[0].contains("nothing acknowledged"));
    server.start_again();
    served.post("/v1/traces", JSON, &spans(2, 2)).expect(200);
    served.get("/readyz").expect(200);
    assert_eq!(served.end(), 4);
}
