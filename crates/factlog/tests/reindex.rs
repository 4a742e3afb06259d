//! `factlog ledger reindex --into`: the same record in another database, with its index made anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ledger_store::test_support::PostgresServer;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use support::{Place, bodies};

/// Each topic has rows: runs, audit facts, the environment, exports, incidents.
const NATIVE: &str = r#"{"kind":"audit.authorization","occurred_at":"2026-11-23T08:00:00Z","key":"a-1","run_id":"run-a","incident_ids":["inc-1"],"policy_ids":["policy-7"],"actor":{"kind":"human","subject":"u-9"},"body":{"decision":{"outcome":"deny"}}}
{"kind":"system.telemetry","occurred_at":"2026-11-23T08:00:01Z","key":"s-1","actor":{"kind":"system","component":"host"},"body":{"event":"memory","value":"high","count":3,"unit":"percent"}}
{"kind":"run.completed","occurred_at":"2026-11-23T08:00:02Z","key":"r-1","run_id":"run-a","actor":{"kind":"agent","name":"clerk"},"body":{"status":"completed"}}
"#;

/// A ledger in several commits, with contents, an export and a checkpoint.
fn recorded() -> Place {
    let place = Place::new();
    place.import(&bodies("02_proto_gzip_retry")).expect(0);
    place.import(&bodies("mcp_spans")).expect(0);
    std::fs::write(place.path("native.jsonl"), NATIVE).unwrap();
    place.import(&[place.path("native.jsonl")]).expect(0);
    place.run(&["export", "evidence", "--run", "run-a", "--out", "run.zip"]).expect(0);
    place.run(&["ledger", "checkpoint"]).expect(0);
    place
}

async fn connected(place: &Place) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(place.path("factlog.db"));
    // Typed rows refer to a table that is gone; factlog does not ask for it either.
    options.foreign_keys(false).connect().await.unwrap()
}

/// Tables whose rows are not the same in `factlog.db` and another file, but for the order in which they
/// were written.
fn differing(place: &Place, other: &str) -> Vec<String> {
    const TABLES: &str = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name";
    run(async {
        let mut conn = connected(place).await;
        let attach = format!("ATTACH '{}' AS other", place.path(other).display());
        sqlx::query(AssertSqlSafe(attach)).execute(&mut conn).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut conn).await.unwrap();
        assert!(tables.len() > 14, "{tables:?}");
        let mut differing = Vec::new();
        for table in tables {
            let count = format!(
                "SELECT (SELECT count(*) FROM (SELECT * FROM main.{table} EXCEPT SELECT * FROM other.{table}))
                      + (SELECT count(*) FROM (SELECT * FROM other.{table} EXCEPT SELECT * FROM main.{table}))
                      + abs((SELECT count(*) FROM main.{table}) - (SELECT count(*) FROM other.{table}))"
            );
            let rows: i64 =
                sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut conn).await.unwrap();
            if rows > 0 {
                differing.push(table);
            }
        }
        conn.close().await.unwrap();
        differing
    })
}

fn meddle(place: &Place, statements: &[&str]) {
    run(async {
        let mut conn = connected(place).await;
        for statement in statements {
            let query = sqlx::query(AssertSqlSafe((*statement).to_owned()));
            let done = query.execute(&mut conn).await.unwrap();
            assert!(done.rows_affected() > 0 || statement.contains("TRIGGER"), "{statement}");
        }
        conn.close().await.unwrap();
    });
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}

fn into(place: &Place, url: &str) -> Value {
    place.run(&["ledger", "reindex", "--into", url, "--json"]).expect(0).json()
}

