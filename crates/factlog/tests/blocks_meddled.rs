//! `factlog ledger verify` on a database whose blocks of entries somebody altered around the guards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use support::Place;

/// Sixty facts in two compressed blocks, and four in one that is not.
fn recorded() -> Place {
    let line = |at: usize| {
        json!({
            "kind": "system.event", "occurred_at": format!("2026-11-23T08:00:{:02}Z", at % 60),
            "key": format!("event:{at:03}"), "actor": {"kind": "system", "component": "billing"},
            "body": {"event": format!("charged-{at:03}"), "text": "it took its time ".repeat(40)},
        })
        .to_string()
    };
    let place = Place::new();
    for (name, facts) in [("many.jsonl", 0..60), ("few.jsonl", 60..64)] {
        std::fs::write(place.path(name), facts.map(line).collect::<Vec<_>>().join("\n")).unwrap();
        place.import(&[place.path(name)]).expect(0);
    }
    place.run(&["ledger", "checkpoint"]).expect(0);
    place
}

fn meddle(place: &Place, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(place.path("factlog.db"));
        let options = options.foreign_keys(false).pragma("ignore_check_constraints", "ON");
        let mut connection = options.connect().await.unwrap();
        let guards = ["DROP TRIGGER blocks_no_update", "DROP TRIGGER blocks_no_delete"];
        for statement in guards.iter().chain([&statement]) {
            let query = sqlx::query(AssertSqlSafe((*statement).to_owned()));
            let done = query.execute(&mut connection).await.unwrap();
            assert!(done.rows_affected() > 0 || statement.starts_with("DROP"), "{statement}");
        }
        connection.close().await.unwrap();
    });
}

/// What was done, the entry that is named, and how.
const DEEDS: [(&str, u64, &str); 13] = [
    (
        "UPDATE blocks SET facts = CAST(replace(facts, 'charged-061', 'charged-777') AS BLOB) WHERE first_seq = 60",
        61,
        "the ledger recorded another leaf hash",
    ),
    (
        "UPDATE blocks SET facts = CAST(replace(facts, 'charged-000', 'charged-777') AS BLOB) WHERE first_seq = 0",
        0,
        "the ledger recorded another leaf hash",
    ),
    // Nothing can be unpacked; each of its entries is told.
    ("UPDATE blocks SET facts = zeroblob(400) WHERE first_seq = 0", 7, "the bytes are not a fact"),
    ("UPDATE blocks SET size = 1 << 50 WHERE first_seq = 0", 7, "the bytes are not a fact"),
    ("UPDATE blocks SET size = size + 1 WHERE first_seq = 60", 62, "the bytes are not a fact"),
    (
        "UPDATE blocks SET leaves = CAST(substr(leaves, 33) || substr(leaves, 1, 32) AS BLOB) WHERE first_seq = 60",
        60,
        "the ledger recorded another leaf hash",
    ),
    (
        "UPDATE blocks SET leaves = substr(leaves, 1, 96) WHERE first_seq = 60",
        63,
        "the ledger recorded another leaf hash",
    ),
    (
        "UPDATE blocks SET ids = zeroblob(64), last_id = zeroblob(16) WHERE first_seq = 60",
        60,
        "the stored id is nothing",
    ),
    (
        "UPDATE blocks SET last_id = zeroblob(16) WHERE first_seq = 60",
        63,
        "the stored id is nothing",
    ),
    (
        "UPDATE blocks SET keys = replace(keys, 'event:061', 'event:999') WHERE first_seq = 60",
        61,
        "`key_tags` differs from its entry",
    ),
    (
        "UPDATE blocks SET keys = 'event:060' WHERE first_seq = 60",
        63,
        "`key_tags` differs from its entry",
    ),
    ("DELETE FROM blocks WHERE first_seq = 60", 60, "entries 60 to 63 are missing"),
    (
        "INSERT INTO blocks SELECT tenant, 61, last_id, leaves, ids, fingerprints, keys, size, facts FROM blocks WHERE first_seq = 60",
        61,
        "entry 61 is there twice",
    ),
];

