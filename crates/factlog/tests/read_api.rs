//! What is read over HTTP is what `--json` prints.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![cfg(unix)]

mod support;

use serde_json::Value;
use support::serving::Serving;
use support::{Place, bodies};

fn recorded() -> Place {
    let place = Place::new();
    for folder in ["01_proto_plain", "02_proto_gzip_retry", "05_json_gzip_stream_pii", "mcp_spans"]
    {
        place.import(&bodies(folder)).expect(0);
    }
    let line = |n: u32, kind: &str, body: &str| {
        format!(
            "{{\"kind\":\"{kind}\",\"occurred_at\":\"2026-11-23T08:31:5{n}Z\",\"key\":\"k{n}\",\"body\":{body}}}\n"
        )
    };
    let lines = [
        line(0, "system.event", r#"{"event":"deploy"}"#),
        line(1, "audit.access", r#"{"event":"read"}"#),
        line(2, "audit.authorization", r#"{"event":"decided","outcome":"allow"}"#),
    ];
    let file = place.path("native.jsonl");
    std::fs::write(&file, lines.concat()).unwrap();
    place.import(&[file]).expect(0);
    let runs = place.run(&["runs", "--json"]).expect(0).json();
    let run = runs["items"][0]["run_id"].as_str().unwrap().to_owned();
    place.run(&["export", "evidence", "--run", &run, "--out", "run.zip"]).expect(0);
    place
}

#[test]
fn each_answer_is_that_of_the_command() {
    let place = recorded();
    let printed = |command: &[&str]| {
        let command = [command, &["--json", "--tenant", "acme"]].concat();
        place.run(&command).expect(0).json()
    };
    let serving = Serving::start(&place, &[]);
    let check = |path: &str, command: &[&str]| {
        // In this order: that it was read over HTTP is a fact that the command would see.
        let printed = printed(command);
        let (status, kind, read) = serving.get(&format!("/api/v1/logs/{path}"));
        assert_eq!((status, kind.as_str()), (200, "application/json"), "{path}: {read}");
        assert_eq!(read, printed, "{path}");
        read
    };
    let runs = check("llm-runs", &["runs"]);
    check("llm-runs?limit=2&status=completed", &["runs", "--limit", "2", "--status", "completed"]);
    check("llm-runs?agent=nobody", &["runs", "--agent", "nobody"]);
    let since = "2026-11-23T08:31:50Z";
    check(&format!("llm-runs?since={since}&limit=3"), &["runs", "--since", since, "--limit", "3"]);
    for run in runs["items"].as_array().unwrap() {
        let id = run["run_id"].as_str().unwrap();
        check(&format!("llm-runs/{id}/trace"), &["trace", id]);
        check(&format!("llm-runs/{id}/replay"), &["system", "window", id]);
        check(&format!("system/{id}/replay"), &["system", "window", id]);
        check(&format!("system/{id}/snapshot"), &["system", "snapshot", id]);
        check(&format!("system/{id}/telemetry"), &["system", "telemetry", id]);
        let events = ["system", "--run", id, "--kind", "system.event"];
        check(&format!("system/{id}/events"), &events);
        let (status, _, envelope) = serving.get(&format!("/api/v1/logs/llm-runs/{id}/envelope"));
        assert_eq!(status, 200);
        for (member, value) in run.as_object().unwrap() {
            assert_eq!(&envelope[member], value, "{member}");
        }
        let (status, _, decided) = serving.get(&format!("/api/v1/logs/llm-runs/{id}/governance"));
        assert_eq!((status, &decided["run_id"]), (200, &Value::from(id)));
    }
    check("system", &["system"]);
    check(
        "system?kind=system.telemetry&limit=4",
        &["system", "--kind", "system.telemetry", "--limit", "4"],
    );
    check("system/audit", &["audit", "system"]);
    let audit = check("audit?limit=500", &["audit", "--limit", "500"]);
    assert!(audit["items"].as_array().unwrap().len() >= 2);
    let reads = check("audit/access?limit=500", &["audit", "access", "--limit", "500"]);
    let said = |event: &str| {
        let items = reads["items"].as_array().unwrap().iter();
        items.filter(|read| read["event"] == event).count()
    };
    assert_eq!((said("read"), said("llm-runs"), said("audit/access")), (1, 4, 0));
    let decisions = check(
        "audit/authorization?outcome=allow",
        &["audit", "authorization", "--outcome", "allow"],
    );
    assert_eq!(decisions["items"].as_array().unwrap().len(), 1);
    check("audit/identity", &["audit", "identity"]);
    check("audit/exports", &["audit", "exports"]);
    check("audit/0", &["audit", "--entry", "0"]);
    let fact = printed(&["audit", "--entry", "3"]);
    let id = fact["fact"]["id"].as_str().unwrap();
    check(&format!("audit/{id}"), &["audit", "--entry", id]);
    check("audit/integrity", &["ledger", "verify"]);
}

#[test]
fn pages_lead_to_each_other() {
    let place = recorded();
    let serving = Serving::start(&place, &[]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, _, page) = serving.get(&format!("/api/v1/logs/llm-runs?limit=1{cursor}"));
        assert_eq!(status, 200);
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all = place.run(&["runs", "--json", "--limit", "500"]).expect(0).json();
    assert_eq!(Value::from(seen), all["items"]);
}

#[test]
fn a_wrong_question_is_a_problem_document_that_says_what_is_wrong() {
    let place = recorded();
    let serving = Serving::start(&place, &[]);
    let check = |path: &str, status: u16, says: &str| {
        let (got, kind, problem) = serving.get(&format!("/api/v1/logs{path}"));
        assert_eq!((got, kind.as_str()), (status, "application/problem+json"), "{path}");
        assert_eq!(problem["status"], status, "{path}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{path}: {detail}");
    };
    check("/llm-runs?limit=501", 400, "500");
    check("/llm-runs?limit=0", 400, "1 to 500");
    check("/llm-runs?limit=many", 400, "limit");
    check("/llm-runs?agnet=x", 400, "agnet");
    check("/llm-runs?agent=a&agent=b", 400, "agent");
    check("/llm-runs?status=odd", 400, "odd");
    check("/llm-runs?since=yesterday", 400, "since");
    check("/llm-runs?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 400, "ends before");
    check("/llm-runs?cursor=zz", 400, "cursor");
    check("/audit/access?kind=audit.event", 400, "kind");
    check("/llm-runs/unknown/trace", 404, "no run");
    check("/llm-runs/unknown/trace?limit=1", 400, "limit");
    check("/system/unknown/events", 404, "no run");
    check("/audit/999999", 404, "no entry");
    check("/audit/nonsense", 404, "no entry");
    check("/nothing", 404, "nothing");
    check("", 404, "nothing");
}
