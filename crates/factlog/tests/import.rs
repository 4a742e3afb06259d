//! Real captures through the real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use serde_json::Value;
use support::{Place, Totals, bodies, captures};

fn expected() -> Value {
    let text = std::fs::read_to_string(captures().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_capture_gives_the_counts_that_were_counted_by_others() {
    let expected = expected();
    for folder in [
        "01_proto_plain",
        "02_proto_gzip_retry",
        "03_proto_gzip_stream_pii_legacy",
        "04_json_plain",
        "05_json_gzip_stream_pii",
        "06_proto_simple_embeddings",
        "07_no_content",
        "08_redelivery",
        "09_replay_pairs",
        "10_openai_agents",
        "11_twins",
        "13_real_edge_values",
        "mcp_spans",
    ] {
        let want = &expected[folder];
        let number = |member: &str| want[member].as_u64().unwrap();
        let place = Place::new();
        let summary = place.import(&bodies(folder)).expect(0).json();
        assert_eq!(summary["conflicts"], 0, "{folder}");
        assert_eq!(summary["rejected"], 0, "{folder}");
        if number("metrics_posts") == 0 {
            let distinct = number("spans_distinct") + number("log_records_distinct");
            assert_eq!(summary["facts"], distinct, "{folder}");
            let sent = number("span_records_sent") + number("log_records_sent");
            assert_eq!(summary["duplicates"], sent - distinct, "{folder}");
        }
        let totals = place.totals();
        let want = Totals {
            llm_calls: number("llm_calls_distinct"),
            tool_calls: number("tool_spans"),
            input_tokens: number("input_tokens"),
            output_tokens: number("output_tokens"),
            runs: usize::try_from(number("traces")).unwrap(),
        };
        assert_eq!(totals, want, "{folder}");
        place.run(&["ledger", "verify", "--json"]).expect(0);
    }
}

#[test]
fn mcp_transcripts_give_their_tool_calls() {
    let expected = expected();
    for file in ["stdio_2025-11-25.jsonl", "http_2026-07-28.jsonl"] {
        let want = &expected["mcp"][file];
        let place = Place::new();
        let summary = place.import(&[captures().join("mcp").join(file)]).expect(0).json();
        assert_eq!(summary["facts"], want["messages"], "{file}");
        assert_eq!(place.totals().tool_calls, want["tool_calls"].as_u64().unwrap(), "{file}");
        let again = place.import(&[captures().join("mcp").join(file)]).expect(0).json();
        assert_eq!(again["facts"], 0, "{file}");
        assert_eq!(again["duplicates"], want["messages"], "{file}");
    }
}

#[test]
fn the_protobuf_and_the_json_form_of_a_body_are_the_same_facts() {
    let (protobuf, json): (Vec<_>, Vec<_>) =
        bodies("11_twins").into_iter().partition(|file| file.extension().unwrap() == "pb");
    let place = Place::new();
    let first = place.import(&protobuf).expect(0).json();
    let second = place.import(&json).expect(0).json();
    assert_eq!(second["facts"], 0);
    assert_eq!(second["conflicts"], 0);
    assert_eq!(second["duplicates"], first["facts"]);
}

#[test]
fn importing_again_records_nothing() {
    let place = Place::new();
    let first = place.import(&bodies("01_proto_plain")).expect(0).json();
    let again = place.import(&bodies("01_proto_plain")).expect(0).json();
    assert_eq!(again["facts"], 0);
    assert_eq!(again["duplicates"], first["facts"]);
}

#[test]
fn a_conflicting_duplicate_is_refused_and_the_first_stands() {
    let place = Place::new();
    let edge = captures().join("12_edge_cases");
    place.import(&[edge.join("17_dup_span_conflict_a.json")]).expect(0);
    let before = place.run(&["runs", "--json"]).expect(0).json();
    let second = place.import(&[edge.join("17_dup_span_conflict_b.json")]).expect(1);
    let second = second.says("conflict").json();
    assert_eq!(second["facts"], 0);
    assert_eq!(second["conflicts"], 1);
    let after = place.run(&["runs", "--json"]).expect(0).json();
    assert_eq!(before["items"][0]["started_at"], after["items"][0]["started_at"]);
}

#[test]
fn edge_cases_get_the_outcome_that_their_manifest_names() {
    let folder = captures().join("12_edge_cases");
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    for line in manifest.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let file = case["file"].as_str().unwrap();
        let content_type = case["headers"][0][1].as_str().unwrap();
        if case["method_override"].is_string() || content_type == "text/plain" {
            continue; // about HTTP, not about the body
        }
        let place = Place::new();
        let format = if content_type.contains("json") { "otlp-json" } else { "otlp-protobuf" };
        let path = folder.join(file);
        let ran = place.run(&[
            "import",
            "--json",
            "--format",
            format,
            "--signal",
            "traces",
            path.to_str().unwrap(),
        ]);
        match &case["expect_status"] {
            status if *status == 200 => {
                let summary = ran.expect(0).json();
                if let Some(spans) = case["expect_spans"].as_u64() {
                    assert_eq!(summary["facts"], spans, "{file}");
                }
                if let Some(rejected) = case["expect_rejected"].as_u64() {
                    assert_eq!(summary["rejected"], rejected, "{file}");
                }
            }
            status if *status == 400 || *status == "400" => {
                ran.expect(2).says(file);
            }
            _ => assert!([0, 2].contains(&ran.status), "{file}: {} {}", ran.status, ran.stderr),
        }
    }
}

#[test]
fn everything_personal_goes_and_every_look_alike_stays() {
    let text = std::fs::read_to_string(captures().join("pii.json")).unwrap();
    let lists: Value = serde_json::from_str(&text).unwrap();
    let folders = [
        "01_proto_plain",
        "02_proto_gzip_retry",
        "03_proto_gzip_stream_pii_legacy",
        "05_json_gzip_stream_pii",
        "07_no_content",
        "08_redelivery",
        "10_openai_agents",
    ];
    let place = Place::new();
    let mut files: Vec<_> = folders.iter().flat_map(|folder| bodies(folder)).collect();
    files.push(captures().join("mcp/stdio_2025-11-25.jsonl"));
    files.push(captures().join("mcp/http_2026-07-28.jsonl"));
    let summary = place.import(&files).expect(0).json();
    assert!(summary["redactions"].as_u64().unwrap() > 0);

    let mut stored = Vec::new();
    for file in std::fs::read_dir(place.folder.path()).unwrap() {
        stored.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let stores = |needle: &str| stored.windows(needle.len()).any(|w| w == needle.as_bytes());
    for item in lists["must_redact"].as_array().unwrap() {
        let value = item["value"].as_str().unwrap();
        assert!(!stores(value), "{value} is in the database");
        let escaped: String = value
            .encode_utf16()
            .map(|unit| match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                _ => format!("\\u{unit:04x}"),
            })
            .collect();
        assert!(!stores(&escaped), "{escaped} is in the database");
    }
    for item in lists["must_keep"].as_array().unwrap() {
        let value = item["value"].as_str().unwrap();
        assert!(stores(value), "{value} was redacted and must not be");
    }
}

#[test]
fn an_id_that_looks_like_a_card_number_is_an_id() {
    let card = "4111111111111111";
    let place = Place::new();
    let span = format!(
        r#"{{"traceId":"{card}{card}","spanId":"{card}","name":"x","startTimeUnixNano":"1","links":[{{"traceId":"{card}{card}","spanId":"{card}"}}]}}"#
    );
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#);
    std::fs::write(place.path("card.json"), body).unwrap();
    let summary = place.import(&[place.path("card.json")]).expect(0).json();
    assert_eq!((&summary["facts"], &summary["redactions"]), (&1.into(), &0.into()));
    let run = place.run(&["run", "--json", &card.repeat(2)]).expect(0).json();
    assert_eq!(run["steps"][0]["span_id"], card);
}

#[test]
fn a_recorded_cost_is_shown_once_a_call_and_its_absence_is_said() {
    let place = Place::new();
    let span = |id: &str, cost: &str| {
        format!(
            r#"{{"traceId":"{}","spanId":"{id}","name":"chat","startTimeUnixNano":"1","endTimeUnixNano":"2","attributes":[{{"key":"gen_ai.operation.name","value":{{"stringValue":"chat"}}}},{{"key":"gen_ai.response.id","value":{{"stringValue":"r1"}}}},{{"key":"gen_ai.usage.cost","value":{cost}}}]}}"#,
            "1".repeat(32)
        )
    };
    let spans = [
        span(&"2".repeat(16), r#"{"doubleValue":0.0213}"#),
        span(&"3".repeat(16), r#"{"stringValue":"0.0213"}"#),
    ];
    let body =
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","));
    std::fs::write(place.path("cost.json"), body).unwrap();
    place.import(&[place.path("cost.json")]).expect(0);
    let runs = place.run(&["runs", "--json"]).expect(0).json();
    assert_eq!(runs["items"][0]["cost_micros_usd"], 21_300);
    let shown = place.run(&["run", &"1".repeat(32)]).expect(0).stdout;
    assert!(shown.contains("$0.0213"), "{shown}");

    place.import(&bodies("07_no_content")).expect(0);
    let runs = place.run(&["runs", "--json"]).expect(0).json();
    assert!(runs["items"][0]["cost_micros_usd"].is_null());
}

/// Each line is a fact of its own: nothing that its sender gave is derived.
#[test]
fn native_facts_are_the_same_only_if_all_of_them_is() {
    let fact = |rest: &str| {
        format!(r#"{{"kind":"audit.event","occurred_at":"2026-12-01T00:00:00Z",{rest}}}"#)
    };
    let human = |subject: &str, rest: &str| {
        fact(&format!(
            r#""actor":{{"kind":"human","subject":"{subject}"}},{rest}"body":{{"event":"login"}}"#
        ))
    };
    let place = Place::new();
    let import = |lines: &[String], status: i32| {
        std::fs::write(place.path("facts.jsonl"), lines.join("\n")).unwrap();
        let json = place.run(&["import", "--json", "facts.jsonl"]).expect(status).json();
        ["facts", "duplicates", "conflicts"].map(|name| json[name].as_u64().unwrap())
    };
    let apart = [
        human("u-1", ""),
        human("u-2", ""),
        human("u-1", r#""incident_ids":["inc-7"],"#),
        human("u-1", r#""policy_ids":["p-7"],"#),
        human("u-1", r#""correlation_id":"c-7","#),
        fact(r#""body":{"event":"page_opened","view":"dashboard"}"#),
        fact(r#""body":{"event":"page_opened","view":"settings"}"#),
        fact(r#""body":{"event":"page_opened","view":"settings"}"#).replace("T00:", "T01:"),
        human("u-1", r#""key":"login-17","#),
    ];
    assert_eq!(import(&apart, 0), [9, 0, 0]);
    assert_eq!(import(&apart, 0), [0, 9, 0]);
    assert_eq!(import(&[human("u-2", r#""key":"login-17","#)], 1), [0, 0, 1]);
}
