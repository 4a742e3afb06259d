//! A server on a free port of this machine, and somebody who speaks HTTP with it by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ledger_store::test_support::PostgresServer;
use logs_api::{ApiKeys, Callers, Limits, Server};
use logs_domain::{Access, CheckpointPolicy, DomainBuilder, LogsDomain, TenantId};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub struct Served {
    pub folder: tempfile::TempDir,
    pub address: SocketAddr,
    pub domain: Arc<LogsDomain>,
    pub tenant: TenantId,
    pub told: Arc<Mutex<Vec<String>>>,
    url: String,
    builder: DomainBuilder,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
    pub runtime: Arc<Runtime>,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

pub fn runtime() -> Arc<Runtime> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    Arc::new(runtime.worker_threads(2).enable_all().build().unwrap())
}

impl Served {
    pub fn new() -> Self {
        Self::with(Limits::default(), CheckpointPolicy::default())
    }

    pub fn limited(limits: Limits) -> Self {
        Self::with(limits, CheckpointPolicy::default())
    }

    pub fn with(limits: Limits, policy: CheckpointPolicy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = folder.path().join("factlog.db").display().to_string();
        Self::at(runtime(), folder, &url, limits, policy)
    }

    /// A server that asks for the keys of a file.
    pub fn with_keys(folder: tempfile::TempDir, keys: ApiKeys) -> Self {
        let url = folder.path().join("factlog.db").display().to_string();
        let (limits, policy) = (Limits::default(), CheckpointPolicy::default());
        Self::start(runtime(), folder, &url, limits, policy, Callers::Holders(keys))
    }

    /// A server over a fresh database of PostgreSQL.
    pub fn on(server: &PostgresServer) -> Self {
        let runtime = runtime();
        let url = runtime.block_on(server.database());
        let folder = tempfile::tempdir().unwrap();
        Self::at(runtime, folder, &url, Limits::default(), CheckpointPolicy::default())
    }

    /// From here on its database can be read, and nothing can be recorded.
    pub fn refuse_writes(&self, server: &PostgresServer) {
        self.run_sql(server, "CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space'; END $$");
        self.run_sql(server, "CREATE TRIGGER full_up BEFORE INSERT ON commits FOR EACH ROW EXECUTE FUNCTION full_up()");
    }

    /// As before [`Served::refuse_writes`].
    pub fn take_writes(&self, server: &PostgresServer) {
        self.run_sql(server, "DROP TRIGGER full_up ON commits; DROP FUNCTION full_up()");
    }

    fn run_sql(&self, server: &PostgresServer, text: &str) {
        let mut psql = server.program("psql");
        let asked = psql.args([&self.url, "-v", "ON_ERROR_STOP=1", "-qc", text]);
        assert!(asked.status().unwrap().success(), "{text}");
    }

    /// A server over a fresh database at a URL, with its key in the folder.
    pub fn at(
        runtime: Arc<Runtime>,
        folder: tempfile::TempDir,
        url: &str,
        limits: Limits,
        policy: CheckpointPolicy,
    ) -> Self {
        let callers = Callers::ThisMachine(TenantId::parse("acme").unwrap());
        Self::start(runtime, folder, url, limits, policy, callers)
    }

