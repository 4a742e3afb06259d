//! Bad input and bad surroundings: what, where, the right exit status, nothing half-written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;
use support::{Place, bodies};

fn facts(place: &Place) -> u64 {
    place.run(&["ledger", "verify", "--json"]).expect(0).json()["entries"].as_u64().unwrap()
}

/// Importing this gives exit status 2, names the file and records nothing.
#[track_caller]
fn refused(name: &str, bytes: &[u8], says: &str) {
    let place = Place::new();
    std::fs::write(place.path(name), bytes).unwrap();
    place.run(&["import", name]).expect(2).says(name).says(says);
    assert_eq!(facts(&place), 0);
}

#[test]
fn a_truncated_protobuf_records_nothing() {
    let whole = std::fs::read(&bodies("01_proto_plain")[1]).unwrap();
    refused("cut.pb", &whole[..whole.len() / 2], "");
}

#[test]
fn structural_duplicate_members_are_refused() {
    refused("twice.json", br#"{"resourceSpans":[],"resourceSpans":[]}"#, "resourceSpans");
}

#[test]
fn ten_thousand_levels_are_refused_without_a_crash() {
    let deep = format!(
        "{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{}1{}]}}]}}]}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    refused("deep.json", deep.as_bytes(), "");
}

#[test]
fn bytes_that_are_no_text_and_no_telemetry_are_refused() {
    refused("latin1.json", b"{\"resourceSpans\":[{\"a\":\"\xe9\"}]}", "");
    refused("empty.pb", b"", "empty");
    refused("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "");
    refused("letter.txt", b"Dear auditor,\n", "");
}

#[test]
fn a_gzip_bomb_is_refused_at_the_limit() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![b' '; 1024 * 1024];
    for _ in 0..80 {
        gzip.write_all(&zeros).unwrap();
    }
    refused("bomb.json.gz", &gzip.finish().unwrap(), "64 MiB");
}

#[test]
fn a_directory_and_a_missing_file_are_refused() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    place.run(&["import", "folder"]).expect(2).says("folder").says("directory");
    place.run(&["import", "nowhere.pb"]).expect(2).says("nowhere.pb");
}

#[test]
fn spans_without_ids_leave_a_rejection_with_position_and_reason() {
    let place = Place::new();
    std::fs::write(
        place.path("noid.json"),
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x","startTimeUnixNano":"1"}]}]}]}"#,
    )
    .unwrap();
    let ran = place.run(&["import", "--json", "noid.json"]).expect(0).says("spans[0]");
    assert_eq!(ran.json()["rejected"], 1);
    assert_eq!(ran.json()["facts"], 0);
    assert_eq!(facts(&place), 1, "the rejection is a fact");
    // The same refusal again is the same fact.
    place.run(&["import", "noid.json"]).expect(0);
    assert_eq!(facts(&place), 1);
}

#[test]
fn absurd_times_and_long_attributes_are_recorded() {
    let place = Place::new();
    let long = "x".repeat(70_000);
    std::fs::write(
        place.path("odd.json"),
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"{}","spanId":"{}","name":"x","startTimeUnixNano":"18446744073709551615","endTimeUnixNano":"1","attributes":[{{"key":"long","value":{{"stringValue":"{long}"}}}},{{"key":"gen_ai.request.model","value":{{"stringValue":"{long}"}}}}]}}]}}]}}]}}"#,
            "1".repeat(32),
            "2".repeat(16)
        ),
    )
    .unwrap();
    let summary = place.run(&["import", "--json", "odd.json"]).expect(0).json();
    assert_eq!(summary["facts"], 1);
    place.run(&["run", &"1".repeat(32)]).expect(0);
}

#[test]
fn init_refuses_to_overwrite() {
    let place = Place::new();
    let key = std::fs::read(place.path("factlog.key")).unwrap();
    place.run(&["init"]).expect(2).says("already there");
    assert_eq!(std::fs::read(place.path("factlog.key")).unwrap(), key);
    std::fs::remove_file(place.path("factlog.key")).unwrap();
    place.run(&["init"]).expect(2).says("factlog.db` is already there");
    assert!(!place.path("factlog.key").exists(), "a key without its database is left behind");
}

#[test]
fn an_origin_that_cannot_name_a_key_is_refused_before_anything_is_made() {
    let place = Place::empty();
    place.run(&["init", "--origin", "two words"]).expect(2).says("two words");
    assert_eq!(std::fs::read_dir(place.folder.path()).unwrap().count(), 0);
}

