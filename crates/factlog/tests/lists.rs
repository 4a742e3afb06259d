//! Lists at the real binary: filters, pages, and what cannot be asked for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use serde_json::Value;
use support::{Place, bodies, captures};

fn place() -> Place {
    let place = Place::new();
    place.import(&bodies("04_json_plain")).expect(0);
    place.import(&bodies("01_proto_plain")).expect(0);
    place.import(&[captures().join("mcp/stdio_2025-11-25.jsonl")]).expect(0);
    place
}

fn items(ran: &support::Ran) -> Vec<Value> {
    ran.json()["items"].as_array().unwrap().clone()
}

#[test]
fn a_filter_leaves_out_what_does_not_fit() {
    let place = place();
    let all = items(&place.run(&["runs", "--json", "--limit", "500"]).expect(0));
    for member in ["agent", "status"] {
        let option = format!("--{member}");
        let mut values: Vec<&str> = all.iter().filter_map(|run| run[member].as_str()).collect();
        values.sort_unstable();
        values.dedup();
        for value in values {
            let ran = place.run(&["runs", "--json", "--limit", "500", &option, value]).expect(0);
            let fitting = all.iter().filter(|run| run[member] == value).count();
            assert!(fitting > 0 && items(&ran).len() >= fitting, "{member} {value}");
            if member == "status" {
                assert_eq!(items(&ran).len(), fitting, "{value}");
            }
        }
    }
    let none = place.run(&["runs", "--json", "--model", "nobody's"]).expect(0).json();
    assert_eq!((none["items"].as_array().unwrap().len(), &none["has_more"]), (0, &false.into()));
}

