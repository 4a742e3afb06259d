//! Who read what is in the ledger before the answer is out, and what cannot be recorded is not answered.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use logs_api::{ApiKeys, Role, new_api_key};
use logs_domain::{OsEntropy, SystemClock, TenantId};
use serde_json::{Value, json};
use support::{JSON, Served, spans};

/// A run that `spans(0, _)` records.
const RUN: &str = "00000000000000000000000000000001";

/// On a file, and on a server where there is one.
fn on_both(check: impl Fn(Served)) {
    check(Served::new());
    if let Some(server) = ledger_store::test_support::PostgresServer::shared() {
        check(Served::on(server));
    }
}

#[test]
fn each_question_leaves_one_fact_that_tells_who_asked_what() {
    on_both(|served| {
        served.post("/v1/traces", JSON, &spans(0, 3)).expect(200);
        let of_run = |what: &str| format!("llm-runs/{RUN}/{what}");
        let of_system = |what: &str| format!("system/{RUN}/{what}");
        let questions = [
            ("llm-runs?limit=2".to_owned(), "llm-runs", Value::Null, 2),
            (of_run("envelope"), "llm-runs/{run_id}/envelope", RUN.into(), 1),
            (of_run("trace"), "llm-runs/{run_id}/trace", RUN.into(), 1),
            (of_run("governance"), "llm-runs/{run_id}/governance", RUN.into(), 0),
            (of_run("replay"), "llm-runs/{run_id}/replay", RUN.into(), 0),
            ("system".to_owned(), "system", Value::Null, 0),
            (of_system("snapshot"), "system/{run_id}/snapshot", RUN.into(), 0),
            (of_system("telemetry"), "system/{run_id}/telemetry", RUN.into(), 0),
            (of_system("events"), "system/{run_id}/events", RUN.into(), 0),
            (of_system("replay"), "system/{run_id}/replay", RUN.into(), 0),
            ("audit/authorization".to_owned(), "audit/authorization", Value::Null, 0),
            ("audit/exports".to_owned(), "audit/exports", Value::Null, 0),
            ("audit/integrity".to_owned(), "audit/integrity", Value::Null, 1),
            ("audit/0".to_owned(), "audit/{id}", "0".into(), 1),
            ("system/audit?limit=5".to_owned(), "system/audit", Value::Null, 5),
            // These list the reads that came before.
            ("audit?limit=4".to_owned(), "audit", Value::Null, 4),
            ("audit/access?limit=6".to_owned(), "audit/access", Value::Null, 6),
            ("audit/identity".to_owned(), "audit/identity", Value::Null, 1),
        ];
        let mut seq = served.size();
        for (path, route, subject, items) in questions {
            served.get(&format!("/api/v1/logs/{path}")).expect(200);
            assert_eq!(served.size(), seq + 1, "{path}");
            let fact = served.fact(seq);
            assert_eq!(fact["kind"], "audit.access", "{path}");
            assert_eq!(fact["meta"]["actor"], json!({"kind":"system","component":"this-machine"}));
            assert_eq!(fact["meta"].get("run_id"), None, "no part of the run's own record");
            let body = &fact["body"];
            assert_eq!((&body["record"], &body["event"]), (&json!("access"), &json!(route)));
            assert_eq!((&body["outcome"], &body["subject"]), (&json!("served"), &subject));
            assert_eq!(body["reader"], json!({"kind": "this_machine"}), "nobody was asked");
            assert_eq!(body["items"], items, "{path}");
            assert_eq!(body["as_of_size"], seq, "{path}");
            let limit = path.split_once("limit=").map(|(_, limit)| limit);
            assert_eq!(body["asked"]["limit"].as_str(), limit, "{path}");
            seq += 1;
        }
        assert_eq!(served.end(), seq, "and the ledger holds");
    });
}

