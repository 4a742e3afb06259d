//! The receiver as it is run: started, posted to, stopped, killed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![cfg(unix)]

mod support;

use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use support::serving::Serving;
use support::{Place, bodies};

fn one_span(n: u64) -> Vec<u8> {
    let n = n + 1;
    format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"{n:032x}","spanId":"{n:016x}","name":"chat","startTimeUnixNano":"1"}}]}}]}}]}}"#
    )
    .into_bytes()
}

const JSON: &str = "content-type: application/json\r\n";

#[test]
fn what_is_posted_is_what_is_imported_and_ends_signed() {
    let place = Place::new();
    let serving = Serving::start(&place, &["--tenant", "acme"]);
    assert_eq!(serving.started["tenant"], "acme");
    let listening = serving.started["listening"].as_str().unwrap();
    assert_eq!(serving.started["console"], format!("{listening}/"));
    let environment = &serving.started["environment"];
    assert_eq!(environment["OTEL_EXPORTER_OTLP_ENDPOINT"], serving.started["listening"]);
    assert_eq!(environment["OTEL_EXPORTER_OTLP_PROTOCOL"], "http/protobuf");
    let mut sent = Vec::new();
    for folder in ["01_proto_plain", "02_proto_gzip_retry", "05_json_gzip_stream_pii"] {
        for body in bodies(folder) {
            let (status, answer) = serving.post_file(&body);
            let json = body.to_str().unwrap().contains(".json");
            let whole: &[u8] = if json { b"{}" } else { b"" };
            assert_eq!((status, &answer[..]), (200, whole), "{}", body.display());
            sent.push(body);
        }
    }
    serving.signal("-TERM");
    assert_eq!(serving.wait(), Some(0));
    let report = place.run(&["ledger", "verify", "--json"]).expect(0).json();
    assert_eq!(report["tenants"][0]["signed_size"], report["entries"]);
    // The other way in takes all of it for what was recorded before.
    let again = place.import(&sent).expect(0).json();
    assert_eq!((&again["facts"], &again["conflicts"]), (&json!(0), &json!(0)));
    let file = Place::new();
    let imported = file.import(&sent).expect(0).json();
    assert_eq!(imported["facts"], report["entries"]);
    let runs = ["runs", "--json", "--limit", "500"];
    let posted = place.run(&runs).expect(0).json();
    assert_eq!(posted["items"], file.run(&runs).expect(0).json()["items"]);
}

#[test]
fn everything_acknowledged_is_there_after_a_kill() {
    let place = Place::new();
    let acknowledged = AtomicU64::new(0);
    let serving = Serving::start(&place, &[]);
    let kept: Vec<u64> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let (serving, acknowledged) = (&serving, &acknowledged);
                scope.spawn(move || {
                    let mut kept = Vec::new();
                    for n in 0_u64.. {
                        let n = sender * 1_000_000 + n;
                        match serving.post("/v1/traces", JSON, &one_span(n)) {
                            Some((200, _)) => kept.push(n),
                            Some((status, _)) => panic!("{status}"),
                            None => break,
                        }
                        acknowledged.fetch_add(1, Ordering::SeqCst);
                    }
                    kept
                })
            })
            .collect();
        while acknowledged.load(Ordering::SeqCst) < 100 {
            std::thread::yield_now();
        }
        serving.signal("-KILL");
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    assert_eq!(serving.wait(), None, "it did not end by itself");
    assert!(kept.len() >= 100);

    let before = place.run(&["ledger", "verify", "--json"]).expect(0).json()["entries"].clone();
    let serving = Serving::start(&place, &[]);
    for n in kept {
        assert_eq!(serving.post("/v1/traces", JSON, &one_span(n)), Some((200, b"{}".to_vec())));
    }
    serving.signal("-INT");
    assert_eq!(serving.wait(), Some(0));
    let after = place.run(&["ledger", "verify", "--json"]).expect(0).json()["entries"].clone();
    assert_eq!(after, before, "all of it was there");
}

