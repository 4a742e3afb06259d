//! Verification, proofs, bundles: what holds, and what is found when somebody meddles.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::path::Path;

use support::{Place, bodies};

/// A database with two captures, signed; gives a run of the first.
fn recorded() -> (Place, String) {
    let place = Place::new();
    place.import(&bodies("01_proto_plain")).expect(0);
    place.import(&bodies("02_proto_gzip_retry")).expect(0);
    place.run(&["ledger", "checkpoint"]).expect(0);
    let runs = place.run(&["runs", "--json"]).expect(0).json();
    let run = runs["items"].as_array().unwrap().last().unwrap()["run_id"].clone();
    (place, run.as_str().unwrap().to_owned())
}

fn key(place: &Place) -> String {
    place.run(&["keys", "show"]).expect(0).stdout.trim().to_owned()
}

fn export(place: &Place, run: &str, out: &str, env: &[(&str, &str)]) -> Vec<u8> {
    place.run_with(&["export", "evidence", "--run", run, "--out", out], env).expect(0);
    std::fs::read(place.path(out)).unwrap()
}

#[test]
fn an_untouched_ledger_holds() {
    let (place, _) = recorded();
    let report = place.run(&["ledger", "verify", "--json"]).expect(0).json();
    assert_eq!(report["holds"], true);
    assert_eq!(report["findings"].as_array().unwrap().len(), 0);
    assert_eq!(report["entries"], report["tenants"][0]["signed_size"]);
}

#[test]
fn a_checkpoint_is_signed_once_and_is_a_c2sp_note() {
    let (place, _) = recorded();
    let first = place.run(&["ledger", "checkpoint"]).expect(0).stdout;
    let second = place.run(&["ledger", "checkpoint"]).expect(0).stdout;
    assert_eq!(first, second);
    assert!(first.starts_with("logs.test/acme\n"));
    assert!(first.contains("\n\n\u{2014} logs.test/acme "));
}

#[test]
fn proofs_verify_offline_and_a_changed_one_does_not() {
    let (place, _) = recorded();
    let key = key(&place);
    place.import(&bodies("07_no_content")).expect(0);
    place.run(&["ledger", "checkpoint"]).expect(0);
    let sizes = place.run(&["ledger", "verify", "--json"]).expect(0).json();
    let newer = sizes["entries"].as_u64().unwrap();
    let older = newer - 10;
    let consistency = ["ledger", "consistency", &older.to_string(), &newer.to_string()];
    for (name, arguments) in [
        ("entry", &["ledger", "prove", "--seq", "3"][..]),
        ("range", &["ledger", "prove", "--range", "2..9"]),
        ("consistency", &consistency),
    ] {
        let proof = place.run(arguments).expect(0).stdout;
        std::fs::write(place.path(name), &proof).unwrap();
        place.run(&["proof", "verify", name, "--key", &key]).expect(0);

        let mut lines: Vec<String> = proof.lines().map(str::to_owned).collect();
        let hash = lines.iter().position(|line| line.len() == 44).unwrap();
        let first = if lines[hash].starts_with('A') { "B" } else { "A" };
        lines[hash].replace_range(0..1, first);
        std::fs::write(place.path(name), lines.join("\n") + "\n").unwrap();
        place.run(&["proof", "verify", name, "--key", &key]).expect(1);
    }
}

#[test]
fn the_same_export_is_the_same_bytes_in_any_zone_and_locale() {
    let (place, run) = recorded();
    let first = export(&place, &run, "a.zip", &[]);
    let abroad = [("TZ", "Asia/Kathmandu"), ("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8")];
    let second = export(&place, &run, "b.zip", &abroad);
    assert!(first == second, "two exports of one run differ");
}

#[test]
fn a_bundle_verifies_without_a_database_and_says_what_it_does_not_prove() {
    let (place, run) = recorded();
    let key = key(&place);
    export(&place, &run, "run.zip", &[]);
    let elsewhere = Place::empty();
    std::fs::copy(place.path("run.zip"), elsewhere.path("run.zip")).unwrap();

    let alone = elsewhere.run(&["bundle", "verify", "run.zip", "--json"]).expect(0).json();
    assert_eq!(alone["holds"], true);
    let not_proved = alone["not_proved"].to_string();
    assert!(not_proved.contains("key"), "a key inside the bundle is not trust: {not_proved}");

    let trusted = ["bundle", "verify", "run.zip", "--key", &key, "--json"];
    assert_eq!(elsewhere.run(&trusted).expect(0).json()["holds"], true);

    let other = Place::new();
    other.import(&bodies("07_no_content")).expect(0);
    let wrong = other.run(&["keys", "show"]).expect(0).stdout.trim().to_owned();
    elsewhere.run(&["bundle", "verify", "run.zip", "--key", &wrong]).expect(1);
}

#[test]
fn a_flipped_bit_anywhere_in_a_bundle_is_found() {
    let (place, run) = recorded();
    let key = key(&place);
    let bytes = export(&place, &run, "run.zip", &[]);
    // Every part of the file is hit; the step is prime to its structure.
    for at in (0..bytes.len()).step_by(bytes.len() / 60 + 1) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(place.path("flipped.zip"), flipped).unwrap();
        let ran = place.run(&["bundle", "verify", "flipped.zip", "--key", &key]);
        assert!([1, 2].contains(&ran.status), "byte {at}: {}\n{}", ran.status, ran.stdout);
    }
}