#[test]
fn what_is_not_answered_is_recorded_too_and_what_names_nothing_is_not() {
    on_both(|served| {
        served.post("/v1/traces", JSON, &spans(0, 1)).expect(200);
        let last = |path: &str, status: u16| {
            let before = served.size();
            served.get(path).expect(status);
            assert_eq!(served.size(), before + 1, "{path}");
            served.fact(before)["body"].clone()
        };
        let unknown = last("/api/v1/logs/llm-runs/nobody/trace", 404);
        assert_eq!(
            (&unknown["outcome"], &unknown["subject"]),
            (&json!("not_found"), &json!("nobody"))
        );
        assert_eq!(unknown.get("items"), None);
        for nonsense in ["%ff", "a%00b", "%0a"] {
            let unknown = last(&format!("/api/v1/logs/llm-runs/{nonsense}/trace"), 404);
            assert_eq!(unknown["outcome"], "not_found", "{nonsense}");
        }
        let wrong = last("/api/v1/logs/llm-runs?agnet=x&limit=2", 400);
        assert_eq!(wrong["outcome"], "refused");
        assert_eq!(wrong.get("asked"), None, "what was not understood may be anything");
        let head = served.size();
        served.ask("HEAD", "/api/v1/logs/llm-runs", &[], b"").expect(200);
        assert_eq!(served.size(), head + 1, "a length tells something");

        let drawn = served.size();
        let site = [("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "image")];
        let run = "/api/v1/logs/llm-runs/run-0/export";
        for path in ["/api/v1/logs/audit?actor=x", "/api/v1/logs/audit/integrity", run] {
            served.ask("GET", path, &site, b"").expect(403);
        }
        served.ask("HEAD", run, &[], b"").expect(405);
        assert_eq!(served.size(), drawn, "what another site's page draws in leaves nothing");

        let before = served.size();
        for (path, status) in [
            ("/healthz", 200),
            ("/readyz", 200),
            ("/api/v1/logs/nothing", 404),
            ("/api/v1/logs", 404),
            ("/tlog/acme/checkpoint", 404),
            ("/nothing", 404),
        ] {
            served.get(path).expect(status);
        }
        assert_eq!(served.size(), before);
        served.end();
    });
}

#[test]
fn readers_at_once_leave_a_fact_each_beside_the_posts() {
    let served = Served::new();
    std::thread::scope(|scope| {
        for n in 0..12 {
            let served = &served;
            scope.spawn(move || {
                for part in 0..5 {
                    served.post("/v1/traces", JSON, &spans(n * 5 + part, 1)).expect(200);
                    served.get("/api/v1/logs/llm-runs").expect(200);
                }
            });
        }
    });
    let reads = served.get("/api/v1/logs/audit/access?limit=500").expect(200).json();
    assert_eq!(reads["items"].as_array().unwrap().len(), 60);
    assert_eq!(served.end(), 60 + 60 + 1);
}

#[test]
fn what_a_caller_wrote_is_redacted_and_cut() {
    let served = Served::new();
    let long = "x".repeat(5_000);
    served.get(&format!("/api/v1/logs/audit?actor=dana%40example.com&tool={long}")).expect(200);
    let asked = served.fact(0)["body"]["asked"].clone();
    assert_eq!(asked["actor"], "[redacted:email]");
    assert_eq!(asked["tool"].as_str().unwrap().chars().count(), 201);
    served.get("/api/v1/logs/llm-runs/mail%20dana%40example.com/trace").expect(404);
    assert_eq!(served.fact(1)["body"]["subject"], "mail [redacted:email]");
    served.end();
}

#[test]
fn each_key_reads_under_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("factlog.apikeys");
    let key = |tenant: &str, role: Role, name: &str| {
        let tenant = TenantId::parse(tenant).unwrap();
        let key = new_api_key(&path, &tenant, role, name, &SystemClock, &OsEntropy).unwrap();
        format!("Bearer {key}")
    };
    let dashboard = key("acme", Role::Reader, "dashboard");
    let auditor = key("acme", Role::Auditor, "auditor-7");
    let agents = key("acme", Role::Writer, "agents");
    let stranger = key("globex", Role::Reader, "dashboard");
    let lines = std::fs::read_to_string(&path).unwrap();
    let served = Served::with_keys(folder, ApiKeys::read(&path).unwrap());
    let ask = |key: &str, status: u16| {
        let headers = [("authorization", key)];
        served.ask("GET", "/api/v1/logs/llm-runs", &headers, b"").expect(status)
    };
    ask(&dashboard, 200);
    ask(&auditor, 200);
    ask(&agents, 403);
    // Somebody unknown, and somebody of another tenant, leave nothing here.
    ask("Bearer factlog_nobody", 401);
    ask(&stranger, 200);
    assert_eq!(served.size(), 3);
    for (seq, name, role, outcome) in [
        (0, "dashboard", "reader", "served"),
        (1, "auditor-7", "auditor", "served"),
        (2, "agents", "writer", "refused"),
    ] {
        let fact = served.fact(seq);
        assert_eq!(fact["meta"]["actor"]["component"], format!("key:{name}"));
        let (body, reader) = (&fact["body"], &fact["body"]["reader"]);
        assert_eq!((&reader["name"], &reader["role"]), (&json!(name), &json!(role)));
        assert_eq!(body["outcome"], outcome);
        let line = lines.lines().find(|line| line.ends_with(name)).unwrap();
        assert!(line.contains(reader["key"].as_str().unwrap()), "the line that one takes out");
        assert!(!fact.to_string().contains("factlog_"), "{fact}");
    }
    let told = served.told.lock().unwrap().join("\n");
    assert!(told.contains("/api/v1/logs/llm-runs: 401"), "{told}");
    let listed = served
        .ask(
            "GET",
            "/api/v1/logs/audit/access?actor=key:agents",
            &[("authorization", &auditor)],
            b"",
        )
        .expect(200)
        .json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["outcome"], "refused");
    served.end();
}

#[test]
fn what_cannot_be_recorded_is_not_answered() {
    let Some(server) = ledger_store::test_support::PostgresServer::start() else { return };
    let served = Served::on(&server);
    served.post("/v1/traces", JSON, &spans(0, 2)).expect(200);
    served.refuse_writes(&server);
    for path in ["llm-runs", "llm-runs/nobody/trace", "audit/0", "llm-runs?agnet=x"] {
        let refused = served.get(&format!("/api/v1/logs/{path}")).expect(503);
        assert_eq!(refused.header("content-type"), Some("application/problem+json"), "{path}");
        assert!(refused.header("retry-after").is_some());
        let problem = refused.json();
        assert!(problem["detail"].as_str().unwrap().contains("could not be recorded"), "{problem}");
        assert_eq!(problem.as_object().unwrap().len(), 3, "nothing else is in it: {problem}");
    }
    assert!(served.told.lock().unwrap()[0].contains("a read could not be recorded"));
    served.take_writes(&server);
    server.stop();
    let refused = served.get("/api/v1/logs/llm-runs").expect(503).json();
    assert_eq!(refused.get("items"), None);
    server.start_again();
    served.get("/api/v1/logs/llm-runs").expect(200);
    assert_eq!(served.end(), 3);
}
