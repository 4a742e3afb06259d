//! `factlog replay` through the real binary, on real captures and on runs that platforms recorded.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::path::PathBuf;

use serde_json::{Value, json};
use support::{Place, Ran, bodies, captures};

/// The same agent three times: `a` and `b` are equal but for ids and times, in `c` a tool answers
/// another rate.
fn three() -> (Place, [String; 3]) {
    let place = Place::new();
    place.import(&bodies("09_replay_pairs")).expect(0);
    let runs = runs(&place);
    (place, runs.try_into().unwrap())
}

/// Run ids, the first that began first.
fn runs(place: &Place) -> Vec<String> {
    let document = place.run(&["runs", "--json", "--limit", "100"]).expect(0).json();
    let mut runs: Vec<(String, String)> = document["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| {
            let text = |name: &str| run[name].as_str().unwrap().to_owned();
            (text("started_at"), text("run_id"))
        })
        .collect();
    runs.sort();
    runs.into_iter().map(|(_, run)| run).collect()
}

fn compare(place: &Place, original: &str, replay: &str, level: &str) -> Ran {
    place.run(&["replay", "compare", original, replay, "--level", level, "--json"])
}

/// The bodies of the second or third of the three runs.
fn bodies_of(prefix: &str) -> Vec<PathBuf> {
    let all = bodies("09_replay_pairs").into_iter();
    all.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect()
}

fn check(place: &Place, run: &str, files: &[PathBuf], more: &[&str]) -> Ran {
    let mut arguments = vec!["replay", "check", run, "--json"];
    arguments.extend(more);
    arguments.push("--against");
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    place.run(&arguments)
}

#[test]
fn runs_that_differ_in_ids_and_times_alone_are_exact() {
    let (place, [a, b, _]) = three();
    let report = compare(&place, &a, &b, "strict").expect(0).json();
    assert_eq!((&report["passed"], &report["match"]), (&json!(true), &json!("EXACT")));
    assert_eq!(report["first_divergence"], Value::Null);
    assert_eq!(report["model_drift"], json!([]));
    assert_eq!(report["original"]["trace_signature"], report["replay"]["trace_signature"]);
    assert_eq!(report["original"]["agent"], "fx-agent");
}

#[test]
fn the_tool_that_answered_otherwise_is_the_first_divergence() {
    let (place, [a, _, c]) = three();
    for level in ["strict", "logical", "semantic"] {
        let report = compare(&place, &a, &c, level).expect(1).json();
        assert_eq!((&report["passed"], &report["match"]), (&json!(false), &json!("MISMATCH")));
        assert_eq!(
            report["first_divergence"],
            json!({
                "kind": "content", "step": 2, "name": "fx_rate", "pointer": "/result/rate",
                "original": 156.42, "replay": 157.01,
            }),
            "{level}"
        );
    }
    let shown = place.run(&["replay", "compare", &a, &c]).expect(1).stdout;
    insta::assert_snapshot!("compare_diverged", shown);
}

#[test]
fn a_capture_is_compared_without_being_recorded() {
    let place = Place::new();
    place.import(&bodies_of("o5a")).expect(0);
    let before = place.run(&["ledger", "verify", "--json"]).expect(0).stdout;
    let run = &runs(&place)[0];
    let same = check(&place, run, &bodies_of("o5b"), &[]).expect(0).json();
    assert_eq!(same["match"], "EXACT");
    let other = check(&place, run, &bodies_of("o5c"), &[]).expect(1).json();
    assert_eq!(other["first_divergence"]["pointer"], "/result/rate");
    assert_eq!(runs(&place).len(), 1);
    assert_eq!(place.run(&["ledger", "verify", "--json"]).expect(0).stdout, before);
}