#[test]
fn an_index_that_somebody_edited_is_made_anew_and_the_old_one_stays_as_evidence() {
    let place = recorded();
    std::fs::copy(place.path("factlog.db"), place.path("before.db")).unwrap();
    meddle(
        &place,
        &[
            "DROP TRIGGER run_entries_no_delete",
            "DELETE FROM run_entries WHERE run_id = 'run-a'",
            "DROP TRIGGER labels_of_runs_no_update",
            "UPDATE labels_of_runs SET value = value || '?' WHERE name = 'agent'",
            "DROP TRIGGER audit_events_no_update",
            "UPDATE audit_events SET actor = 'nobody'",
            "DROP TRIGGER audit_labels_no_delete",
            "DELETE FROM audit_labels",
            "DROP TRIGGER system_events_no_update",
            "UPDATE system_events SET value = 'low'",
            "DROP TRIGGER fact_refs_no_delete",
            "DELETE FROM fact_refs",
            "DROP TRIGGER exports_no_update",
            "UPDATE exports SET profile = 'none'",
        ],
    );
    let edited = std::fs::read(place.path("factlog.db")).unwrap();
    place.run(&["ledger", "verify"]).expect(1);

    let made = into(&place, "sqlite://new.db");
    let tenant = &made["tenants"][0];
    assert_eq!((&tenant["tenant"], &tenant["before"]), (&"acme".into(), &0.into()));
    assert_eq!(tenant["checkpoints"], 2, "the export signed one");
    assert!(tenant["entries"].as_u64().unwrap() > 20 && tenant["contents"].as_u64().unwrap() > 0);
    let env = [("DATABASE_URL", "sqlite://new.db")];
    let report = place.run_with(&["ledger", "verify", "--json"], &env).expect(0).json();
    assert_eq!((&report["holds"], &report["entries"]), (&true.into(), &tenant["entries"]));
    let run = place.run_with(&["run", "run-a", "--json"], &env).expect(0).json();
    assert_eq!(run["steps"].as_array().unwrap().len(), 1, "{run}");
    assert_eq!(std::fs::read(place.path("factlog.db")).unwrap(), edited);

    // As it was before anybody meddled with it, row by row.
    let kept = place.path("edited.db");
    std::fs::rename(place.path("factlog.db"), kept).unwrap();
    std::fs::rename(place.path("before.db"), place.path("factlog.db")).unwrap();
    assert_eq!(differing(&place, "new.db"), [""; 0]);
    assert_ne!(differing(&place, "edited.db"), [""; 0]);
}

#[test]
fn what_came_since_is_brought_too_and_nothing_twice() {
    let place = recorded();
    let first = into(&place, "sqlite://new.db");
    place.import(&bodies("10_openai_agents")).expect(0);
    place.run(&["ledger", "checkpoint"]).expect(0);
    let second = into(&place, "sqlite://new.db");
    assert_eq!(second["tenants"][0]["before"], first["tenants"][0]["entries"]);
    assert_eq!(differing(&place, "new.db"), [""; 0]);
    let third = place.run(&["ledger", "reindex", "--into", "sqlite://new.db"]).expect(0);
    assert!(third.stdout.contains("all of them there before"), "{}", third.stdout);
    assert_eq!(differing(&place, "new.db"), [""; 0]);
}

#[test]
fn one_tenant_is_brought_alone_and_the_others_later() {
    let place = recorded();
    place.run(&["import", "--tenant", "globex", "native.jsonl"]).expect(0);
    let alone = ["ledger", "reindex", "--tenant", "globex", "--into", "sqlite://new.db", "--json"];
    let made = place.run(&alone).expect(0).json();
    assert_eq!(made["tenants"].as_array().unwrap().len(), 1);
    let env = [("DATABASE_URL", "sqlite://new.db")];
    place.run_with(&["ledger", "verify", "--tenant", "globex"], &env).expect(0);
    // The other one was signed, and is not in this database.
    let report = place.run_with(&["ledger", "verify", "--json"], &env).expect(1).json();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["findings"][0]["tenant"], "acme", "{report}");
    into(&place, "sqlite://new.db");
    assert_eq!(differing(&place, "new.db"), [""; 0]);
    let nobody = ["ledger", "reindex", "--tenant", "nobody", "--into", "sqlite://none.db"];
    place.run(&nobody).expect(2).says("`nobody` has no facts");
    assert!(!place.path("none.db").exists());
}

