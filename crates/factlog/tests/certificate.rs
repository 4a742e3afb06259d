//! Certificates through the real binary: issued from a database, checked without one, revoked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{Place, bodies};

/// Decisions of two runs, of which one escalated and one names an incident.
const FACTS: &str = r#"{"kind":"run.started","occurred_at":"2026-01-01T00:00:00Z","run_id":"r1","actor":{"kind":"agent","name":"support"},"body":{}}
{"kind":"audit.authorization","occurred_at":"2026-01-01T00:00:05Z","run_id":"r1","policy_ids":["p-1"],"incident_ids":["inc-1"],"body":{"action":"refund","decision":"deny"}}
{"kind":"run.step","occurred_at":"2026-01-01T00:00:06Z","run_id":"r1","incident_ids":["inc-1"],"body":{"index":0,"skill":"refund"}}
{"kind":"audit.authorization","occurred_at":"2026-01-01T00:01:00Z","run_id":"r1","body":{"action":"refund","outcome":"allow","policy_id":"p-2"}}
{"kind":"audit.authorization","occurred_at":"2026-01-02T00:00:00Z","run_id":"r2","body":{"action":"refund","passed":true}}
{"kind":"run.completed","occurred_at":"2026-01-01T00:02:00Z","run_id":"r1","body":{"outcome":"completed"}}
"#;

fn recorded() -> Place {
    let place = Place::new();
    std::fs::write(place.path("facts.jsonl"), FACTS).unwrap();
    place.import(&[place.path("facts.jsonl")]).expect(0);
    place
}

fn key(place: &Place) -> String {
    place.run(&["keys", "show", "--tenant", "acme"]).expect(0).stdout.trim().to_owned()
}

fn issue(place: &Place, out: &str, of: &[&str]) -> Value {
    let arguments = [&["certificate", "issue"], of, &["--out", out, "--json"]].concat();
    place.run(&arguments).expect(0).json()
}

fn verify(place: &Place, file: &str, key: &str, more: &[&str]) -> support::Ran {
    let arguments = [&["certificate", "verify", file, "--key", key, "--json"], more].concat();
    place.run(&arguments)
}

fn read(place: &Place, name: &str) -> Vec<u8> {
    std::fs::read(place.path(name)).unwrap()
}

fn entries(place: &Place) -> u64 {
    let report = place.run(&["ledger", "verify", "--json"]).expect(0).json();
    report["entries"].as_u64().unwrap()
}

const KINDS: [(&str, &[&str]); 4] = [
    ("ledger_checkpoint", &["ledger-checkpoint"]),
    ("policy_audit", &["policy-audit", "--run", "r1"]),
    (
        "policy_audit",
        &["policy-audit", "--since", "2026-01-01T00:00:00Z", "--until", "2026-01-03T00:00:00Z"],
    ),
    ("incident_export", &["incident-export", "--incident", "inc-1"]),
];

#[test]
fn what_is_issued_is_checked_without_a_database_in_both_forms() {
    let (place, elsewhere) = (recorded(), Place::empty());
    let key = key(&place);
    for (n, (kind, of)) in KINDS.into_iter().enumerate() {
        let [pem, envelope] = [format!("{n}.pem"), format!("{n}.dsse.json")];
        let issued = issue(&place, &pem, of);
        assert_eq!((&issued["type"], &issued["recorded"]), (&json!(kind), &json!(true)));
        let again = issue(&place, &envelope, &[of, &["--format", "dsse-json"]].concat());
        assert_eq!((&again["id"], &again["recorded"]), (&issued["id"], &json!(false)), "{kind}");
        assert_eq!(again["seq"], issued["seq"]);
        for file in [&pem, &envelope] {
            std::fs::copy(place.path(file), elsewhere.path(file)).unwrap();
            let report = verify(&elsewhere, file, &key, &[]).expect(0).json();
            assert_eq!((&report["holds"], &report["id"]), (&json!(true), &issued["id"]));
            assert_eq!(report["type"], json!(kind));
            let not_proved = report["not_proved"].to_string();
            assert!(not_proved.contains("revoked") && not_proved.contains("valid"), "{not_proved}");
        }
    }
    assert_eq!(entries(&place), 6 + 4, "one fact a certificate");
}