#[test]
fn pages_joined_are_the_whole_list() {
    let place = place();
    for list in ["runs", "audit", "system"] {
        let whole = items(&place.run(&[list, "--json", "--limit", "500"]).expect(0));
        assert!(!whole.is_empty(), "{list}");
        let (mut joined, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut arguments = vec![list, "--json", "--limit", "7"];
            if let Some(cursor) = &cursor {
                arguments.extend(["--cursor", cursor]);
            }
            let page = place.run(&arguments).expect(0).json();
            joined.extend(page["items"].as_array().unwrap().clone());
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            assert_eq!(page["has_more"], cursor.is_some());
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(joined, whole, "{list}");
    }
}

#[test]
fn what_cannot_be_asked_for_is_bad_input() {
    let place = place();
    for limit in ["0", "501", "1000000000"] {
        for list in ["runs", "audit", "system"] {
            place.run(&[list, "--limit", limit]).expect(2).says("1 to 500");
        }
    }
    place.run(&["runs", "--cursor", "42"]).expect(2).says("no cursor");
    let page = place.run(&["runs", "--json", "--limit", "1"]).expect(0).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    place.run(&["audit", "--cursor", cursor]).expect(2).says("another question");
    place
        .run(&["import", "--tenant", "other", bodies("04_json_plain")[0].to_str().unwrap()])
        .expect(0);
    place.run(&["runs", "--tenant", "other", "--cursor", cursor]).expect(2).says("another tenant");
    place.run(&["audit", "access", "--tenant", "acme", "--kind", "x"]).expect(2).says("--kind");
    for view in [
        &["audit", "identity", "--actor", "x"][..],
        &["audit", "identity", "--limit", "0"],
        &["audit", "exports", "--policy", "x"],
        &["audit", "system", "--profile", "soc2"],
    ] {
        let view = [view, &["--tenant", "acme"]].concat();
        place.run(&view).expect(2).says(view[2]).says("it fits `audit ");
    }
    let (early, late) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    for list in ["runs", "audit", "system", "usage"] {
        let none = [list, "--tenant", "acme", "--since", late, "--until", early];
        place.run(&none).expect(2).says("the period ends before it begins");
    }
}

/// What others said of a run that recorded nothing itself.
const BESIDE: &str = r#"
{"kind":"audit.event","run_id":"ghost","occurred_at":"2026-01-01T00:00:00Z","body":{"event":"refund","before":{"open":true},"after":{"open":false}}}
{"kind":"alert.sent","run_id":"ghost","occurred_at":"2026-01-01T00:00:10Z","body":{"name":"cost"}}
{"kind":"alert.suppressed","occurred_at":"2026-01-01T00:00:20Z","body":{"name":"cost"}}
{"kind":"alert.sent","occurred_at":"2026-01-01T00:01:00Z","body":{"name":"cost"}}
"#;

#[test]
fn what_was_said_beside_a_run_is_found_by_its_id() {
    let place = Place::new();
    std::fs::write(place.path("beside.jsonl"), BESIDE.trim_start()).unwrap();
    place.import(&[place.path("beside.jsonl")]).expect(0);
    let audit = place.run(&["audit", "--run", "ghost", "--json"]).expect(0).json();
    assert_eq!((&audit["items"][0]["event"], &audit["as_of_size"]), (&"refund".into(), &4.into()));
    let system = place.run(&["system", "--run", "ghost", "--json"]).expect(0);
    assert_eq!(items(&system).len(), 1);
    place.run(&["audit", "--run", "nobody"]).expect(2).says("has no run `nobody`");
    let trace = place.run(&["trace", "ghost", "--json"]).expect(0).json();
    let kinds: Vec<&str> =
        trace["entries"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(
        (kinds, &trace["steps"]),
        (vec!["audit.event", "alert.sent"], &Value::Array(vec![]))
    );
    place.run(&["run", "ghost"]).expect(2).says("no step of the run `ghost`");
    assert!(place.run(&["trace", "ghost"]).expect(0).stdout.contains("alert.sent"));

    let whole = place.run(&["audit", "--entry", "0", "--json"]).expect(0).json();
    assert_eq!(whole["fact"]["body"]["after"]["open"], false);
    let id = whole["fact"]["id"].as_str().unwrap();
    assert_eq!(place.run(&["audit", "--entry", id, "--json"]).expect(0).json(), whole);
    place.run(&["audit", "--entry", "4"]).expect(2).says("has no entry `4`");
    place.run(&["audit", "--entry", "first"]).expect(2).says("sequence number");
    place.run(&["audit", "identity", "--entry", "0"]).expect(2);

    let chain = |of: &[&str]| place.run(&[&["audit", "chain", "--json"], of].concat());
    let run = chain(&["--run", "ghost"]).expect(0).json();
    assert_eq!((&run["subject"], &run["stretches"]), (&"run ghost".into(), &vec!["0..2"].into()));
    let of_seconds = chain(&["--since", "2026-01-01T00:00:20Z", "--until", "2026-01-01T00:00:21Z"]);
    assert_eq!(of_seconds.expect(0).json()["entries"][0]["kind"], "alert.suppressed");
    let nobody = place.run(&["audit", "chain", "--actor", "nobody"]).expect(0).stdout;
    assert!(nobody.starts_with("not recorded"), "{nobody}");
    chain(&[]).expect(2).says("one thing");
    chain(&["--run", "ghost", "--incident", "i"]).expect(2).says("one thing");
    chain(&["--run", "ghost", "--tool", "t"]).expect(2).says("--tool");

    let (since, until) = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z");
    let window = ["system", "alert", "cost", "--json", "--since", since, "--until"];
    let known = place.run(&[&window[..], &[until]].concat()).expect(0).json();
    assert_eq!((&known["sent"], &known["suppressed"]), (&1.into(), &1.into()));
    assert_eq!(known["last_sent"]["seq"], 1, "the later one lies behind the window");
    place.run(&[&window[..], &[since]].concat()).expect(2).says("the period ends before it begins");
    let quiet = ["system", "alert", "disk", "--since", since, "--until", until];
    assert!(place.run(&quiet).expect(0).stdout.starts_with("not recorded"));
}

#[test]
fn what_surrounded_a_run_is_shown_or_not_recorded() {
    let place = place();
    let runs = items(&place.run(&["runs", "--json", "--limit", "500"]).expect(0));
    for run in &runs {
        let id = run["run_id"].as_str().unwrap();
        let window = place.run(&["system", "window", id, "--json"]).expect(0).json();
        assert_eq!(window["inflection"].is_null(), run["errors"] == 0, "{id}");
        let snapshot = place.run(&["system", "snapshot", id, "--json"]).expect(0).json();
        assert!(snapshot["recorded"].is_array());
        let telemetry = place.run(&["system", "telemetry", id, "--json"]).expect(0).json();
        assert!(telemetry["points"].is_array() && telemetry["span_events"].is_array());
    }
    let used = items(&place.run(&["usage", "--json"]).expect(0));
    let sum =
        |of: &[Value], member: &str| of.iter().filter_map(|i| i[member].as_u64()).sum::<u64>();
    assert_eq!(sum(&used, "calls"), sum(&runs, "llm_calls"));
    assert_eq!(sum(&used, "input_tokens"), sum(&runs, "input_tokens"));
}

#[test]
fn shells_and_readers_get_what_they_want_without_a_database() {
    let place = Place::empty();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.run(&["completions", shell]).expect(0).stdout;
        for word in ["audit", "system", "--plan-hash"] {
            assert!(script.contains(word.trim_start_matches("--")), "{shell} {word}");
        }
    }
    place.run(&["man", "pages"]).expect(0);
    for page in ["factlog.1", "factlog-runs.1", "factlog-system-window.1"] {
        let text = std::fs::read_to_string(place.path("pages").join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
}