#[test]
fn what_was_recorded_is_what_the_capture_says() {
    for folder in [
        "01_proto_plain",
        "02_proto_gzip_retry",
        "03_proto_gzip_stream_pii_legacy",
        "04_json_plain",
        "05_json_gzip_stream_pii",
        "06_proto_simple_embeddings",
        "07_no_content",
        "08_redelivery",
        "10_openai_agents",
        "11_twins",
        "13_real_edge_values",
        "mcp_spans",
    ] {
        let (place, files) = (Place::new(), bodies(folder));
        place.import(&files).expect(0);
        for run in runs(&place) {
            let ran = check(&place, &run, &files, &["--capture-run", &run]);
            let report = ran.json();
            let steps = &report["steps"];
            // Both sides went through the mapping; one of them through the ledger and back.
            assert_eq!(steps["changed"], steps["not_recorded"], "{folder} {run}: {report:#}");
            assert_eq!((&steps["inserted"], &steps["removed"]), (&json!(0), &json!(0)), "{folder}");
            assert_eq!(
                report["original"]["trace_signature"], report["replay"]["trace_signature"],
                "{folder}"
            );
            let exact = steps["not_recorded"] == 0;
            assert_eq!(ran.status, i32::from(!exact), "{folder}: {report:#}");
            assert!(folder != "07_no_content" || !exact, "{folder}");
        }
    }
    for file in ["stdio_2025-11-25.jsonl", "http_2026-07-28.jsonl"] {
        let (place, files) = (Place::new(), [captures().join("mcp").join(file)]);
        place.import(&files).expect(0);
        for run in runs(&place) {
            let report = check(&place, &run, &files, &["--capture-run", &run]).expect(0).json();
            assert_eq!(report["match"], "EXACT", "{file}");
        }
    }
}

#[test]
fn what_was_not_captured_cannot_be_told() {
    let place = Place::new();
    place.import(&bodies("07_no_content")).expect(0);
    let run = &runs(&place)[0];
    let report = compare(&place, run, run, "strict").expect(1).json();
    assert_eq!(report["match"], "MISMATCH");
    let first = &report["first_divergence"];
    assert_eq!(
        (&first["kind"], &first["original"]),
        (&json!("not recorded"), &json!("not recorded (not captured)"))
    );
}

/// A run that a platform recorded itself: `(index, skill, params, result)`.
fn native(run: &str, agent: &str, steps: &[(u64, &str, &str, &str)], more: &[Value]) -> String {
    let line = |(at, (index, skill, params, result)): (usize, &(u64, &str, &str, &str))| {
        json!({
            "kind": "run.step", "run_id": run, "occurred_at": format!("2026-11-23T08:00:{at:02}Z"),
            "key": format!("{run}:{at}"), "actor": {"kind": "agent", "name": agent},
            "body": {
                "index": index, "skill": skill, "params": params, "result": result,
                "status": "completed",
            },
            "commit": ["/params", "/result"],
        })
    };
    let lines = steps.iter().enumerate().map(line).chain(more.iter().cloned());
    lines.map(|line| format!("{line}\n")).collect()
}

fn decision(run: &str, outcome: &str) -> Value {
    json!({
        "kind": "audit.authorization", "run_id": run, "occurred_at": "2026-11-23T08:01:00Z",
        "key": format!("{run}:decision"), "policy_ids": ["POL-12"], "body": {"outcome": outcome},
    })
}

const STEPS: [(u64, &str, &str, &str); 5] = [
    (1, "plan", "{\"goal\":\"refund\"}", "look up, check, pay, tell"),
    (2, "lookup_order", "{\"order\":\"10-4471\"}", "{\"total\":189.9,\"currency\":\"EUR\"}"),
    (3, "check_policy", "{\"order\":\"10-4471\"}", "{\"eligible\":true}"),
    (4, "pay", "{\"amount\":189.9}", "{\"ok\":true}"),
    (5, "tell", "{}", "Your refund is on its way."),
];

fn with(lines: &[String]) -> Place {
    let place = Place::new();
    let file = place.path("runs.jsonl");
    std::fs::write(&file, lines.concat()).unwrap();
    place.import(&[file]).expect(0);
    place
}

#[test]
fn a_step_put_in_is_one_step_put_in() {
    let mut longer = STEPS.to_vec();
    longer.insert(3, (4, "ask_human", "{\"amount\":189.9}", "approved"));
    longer[4].0 = 5;
    longer[5].0 = 6;
    let place =
        with(&[native("r1", "refunds", &STEPS, &[]), native("r2", "refunds", &longer, &[])]);
    let report = compare(&place, "r1", "r2", "semantic").expect(1).json();
    assert_eq!(
        report["steps"],
        json!({"same": 5, "changed": 0, "inserted": 1, "removed": 0, "not_recorded": 0})
    );
    assert_eq!(
        report["differences"],
        json!([{
            "kind": "inserted", "step": 4, "name": "ask_human", "pointer": "",
            "original": null, "replay": "ask_human",
        }])
    );
    let shown = place.run(&["replay", "compare", "r1", "r2"]).expect(1).stdout;
    insta::assert_snapshot!("compare_inserted", shown);
    let back = place.run(&["replay", "compare", "r2", "r1"]).expect(1).stdout;
    assert!(back.contains("step 4 removed (ask_human)"), "{back}");
}

