//! `factlog completeness`: what a record lacks, at the real binary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use support::{Place, bodies, captures};

const PERIOD: [&str; 4] = ["--since", "2026-01-01T00:00:00Z", "--until", "2027-01-01T00:00:00Z"];

fn recorded(lines: &str) -> Place {
    let place = Place::new();
    std::fs::write(place.path("facts.jsonl"), lines).unwrap();
    place.run(&["import", "--tenant", "acme", "--format", "jsonl", "facts.jsonl"]).expect(0);
    place
}

fn line(kind: &str, run: &str, second: u32, body: &str) -> String {
    format!(
        r#"{{"kind":"{kind}","run_id":"{run}","occurred_at":"2026-11-23T08:00:{second:02}Z","actor":{{"kind":"agent","name":"planner"}},"body":{body}}}"#
    ) + "\n"
}

/// A run that lacks nothing for an executive, but for what is recommended.
fn whole(run: &str) -> String {
    [
        line("run.started", run, 0, r#"{"declared_steps":2}"#),
        line("audit.authorization", run, 1, r#"{"decision":"allow"}"#),
        line(
            "run.llm_call",
            run,
            2,
            r#"{"step_index":0,"model":"m","input_tokens":9,"output_tokens":4,"cost_micros":70,"outcome":"answered"}"#,
        ),
        line("run.step", run, 3, r#"{"step_index":1}"#),
        line(
            "run.completed",
            run,
            4,
            r#"{"declared_steps":2,"input_tokens":9,"output_tokens":4,"cost_micros":70,"llm_calls":1}"#,
        ),
    ]
    .concat()
}

#[test]
fn a_run_that_lacks_only_what_is_recommended_is_partial_and_strictly_incomplete() {
    let place = recorded(&whole("r1"));
    place.run(&["ledger", "checkpoint"]).expect(0);
    let usual = place.run(&["completeness", "r1", "--profile", "executive", "--json"]).expect(1);
    assert_eq!(usual.json()["completeness"], "PARTIAL");
    assert_eq!(usual.json()["reasons"].as_array().unwrap().len(), 1, "{}", usual.stdout);
    assert_eq!(usual.json()["reasons"][0]["code"], "field_missing");
    let strict = ["completeness", "r1", "--profile", "executive", "--strict", "--json"];
    assert_eq!(place.run(&strict).expect(1).json()["completeness"], "INCOMPLETE");
}

#[test]
fn a_complete_run_gives_exit_status_0() {
    let incident = line("audit.event", "r1", 3, "{}")
        .replace(r#""run_id""#, r#""incident_ids":["inc-1"],"run_id""#);
    let place = recorded(&(whole("r1") + &incident));
    place.run(&["ledger", "checkpoint"]).expect(0);
    let ran = place.run(&["completeness", "r1", "--profile", "executive", "--strict"]).expect(0);
    assert!(ran.stdout.starts_with("COMPLETE  for the profile executive, strictly\n"));
    let period = [&["completeness", "--profile", "executive"][..], &PERIOD].concat();
    let ran = place.run(&period).expect(0);
    assert!(ran.stdout.contains("1 run, 1 closed, none open"), "{}", ran.stdout);
}

#[test]
fn steps_calls_ends_and_totals_that_do_not_fit_are_named_with_their_entries() {
    let place = recorded(
        &[
            line("run.step", "r1", 1, r#"{"step_index":0}"#),
            line("run.step", "r1", 2, r#"{"step_index":0,"again":true}"#),
            line("run.step", "r1", 3, r#"{"step_index":3}"#),
            line("run.llm_call", "r1", 4, r#"{"call":"c1","model":"m"}"#),
            line("audit.tool", "r1", 5, r#"{"event":"requested","call":"t1","tool":"search"}"#),
            line("run.completed", "r1", 6, r#"{"input_tokens":9}"#),
            line("run.aborted", "r1", 7, "{}"),
            line(
                "audit.capture_failure",
                "r1",
                8,
                r#"{"evidence_class":"provider","reason":"bypassed"}"#,
            ),
        ]
        .concat(),
    );
    let ran = place.run(&["completeness", "r1", "--json"]).expect(1);
    let reasons = ran.json()["reasons"].as_array().unwrap().clone();
    let texts: Vec<&str> = reasons.iter().map(|reason| reason["text"].as_str().unwrap()).collect();
    for expect in [
        "terminal facts disagree on the run's end (entry 5: completed, entry 6: aborted)",
        "missing 2 steps (1, 2)",
        "step 0 recorded more than once",
        "model call response c1 never answered",
        "tool call response t1 never answered",
        "entry 5 declares 9 input tokens for the run, its distinct calls give 0",
        "provider could not be captured (entry 7): bypassed",
    ] {
        assert!(texts.contains(&expect), "wanted `{expect}` in {texts:#?}");
    }
}

#[test]
fn a_period_names_every_run_as_closed_or_open_and_shows_that_none_was_left_out() {
    let open = line("run.started", "r2", 30, "{}");
    let other = line("run.started", "r0", 0, "{}").replace("2026-11-23", "2020-11-23");
    let place = recorded(&(whole("r1") + &open + &other));
    let ran = place.run(&[&["completeness", "--json"][..], &PERIOD].concat()).expect(1);
    let population = &ran.json()["population"];
    assert_eq!((&population["runs"], &population["closed"]), (&2.into(), &1.into()));
    assert_eq!(population["open_runs"][0]["run_id"], "r2");
    assert_eq!((&population["whole"], &population["end_seq"]), (&true.into(), &7.into()));
    let checkpoint = place.run(&["ledger", "checkpoint", "--json"]).expect(0);
    assert!(checkpoint.stdout.contains("logs.test/acme\\n7\\n"), "{}", checkpoint.stdout);
    // Signed now; nothing else changed.
    let ran = place.run(&[&["completeness", "--json"][..], &PERIOD].concat()).expect(1);
    assert_eq!(ran.json()["signed_size"], 7);
    assert_eq!(&ran.json()["population"]["root"], &population["root"]);
}

/// What is counted here is what `runs` counts, over every real capture.
#[test]
fn calls_are_counted_as_lists_of_runs_count_them() {
    let folders =
        ["01_proto_plain", "03_proto_gzip_stream_pii_legacy", "10_openai_agents", "mcp_spans"];
    for folder in folders {
        let place = Place::new();
        place.import(&bodies(folder)).expect(0);
        let runs = place.run(&["runs", "--json", "--limit", "500"]).expect(0).json();
        for run in runs["items"].as_array().unwrap() {
            let id = run["run_id"].as_str().unwrap();
            let found = place.run(&["completeness", id, "--json"]).expect(1).json();
            assert_eq!(found["calls"]["model"]["calls"], run["llm_calls"], "{folder} {id}");
            assert_eq!(found["calls"]["tool"]["calls"], run["tool_calls"], "{folder} {id}");
            let open = run["status"] == "running";
            assert_eq!(found["ends"].as_array().unwrap().is_empty(), open, "{folder} {id}");
            assert_eq!(found["entries"], run["entries"], "{folder} {id}");
        }
    }
}

#[test]
fn an_mcp_request_that_was_never_answered_is_named() {
    let place = Place::new();
    place.import(&[captures().join("mcp/stdio_2025-11-25.jsonl")]).expect(0);
    let ran = place.run(&["completeness", "stdio"]).expect(1);
    assert!(
        ran.stdout
            .contains("tool call response mcp:stdio-legacy-1:client_to_server:13 never answered")
    );
    assert!(ran.stdout.contains("8 tool calls (1 unanswered)"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_reason() {
    let place = recorded(&whole("r1"));
    place.run(&["completeness", "nobody"]).expect(2).says("has no run `nobody`");
    place.run(&["completeness"]).expect(2).says("--since <TIME> --until <TIME>");
    place.run(&["completeness", "--since", "2026-01-01T00:00:00Z"]).expect(2).says("--until");
    place.run(&["completeness", "r1", "--since", "2026-01-01T00:00:00Z"]).expect(2);
    place.run(&["completeness", "r1", "--profile", "auditor"]).expect(2).says("executive");
    let backwards = ["--since", "2027-01-01T00:00:00Z", "--until", "2026-01-01T00:00:00Z"];
    place.run(&[&["completeness"][..], &backwards].concat()).expect(2).says("not before");
    let unknown = [&["completeness", "--tenant", "nobody"][..], &PERIOD].concat();
    place.run(&unknown).expect(2).says("no facts");
    Place::empty().run(&["completeness", "r1"]).expect(3);
}
