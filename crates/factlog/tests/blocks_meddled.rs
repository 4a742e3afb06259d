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
const DEEDS: [(&str, u64, &str); 19] = [
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
    // Beside its entries, where nothing is looked up but by whoever asks for it.
    (
        "UPDATE blocks SET ids = CAST(ids || x'01930000000070008000000000000001' AS BLOB), last_id = x'01930000000070008000000000000001' WHERE first_seq = 60",
        60,
        "`blocks` has other ids than one for each of 4 entries",
    ),
    (
        "UPDATE blocks SET keys = keys || char(10) || 'event:999' WHERE first_seq = 60",
        60,
        "`blocks` has other keys than one for each of 4 entries",
    ),
    (
        "UPDATE blocks SET fingerprints = x'' WHERE first_seq = 60",
        60,
        "`blocks` has other fingerprints than one for each of 4 entries",
    ),
    ("DELETE FROM blocks WHERE first_seq = 60", 60, "entries 60 to 63 are missing"),
    (
        "INSERT INTO blocks SELECT tenant, 61, last_id, leaves, ids, fingerprints, keys, size, facts FROM blocks WHERE first_seq = 60",
        61,
        "entry 61 is there twice",
    ),
    // Where no entry is, as far away as can be.
    (
        "INSERT INTO blocks SELECT tenant, 1 << 62, last_id, leaves, ids, fingerprints, keys, size, facts FROM blocks WHERE first_seq = 60",
        1 << 62,
        "`blocks` has a row at 4611686018427387904, where no entry is",
    ),
    (
        "INSERT INTO contents VALUES ('acme', 1 << 50, '/body/x', 'sd', x'', x'00')",
        1 << 50,
        "`contents` has a row at 1125899906842624, where no entry is",
    ),
    // A commit of more entries than anybody could look for.
    (
        "INSERT INTO commits SELECT tenant, 1 << 60, size, peaks, root, recorded_at FROM commits WHERE size = 64",
        64,
        "entries 64 to 1152921504606846975 are missing",
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

fn altered(place: &Place, statements: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(place.path("factlog.db"));
        let options = options.foreign_keys(false).pragma("ignore_check_constraints", "ON");
        let mut connection = options.connect().await.unwrap();
        for statement in statements {
            let query = sqlx::query(AssertSqlSafe((*statement).to_owned()));
            query.execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    });
}

#[test]
fn what_lies_behind_the_last_commit_is_no_entry() {
    let place = recorded();
    let forged = "INSERT INTO blocks SELECT tenant, 1 << 62, last_id, leaves, ids, fingerprints, keys, size, facts FROM blocks WHERE first_seq = 60";
    altered(&place, &[forged]);
    place.run(&["audit", "--entry", "4611686018427387904"]).expect(2);
}

#[test]
fn an_index_that_leads_to_fewer_rows_is_named() {
    let place = recorded();
    let index = "CREATE INDEX system_events_by_event ON system_events (tenant, event, occurred_at, seq) WHERE event IS NOT NULL";
    let fewer = format!("{index} AND seq <> 7");
    let restored =
        format!("UPDATE sqlite_master SET sql = '{index}' WHERE name = 'system_events_by_event'");
    altered(
        &place,
        &["DROP INDEX system_events_by_event", &fewer, "PRAGMA writable_schema = ON", &restored],
    );
    let told = place.run(&["ledger", "verify"]).expect(1).stdout;
    assert!(told.contains("missing from index system_events_by_event"), "{told}");
}

#[test]
fn a_value_that_cannot_be_read_is_a_finding_and_other_tenants_are_checked() {
    let place = recorded();
    place.run(&["import", "--tenant", "globex", "few.jsonl"]).expect(0);
    let text =
        "UPDATE system_events SET event = CAST(x'ff' AS TEXT) WHERE tenant = 'acme' AND seq = 3";
    altered(&place, &["DROP TRIGGER system_events_no_update", text]);
    let report = place.run(&["ledger", "verify", "--json"]).expect(1).json();
    let tenants = report["tenants"].as_array().unwrap();
    assert_eq!(tenants.len(), 2, "{report}");
    let told = report["findings"].to_string();
    assert!(told.contains("the check ended there"), "{told}");
}

#[test]
fn a_trigger_that_keeps_commits_away_is_told_and_nothing_hangs() {
    let place = recorded();
    let quiet = "CREATE TRIGGER quiet BEFORE INSERT ON commits BEGIN SELECT RAISE(IGNORE); END";
    let backlog = "INSERT INTO index_backlog VALUES ('acme', 'audit_labels', 0, 1 << 40)";
    altered(&place, &[quiet, backlog]);
    let more = place.path("more.jsonl");
    let text = std::fs::read_to_string(place.path("few.jsonl")).unwrap();
    std::fs::write(&more, text.replace("event:0", "event:9")).unwrap();
    place.run(&["import", "more.jsonl"]).expect(3).says("a trigger or a rule may be in the way");
    let told = place.run(&["ledger", "verify"]).expect(1).stdout;
    assert!(told.contains("the trigger `quiet` was added"), "{told}");
}

#[test]
fn no_origin_is_invented_for_a_ledger_that_has_one() {
    let place = recorded();
    altered(&place, &["DROP TRIGGER ledger_no_delete", "DELETE FROM ledger"]);
    for command in [vec!["ledger", "verify"], vec!["import", "few.jsonl"]] {
        place.run(&command).expect(1).says("the origin in the table `ledger` is gone");
    }
}

#[test]
fn a_guard_that_is_gone_is_told_where_nobody_has_facts() {
    let place = Place::new();
    assert!(place.run(&["ledger", "verify"]).expect(0).stdout.contains("nothing to verify"));
    altered(&place, &["DROP TRIGGER commits_no_delete"]);
    let told = place.run(&["ledger", "verify"]).expect(1).stdout;
    assert!(told.contains("`commits_no_delete` is gone"), "{told}");
}

#[test]
fn an_index_that_is_gone_is_named_and_ends_no_check() {
    let place = recorded();
    altered(&place, &["DROP INDEX run_entries_by_run", "DROP INDEX system_events_by_kind"]);
    let report = place.run(&["ledger", "verify", "--json"]).expect(1).json();
    let told = report["findings"].to_string();
    for index in ["run_entries_by_run", "system_events_by_kind"] {
        assert!(told.contains(&format!("the index `{index}` is gone")), "{told}");
    }
}

/// A table made anew without what keeps it takes rows that lie nowhere.
#[test]
fn a_table_that_was_made_anew_is_named() {
    let place = recorded();
    let anew = [
        "CREATE TABLE anew AS SELECT * FROM system_events",
        "DROP TABLE system_events",
        "ALTER TABLE anew RENAME TO system_events",
        "INSERT INTO system_events SELECT * FROM system_events LIMIT 1",
    ];
    altered(&place, &anew);
    let told = place.run(&["ledger", "verify", "--json"]).expect(1).json()["findings"].to_string();
    assert!(told.contains("the table `system_events` was replaced by another one"), "{told}");
}

#[test]
fn a_stored_note_that_this_log_never_signed_is_not_handed_out() {
    let place = recorded();
    let junk = "UPDATE checkpoints SET note = 'junk' || char(10)";
    altered(&place, &["DROP TRIGGER checkpoints_no_update", junk]);
    place.run(&["ledger", "checkpoint"]).expect(1).says("the stored checkpoint of size 64");
    place.run(&["ledger", "prove", "--seq", "3"]).expect(1).says("the stored checkpoint");
}