#[test]
fn a_missing_database_says_how_to_make_one() {
    Place::empty().run(&["runs"]).expect(3).says("factlog init");
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let place = Place::new();
    // A valid database file whose application id is somebody else's.
    let mut bytes = std::fs::read(place.path("factlog.db")).unwrap();
    bytes[68..72].copy_from_slice(&[1, 2, 3, 4]);
    std::fs::write(place.path("other.db"), &bytes).unwrap();
    place.run(&["--database-url", "sqlite://other.db", "runs"]).expect(2).says("other.db");
    assert_eq!(std::fs::read(place.path("other.db")).unwrap(), bytes);
    std::fs::write(place.path("text.db"), "not a database at all, but long enough").unwrap();
    place.run(&["--database-url", "sqlite://text.db", "runs"]).expect(2).says("text.db");
}

#[test]
fn a_wrong_or_missing_key_says_so() {
    let place = Place::new();
    place.import(&bodies("07_no_content")).expect(0);
    std::fs::write(place.path("wrong.key"), "this is no key\n").unwrap();
    place.run(&["--key-file", "wrong.key", "ledger", "checkpoint"]).expect(2).says("wrong.key");
    place.run(&["--key-file", "none.key", "ledger", "checkpoint"]).expect(2).says("none.key");
    place.run(&["--key-file", "none.key", "runs"]).expect(0);
}

#[test]
fn another_key_than_the_one_that_signed_does_not_verify() {
    let place = Place::new();
    place.import(&bodies("07_no_content")).expect(0);
    place.run(&["ledger", "checkpoint"]).expect(0);
    let other = Place::new();
    let key: PathBuf = other.path("factlog.key");
    let ran = place.run(&["--key-file", key.to_str().unwrap(), "ledger", "verify", "--json"]);
    assert_eq!(ran.expect(1).json()["holds"], false);
}

#[cfg(unix)]
#[test]
fn a_read_only_database_is_read_and_refuses_to_be_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.import(&bodies("07_no_content")).expect(0);
    let file = place.path("factlog.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).unwrap();
    place.run(&["runs"]).expect(0);
    if std::fs::OpenOptions::new().append(true).open(&file).is_err() {
        // Root writes whatever the mode says; for everybody else it must be refused.
        place.run(&["import", bodies("01_proto_plain")[0].to_str().unwrap()]).expect(3);
    }
}

#[test]
fn a_file_of_records_that_cannot_be_read_leaves_so_many_facts_and_no_more() {
    let place = Place::new();
    let spans = vec!["{}"; 3_000].join(",");
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#);
    std::fs::write(place.path("empty.json"), body).unwrap();
    for _ in 0..2 {
        let summary = place.run(&["import", "empty.json", "--json"]).expect(0).json();
        assert_eq!((&summary["facts"], &summary["rejected"]), (&json!(0), &json!(3_000)));
        let verified = place.run(&["ledger", "verify", "--json"]).expect(0).json();
        assert_eq!(verified["entries"], 1_001);
    }
    let last = place.run(&["audit", "--entry", "1000", "--json"]).expect(0).stdout;
    assert!(last.contains("2000 more records cannot be read"), "{last}");
}

#[test]
fn a_native_line_that_is_not_what_it_seems_is_refused() {
    let line = |rest: &str| {
        format!(
            r#"{{"kind":"audit.event","occurred_at":"2026-12-01T00:00:00Z","body":{{}}{rest}}}"#
        )
    };
    let check = |line: &str, says: &str| refused("facts.jsonl", line.as_bytes(), says);
    let large = line("").replace("{}", r#"{"amount":100000000000000000001}"#);
    check(&large, "the integer 100000000000000000001 is beyond 64 bits");
    check(&line(r#","actor":{"kind":"human","subject":"s","x":1}"#), "with nothing beside");
    check(&line(r#","actor":{"kind":"human","subject":""}"#), "`actor` is none of");
    check(&line("").replace("00:00Z", "00:60Z"), "is not a time");
    check(&line("").replace("00:00Z", "00:00+24:00"), "is not a time");
    for (kind, by) in [
        ("export.completed", "`factlog export`"),
        ("key.added", "`factlog keys`"),
        ("key.retired", "`factlog keys`"),
    ] {
        check(&line("").replace("audit.event", kind), by);
    }
}

#[test]
fn a_slip_in_a_name_is_not_taken_for_an_answer() {
    let place = Place::new();
    place.import(&bodies("01_proto_plain")).expect(0);
    let of = |tenant: &str| place.run(&["ledger", "verify", "--tenant", tenant]);
    of("acme").expect(0);
    of("acne").expect(2).says("tenant `acne` has no facts");
    place.run(&["run", ""]).expect(2).says("an empty text names no run");
    let export = ["export", "evidence", "--run", "", "--out", "x.zip"];
    place.run(&export).expect(2).says("an empty text names no run");
    let export = [
        "export",
        "executive",
        "--since",
        "2020-01-01T00:00:00Z",
        "--until",
        "2030-01-01T00:00:00Z",
        "--out",
        "-",
    ];
    place.run(&export).expect(2).says("`-` names no file here");
    place.run(&["api-key", "new", "-t", "root-log", "--role", "reader"]).expect(2).says("root log");
}