#[test]
fn formatting_is_semantic_and_decisions_are_logical() {
    let mut formatted = STEPS.to_vec();
    formatted[1].3 = "{ \"currency\" : \"EUR\", \"total\" : 189.90 }";
    formatted[4].3 = "Your refund  is on its way.\n";
    let mut otherwise = STEPS.to_vec();
    otherwise[4].3 = "It will take a while.";
    let place = with(&[
        native("r1", "refunds", &STEPS, &[decision("r1", "escalate")]),
        native("r2", "refunds", &formatted, &[]),
        native("r3", "refunds", &otherwise, &[decision("r3", "escalate")]),
        native("r4", "refunds", &otherwise, &[decision("r4", "allow")]),
    ]);
    compare(&place, "r1", "r2", "strict").expect(1);
    let semantic = compare(&place, "r1", "r2", "semantic").expect(0).json();
    assert_eq!(
        (&semantic["match"], &semantic["required"]),
        (&json!("SEMANTIC"), &json!("SEMANTIC"))
    );
    let logical = compare(&place, "r1", "r3", "logical").expect(0).json();
    assert_eq!(logical["match"], "LOGICAL");
    let other = compare(&place, "r1", "r4", "logical").expect(1).json();
    assert_eq!(
        other["first_divergence"],
        json!({
            "kind": "decision", "step": null, "name": "POL-12",
            "pointer": "/decisions/POL-12/0/passed", "original": false, "replay": true,
        })
    );
    let shown =
        place.run(&["replay", "compare", "r1", "r3", "--level", "logical"]).expect(0).stdout;
    insta::assert_snapshot!("compare_logical", shown);
}

#[test]
fn a_long_run_is_shown_around_its_differences() {
    let texts: Vec<String> = (0..50).map(|n| format!("{{\"n\":{n}}}")).collect();
    let mut steps: Vec<(u64, &str, &str, &str)> =
        (1..).zip(&texts).map(|(index, text)| (index, "poll", text.as_str(), "ok")).collect();
    let one = native("r1", "poller", &steps, &[]);
    steps[30].3 = "failed";
    let place = with(&[one, native("r2", "poller", &steps, &[])]);
    let shown = place.run(&["replay", "compare", "r1", "r2"]).expect(1).stdout;
    insta::assert_snapshot!("compare_long", shown);
    let same = place.run(&["replay", "compare", "r1", "r1"]).expect(0).stdout;
    assert!(same.lines().count() < 80, "{same}");
}

#[test]
fn numbers_that_are_odd_are_findings() {
    let odd = [STEPS[0], STEPS[2], STEPS[1], STEPS[1], STEPS[4]];
    let place = with(&[native("r1", "refunds", &STEPS, &[]), native("r2", "refunds", &odd, &[])]);
    let report = compare(&place, "r1", "r2", "semantic").expect(1).json();
    assert_eq!(
        report["findings"],
        json!([
            "replay: step 2 stands behind step 3 (compared in order of number)",
            "replay: step 2 stands behind step 3 (compared in order of number)",
            "replay: 2 steps are number 2",
            "replay: step 4 is missing",
        ])
    );
}

#[test]
fn what_cannot_be_compared_is_bad_input() {
    let lone = json!({
        "kind": "run.event", "run_id": "r3", "occurred_at": "2026-11-23T08:00:00Z",
        "body": {"note": "nothing was done"},
    });
    let place = with(&[
        native("r1", "refunds", &STEPS, &[]),
        native("r2", "taxes", &STEPS, &[]),
        format!("{lone}\n"),
    ]);
    compare(&place, "r1", "r2", "strict").expect(2).says("the replay one of `taxes`");
    compare(&place, "r1", "nobody", "strict").expect(2).says("nobody");
    compare(&place, "r1", "r3", "strict").expect(2);
    place.run(&["replay", "compare", "r1", "r1", "--level", "roughly"]).expect(2);
    let file = place.path("runs.jsonl");
    check(&place, "r1", std::slice::from_ref(&file), &[])
        .expect(2)
        .says("the capture holds 2 runs: r1, r2");
    check(&place, "r1", std::slice::from_ref(&file), &["--capture-run", "r9"])
        .expect(2)
        .says("`r9`");
    check(&place, "r1", &[file], &["--capture-run", "r1"]).expect(0);
    check(&place, "r1", &[place.path("gone.jsonl")], &[]).expect(2).says("gone.jsonl");
    let broken = place.path("broken.jsonl");
    std::fs::write(&broken, "{\"kind\":").unwrap();
    check(&place, "r1", &[broken], &["--format", "jsonl"]).expect(2);
}
