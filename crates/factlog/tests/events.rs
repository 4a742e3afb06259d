//! `factlog export events`: every fact as a CloudEvent, with the real binary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use serde_json::Value;
use support::{Place, bodies};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_stream_goes_on_where_it_ended_and_is_recorded_but_not_for_ever() {
    let place = Place::new();
    place.import(&bodies("01_proto_plain")).expect(0);
    let first = place.run(&["export", "events", "--out", "1.jsonl", "--json"]).expect(0).json();
    let next = first["next"].as_u64().unwrap();
    assert_eq!(first["events"], next);
    let written = std::fs::read(place.path("1.jsonl")).unwrap();
    assert_eq!(first["bytes"], written.len() as u64);

    // What comes next is that the first left the house; that alone is not recorded again.
    let from = next.to_string();
    let arguments = |out| ["export", "events", "--from", &from, "--out", out, "--json"];
    let second = place.run(&arguments("2.jsonl")).expect(0).json();
    assert_eq!((&second["events"], &second["next"]), (&1.into(), &(next + 1).into()));
    let event = &lines(&std::fs::read_to_string(place.path("2.jsonl")).unwrap())[0];
    assert_eq!(event["type"], "factlog.export.completed");
    assert_eq!(event["data"]["body"]["sha256"], first["sha256"]);
    let third = place.run(&arguments("3.jsonl")).expect(0).json();
    assert_eq!(third["next"], second["next"]);
    let exports = place.run(&["audit", "exports", "--json"]).expect(0).json();
    assert_eq!(exports["items"].as_array().unwrap().len(), 1);

    let streamed = place.run(&["export", "events", "--tenant", "acme"]).expect(0).stdout;
    assert!(streamed.as_bytes().starts_with(&written), "the same bytes on standard output");

    place.run(&arguments("3.jsonl")).expect(2).says("already there");
    let beyond = ["export", "events", "--from", "99999", "--out", "4.jsonl"];
    place.run(&beyond).expect(2).says("no entry 99999");
    assert!(!place.path("4.jsonl").exists());
    place.run(&["ledger", "verify"]).expect(0);
}
