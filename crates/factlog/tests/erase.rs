//! `factlog erase` and `factlog hold`, with the real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use support::{Place, bodies};

/// A real capture with content, and the run of it that has the most.
fn captured() -> (Place, String) {
    let place = Place::new();
    place.import(&bodies("01_proto_plain")).expect(0);
    let runs = place.run(&["runs", "--json"]).expect(0).json();
    let most = runs["items"].as_array().unwrap().iter().max_by_key(|run| run["llm_calls"].as_u64());
    let run = most.unwrap()["run_id"].as_str().unwrap().to_owned();
    (place, run)
}

fn erase<'a>(run: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let order =
        ["erase", "--run", run, "--authority", "request 17", "--reason", "it was asked for"];
    [&order, more].concat()
}

/// Runs statements on the database file as somebody who may write it.
fn meddle(place: &Place, statements: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(place.path("factlog.db"));
        let mut connection = options.connect().await.unwrap();
        for statement in statements {
            let done = sqlx::query(AssertSqlSafe((*statement).to_owned()));
            done.execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    });
}

#[test]
fn what_would_be_erased_is_told_first_and_nothing_is_touched() {
    let (place, run) = captured();
    let before = std::fs::read(place.path("factlog.db")).unwrap();
    let told = place.run(&erase(&run, &["--json"])).expect(0).json();
    assert_eq!(told["erased"], 0);
    assert!(told["contents"].as_u64().unwrap() > 10, "{told}");
    let text = place.run(&erase(&run, &[])).expect(0).stdout;
    assert!(text.contains("nothing was erased (add --yes)"), "{text}");
    assert_eq!(std::fs::read(place.path("factlog.db")).unwrap(), before);
}

#[test]
fn an_erased_run_verifies_and_its_bundle_says_so() {
    let (place, run) = captured();
    let told = place.run(&erase(&run, &["--json"])).expect(0).json();
    let shown = place.run(&["run", &run, "--json"]).expect(0).json();
    let done = place.run(&erase(&run, &["--yes", "--json", "--by", "officer-3"])).expect(0).json();
    assert_eq!((&done["erased"], &done["bytes"]), (&told["contents"], &told["bytes"]));
    assert_eq!(done["leftover"], "nothing");

    place.run(&["ledger", "verify"]).expect(0);
    // The run is what it was: its calls, its steps, its times.
    let after = place.run(&["run", &run, "--json"]).expect(0).json();
    for member in ["status", "llm_calls", "tool_calls", "input_tokens", "ended_at", "errors"] {
        assert_eq!(after[member], shown[member], "{member}");
    }
    let trace = place.run(&["trace", &run]).expect(0).stdout;
    assert_eq!(trace.matches("content.erased").count(), 1, "an erasure is one row: {trace}");
    place.run(&["export", "evidence", "--run", &run, "--out", "run.zip"]).expect(0);
    let key = place.run(&["keys", "show"]).expect(0).stdout.trim().to_owned();
    let report = place.run(&["bundle", "verify", "run.zip", "--key", &key, "--json"]).expect(0);
    let not_proved = report.json()["not_proved"].to_string();
    assert!(not_proved.contains("What the erased contents said"), "{not_proved}");
    let orders = place.run(&["audit", "--event", "content_erasure", "--json"]).expect(0).json();
    let order = &orders["items"][0];
    assert_eq!((&order["actor"], &order["seq"]), (&json!("officer-3"), &done["order"]));

    let again = place.run(&erase(&run, &["--yes"])).expect(0).stdout;
    assert!(again.contains("nothing lies there"), "{again}");
}

#[test]
fn what_was_put_back_is_found_and_erased_again() {
    let (place, run) = captured();
    meddle(&place, &["CREATE TABLE kept AS SELECT * FROM contents"]);
    place.run(&erase(&run, &["--yes"])).expect(0);
    place.run(&["ledger", "verify"]).expect(0);
    // As a restored copy of the table does, or an erasure that was cut short.
    meddle(&place, &["INSERT OR IGNORE INTO contents SELECT * FROM kept", "DROP TABLE kept"]);
    let report = place.run(&["ledger", "verify", "--json"]).expect(1).json();
    let what = report["findings"][0]["what"].as_str().unwrap();
    assert!(what.contains("says that it was erased"), "{what}");
    place
        .run(&["export", "evidence", "--run", &run, "--out", "run.zip"])
        .expect(3)
        .says("was erased and must not go out");
    place.run(&erase(&run, &["--yes"])).expect(0);
    place.run(&["ledger", "verify"]).expect(0);
}

#[test]
fn a_hold_forbids_it_until_it_is_released() {
    let (place, run) = captured();
    let hold = |verb| ["hold", verb, "case 9", "--reason", "a court asks", "--by", "counsel-1"];
    let text = place.run(&["hold", "list"]).expect(0).stdout;
    assert_eq!(text, "not recorded: tenant acme has no legal holds\n");
    place.run(&hold("place")).expect(0);
    place.run(&erase(&run, &["--yes"])).expect(2).says("is under legal hold: case 9 (nothing");
    // And nobody is told that it would be done.
    place.run(&erase(&run, &[])).expect(2).says("is under legal hold: case 9 (nothing");
    let listed = place.run(&["hold", "list", "--json"]).expect(0).json();
    assert_eq!(
        (&listed["items"][0]["in_force"], &listed["items"][0]["placed"]["by"]),
        (&json!(true), &json!("counsel-1"))
    );
    let events = place.run(&["audit", "--kind", "audit.hold", "--json"]).expect(0).json();
    assert_eq!(events["items"][0]["event"], "hold_placed");
    place.run(&hold("release")).expect(0);
    place.run(&hold("place")).expect(2).says("a name is used once");
    place.run(&erase(&run, &["--yes"])).expect(0);
    place.run(&["ledger", "verify"]).expect(0);
}

#[test]
fn orders_that_say_too_little_or_contradict_themselves_are_refused() {
    let (place, run) = captured();
    for (arguments, why) in [
        (vec!["erase", "--authority", "a", "--reason", "r"], "--run"),
        (vec!["erase", "--run", &run, "--reason", "r"], "--authority"),
        (
            vec!["erase", "--seq", "1", "--run", &run, "--authority", "a", "--reason", "r"],
            "cannot be used with",
        ),
        (
            vec!["erase", "--pointer", "/body", "--run", &run, "--authority", "a", "--reason", "r"],
            "cannot be used with",
        ),
        (
            vec!["erase", "--seq", "99999", "--authority", "a", "--reason", "r", "--yes"],
            "no entry 99999",
        ),
        (vec!["hold", "place", " x", "--reason", "r"], "no space around it"),
    ] {
        place.run(&arguments).expect(2).says(why);
    }
    place.run(&["ledger", "verify"]).expect(0);
}