    fn start(
        runtime: Arc<Runtime>,
        folder: tempfile::TempDir,
        url: &str,
        limits: Limits,
        policy: CheckpointPolicy,
        callers: Callers,
    ) -> Self {
        let key = folder.path().join("factlog.key");
        let builder = LogsDomain::builder(url).key_file(key).checkpoints(policy);
        let made = builder.clone();
        let domain = runtime.block_on(async { made.init("logs.test").await.unwrap() });
        let (domain, tenant) = (Arc::new(domain), TenantId::parse("acme").unwrap());
        let told = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&told);
        let report = Arc::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()));
        let free = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(free, Arc::clone(&domain), callers, limits, report);
        let server = runtime.block_on(server).unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = runtime.spawn(server.run(async { drop(stopped.await) }));
        let (stop, running) = (Some(stop), Some(running));
        let url = url.to_owned();
        Self { folder, address, domain, tenant, told, url, builder, stop, running, runtime }
    }

    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    /// A request whose head and body are whole.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(&request(method, path, headers, body)).unwrap();
        answer(&mut stream)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        self.ask("POST", path, &[("content-type", kind)], body)
    }

    /// A captured body as its SDK posted it.
    pub fn replay(&self, post: &Post) -> Answer {
        let method = post.told["method_override"].as_str().unwrap_or("POST");
        let hop = ["host", "connection", "content-length"];
        let headers: Vec<(&str, &str)> = post.told["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|header| (header[0].as_str().unwrap(), header[1].as_str().unwrap()))
            .filter(|(name, _)| !hop.contains(&name.to_ascii_lowercase().as_str()))
            .collect();
        self.ask(method, post.told["path"].as_str().unwrap(), &headers, &post.body)
    }

    /// The fact at a place, past the server.
    #[track_caller]
    pub fn fact(&self, seq: u64) -> Value {
        let found = self.domain.logs().entry_at(&self.tenant, seq);
        let answer = self.runtime.block_on(found).unwrap();
        let fact = answer.value.unwrap_or_else(|| panic!("nothing at {seq}")).fact;
        logs_api::shape::object(fact.as_object().unwrap())
    }

    pub fn size(&self) -> u64 {
        self.runtime.block_on(self.domain.size(&self.tenant)).unwrap()
    }

    /// Asks the server to end, without waiting for it.
    pub fn ask_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until the server has ended, closes the database, and verifies what is in it.
    pub fn end(mut self) -> u64 {
        if self.stop.is_some() {
            self.ask_to_stop();
        }
        self.runtime.block_on(self.running.take().unwrap()).unwrap();
        let domain = Arc::into_inner(self.domain).unwrap();
        self.runtime.block_on(async {
            domain.close().await.unwrap();
            let domain = self.builder.open(Access::Read).await.unwrap();
            let report = domain.verify(&self.tenant, &[], &|_| {}).await.unwrap();
            assert_eq!(report.findings, []);
            report.entries
        })
    }
}

pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = head(method, path, headers, body.len());
    bytes.extend_from_slice(body);
    bytes
}

/// The head of a request whose body is so long.
pub fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {length}\r\n\r\n"));
    head.into_bytes()
}

/// Reads one answer to its end.
pub fn answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    parse(&bytes)
}

pub fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(bytes)));
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    let headers: Vec<_> = lines.map(header).collect();
    Answer { status, headers, body: bytes[end + 4..].to_vec() }
}

/// A captured post: what its manifest says of it, and its bytes.
pub struct Post {
    pub told: Value,
    pub body: Vec<u8>,
}

pub fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/tests/data/otel")
}

/// The posts of a folder of captures, in the order in which they came.
pub fn posts(folder: &str) -> Vec<Post> {
    let folder = captures().join(folder);
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    manifest
        .lines()
        .map(|line| {
            let told: Value = serde_json::from_str(line).unwrap();
            let body = std::fs::read(folder.join(told["file"].as_str().unwrap())).unwrap();
            Post { told, body }
        })
        .collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A traces post in JSON of so many spans, whose ids begin at a number.
pub fn spans(first: u64, count: u64) -> Vec<u8> {
    let span = |n: u64| {
        let n = n + 1;
        format!(
            r#"{{"traceId":"{n:032x}","spanId":"{n:016x}","name":"chat","startTimeUnixNano":"1","endTimeUnixNano":"2","attributes":[{{"key":"gen_ai.operation.name","value":{{"stringValue":"chat"}}}}]}}"#
        )
    };
    let spans: Vec<_> = (first..first + count).map(span).collect();
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","))
        .into_bytes()
}

pub const JSON: &str = "application/json";
pub const PROTOBUF: &str = "application/x-protobuf";
