//! The receiver as it is run: started, posted to, stopped, killed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![cfg(unix)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use support::{Place, bodies};

struct Serving {
    process: Child,
    address: String,
    started: Value,
}

impl Serving {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_factlog"))
            .args(["serve", "--json", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(place.folder.path())
            .env_remove("DATABASE_URL")
            .env_remove("FACTLOG_KEY_FILE")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let address = started["listening"].as_str().unwrap().strip_prefix("http://").unwrap();
        Self { process, address: address.to_owned(), started }
    }

    /// Sends a body; `None` where the connection broke before the answer was whole.
    fn post(&self, path: &str, headers: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let status = std::str::from_utf8(&answer[9..12]).ok()?.parse().ok()?;
        Some((status, answer[end + 4..].to_vec()))
    }

    fn post_file(&self, file: &Path) -> (u16, Vec<u8>) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let signal = ["traces", "logs", "metrics"].into_iter().find(|s| name.contains(s)).unwrap();
        let kind = if name.contains(".json") { "json" } else { "x-protobuf" };
        let mut headers = format!("content-type: application/{kind}\r\n");
        if name.ends_with(".gz") {
            headers.push_str("content-encoding: gzip\r\n");
        }
        self.post(&format!("/v1/{signal}"), &headers, &std::fs::read(file).unwrap()).unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    fn wait(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

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