#[test]
fn the_same_request_gives_the_same_bytes_however_much_was_recorded_since() {
    let place = recorded();
    for (n, (_, of)) in KINDS.into_iter().enumerate() {
        issue(&place, &format!("{n}.pem"), of);
    }
    for (n, (_, of)) in KINDS.into_iter().enumerate() {
        issue(&place, &format!("{n}.again"), of);
        assert!(read(&place, &format!("{n}.pem")) == read(&place, &format!("{n}.again")), "{of:?}");
    }
    place.import(&bodies("07_no_content")).expect(0);
    place.run(&["ledger", "checkpoint"]).expect(0);
    for (n, (kind, of)) in KINDS.into_iter().enumerate() {
        issue(&place, &format!("{n}.later"), of);
        let same = read(&place, &format!("{n}.pem")) == read(&place, &format!("{n}.later"));
        assert_eq!(same, kind != "ledger_checkpoint", "{of:?}");
    }
}

#[test]
fn a_replay_that_failed_is_certified_as_failed() {
    let place = Place::new();
    place.import(&bodies("09_replay_pairs")).expect(0);
    let runs = place.run(&["runs", "--json", "--limit", "100"]).expect(0).json();
    let mut runs: Vec<(String, String)> = runs["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| {
            ["started_at", "run_id"].map(|name| run[name].as_str().unwrap().to_owned()).into()
        })
        .collect();
    runs.sort();
    let [a, b, c] = [0, 1, 2].map(|n| runs[n].1.clone());
    let key = key(&place);
    let check = |replay: &str, out: &str, wanted: &str| {
        issue(&place, out, &["replay-proof", &a, replay, "--level", "strict"]);
        let report = verify(&place, out, &key, &[]).expect(0).json();
        let proved = report["proved"].to_string();
        assert!(proved.contains(wanted), "{proved}");
        assert!(report["not_proved"].to_string().contains("replay compare"));
    };
    check(&b, "passed.pem", "passed at STRICT, its match is EXACT");
    check(
        &c,
        "failed.pem",
        "failed at STRICT, its match is MISMATCH, first in step 2 (fx_rate) at `/result/rate`",
    );
    let failed = issue(&place, "failed.json", &["replay-proof", &a, &c, "--format", "dsse-json"]);
    assert_eq!(failed["recorded"], false);
    let shown = place.run(&["certificate", "verify", "failed.pem", "--key", &key]).expect(0);
    assert!(!shown.stdout.contains("157.01"), "contents stay behind their commitments");
    let level = ["certificate", "issue", "replay-proof", &a, &c, "--level", "no", "--out", "x"];
    place.run(&level).expect(2);
}

#[test]
fn a_flipped_byte_and_another_key_do_not_pass() {
    let place = recorded();
    let key = key(&place);
    issue(&place, "c.pem", &["policy-audit", "--run", "r1"]);
    let good = read(&place, "c.pem");
    for at in (0..good.len()).step_by(good.len() / 40 + 1) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(place.path("bad.pem"), bad).unwrap();
        let ran = verify(&place, "bad.pem", &key, &[]);
        assert!([1, 2].contains(&ran.status), "byte {at}: {}\n{}", ran.status, ran.stdout);
    }
    let other = recorded();
    let wrong = verify(&place, "c.pem", &self::key(&other), &[]).expect(1).json();
    assert_eq!((&wrong["holds"], &wrong["proved"]), (&json!(false), &json!([])));
    verify(&place, "facts.jsonl", &key, &[]).expect(2).says("is not a certificate");
    verify(&place, "missing.pem", &key, &[]).expect(2);
    verify(&place, "c.pem", "no key", &[]).expect(2);
    place.run(&["certificate", "verify", "c.pem"]).expect(2);
}

