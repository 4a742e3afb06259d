//! `factlog replay` on a store whose contents were removed or altered behind its back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use support::{Place, Ran};

const RESULTS: [&str; 3] = [r#"{"total":189.9}"#, r#"{"eligible":true}"#, r#"{"ok":true}"#];

/// Two runs that did the same; what they were given and gave lies beside the entries.
fn twice() -> (Place, PathBuf) {
    let line = |run: &str, at: usize, result: &str| {
        json!({
            "kind": "run.step", "run_id": run, "occurred_at": format!("2026-11-23T08:00:{at:02}Z"),
            "key": format!("{run}:{at}"), "actor": {"kind": "agent", "name": "refunds"},
            "body": {
                "index": at + 1, "skill": "look", "params": "{}", "result": result,
                "status": "completed",
            },
            "commit": ["/params", "/result"],
        })
        .to_string()
    };
    let run = |run: &str| -> Vec<String> {
        RESULTS.iter().enumerate().map(|(at, result)| line(run, at, result)).collect()
    };
    let place = Place::new();
    let (both, capture) = (place.path("both.jsonl"), place.path("capture.jsonl"));
    std::fs::write(&both, [run("r1"), run("r2")].concat().join("\n")).unwrap();
    std::fs::write(&capture, run("r2").join("\n")).unwrap();
    place.import(&[both]).expect(0);
    (place, capture)
}

/// Somebody who may write the file, and takes its guards away first.
fn meddle(place: &Place, statements: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(place.path("factlog.db"));
        let mut connection = options.connect().await.unwrap();
        let guards =
            ["DROP TRIGGER contents_no_update", "DROP TRIGGER IF EXISTS contents_no_delete"];
        for statement in guards.iter().chain(statements) {
            let done = sqlx::query(AssertSqlSafe((*statement).to_owned()));
            done.execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    });
}

fn compare(place: &Place, level: &str) -> Ran {
    place.run(&["replay", "compare", "r1", "r2", "--level", level, "--json"])
}

fn check(place: &Place, capture: &Path, level: &str) -> Ran {
    let capture = capture.to_str().unwrap();
    place.run(&["replay", "check", "r1", "--against", capture, "--level", level, "--json"])
}

/// In every level, of a run against the other and against a capture: not passed, and said why.
#[track_caller]
fn cannot_be_told(place: &Place, capture: &Path, why: &str) {
    for level in ["strict", "semantic"] {
        for report in [compare(place, level).expect(1), check(place, capture, level).expect(1)] {
            let report = report.json();
            assert_eq!((&report["passed"], &report["match"]), (&json!(false), &json!("MISMATCH")));
            let first = &report["first_divergence"];
            assert_eq!((&first["kind"], &first["step"]), (&json!("not recorded"), &json!(2)));
            assert_eq!(
                (&first["pointer"], &first["original"]),
                (&json!("/result"), &json!(format!("not recorded ({why})")))
            );
            assert_ne!(first["replay"], Value::Null, "the other side is still shown");
            assert_eq!(report["steps"]["not_recorded"], 1);
            assert_eq!(report["steps"]["same"], 2);
        }
    }
}

const RESULT: &str = "WHERE seq = 1 AND pointer = '/body/result'";

#[test]
fn an_untouched_store_says_that_the_runs_are_the_same() {
    let (place, capture) = twice();
    assert_eq!(compare(&place, "strict").expect(0).json()["match"], "EXACT");
    assert_eq!(check(&place, &capture, "strict").expect(0).json()["match"], "EXACT");
}

#[test]
fn an_erased_content_is_not_recorded_and_no_reason_to_pass() {
    let (place, capture) = twice();
    meddle(&place, &[&format!("DELETE FROM contents {RESULT}")]);
    cannot_be_told(&place, &capture, "erased or withheld");
    let shown = place.run(&["replay", "compare", "r1", "r2"]).expect(1).stdout;
    assert!(shown.contains("erased"), "{shown}");
}

#[test]
fn an_altered_content_is_told_and_never_compared() {
    for statement in [
        // Another value, one that the other run has, no JSON, no text, nothing, another salt.
        "UPDATE contents SET bytes = CAST('{\"eligible\":false}' AS BLOB)",
        "UPDATE contents SET bytes = CAST('{\"eligible\": true}' AS BLOB)",
        "UPDATE contents SET bytes = CAST('{\"eligible\":' AS BLOB)",
        "UPDATE contents SET bytes = x'ff00fe'",
        "UPDATE contents SET bytes = x''",
        "UPDATE contents SET salt = zeroblob(length(salt)), bytes = bytes",
    ] {
        let (place, capture) = twice();
        meddle(&place, &[&format!("{statement} {RESULT}")]);
        cannot_be_told(&place, &capture, "altered");
    }
}

#[test]
fn contents_that_changed_places_are_altered_both() {
    let (place, _) = twice();
    meddle(
        &place,
        &[
            "UPDATE contents SET pointer = '/body/other' WHERE seq = 0 AND pointer = '/body/result'",
            "UPDATE contents SET seq = 0 WHERE seq = 1 AND pointer = '/body/result'",
            "UPDATE contents SET seq = 1, pointer = '/body/result' WHERE seq = 0 AND pointer = '/body/other'",
        ],
    );
    let report = compare(&place, "semantic").expect(1).json();
    assert_eq!(report["steps"]["not_recorded"], 2, "{report:#}");
    assert_eq!(report["first_divergence"]["original"], "not recorded (altered)");
}

#[test]
fn a_store_without_any_contents_compares_nothing_and_says_so() {
    let (place, capture) = twice();
    meddle(&place, &["DELETE FROM contents"]);
    for ran in [compare(&place, "strict").expect(1), check(&place, &capture, "strict").expect(1)] {
        let report = ran.json();
        assert_eq!(report["steps"]["not_recorded"], 3, "{report:#}");
        assert_eq!(report["match"], "MISMATCH");
    }
}
