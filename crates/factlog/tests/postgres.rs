//! The whole way through the real binary, with a PostgreSQL database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ledger_store::test_support::PostgresServer;
use support::{Place, bodies};

#[tokio::test]
async fn a_capture_is_recorded_verified_exported_and_signed_as_with_a_file() {
    let Some(server) = PostgresServer::shared() else { return };
    // By the socket, as a local service would connect.
    let tcp = server.database().await;
    let url = server.socket_url(tcp.rsplit('/').next().unwrap());
    let place = Place::empty();
    let env = [("DATABASE_URL", url.as_str())];
    place.run_with(&["ledger", "verify"], &env).expect(3).says("factlog init");
    place.run_with(&["init", "--origin", "logs.test"], &env).expect(0);
    assert!(place.path("factlog.key").exists(), "the key lies in the working directory");

    let file = Place::new();
    for folder in ["02_proto_gzip_retry", "10_openai_agents", "mcp_spans"] {
        let mut arguments = vec!["import", "--json", "--tenant", "acme"];
        let bodies = bodies(folder);
        arguments.extend(bodies.iter().map(|body| body.to_str().unwrap()));
        let recorded = place.run_with(&arguments, &env).expect(0).json();
        assert_eq!(recorded, file.import(&bodies).expect(0).json(), "{folder}");
        let again = place.run_with(&arguments, &env).expect(0).json();
        assert_eq!((&again["facts"], &again["conflicts"]), (&0.into(), &0.into()), "{folder}");
    }
    let runs = ["runs", "--json", "--limit", "500"];
    let listed = place.run_with(&runs, &env).expect(0).json();
    assert_eq!(listed["items"], file.run(&runs).expect(0).json()["items"]);

    place.run_with(&["ledger", "checkpoint"], &env).expect(0);
    let report = place.run_with(&["ledger", "verify", "--json"], &env).expect(0).json();
    assert_eq!(report["holds"], true);
    assert_eq!(report["entries"], report["tenants"][0]["signed_size"]);

    let run = listed["items"][0]["run_id"].as_str().unwrap();
    let export = ["export", "evidence", "--run", run, "--out", "run.zip"];
    place.run_with(&export, &env).expect(0);
    place.run(&["bundle", "verify", "run.zip"]).expect(0);

    let missing = [("DATABASE_URL", "postgres://me:secret@127.0.0.1:1/none")];
    let failed = place.run_with(&["runs"], &missing).expect(3);
    assert!(!failed.stderr.contains("secret"), "{}", failed.stderr);
    place.run_with(&["init", "--key-file", "other.key"], &env).expect(2).says("never overwritten");
    assert!(!place.path("other.key").exists());
}

#[tokio::test]
async fn two_processes_import_into_one_tenant_at_once() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database().await;
    let place = Place::empty();
    let env = [("DATABASE_URL", url.as_str())];
    place.run_with(&["init", "--origin", "logs.test"], &env).expect(0);
    // Half of what each imports is imported by the other too.
    let import = |folders: [&str; 2]| {
        let bodies = folders.map(bodies).concat();
        let mut arguments = vec!["import", "--json", "--tenant", "acme"];
        arguments.extend(bodies.iter().map(|body| body.to_str().unwrap()));
        place.run_with(&arguments, &env).expect(0).json()
    };
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| import(["02_proto_gzip_retry", "10_openai_agents"]));
        let other = scope.spawn(|| import(["02_proto_gzip_retry", "mcp_spans"]));
        (one.join().unwrap(), other.join().unwrap())
    });
    assert_eq!((&one["conflicts"], &other["conflicts"]), (&0.into(), &0.into()));

    let file = Place::new();
    let folders = ["02_proto_gzip_retry", "10_openai_agents", "mcp_spans"];
    let alone = file.import(&folders.map(bodies).concat()).expect(0).json();
    let facts = |summary: &serde_json::Value| summary["facts"].as_u64().unwrap();
    assert_eq!(facts(&one) + facts(&other), facts(&alone), "each fact was recorded once");
    let report = place.run_with(&["ledger", "verify", "--json"], &env).expect(0).json();
    assert_eq!(report["entries"], alone["facts"]);
}