#[test]
fn what_was_revoked_is_known_to_whoever_asks_the_ledger() {
    let place = recorded();
    let key = key(&place);
    let id = issue(&place, "c.pem", &["incident-export", "--incident", "inc-1"])["id"].clone();
    let id = id.as_str().unwrap();
    let asked = verify(&place, "c.pem", &key, &["--ledger"]).expect(0).json();
    assert!(asked["proved"].to_string().contains("no revocation"), "{asked}");

    let revoke =
        |reason: &str| place.run(&["certificate", "revoke", id, "--reason", reason, "--json"]);
    let first = revoke("the wrong incident").expect(0).json();
    let second = revoke("the wrong incident").expect(0).json();
    assert_eq!((&first["recorded"], &second["recorded"]), (&json!(true), &json!(false)));
    assert_eq!((&first["seq"], &first["revoked_at"]), (&second["seq"], &second["revoked_at"]));
    revoke("another reason").expect(2).says("was revoked before");
    revoke("  ").expect(2).says("the reason has");

    verify(&place, "c.pem", &key, &[]).expect(0);
    let refused = verify(&place, "c.pem", &key, &["--ledger"]).expect(1).json();
    assert!(refused["findings"][0]["what"].as_str().unwrap().contains("the wrong incident"));
    let listed = place.run(&["certificate", "list", "--json"]).expect(0).json();
    assert_eq!(listed["items"][0]["state"], "revoked");
    assert_eq!(listed["items"][0]["revoked"]["reason"], "the wrong incident");
    let again =
        ["certificate", "issue", "incident-export", "--incident", "inc-1", "--out", "d.pem"];
    place.run(&again).expect(2).says("which was revoked");
    assert!(!place.path("d.pem").exists());
    assert_eq!(entries(&place), 6 + 2);

    let unknown = ["certificate", "revoke", &"0".repeat(64), "--reason", "x"];
    place.run(&unknown).expect(2).says("issued no certificate");
    place.run(&["certificate", "revoke", "abc", "--reason", "x"]).expect(2);
    let elsewhere = recorded();
    std::fs::copy(place.path("c.pem"), elsewhere.path("c.pem")).unwrap();
    let stranger = verify(&elsewhere, "c.pem", &key, &["--ledger"]).expect(1).json();
    assert!(stranger["findings"].to_string().contains("records that it was issued"), "{stranger}");
}

#[test]
fn certificates_are_listed_newest_first_page_by_page() {
    let place = recorded();
    let empty = place.run(&["certificate", "list"]).expect(0).stdout;
    assert!(empty.contains("not recorded"), "{empty}");
    for (n, (_, of)) in KINDS.into_iter().enumerate() {
        issue(&place, &format!("{n}.pem"), of);
    }
    // What somebody imports under that name was never issued here.
    std::fs::write(
        place.path("forged.jsonl"),
        format!(r#"{{"kind":"certificate.issued","occurred_at":"2026-01-01T00:00:00Z","body":{{"id":"{}","type":"ledger_checkpoint","subject":"x","sha256":"x"}}}}"#, "0".repeat(64)),
    )
    .unwrap();
    place.import(&[place.path("forged.jsonl")]).expect(0);
    let all = place.run(&["certificate", "list", "--json"]).expect(0).json();
    let seqs: Vec<u64> =
        all["items"].as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [9, 8, 7, 6]);
    assert_eq!((&all["has_more"], &all["next_before"]), (&json!(false), &Value::Null));
    let first = place.run(&["certificate", "list", "--json", "--limit", "3"]).expect(0).json();
    assert_eq!((&first["has_more"], &first["next_before"]), (&json!(true), &json!(7)));
    let rest = ["certificate", "list", "--json", "--limit", "3", "--before", "7"];
    let rest = place.run(&rest).expect(0).json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    let shown = place.run(&["certificate", "list"]).expect(0).stdout;
    assert!(shown.contains("incident_export") && shown.contains("valid"), "{shown}");
}

