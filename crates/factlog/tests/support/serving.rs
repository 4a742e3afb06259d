//! The real binary as a server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::Place;

pub struct Serving {
    process: Child,
    address: String,
    pub started: Value,
}

impl Serving {
    pub fn start(place: &Place, arguments: &[&str]) -> Self {
        Self::start_on(place, &[&["--listen", "127.0.0.1:0"], arguments].concat())
    }

    /// With the address to listen on among the arguments.
    pub fn start_on(place: &Place, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_factlog"))
            .args(["serve", "--json"])
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
    pub fn post(&self, path: &str, headers: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
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

    /// Begins a post of which the body never comes whole; the server is waiting for it.
    pub fn begin_post(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut leave = [0; 25];
        stream.read_exact(&mut leave).unwrap();
        assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    }

    pub fn post_file(&self, file: &Path) -> (u16, Vec<u8>) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let signal = ["traces", "logs", "metrics"].into_iter().find(|s| name.contains(s)).unwrap();
        let kind = if name.contains(".json") { "json" } else { "x-protobuf" };
        let mut headers = format!("content-type: application/{kind}\r\n");
        if name.ends_with(".gz") {
            headers.push_str("content-encoding: gzip\r\n");
        }
        self.post(&format!("/v1/{signal}"), &headers, &std::fs::read(file).unwrap()).unwrap()
    }

    /// Asks with GET: the status, the type, and the document.
    pub fn get(&self, path: &str) -> (u16, String, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or("");
        let document = serde_json::from_str(body).unwrap_or_else(|e| panic!("{path}: {e}: {body}"));
        (head[9..12].parse().unwrap(), kind.to_owned(), document)
    }

    /// The status of an answer that came whole; `None` where the connection broke before.
    pub fn status(&self, path: &str) -> Option<u16> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        let whole = length.parse().ok() == Some(body.len());
        head.get(9..12).filter(|_| whole)?.parse().ok()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    pub fn wait(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
