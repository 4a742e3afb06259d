//! A root checkpoint, an authority that OpenSSL plays behind a real socket, and the token checked
//! offline by this program and by OpenSSL.

#![cfg(feature = "witness")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part of the witness")]

mod witness;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use logs_domain::{
    Access, DomainError, Hint, HttpTimestamps, HttpWitnesses, Input, LogsDomain, Place, TenantId,
    TimestampAuthority, TimestampTrust, TrustPolicy, verify_root_timestamp_file,
};
use witness::Witness;

const CONFIG: &str = "
[ tsa ]
default_tsa = it
[ it ]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[ stamps ]
extendedKeyUsage = critical, timeStamping
";

/// An authority in a folder, which counts how often it was asked.
struct Authority {
    folder: tempfile::TempDir,
    url: String,
    asked: Arc<AtomicUsize>,
}

fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    let ran = Command::new("openssl").args(arguments).current_dir(folder).output();
    ran.expect("this test needs the command `openssl`").status.success()
}

impl Authority {
    fn start(kind: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::write(path.join("tsa.cnf"), CONFIG).unwrap();
        std::fs::write(path.join("serial"), "01\n").unwrap();
        let made = openssl(
            path,
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                "tsa.key",
                "-out",
                "tsa.pem",
                "-days",
                "3650",
                "-subj",
                "/CN=tsa.test",
                "-addext",
                "extendedKeyUsage = critical, timeStamping",
            ],
        );
        assert!(made, "openssl made no certificate");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tsr", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (own, count) = (path.to_owned(), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut length = 0;
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    let before = head.len();
                    if reader.read_line(&mut head).unwrap() == 0 {
                        break;
                    }
                    let line = head[before..].to_ascii_lowercase();
                    if let Some(value) = line.strip_prefix("content-length: ") {
                        length = value.trim().parse().unwrap();
                    }
                }
                let mut query = vec![0; length];
                reader.read_exact(&mut query).unwrap();
                assert!(head.contains("application/timestamp-query"), "{head}");
                count.fetch_add(1, Ordering::SeqCst);
                let answer = answer(&own, &query);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    answer.len()
                );
                stream.write_all(&[head.as_bytes(), &answer].concat()).unwrap();
            }
        });
        Self { folder, url, asked }
    }

    fn pem(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("tsa.pem")).unwrap()
    }

    fn as_trusted(&self) -> TimestampAuthority {
        TimestampAuthority {
            url: self.url.clone(),
            trust: TimestampTrust::parse(&self.pem()).unwrap(),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(folder: &Path, query: &[u8]) -> Vec<u8> {
    std::fs::write(folder.join("query"), query).unwrap();
    let made = openssl(
        folder,
        &[
            "ts",
            "-reply",
            "-config",
            "tsa.cnf",
            "-section",
            "it",
            "-queryfile",
            "query",
            "-signer",
            "tsa.pem",
            "-inkey",
            "tsa.key",
            "-out",
            "answer",
        ],
    );
    assert!(made, "openssl gave no answer");
    std::fs::read(folder.join("answer")).unwrap()
}

struct Log {
    folder: tempfile::TempDir,
    domain: LogsDomain,
    policy: TrustPolicy,
}

impl Log {
    /// One tenant, one witness.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            url: format!("sqlite://{}", folder.path().join("factlog.db").display()),
            key_file: folder.path().join("factlog.key"),
        };
        LogsDomain::init(&place, "logs.test").await.unwrap().close().await.unwrap();
        let domain = LogsDomain::open(&place, Access::Write).await.unwrap();
        let root = domain.verifier_key(&LogsDomain::root_log().unwrap()).unwrap();
        let witness = Witness::start(5);
        witness.trust(root.clone());
        let text = format!("log {root}\nwitness w {} {}\nquorum w\n", witness.key, witness.url);
        let policy = TrustPolicy::parse(&text).unwrap();
        let log = Self { folder, domain, policy };
        log.record("first").await;
        log
    }

    async fn record(&self, what: &str) {
        let line = format!(
            r#"{{"kind":"audit.event","occurred_at":"2026-11-23T08:00:00Z","body":{{"event":"{what}"}}}}"#
        );
        let input = Input::open(&self.keep("facts.jsonl", line.as_bytes()), 1 << 20).unwrap();
        let acme = TenantId::parse("acme").unwrap();
        self.domain.import(&acme, input, Hint::default()).await.unwrap();
    }

    async fn publish(&self) -> String {
        self.domain.publish_root(&self.policy, &HttpWitnesses::new()).await.unwrap().note
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_checkpoint_is_stamped_once_kept_and_checked_offline() {
    let (log, authority) = (Log::new().await, Authority::start("application/timestamp-reply"));
    let (trusted, client) = (authority.as_trusted(), HttpTimestamps::new());
    let note = log.publish().await;
    let proof = log.domain.prove_in_root(&TenantId::parse("acme").unwrap(), None).await.unwrap();
    let none = log.domain.root_timestamp(&proof).await;
    assert!(matches!(none, Err(DomainError::NoSuchFact(_))), "{none:?}");

    let stamped = log.domain.timestamp_root(&note, &trusted, &client).await.unwrap();
    assert_eq!(
        (stamped.stated.signer.as_str(), stamped.stated.policy.as_str()),
        ("tsa.test", "1.2.3.4.1")
    );
    let again = log.domain.timestamp_root(&note, &trusted, &client).await.unwrap();
    assert_eq!((&again, authority.asked()), (&stamped, 1));
    assert_eq!(log.domain.root_timestamp(&proof).await.unwrap(), stamped.token);

    let (proof_file, token) =
        (log.keep("proof", proof.as_bytes()), log.keep("token", &stamped.token));
    let checked = verify_root_timestamp_file(&proof_file, &token, &trusted.trust).unwrap();
    assert_eq!(checked, Ok(stamped.stated));
    log.keep("note", note.as_bytes());
    log.keep("tsa.pem", authority.pem().as_bytes());
    let arguments =
        ["ts", "-verify", "-token_in", "-in", "token", "-data", "note", "-CAfile", "tsa.pem"];
    assert!(openssl(log.folder.path(), &arguments), "openssl does not believe the token");

    // Another authority is another word, and another checkpoint another thing.
    let other = Authority::start("application/timestamp-reply");
    let theirs = log.domain.timestamp_root(&note, &other.as_trusted(), &client).await.unwrap();
    assert_ne!(theirs.token, stamped.token);
    let wrong = verify_root_timestamp_file(&proof_file, &token, &other.as_trusted().trust).unwrap();
    assert!(wrong.unwrap_err().contains("neither trusted"));
    log.record("second").await;
    let next = log.publish().await;
    assert_ne!(next, note);
    log.domain.timestamp_root(&next, &trusted, &client).await.unwrap();
    assert_eq!(authority.asked(), 2);
    // The first proof keeps its own tokens, and the root log holds.
    assert_eq!(log.domain.root_timestamp(&proof).await.unwrap(), theirs.token);
    let root = LogsDomain::root_log().unwrap();
    assert_eq!(log.domain.verify(&root, &[], &|_| {}).await.unwrap().findings, []);
}

#[track_caller]
fn unstamped(result: Result<impl std::fmt::Debug, DomainError>, says: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, DomainError::Timestamp { .. }), "{error:?}");
    assert!(error.to_string().contains(says), "wanted `{says}` in: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_token_to_be_believed_is_not_kept() {
    let (log, client) = (Log::new().await, HttpTimestamps::new());
    let note = log.publish().await;
    let size = log.domain.size(&LogsDomain::root_log().unwrap()).await.unwrap();

    let authority = Authority::start("application/timestamp-reply");
    let stranger = Authority::start("application/timestamp-reply");
    let trust = stranger.as_trusted().trust;
    let distrusted = TimestampAuthority { url: authority.url.clone(), trust };
    unstamped(log.domain.timestamp_root(&note, &distrusted, &client).await, "neither trusted");

    let page = Authority::start("text/html");
    unstamped(log.domain.timestamp_root(&note, &page.as_trusted(), &client).await, "`text/html`");

    let away = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let away = TimestampAuthority { url: away, ..authority.as_trusted() };
    unstamped(log.domain.timestamp_root(&note, &away, &client).await, "gave no time-stamp");
    let after = log.domain.size(&LogsDomain::root_log().unwrap()).await.unwrap();
    assert_eq!(size, after);
}