#[test]
fn an_end_is_asked_for_with_a_time() {
    let place = recorded();
    let key = key(&place);
    let until = ["ledger-checkpoint", "--valid-until", "2999-01-01T00:00:00Z"];
    let issued = issue(&place, "c.pem", &until);
    assert_eq!(issued["valid_until"], "2999-01-01T00:00:00.000000000Z");
    verify(&place, "c.pem", &key, &["--at", "2998-12-31T00:00:00+01:00"]).expect(0);
    verify(&place, "c.pem", &key, &["--at", "2999-01-01T00:00:00Z"]).expect(1);
    verify(&place, "c.pem", &key, &["--at", "2001-01-01T00:00:00Z"]).expect(1);
    let endless = issue(&place, "d.pem", &["ledger-checkpoint"]);
    assert_ne!(endless["id"], issued["id"], "another end is another certificate");
    let past = ["certificate", "issue", "ledger-checkpoint", "--out", "e.pem", "--valid-until"];
    let past = [&past[..], &["2001-01-01T00:00:00Z"]].concat();
    place.run(&past).expect(2).says("later --valid-until");
    assert!(!place.path("e.pem").exists());
}

#[test]
fn nothing_is_issued_for_nothing_and_no_file_is_overwritten() {
    let place = recorded();
    let refuse = |of: &[&str], status: i32, says: &str| {
        let arguments = [&["certificate", "issue"], of, &["--out", "c.pem"]].concat();
        place.run(&arguments).expect(status).says(says);
        assert!(!place.path("c.pem").exists());
    };
    refuse(&["incident-export", "--incident", "inc-9"], 2, "names the incident");
    refuse(&["policy-audit", "--run", "nobody"], 2, "nobody");
    let empty = ["--since", "2020-01-01T00:00:00Z", "--until", "2020-01-02T00:00:00Z"];
    refuse(&[&["policy-audit"], &empty[..]].concat(), 2, "no decision is recorded");
    refuse(&["policy-audit", "--since", "2020-01-01T00:00:00Z"], 2, "--until");
    refuse(&["policy-audit"], 2, "--run");
    refuse(&["replay-proof", "r1", "r2"], 2, "no steps");
    refuse(&["ledger-checkpoint", "--tenant", "root-log"], 2, "root log");
    assert_eq!(entries(&place), 6, "nothing was recorded");

    std::fs::write(place.path("mine.pem"), "mine").unwrap();
    let over = ["certificate", "issue", "ledger-checkpoint", "--out", "mine.pem"];
    place.run(&over).expect(2).says("already there");
    assert_eq!(read(&place, "mine.pem"), b"mine");
    assert_eq!(entries(&place), 6);
}

#[test]
fn what_a_meddler_edited_is_not_certified() {
    let place = recorded();
    issue(&place, "before.pem", &["policy-audit", "--run", "r1"]);
    let mut bytes = read(&place, "factlog.db");
    let (from, to) = (br#""decision":"deny""#, br#""decision":"fine""#);
    let at = bytes.windows(from.len()).position(|window| window == from).expect("needle");
    bytes[at..at + to.len()].copy_from_slice(to);
    std::fs::write(place.path("factlog.db"), bytes).unwrap();
    for (out, of) in [
        ("p.pem", &["policy-audit", "--run", "r1"][..]),
        ("i.pem", &["incident-export", "--incident", "inc-1"]),
    ] {
        let arguments = [&["certificate", "issue"], of, &["--out", out]].concat();
        place.run(&arguments).expect(1).says("ledger verify");
        assert!(!place.path(out).exists());
    }
}

#[test]
fn a_new_key_signs_once_the_old_one_is_retired_and_both_verify() {
    let place = recorded();
    let old = key(&place);
    issue(&place, "old.pem", &["policy-audit", "--run", "r1"]);
    place.run(&["keys", "add"]).expect(0);
    place.run(&["keys", "retire", &old]).expect(0);
    let shown = key(&place);
    let new = shown.lines().find(|line| !line.contains("retired")).unwrap();
    issue(&place, "new.pem", &["policy-audit", "--run", "r1"]);
    verify(&place, "old.pem", &old, &[]).expect(0);
    verify(&place, "old.pem", new, &[]).expect(1);
    verify(&place, "new.pem", new, &[]).expect(0);
    verify(&place, "new.pem", &old, &["--key", new]).expect(0);
    assert_ne!(read(&place, "old.pem"), read(&place, "new.pem"));
}
