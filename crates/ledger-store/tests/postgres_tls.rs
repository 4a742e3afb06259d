//! TLS to a PostgreSQL server whose certificates are made for the test.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use ledger_store::test_support::PostgresServer;
use ledger_store::{Ledger, OpenMode};
use sqlx::{Connection, PgConnection};
use store_traits::{CommitOutcome, LedgerStore};
use support::{batch, head, open, tenant};

/// Connections of the program, and those of them that are encrypted; asked by the socket.
async fn encrypted(server: &PostgresServer, database: &str) -> (i64, i64) {
    let mut conn = PgConnection::connect(&server.socket_url(database)).await.unwrap();
    sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE s.ssl) FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid)
         WHERE a.application_name = 'factlog' AND a.datname = $1",
    )
    .bind(database)
    .fetch_one(&mut conn)
    .await
    .unwrap()
}

fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn a_ledger_is_made_and_used_over_tls() {
    let Some(server) = PostgresServer::start_with_tls() else { return };
    for (mode, host, ca) in [
        ("require", "127.0.0.1", "ca"),
        ("verify-ca", "127.0.0.1", "ca"),
        ("verify-full", "localhost", "ca"),
    ] {
        let url = server.database().await;
        let url = server.tls_url(host, name(&url), mode, ca);
        Ledger::create(&url, "log.example").await.unwrap();
        let ledger = open(&url, OpenMode::ReadWrite).await.unwrap();
        assert_eq!(ledger.commit(&batch(0, 300)).await.unwrap(), CommitOutcome::Committed);
        assert_eq!(ledger.head(&tenant()).await.unwrap(), head(300));
        let database = name(url.split('?').next().unwrap());
        let (all, encrypted) = encrypted(&server, database).await;
        assert!(all > 0, "{mode}");
        assert_eq!(encrypted, all, "{mode}");
    }
}

#[tokio::test]
async fn without_a_mode_tls_is_used_where_the_server_has_it() {
    let Some(server) = PostgresServer::start_with_tls() else { return };
    let url = server.database().await;
    Ledger::create(&url, "log.example").await.unwrap();
    let ledger = open(&url, OpenMode::ReadWrite).await.unwrap();
    assert_eq!(ledger.commit(&batch(0, 1)).await.unwrap(), CommitOutcome::Committed);
    let (all, encrypted) = encrypted(&server, name(&url)).await;
    assert!(all > 0 && encrypted == all);
    // The server takes nobody in the clear, and that is what `disable` asks for.
    let error = open(&format!("{url}?sslmode=disable"), OpenMode::ReadWrite).await.unwrap_err();
    assert!(error.to_string().contains("no encryption"), "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_show_who_it_is_is_refused() {
    let Some(server) = PostgresServer::start_with_tls() else { return };
    let url = server.database().await;
    Ledger::create(&url, "log.example").await.unwrap();
    for (host, mode, ca, why) in [
        ("localhost", "verify-full", "other", "UnknownIssuer"),
        ("localhost", "verify-ca", "other", "UnknownIssuer"),
        ("127.0.0.1", "verify-full", "ca", "not valid for name"),
    ] {
        let url = server.tls_url(host, name(&url), mode, ca);
        for error in [
            open(&url, OpenMode::ReadWrite).await.unwrap_err(),
            Ledger::create(&url, "log.example").await.unwrap_err(),
        ] {
            let said = error.to_string();
            assert!(said.contains(why), "{mode} {host} {ca}: {said}");
            assert!(said.contains("is `sslrootcert` the CA"), "{said}");
            assert!(!said.contains("pem"), "options are not shown: {said}");
        }
    }
    let lost = server.tls_url("localhost", name(&url), "verify-full", "lost");
    let error = open(&lost, OpenMode::ReadWrite).await.unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = format!("{}?sslmode=require", server.database().await);
    let error = Ledger::create(&url, "log.example").await.unwrap_err();
    assert!(error.to_string().contains("`ssl = on`"), "{error}");
}
