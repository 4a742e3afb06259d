//! Native facts over HTTP: what a file of them gives when it is imported, line by line.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use logs_api::{ApiKeys, Limits, Role, new_api_key};
use logs_domain::{OsEntropy, SystemClock, TenantId, verify_proof_file};
use serde_json::{Value, json};
use support::{Answer, JSON, Served, gzip};

const FACTS: &str = "/api/v1/logs/facts";
const NDJSON: &str = "application/x-ndjson";

fn line(key: &str, event: &str) -> String {
    format!(
        r#"{{"kind":"audit.event","occurred_at":"2026-11-23T08:00:00Z","key":"{key}","body":{{"event":"{event}"}}}}"#
    )
}

fn counts(facts: u64, duplicates: u64) -> Value {
    json!({ "facts": facts, "duplicates": duplicates, "conflicts": 0, "rejected": 0, "redactions": 0 })
}

/// Refused, as a problem document that says this.
#[track_caller]
fn problem(answer: Answer, status: u16, says: &str) -> Value {
    let answer = answer.expect(status);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let document = answer.json();
    let detail = document["detail"].as_str().unwrap();
    assert!(detail.contains(says), "{detail}");
    document
}

#[test]
fn lines_are_recorded_once_however_often_they_come() {
    let served = Served::new();
    let body = format!("{}\n\n{}\n", line("a", "login"), line("b", "logout"));
    assert_eq!(served.post(FACTS, NDJSON, body.as_bytes()).expect(200).json(), counts(2, 0));
    assert_eq!(served.post(FACTS, NDJSON, body.as_bytes()).expect(200).json(), counts(0, 2));
    let packed = [("content-type", NDJSON), ("content-encoding", "gzip")];
    let again = served.ask("POST", FACTS, &packed, &gzip(body.as_bytes())).expect(200);
    assert_eq!(again.json(), counts(0, 2));
    assert_eq!(again.header("content-type"), Some(JSON));
    assert_eq!(served.post(FACTS, NDJSON, b"\n \n").expect(200).json(), counts(0, 0));
    assert_eq!(served.end(), 2);
}

#[test]
fn each_fact_has_a_receipt_and_once_it_is_signed_a_proof() {
    let served = Served::new();
    let asked = format!("{FACTS}?receipts=true");
    let body = format!("{}\n\n{}\n", line("a", "login"), line("b", "logout"));
    let first = served.post(&asked, NDJSON, body.as_bytes()).expect(200).json();
    let receipts = first["receipts"].as_array().unwrap();
    let told = |of: &Value| (of["line"].clone(), of["entry"].clone(), of["duplicate"].clone());
    assert_eq!(
        receipts.iter().map(told).collect::<Vec<_>>(),
        [(json!(1), json!(0), json!(false)), (json!(3), json!(1), json!(false))]
    );
    for receipt in receipts {
        let entry = served.fact(receipt["entry"].as_u64().unwrap());
        assert_eq!(entry["id"], receipt["id"]);
    }
    // First truth wins: the same fact again has the receipt of the first, another one under its key none.
    let again = format!("{}\n{}", line("b", "logout"), line("a", "other"));
    let again = served.post(&asked, NDJSON, again.as_bytes()).expect(409).json();
    let duplicate = &again["receipts"][0];
    assert_eq!((&duplicate["id"], &duplicate["duplicate"]), (&receipts[1]["id"], &true.into()));
    assert_eq!(again["receipts"].as_array().unwrap().len(), 1);
    let quiet = served.post(FACTS, NDJSON, body.as_bytes()).expect(200).json();
    assert_eq!(quiet, counts(0, 2), "receipts are for whoever asks");
    let blank = served.post(&asked, NDJSON, b"\n").expect(200).json();
    assert_eq!(blank["receipts"], json!([]));
    problem(served.post(&format!("{FACTS}?receipt=true"), NDJSON, body.as_bytes()), 400, "receipt");

    let id = receipts[1]["id"].as_str().unwrap();
    let path = format!("/api/v1/logs/audit/{id}/proof");
    problem(served.get(&path), 404, "no signed checkpoint covers entry 1 yet");
    served.runtime.block_on(served.domain.checkpoint(&served.tenant)).unwrap();
    let proved = served.get(&path).expect(200).json();
    assert_eq!(proved["entry"], 1);
    let file = served.folder.path().join("receipt.tlog-proof");
    std::fs::write(&file, proved["proof"].as_str().unwrap()).unwrap();
    let key = served.domain.verifier_key(&served.tenant).unwrap();
    let verified = verify_proof_file(&file, &[key]).unwrap();
    assert!(verified.is_ok(), "{verified:?}");
    assert_eq!(served.get("/api/v1/logs/audit/1/proof").expect(200).json(), proved);
    problem(served.get("/api/v1/logs/audit/99/proof"), 404, "no entry has this id");
}

