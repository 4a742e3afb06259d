//! What the server counts is what happened to it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use logs_api::{ApiKeys, Role, new_api_key};
use logs_domain::{OsEntropy, SystemClock, TenantId};
use serde_json::json;
use support::{JSON, Served, spans};

const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The value of a series; none where it is not there.
fn value(text: &str, series: &str) -> Option<f64> {
    let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.map(|value| value.parse().unwrap())
}

/// Each line of the text format is a comment or a series of ours with a number.
fn well_formed(text: &str) {
    for line in text.lines() {
        if line.starts_with("# HELP factlog_") || line.starts_with("# TYPE factlog_") {
            continue;
        }
        let (series, number) = line.rsplit_once(' ').unwrap();
        assert!(series.starts_with("factlog_"), "{line}");
        number.parse::<f64>().unwrap_or_else(|_| panic!("{line}"));
    }
}

#[test]
fn each_thing_that_happens_is_counted_once() {
    let served = Served::new();
    let scrape = || {
        let answer = served.get("/metrics").expect(200);
        assert_eq!(answer.header("content-type"), Some(KIND));
        let text = String::from_utf8(answer.body).unwrap();
        well_formed(&text);
        text
    };
    let text = scrape();
    assert_eq!(value(&text, "factlog_ledger_entries{tenant=\"acme\"}"), Some(0.0));
    assert_eq!(value(&text, "factlog_signed_entries{tenant=\"acme\"}"), None, "nothing is signed");

    served.post("/v1/traces", JSON, &spans(0, 3)).expect(200);
    served.post("/v1/traces", JSON, &spans(1, 3)).expect(200);
    served.post("/v1/traces", JSON, b"{").expect(400);
    served.post("/v1/traces", "text/plain", b"{").expect(415);
    let fact = |event: &str| {
        json!({"kind": "audit.event", "occurred_at": "2026-01-01T00:00:00Z", "key": "k",
            "body": {"event": event}})
        .to_string()
    };
    served.post("/api/v1/logs/facts", JSON, fact("mail dana@example.com").as_bytes()).expect(200);
    served.post("/api/v1/logs/facts", JSON, fact("logout").as_bytes()).expect(409);
    served.get("/api/v1/logs/llm-runs").expect(200);
    served.get("/api/v1/logs/llm-runs/x/trace").expect(404);
    let run = "00000000000000000000000000000001";
    let body = json!({"profile": "evidence", "run": run}).to_string();
    let bundle = served.post("/api/v1/logs/exports", JSON, body.as_bytes()).expect(200);
    served.get("/nothing/at/all").expect(404);
    served.get("/nor/here").expect(404);

    let text = scrape();
    let check = |series: &str, expect: f64| {
        assert_eq!(value(&text, series), Some(expect), "{series}\n{text}");
    };
    check("factlog_posts_total{signal=\"traces\",outcome=\"recorded\"}", 2.0);
    check("factlog_posts_total{signal=\"traces\",outcome=\"refused\"}", 2.0);
    check("factlog_posts_total{signal=\"facts\",outcome=\"partial\"}", 1.0);
    check("factlog_facts_total{signal=\"traces\",outcome=\"recorded\"}", 4.0);
    check("factlog_facts_total{signal=\"traces\",outcome=\"duplicate\"}", 2.0);
    check("factlog_facts_total{signal=\"facts\",outcome=\"conflict\"}", 1.0);
    check("factlog_redactions_total", 1.0);
    check("factlog_commit_seconds_count{signal=\"traces\"}", 2.0);
    check("factlog_commit_seconds_bucket{signal=\"traces\",le=\"+Inf\"}", 2.0);
    check("factlog_reads_total{route=\"llm-runs\",outcome=\"served\"}", 1.0);
    check("factlog_reads_total{route=\"llm-runs/{run_id}/trace\",outcome=\"not_found\"}", 1.0);
    check("factlog_exports_total{profile=\"evidence\"}", 1.0);
    check("factlog_exported_bytes_total", bundle.body.len() as f64);
    check("factlog_requests_total{route=\"/v1/traces\",status=\"400\"}", 1.0);
    check("factlog_requests_total{route=\"other\",status=\"404\"}", 2.0);
    check("factlog_request_seconds_count{route=\"/metrics\"}", 1.0);
    check("factlog_posts_in_flight", 0.0);
    check("factlog_exports_in_flight", 0.0);
    check("factlog_database_up", 1.0);
    // 4 spans, a fact, a refused one, two reads, an export and its read; signed up to the run.
    check("factlog_ledger_entries{tenant=\"acme\"}", 10.0);
    assert!(value(&text, "factlog_signed_entries{tenant=\"acme\"}").unwrap() >= 1.0);
    // This one, and perhaps some that are not closed to the end yet.
    assert!((1.0..12.0).contains(&value(&text, "factlog_connections").unwrap()));
    assert!(!text.contains(run) && !text.contains("dana"), "{text}");
    assert_eq!(served.end(), 10, "watching leaves nothing");
}

#[test]
fn any_key_may_watch_and_measures_its_own_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("factlog.apikeys");
    let keys = [("acme", Role::Writer), ("acme", Role::Reader), ("globex", Role::Auditor)];
    let keys = keys.map(|(tenant, role)| {
        let owner = TenantId::parse(tenant).unwrap();
        let key = new_api_key(&path, &owner, role, "k", &SystemClock, &OsEntropy).unwrap();
        (tenant, format!("Bearer {key}"))
    });
    let served = Served::with_keys(folder, ApiKeys::read(&path).unwrap());
    for (tenant, key) in &keys {
        let text = served.ask("GET", "/metrics", &[("authorization", key)], b"").expect(200).body;
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(&format!("factlog_ledger_entries{{tenant=\"{tenant}\"}}")), "{text}");
        assert_eq!(text.matches("tenant=").count(), 1, "{text}");
    }
    served.get("/metrics").expect(401);
    served.ask("GET", "/metrics", &[("authorization", "Bearer factlog_x")], b"").expect(401);
    served.end();
}

#[test]
fn a_page_of_another_host_sees_nothing() {
    let served = Served::new();
    let mut stream = served.connect();
    let head = "GET /metrics HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    support::answer(&mut stream).expect(421);
    served.end();
}

#[test]
fn a_database_that_is_gone_is_down_and_the_rest_is_still_told() {
    let Some(server) = ledger_store::test_support::PostgresServer::start() else { return };
    let served = Served::on(&server);
    served.post("/v1/traces", JSON, &spans(0, 2)).expect(200);
    server.stop();
    let text = String::from_utf8(served.get("/metrics").expect(200).body).unwrap();
    assert_eq!(value(&text, "factlog_database_up"), Some(0.0));
    assert_eq!(value(&text, "factlog_ledger_entries{tenant=\"acme\"}"), None);
    assert_eq!(
        value(&text, "factlog_facts_total{signal=\"traces\",outcome=\"recorded\"}"),
        Some(2.0)
    );
    server.start_again();
    served.end();
}
