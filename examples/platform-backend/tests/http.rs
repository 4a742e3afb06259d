//! The backend on a free port: what it is told comes back, after a restart too.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

struct Backend {
    process: Child,
    address: String,
}

impl Backend {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_platform-backend"))
            .arg(folder)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { process, address }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        (status, body)
    }
}

/// Killed, as a machine may be: what was answered for is durable.
impl Drop for Backend {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_run_is_recorded_listed_shown_and_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let backend = Backend::start(folder.path());
    let run = json!({
        "run": "r-1",
        "agent": "support",
        "steps": [{"skill": "lookup_order"}, {"skill": "refund", "error": "timeout"}],
    });
    let (status, recorded) = backend.ask("POST", "/runs", &run.to_string());
    assert_eq!((status, &recorded["entries"]), (200, &json!(8)), "{recorded}");
    let (status, again) = backend.ask("POST", "/runs", &run.to_string());
    assert_eq!(status, 409, "the clock went on, so that it is another start: {again}");
    drop(backend);

    let backend = Backend::start(folder.path());
    let (status, list) = backend.ask("GET", "/runs?agent=support&limit=1", "");
    assert_eq!((status, list["items"].as_array().unwrap().len()), (200, 1));
    assert_eq!(
        (&list["has_more"], &list["items"][0]["status"]),
        (&json!(false), &json!("completed"))
    );
    let (_, none) = backend.ask("GET", "/runs?agent=nobody", "");
    assert_eq!(none["items"], json!([]));
    let (status, shown) = backend.ask("GET", "/runs/r-1", "");
    assert_eq!(
        (status, &shown["run"]["tools"], &shown["run"]["errors"]),
        (200, &json!(2), &json!(1))
    );
    assert_eq!(shown["steps"][2], json!({"name": "refund", "error": "timeout"}));
    assert_eq!(backend.ask("GET", "/runs/r-2", "").0, 404);
    assert_eq!(backend.ask("GET", "/runs?limit=0", "").0, 400);
    assert_eq!(backend.ask("GET", "/runs?cursor=x", "").0, 400);
}
