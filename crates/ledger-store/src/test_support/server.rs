//! A PostgreSQL server from the installed programs, in a folder of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

const SCRIPT: &str = include_str!("server.sh");

/// A server with its data in a temporary folder, `fsync` on, reached by TCP on a free port and by a
/// socket in its folder. The superuser is `factlog`, and nobody needs a password.
///
/// It is stopped and removed when this value is dropped, and also when the process ends in any other
/// way: a small guardian waits at a pipe whose other end this process holds.
#[derive(Debug)]
pub struct PostgresServer {
    guardian: Mutex<Guardian>,
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
}

#[derive(Debug)]
struct Guardian {
    process: Child,
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl PostgresServer {
    /// Starts a server, or says on standard error that none is installed.
    ///
    /// # Panics
    /// The server does not start; or none is installed, and `FACTLOG_REQUIRE_POSTGRES` is `1`.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_as("plain", None)
    }

    /// Starts one whose data lies in a folder below this one.
    ///
    /// # Panics
    /// As [`PostgresServer::start`].
    #[must_use]
    pub fn start_in(folder: &Path) -> Option<Self> {
        Self::start_as("plain", Some(folder))
    }

    /// Starts one that is reached by TCP with TLS alone, or says on standard error what is missing:
    /// its certificates are made by the program `openssl`.
    ///
    /// # Panics
    /// As [`PostgresServer::start`].
    #[must_use]
    pub fn start_with_tls() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            eprintln!(
                "SKIPPED: no openssl is installed to make certificates (apt-get install openssl)"
            );
            return None;
        }
        Self::start_as("tls", None)
    }

    fn start_as(kind: &str, folder: Option<&Path>) -> Option<Self> {
        let Some(programs) = programs() else {
            let required = std::env::var_os("FACTLOG_REQUIRE_POSTGRES").is_some_and(|v| v == "1");
            assert!(!required, "no PostgreSQL server is installed (apt-get install postgresql)");
            eprintln!("SKIPPED: no PostgreSQL server is installed (apt-get install postgresql)");
            return None;
        };
        // Between the choice of a port and its use somebody else may take it.
        let started = (0..5).find_map(|_| Self::try_start(&programs, kind, folder));
        Some(started.expect("a PostgreSQL server starts"))
    }

    /// The server that all tests of this process share.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<PostgresServer>> = OnceLock::new();
        SERVER.get_or_init(Self::start).as_ref()
    }

    fn try_start(programs: &Path, kind: &str, folder: Option<&Path>) -> Option<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut shell = Command::new("sh");
        if let Some(folder) = folder {
            shell.env("TMPDIR", folder);
        }
        let mut process = shell
            .args(["-c", SCRIPT, "sh"])
            .arg(programs)
            .args([&port.to_string(), kind])
            .env("SERVER_SCRIPT", SCRIPT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell runs");
        let words = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut guardian = Guardian { process, words, answers };
        let folder = PathBuf::from(guardian.answer()?);
        let guardian = Mutex::new(guardian);
        let programs = programs.to_owned();
        Some(Self { guardian, programs, folder, port, databases: AtomicU32::new(0) })
    }

    /// Makes an empty database, and gives its address.
    pub async fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut conn = PgConnection::connect(&self.socket_url("postgres")).await.unwrap();
        let create = format!("CREATE DATABASE {name} STRATEGY file_copy");
        conn.execute(AssertSqlSafe(create)).await.unwrap();
        conn.close().await.unwrap();
        self.url(&name)
    }

    /// Makes a login for a service of a ledger that is there, and gives its address.
    pub async fn service(&self, url: &str) -> String {
        let database = url.rsplit('/').next().unwrap_or_default();
        let login = format!("service_of_{database}");
        let mut conn = PgConnection::connect(&self.socket_url("postgres")).await.unwrap();
        let create = format!("CREATE ROLE {login} LOGIN IN ROLE factlog_app");
        conn.execute(AssertSqlSafe(create)).await.unwrap();
        conn.close().await.unwrap();
        self.url_as(&login, database)
    }

    /// The address of a database, as the superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_as("factlog", database)
    }

    /// The address of a database, as another login.
    #[must_use]
    pub fn url_as(&self, login: &str, database: &str) -> String {
        format!("postgres://{login}@127.0.0.1:{}/{database}", self.port)
    }

    /// The same by the socket.
    #[must_use]
    pub fn socket_url(&self, database: &str) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        format!("postgres://factlog@localhost:{port}/{database}?host={folder}")
    }

    /// The address of a database for whoever wants TLS: to this host, in this mode, by this CA (`ca`
    /// signed the server's certificate for `localhost`, `other` did not).
    #[must_use]
    pub fn tls_url(&self, host: &str, database: &str, mode: &str, ca: &str) -> String {
        let (port, folder) = (self.port, self.folder.display());
        format!(
            "postgres://factlog@{host}:{port}/{database}?sslmode={mode}&sslrootcert={folder}/{ca}.pem"
        )
    }

    /// A program of the same version: `pg_dump`, `pg_restore`.
    #[must_use]
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.programs.join(name))
    }

    /// The port that it listens on at 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it as an operator does: connections are cut, what was committed is kept.
    pub fn stop(&self) {
        self.say("stop");
    }

    /// Stops it as a power cut does: it recovers from its log when it starts again.
    pub fn crash(&self) {
        self.say("crash");
    }

    /// Starts it again.
    pub fn start_again(&self) {
        self.say("start");
    }

    fn say(&self, word: &str) {
        let mut guardian = self.guardian.lock().unwrap();
        let words = guardian.words.as_mut().expect("the guardian listens");
        writeln!(words, "{word}").unwrap();
        assert_eq!(guardian.answer().as_deref(), Some("done"), "the server does not {word}");
    }
}

impl Guardian {
    fn answer(&mut self) -> Option<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).ok().filter(|read| *read > 0)?;
        Some(line.trim_end().to_owned())
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.words.take());
        let _ = self.process.wait();
    }
}

/// Where `initdb` and its siblings are: where `pg_config` says, where Debian puts them, in the path.
fn programs() -> Option<PathBuf> {
    let config = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok();
    let said = config.and_then(|said| String::from_utf8(said.stdout).ok());
    let mut places: Vec<_> = said.map(|said| PathBuf::from(said.trim())).into_iter().collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<_> = versions.flatten().map(|at| at.path().join("bin")).collect();
        versions.sort();
        places.extend(versions.into_iter().rev());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    places.extend(std::env::split_paths(&path));
    places.into_iter().find(|place| place.join("initdb").exists() && place.join("pg_ctl").exists())
}