#[test]
fn an_object_may_be_written_on_many_lines() {
    let served = Served::new();
    let spread = line("a", "login").replace(',', ",\r\n  ").replace(":{", ":\n{");
    assert_eq!(served.post(FACTS, JSON, spread.as_bytes()).expect(200).json(), counts(1, 0));
    let one = line("a", "login");
    assert_eq!(served.post(FACTS, NDJSON, one.as_bytes()).expect(200).json(), counts(0, 1));
    // Longer than what is read at once, with its ends in the middle of it.
    let long = format!(
        "{{\"kind\":\"audit.event\",\"occurred_at\":\"2026-11-23T08:00:00Z\",{}\"key\":\"b\",\"body\":{{}}}}",
        "\n".repeat(200_000)
    );
    assert_eq!(served.post(FACTS, JSON, long.as_bytes()).expect(200).json(), counts(1, 0));
    problem(served.post(FACTS, JSON, b""), 400, "empty");
    problem(served.post(FACTS, JSON, b" \n "), 400, "empty");
    problem(served.post(FACTS, JSON, format!("[{one}]").as_bytes()), 400, "line 1");
    problem(served.post(FACTS, JSON, format!("{one}\n{one}").as_bytes()), 400, "line 1");
    assert_eq!(served.end(), 2);
}