#[test]
fn withheld_contents_leave_a_bundle_that_holds_and_says_so() {
    let (place, run) = recorded();
    place
        .run(&["export", "evidence", "--run", &run, "--out", "w.zip", "--withhold", "content"])
        .expect(0);
    let report = place.run(&["bundle", "verify", "w.zip", "--json"]).expect(0).json();
    assert_eq!(report["holds"], true);
    assert!(report["not_proved"].to_string().contains("withheld"));
}

fn patch(file: &Path, from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(file).unwrap();
    let at = bytes.windows(from.len()).position(|window| window == from).expect("needle");
    bytes[at..at + to.len()].copy_from_slice(to);
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn an_edit_of_the_file_around_the_triggers_is_found() {
    let (place, _) = recorded();
    patch(
        &place.path("factlog.db"),
        br#""policy.outcome":"escalate""#,
        br#""policy.outcome":"approved""#,
    );
    let ran = place.run(&["ledger", "verify", "--json"]).expect(1);
    let report = ran.json();
    assert_eq!(report["holds"], false);
    assert!(report["findings"][0]["seq"].is_u64());
}

const DAY: [&str; 4] = ["--since", "2026-11-23T00:00:00Z", "--until", "2026-11-24T00:00:00Z"];

#[test]
fn a_day_for_an_auditor_verifies_offline_and_names_what_speaks_to_which_criterion() {
    let (place, _) = recorded();
    let key = key(&place);
    let soc2 = [&["export", "soc2", "--out", "day.zip"][..], &DAY].concat();
    place.run(&soc2).expect(0);
    let report = place.run(&["bundle", "verify", "day.zip", "--key", &key, "--json"]).expect(0);
    let proved = report.json()["proved"].to_string();
    assert!(proved.contains("recorded from 2026-11-23T00:00:00.000000000Z up to"), "{proved}");
    let members = place.run(&["bundle", "show", "day.zip"]).expect(0).stdout;
    assert!(members.contains("soc2-criteria.json"), "{members}");
    place.run(&soc2).expect(2).says("already there");
    let sample = ["bundle", "sample", "day.zip", "--key", &key, "--count", "3", "--json", "--seed"];
    let drawn = |seed: &str| place.run(&[&sample[..], &[seed]].concat()).expect(0).json();
    assert_eq!(drawn("a")["items"].as_array().unwrap().len(), 3);
    assert_eq!(drawn("a"), drawn("a"));
    assert_ne!(drawn("a"), drawn("b"));
    let mut changed = std::fs::read(place.path("day.zip")).unwrap();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    std::fs::write(place.path("changed.zip"), changed).unwrap();
    let sample = ["bundle", "sample", "changed.zip", "--key", &key, "--seed", "a"];
    place.run(&sample).expect(1);

    let executive = [&["export", "executive", "--out", "sum.zip", "--json"][..], &DAY].concat();
    let wrote = place.run(&executive).expect(0).json();
    assert_eq!((&wrote["profile"], &wrote["run_id"]), (&"executive".into(), &().into()));
    place.run(&["bundle", "verify", "sum.zip", "--key", &key]).expect(0);
    let exports = place.run(&["audit", "exports", "--json"]).expect(0).json();
    let profiles: Vec<&str> = exports["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|export| export["profile"].as_str().unwrap())
        .collect();
    assert_eq!(profiles, ["executive", "soc2"]);
}

#[test]
fn an_export_is_about_one_thing_and_an_actor_may_be_narrowed() {
    let (place, run) = recorded();
    let evidence = |about: &[&str], status: i32| {
        let out = ["export", "evidence", "--out", &format!("{}.zip", about.len())];
        place.run(&[&out[..], about].concat()).expect(status)
    };
    evidence(&[], 2);
    evidence(&["--run", &run, "--incident", "i-1"], 2);
    evidence(&["--run", &run, "--until", DAY[3]], 2);
    evidence(&["--incident", "i-1"], 2).says("no fact of the incident `i-1`");
    evidence(&["--actor", "nobody"], 2).says("no fact of the actor `nobody`");
    evidence(&["--since", DAY[3], "--until", DAY[1]], 2).says("ends before it begins");
    let runs = place.run(&["runs", "--json"]).expect(0).json();
    let name = runs["items"][0]["agent"].as_str().unwrap().to_owned();
    evidence(&[&["--actor", &name][..], &DAY].concat(), 0);
    place.run(&["export", "soc2", "--since", DAY[1], "--out", "q.zip"]).expect(2);
    assert!(!place.path("q.zip").exists());
}

#[test]
fn an_export_of_a_run_is_found_by_its_run() {
    let (place, run) = recorded();
    export(&place, &run, "run.zip", &[]);
    let exports = place.run(&["audit", "exports", "--run", &run, "--json"]).expect(0).json();
    assert_eq!(exports["items"][0]["run_id"], run.as_str());
}

#[test]
fn an_export_refuses_to_overwrite() {
    let (place, run) = recorded();
    std::fs::write(place.path("mine.zip"), "mine").unwrap();
    place.run(&["export", "evidence", "--run", &run, "--out", "mine.zip"]).expect(2);
    assert_eq!(std::fs::read(place.path("mine.zip")).unwrap(), b"mine");
}