#[test]
fn the_way_to_postgresql_and_back_changes_nothing() {
    let Some(server) = PostgresServer::shared() else { return };
    let place = recorded();
    let url = run(server.database());
    into(&place, &url);
    let env = [("DATABASE_URL", url.as_str())];
    let there = place.run_with(&["ledger", "verify", "--json"], &env).expect(0).json();
    assert_eq!(there, place.run(&["ledger", "verify", "--json"]).expect(0).json());
    // It goes on there, and the whole comes back.
    let native = NATIVE.replace("08:00", "09:00").replace("-1\"", "-2\"");
    std::fs::write(place.path("more.jsonl"), native).unwrap();
    place.run_with(&["import", "--tenant", "acme", "more.jsonl"], &env).expect(0);
    let back = ["ledger", "reindex", "--into", "sqlite://back.db"];
    place.run_with(&back, &env).expect(0);
    place.run(&["import", "--tenant", "acme", "more.jsonl"]).expect(0);
    let of = |url: &str| {
        let env = [("DATABASE_URL", url)];
        place.run_with(&["ledger", "verify", "--json"], &env).expect(0).json()
    };
    assert_eq!(of("sqlite://back.db"), of(&url));
    assert_eq!(of("sqlite://back.db")["entries"], of("sqlite://factlog.db")["entries"]);
}

#[test]
fn other_records_are_left_alone() {
    let (place, other) = (recorded(), recorded());
    let elsewhere = format!("sqlite://{}", other.path("factlog.db").display());
    let before = std::fs::read(other.path("factlog.db")).unwrap();
    let refused = |url: &str, says: &str| {
        place.run(&["ledger", "reindex", "--into", url]).expect(2).says(says);
    };
    refused(&elsewhere, "are another history");
    refused("sqlite://factlog.db", "it is the database itself");
    refused("./factlog.db", "it is the database itself");
    let named = Place::empty();
    named.run(&["init", "--origin", "other.test"]).expect(0);
    let url = format!("sqlite://{}", named.path("factlog.db").display());
    refused(&url, "its origin is `other.test`, not `logs.test`");
    std::fs::write(place.path("text.db"), "no database").unwrap();
    place.run(&["ledger", "reindex", "--into", "sqlite://text.db"]).expect(2);
    assert_eq!(std::fs::read(place.path("text.db")).unwrap(), b"no database");
    assert_eq!(std::fs::read(other.path("factlog.db")).unwrap(), before);
}

#[test]
fn a_damaged_entry_is_named_and_once_it_is_restored_the_rest_is_brought() {
    let place = recorded();
    std::fs::copy(place.path("factlog.db"), place.path("whole.db")).unwrap();
    let third = "(SELECT first_seq FROM blocks ORDER BY first_seq LIMIT 1 OFFSET 2)";
    let damage = format!("UPDATE blocks SET facts = zeroblob(20) WHERE first_seq = {third}");
    meddle(&place, &["DROP TRIGGER blocks_no_update", &damage]);
    let into_new = ["ledger", "reindex", "--into", "sqlite://new.db"];
    place.run(&into_new).expect(1).says("factlog ledger verify");
    std::fs::rename(place.path("whole.db"), place.path("factlog.db")).unwrap();
    place.run(&into_new).expect(0);
    assert_eq!(differing(&place, "new.db"), [""; 0]);
}

#[test]
fn a_key_that_somebody_edited_is_not_made_to_look_right() {
    let place = recorded();
    let edit = "UPDATE blocks SET keys = replace(keys, 'a-1', 'a-9') WHERE keys LIKE '%a-1%'";
    meddle(&place, &["DROP TRIGGER blocks_no_update", edit]);
    place.run(&["ledger", "verify"]).expect(1);
    let refused = place.run(&["ledger", "reindex", "--into", "sqlite://new.db"]).expect(1);
    refused.says("`key_tags` differs from its entry");
}