#[test]
fn of_a_body_with_a_wrong_line_nothing_is_recorded() {
    let served = Served::new();
    for (wrong, says) in [
        (r#"{"kind":"audit.event","body":{}}"#, "`occurred_at` is missing"),
        (r#"{"kind":"audit.event","occurred_at":"now","body":{}}"#, "line 2"),
        (
            r#"{"kind":"a","occurred_at":"2026-11-23T08:00:00Z","body":{},"tenant":"globex"}"#,
            "tenant",
        ),
        (
            r#"{"kind":"a","occurred_at":"2026-11-23T08:00:00Z","body":{"record":"access"}}"#,
            "record",
        ),
        (r#"{"kind":"a","kind":"b"}"#, "line 2"),
        ("nonsense", "line 2"),
    ] {
        let body = format!("{}\n{wrong}\n", line("a", "login"));
        let refused = served.post(FACTS, NDJSON, body.as_bytes());
        assert_eq!(refused.header("retry-after"), None, "it will never be good");
        problem(refused, 400, says);
    }
    let head =
        served.ask("POST", FACTS, &[("content-type", NDJSON), ("content-encoding", "br")], b"");
    assert_eq!(head.header("accept-encoding"), Some("gzip"));
    problem(head, 415, "gzip");
    problem(served.post(FACTS, "text/plain", b"{}"), 415, "application/x-ndjson");
    problem(
        served.post(FACTS, "application/x-www-form-urlencoded", b"{}"),
        415,
        "not `application",
    );
    let got = served.get(FACTS);
    assert_eq!(got.header("allow"), Some("POST"));
    problem(got, 405, "POST");
    assert_eq!(served.end(), 0);
}

#[test]
fn a_conflict_says_which_line_and_what_stands() {
    let check = |served: Served| {
        served.post(FACTS, NDJSON, line("k", "login").as_bytes()).expect(200);
        let body = format!("{}\n{}\n{}", line("n", "x"), line("k", "logout"), line("k", "login"));
        let refused = problem(served.post(FACTS, NDJSON, body.as_bytes()), 409, "1 in conflict");
        for (member, count) in [("facts", 1), ("duplicates", 1), ("conflicts", 1), ("rejected", 0)]
        {
            assert_eq!(refused[member], count, "{member}");
        }
        let errors = refused["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1);
        assert_eq!((&errors[0]["line"], &errors[0]["entry"]), (&json!(2), &json!(0)));
        assert!(errors[0]["detail"].as_str().unwrap().contains("`k` was recorded before"));
        // Two facts, and that a third one was offered; sent again it is the same.
        assert_eq!(served.size(), 3);
        problem(served.post(FACTS, NDJSON, body.as_bytes()), 409, "1 in conflict");
        assert_eq!(served.end(), 3);
    };
    check(Served::new());
    let Some(server) = ledger_store::test_support::PostgresServer::shared() else { return };
    check(Served::on(server));
}

#[test]
fn what_no_entry_can_hold_is_422_and_the_rest_is_recorded() {
    let served = Served::new();
    let large = line("large", &"x".repeat(70_000));
    let body = format!("{}\n{large}\n", line("a", "login"));
    let refused = problem(served.post(FACTS, NDJSON, body.as_bytes()), 422, "cannot be recorded");
    assert_eq!((&refused["facts"], &refused["rejected"]), (&json!(1), &json!(1)));
    assert_eq!(refused["errors"][0]["line"], 2);
    assert_eq!(refused["errors"][0]["entry"], Value::Null);
    assert_eq!(served.end(), 2);
}

#[test]
fn secrets_are_taken_out_and_counted() {
    let served = Served::new();
    let body = line("a", "mail to dana@example.com");
    let answer = served.post(FACTS, NDJSON, body.as_bytes()).expect(200).json();
    assert_eq!(answer["redactions"], 1);
    served.end();
}

#[test]
fn it_is_for_writers_and_limited_as_telemetry_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("factlog.apikeys");
    let acme = TenantId::parse("acme").unwrap();
    let keys = [Role::Writer, Role::Reader, Role::Auditor].map(|role| {
        let key = new_api_key(&path, &acme, role, "k", &SystemClock, &OsEntropy).unwrap();
        format!("Bearer {key}")
    });
    let served = Served::with_keys(folder, ApiKeys::read(&path).unwrap());
    let post = |key: &str| {
        let headers = [("content-type", NDJSON), ("authorization", key)];
        served.ask("POST", FACTS, &headers, line("a", "login").as_bytes())
    };
    post(&keys[0]).expect(200);
    problem(post(&keys[1]), 403, "not for that");
    problem(post(&keys[2]), 403, "not for that");
    let unknown = post("Bearer factlog_x");
    assert_eq!(unknown.header("www-authenticate"), Some("Bearer"));
    problem(unknown, 401, "API key");
    assert_eq!(served.end(), 1, "posting leaves no fact of its own");

    let small = Served::limited(Limits { max_body_bytes: 1_000, ..Limits::default() });
    problem(small.post(FACTS, NDJSON, &vec![b' '; 1_001]), 413, "--max-body");
    let full = Served::limited(Limits { posts: 0, ..Limits::default() });
    let refused = full.post(FACTS, NDJSON, line("a", "login").as_bytes());
    assert!(refused.header("retry-after").is_some());
    problem(refused, 503, "send it again");
}

#[test]
fn a_database_that_is_gone_is_503_and_sending_again_is_safe() {
    let Some(server) = ledger_store::test_support::PostgresServer::start() else { return };
    let served = Served::on(&server);
    let body = line("a", "login");
    server.stop();
    let refused = served.post(FACTS, NDJSON, body.as_bytes());
    assert!(refused.header("retry-after").is_some());
    let document = problem(refused, 503, "send them again");
    assert!(!document.to_string().contains("127.0.0.1"), "{document}");
    server.start_again();
    assert_eq!(served.post(FACTS, NDJSON, body.as_bytes()).expect(200).json(), counts(1, 0));
    assert_eq!(served.end(), 1);
}