#[test]
fn whatever_was_answered_is_on_the_record_after_a_kill() {
    let place = Place::new();
    place.import(&bodies("02_proto_gzip_retry")).expect(0);
    let entries =
        || place.run(&["ledger", "verify", "--json"]).expect(0).json()["entries"].as_u64().unwrap();
    let before = entries();
    let answered = AtomicU64::new(0);
    let serving = Serving::start(&place, &[]);
    std::thread::scope(|scope| {
        for path in ["llm-runs", "audit/access", "audit/0", "llm-runs/nobody/trace"] {
            let (serving, answered) = (&serving, &answered);
            scope.spawn(move || {
                while let Some(status) = serving.status(&format!("/api/v1/logs/{path}")) {
                    assert!(matches!(status, 200 | 404), "{status}");
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        while answered.load(Ordering::SeqCst) < 100 {
            std::thread::yield_now();
        }
        serving.signal("-KILL");
    });
    assert_eq!(serving.wait(), None, "it did not end by itself");
    let answered = answered.load(Ordering::SeqCst);
    // What was recorded and not answered any more is recorded too.
    assert!((answered..=answered + 4).contains(&(entries() - before)), "{answered}");
}

#[test]
fn it_says_why_it_does_not_start() {
    let empty = Place::empty();
    empty.run(&["serve", "--listen", "127.0.0.1:0"]).expect(3).says("factlog init");

    let place = Place::new();
    for address in ["0.0.0.0:4318", "[::]:0", "192.0.2.1:80"] {
        place.run(&["serve", "--listen", address]).expect(2).says("only this machine");
    }
    place.run(&["serve", "--listen", "nonsense"]).expect(2);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place.run(&["serve", "--listen", &address]).expect(3).says(&address);

    for (tenant, n) in [("acme", 1), ("globex", 2)] {
        std::fs::write(place.path("body.json"), one_span(n)).unwrap();
        place.run(&["import", "--tenant", tenant, "body.json"]).expect(0);
    }
    place.run(&["serve", "--listen", "127.0.0.1:0"]).expect(2).says("--tenant");
    place.run(&["serve", "--listen", "127.0.0.1:0", "--tenant", "root-log"]).expect(2);
}

#[tokio::test]
async fn it_serves_a_postgresql_database_too() {
    let Some(server) = ledger_store::test_support::PostgresServer::shared() else { return };
    let place = Place::empty();
    let url = server.database().await;
    let database = ["--database-url", &url];
    place.run(&["init", "--database-url", &url]).expect(0);
    let serving = Serving::start(&place, &database);
    for body in bodies("02_proto_gzip_retry") {
        assert_eq!(serving.post_file(&body).0, 200);
    }
    serving.signal("-TERM");
    assert_eq!(serving.wait(), Some(0));
    let report =
        place.run(&["ledger", "verify", "--json", "--database-url", &url]).expect(0).json();
    assert_eq!(report["tenants"][0]["signed_size"], report["entries"]);
    assert_eq!(report["holds"], true);
}

#[test]
fn what_was_imported_before_is_signed_too_and_nothing_is_no_failure() {
    let place = Place::new();
    let serving = Serving::start(&place, &[]);
    assert_eq!(serving.started["tenant"], "default");
    serving.signal("-TERM");
    assert_eq!(serving.wait(), Some(0));
    place.import(&bodies("07_no_content")).expect(0);
    let serving = Serving::start(&place, &["--checkpoint-every", "1"]);
    assert_eq!(serving.started["tenant"], "acme");
    let signed = || {
        let (status, _, answer) = serving.get("/api/v1/logs/audit/integrity");
        assert_eq!(status, 200, "{answer}");
        answer["tenants"][0]["signed_size"] == answer["entries"]
    };
    while !signed() {}
    serving.signal("-TERM");
    assert_eq!(serving.wait(), Some(0));
}

#[test]
fn whoever_interrupts_twice_does_not_wait() {
    let place = Place::new();
    let serving = Serving::start(&place, &[]);
    let waiting = serving.begin_post("/v1/traces");
    serving.signal("-INT");
    while serving.status("/healthz").is_some() {}
    serving.signal("-INT");
    assert_eq!(serving.wait(), Some(130));
    drop(waiting);
}

#[test]
fn with_keys_it_listens_for_others_and_each_key_is_for_one_tenant() {
    let place = Place::new();
    let key = |tenant: &str, role: &str| {
        let made = ["api-key", "new", "--tenant", tenant, "--role", role];
        place.run(&made).expect(0).says("not shown again").stdout.trim().to_owned()
    };
    place.run(&["serve", "--api-keys", "factlog.apikeys"]).expect(2).says("factlog.apikeys");
    let (writer, reader) = (key("acme", "writer"), key("acme", "reader"));
    place.run(&["api-key", "new", "--tenant", "acme", "--role", "owner"]).expect(2).says("writer");
    let keys = ["--api-keys", "factlog.apikeys", "--listen", "0.0.0.0:0"];
    let serving = Serving::start_on(&place, &keys);
    let address = serving.started["listening"].as_str().unwrap();
    assert!(address.starts_with("http://0.0.0.0:"), "{address}");
    let headers = |key: &str| format!("{JSON}authorization: Bearer {key}\r\n");
    let post = |key: &str| serving.post("/v1/traces", &headers(key), &one_span(1)).unwrap().0;
    assert_eq!((post(&writer), post(&reader), post("nonsense")), (200, 403, 401));
    assert_eq!(serving.get("/api/v1/logs/llm-runs").0, 401);
    serving.signal("-TERM");
    assert_eq!(serving.wait(), Some(0));
    let report = place.run(&["ledger", "verify", "--json", "--tenant", "acme"]).expect(0).json();
    assert_eq!(report["entries"], 1);
    assert_eq!(report["tenants"][0]["signed_size"], 1);
}
