//! Fresh domains over both databases, and the words that all tests share.

#![allow(clippy::unwrap_used)]
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use ledger_store::test_support::PostgresServer;
use logs_domain::{DomainBuilder, LogsDomain, RunId, TenantId, Timestamp};

/// Whose facts the tests record.
pub fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

/// A run by its id.
pub fn run_id(run: &str) -> RunId {
    RunId::parse(run).unwrap()
}

/// So many seconds after the year began.
pub fn at(seconds: i64) -> Timestamp {
    let base = Timestamp::parse("2026-01-01T00:00:00Z").unwrap().as_unix_nanos();
    Timestamp::from_unix_nanos(base + i128::from(seconds) * 1_000_000_000).unwrap()
}

/// A fresh domain in each database.
pub async fn domains() -> (tempfile::TempDir, Vec<LogsDomain>) {
    domains_with(|builder| builder).await
}

/// A fresh domain in each database, run in another way than by default.
pub async fn domains_with(
    other: impl Fn(DomainBuilder) -> DomainBuilder,
) -> (tempfile::TempDir, Vec<LogsDomain>) {
    let folder = tempfile::tempdir().unwrap();
    let mut urls = vec![format!("sqlite://{}", folder.path().join("factlog.db").display())];
    if let Some(server) = PostgresServer::shared() {
        urls.push(server.database().await);
    }
    let mut domains = Vec::new();
    for (n, url) in urls.into_iter().enumerate() {
        let home = folder.path().join(n.to_string());
        std::fs::create_dir_all(&home).unwrap();
        let builder = LogsDomain::builder(url).key_file(home.join("factlog.key"));
        domains.push(other(builder).init("logs.test").await.unwrap());
    }
    (folder, domains)
}