#[test]
fn whatever_is_done_to_a_block_is_named_and_the_check_goes_on() {
    let honest = recorded();
    let report = honest.run(&["ledger", "verify", "--json"]).expect(0).json();
    assert_eq!((&report["holds"], &report["entries"]), (&json!(true), &json!(64)));
    let facts = || -> Vec<Value> {
        let listed = honest.run(&["system", "--limit", "100", "--json"]).expect(0).json();
        listed["items"].as_array().unwrap().clone()
    };
    assert_eq!(facts().len(), 64);
    for (deed, seq, says) in DEEDS {
        let place = recorded();
        meddle(&place, deed);
        let report = place.run(&["ledger", "verify", "--json"]).expect(1).json();
        let findings = report["findings"].as_array().unwrap();
        let named = |finding: &&Value| {
            finding["seq"] == json!(seq) && finding["what"].as_str().unwrap().contains(says)
        };
        let told: Vec<_> = findings.iter().map(|f| format!("{} {}", f["seq"], f["what"])).collect();
        assert!(findings.iter().any(|f| named(&f)), "{deed}\n{}", told.join("\n"));
        // Both guards that were taken away are told too.
        assert!(findings.len() >= 3 && report["holds"] == json!(false), "{deed}");
    }
}

#[test]
fn a_run_with_an_edited_entry_is_named_in_the_list_and_not_shown() {
    let place = Place::new();
    let line = |run: &str, at: usize| {
        json!({
            "kind": "run.step", "occurred_at": format!("2026-11-23T08:00:{at:02}Z"), "run_id": run,
            "key": format!("{run}:{at}"), "actor": {"kind": "agent", "name": "clerk"},
            "body": {"step": {"index": at, "name": format!("looks up {at}")}},
        })
        .to_string()
    };
    let lines = [line("run-a", 0), line("run-a", 1), line("run-b", 2)];
    std::fs::write(place.path("runs.jsonl"), lines.join("\n")).unwrap();
    place.import(&[place.path("runs.jsonl")]).expect(0);
    let listed = place.run(&["runs", "--json"]).expect(0).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(listed.get("unreadable"), None);

    // Still a fact, of the same length.
    meddle(
        &place,
        "UPDATE blocks SET facts = CAST(replace(facts, 'looks up 1', 'pays out 1') AS BLOB)",
    );
    let listed = place.run(&["runs", "--json"]).expect(0).json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.iter().map(|run| &run["run_id"]).collect::<Vec<_>>(), [&json!("run-b")]);
    assert_eq!(listed["unreadable"], json!([{"run_id": "run-a", "seq": 1}]));
    let told = place.run(&["runs"]).expect(0).stdout;
    assert!(told.contains("run run-a is not shown: its entry 1 is not there"), "{told}");
    let refused = place.run(&["run", "run-a"]).expect(1);
    refused.says("entry 1 of `acme`, of run `run-a`, is not there as it was recorded");
    place.run(&["run", "run-b"]).expect(0);
}

#[test]
fn a_tenant_that_was_signed_and_is_gone_is_named() {
    let place = recorded();
    place.run(&["import", "--tenant", "globex", "few.jsonl"]).expect(0);
    place.run(&["ledger", "verify"]).expect(0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(place.path("factlog.db"));
        let mut connection = options.foreign_keys(false).connect().await.unwrap();
        let guards = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'";
        let guards: Vec<(String, String, String)> =
            sqlx::query_as(guards).fetch_all(&mut connection).await.unwrap();
        for (name, table, again) in guards.iter().filter(|(name, ..)| name.ends_with("no_delete")) {
            for statement in [
                format!("DROP TRIGGER {name}"),
                format!(
                    "DELETE FROM {table} WHERE {}",
                    match table.as_str() {
                        "ledger" => "1 = 0",
                        _ => "tenant = 'acme'",
                    }
                ),
                again.clone(),
            ] {
                sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
            }
        }
        connection.close().await.unwrap();
    });
    let report = place.run(&["ledger", "verify", "--json"]).expect(1).json();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{report}");
    assert_eq!(findings[0]["tenant"], "acme");
    let says = findings[0]["meaning"].as_str().unwrap();
    assert!(says.contains("rolled back to an older state"), "{says}");
}

#[test]
fn a_guard_that_is_gone_is_told_where_nobody_has_facts() {
    let place = Place::new();
    assert!(place.run(&["ledger", "verify"]).expect(0).stdout.contains("nothing to verify"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(place.path("factlog.db"));
        let mut connection = options.connect().await.unwrap();
        sqlx::query("DROP TRIGGER commits_no_delete").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
    let told = place.run(&["ledger", "verify"]).expect(1).stdout;
    assert!(told.contains("`commits_no_delete` is gone"), "{told}");
}
