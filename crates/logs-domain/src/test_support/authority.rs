//! An authority of RFC 3161 that OpenSSL plays behind a real socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{TimestampAuthority, TimestampTrust};

/// Is there an `openssl`? If not, says so.
#[must_use]
pub fn installed() -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok();
    if !there {
        eprintln!(
            "SKIPPED: no openssl is installed to play an authority (apt-get install openssl)"
        );
    }
    there
}

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
#[derive(Debug)]
pub struct Authority {
    folder: tempfile::TempDir,
    /// Where it listens.
    pub url: String,
    asked: Arc<AtomicUsize>,
}

/// Did this run of OpenSSL, in this folder, succeed?
#[must_use]
pub fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    let ran = Command::new("openssl").args(arguments).current_dir(folder).output();
    ran.expect("this test needs the command `openssl`").status.success()
}

impl Authority {
    /// Answers with what OpenSSL makes, and says that it is of this type.
    #[must_use]
    pub fn start(kind: &'static str) -> Self {
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

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("tsa.pem")).unwrap()
    }

    /// The authority as somebody who trusts it names it.
    #[must_use]
    pub fn as_trusted(&self) -> TimestampAuthority {
        TimestampAuthority {
            url: self.url.clone(),
            trust: TimestampTrust::parse(&self.pem()).unwrap(),
        }
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
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
