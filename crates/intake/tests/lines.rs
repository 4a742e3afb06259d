//! MCP transcripts and native JSON Lines.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;

use intake::{IntakeError, Mapped, Mapper, read_mcp, read_native};
use redaction::Redactor;
use store_traits::{CommitForm, FactKind, Identity, Value};

type Read = fn(
    &mut dyn std::io::BufRead,
    &str,
    &Mapper,
    &mut dyn FnMut(Mapped) -> Result<(), intake::Stop>,
) -> Result<(), IntakeError>;

fn all(read: Read, text: &str) -> Result<Vec<Mapped>, IntakeError> {
    let mut mapped = Vec::new();
    let mapper = Mapper::new(Redactor::standard());
    read(&mut Cursor::new(text), "session.jsonl", &mapper, &mut |one| {
        mapped.push(one);
        Ok(())
    })?;
    Ok(mapped)
}

fn view<'m>(mapped: &'m Mapped, name: &str) -> Option<&'m str> {
    mapped.draft.body["view"].member(name).and_then(Value::as_str)
}

fn event(mapped: &Mapped) -> Option<&str> {
    mapped.draft.body.get("event").and_then(Value::as_str)
}

#[test]
fn transcripts_give_what_was_counted_in_them() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/otel/mcp");
    for (file, errors) in [("stdio_2025-11-25.jsonl", 1), ("http_2026-07-28.jsonl", 2)] {
        let text = std::fs::read_to_string(data.join(file)).unwrap();
        let mapped = all(read_mcp, &text).unwrap();
        let count = |what: &str| mapped.iter().filter(|m| event(m) == Some(what)).count();
        assert_eq!(count("requested"), 8, "{file}");
        // One call is cancelled or dropped, and never answered.
        assert_eq!(count("completed") + count("failed"), 7, "{file}");
        assert_eq!(mapped.iter().filter(|m| view(m, "error") == Some("tool_error")).count(), 3);
        let codes = mapped.iter().filter_map(|m| view(m, "error")).filter(|e| *e != "tool_error");
        assert_eq!(codes.count(), errors, "{file}");
    }
}

#[test]
fn ids_of_the_two_directions_stay_apart_and_both_ends_of_a_call_meet() {
    let line = |direction: &str, message: &str| {
        format!(
            r#"{{"session":"s","direction":"{direction}","ts_unix_nano":"1","message":{message}}}"#
        )
    };
    let text = [
        line(
            "client_to_server",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#,
        ),
        line("server_to_client", r#"{"jsonrpc":"2.0","id":1,"method":"elicitation/create"}"#),
        line("client_to_server", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
        line("server_to_client", r#"{"jsonrpc":"2.0","id":1,"result":{"isError":true}}"#),
    ]
    .join("\n");
    let mapped = all(read_mcp, &text).unwrap();
    let calls: Vec<_> = mapped.iter().map(|m| view(m, "response_id").unwrap()).collect();
    assert_eq!((calls[0], calls[1]), (calls[3], calls[2]));
    assert_ne!(calls[0], calls[1]);
    assert_eq!(event(&mapped[3]), Some("failed"));
    let keys: BTreeSet<_> = mapped
        .iter()
        .map(|m| match &m.draft.identity {
            Identity::Key(key) => key.as_str(),
            Identity::Content => panic!("a message with an id has a key"),
        })
        .collect();
    assert_eq!(keys.len(), 4);
}

#[test]
fn bare_messages_are_read_and_other_lines_are_named() {
    let mapped = all(read_mcp, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\"}\n").unwrap();
    assert_eq!(mapped[0].draft.meta.run_id.as_ref().unwrap().as_str(), "session");
    let error = all(read_mcp, "\n{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n[]\n").unwrap_err();
    assert!(error.to_string().contains("line 3"), "{error}");
}

#[test]
fn a_native_line_keeps_every_member_in_its_place() {
    let line = r#"{"kind":"audit.event","occurred_at":"2026-01-01T00:00:00Z","key":"k","run_id":"r","correlation_id":"c","policy_ids":["p"],"incident_ids":["i"],"actor":{"kind":"human","subject":"u-1"},"source_domain":"POLICY","source_component":"gate","origin":"HUMAN","body":{"share":0.7,"note":{"text":"mail a.b@example.com"}},"commit":["/note/text"]}"#;
    let mapped = all(read_native, line).unwrap().remove(0);
    assert_eq!(mapped.redacted.total(), 1);
    let draft = mapped.draft;
    assert_eq!(draft.kind, FactKind::AuditEvent);
    assert_eq!(draft.meta.policy_ids, ["p"]);
    assert_eq!(draft.body["share"].member("f64").and_then(Value::as_str), Some("0.7"));
    assert_eq!(draft.committed[0].path, ["note", "text"]);
    assert_eq!(draft.committed[0].form, CommitForm::Blob);
    assert!(!format!("{:?}", draft.body).contains("a.b@example.com"));
}

#[test]
fn a_wrong_native_line_is_named_with_its_member() {
    let good = r#""kind":"system.event","occurred_at":"2026-01-01T00:00:00Z","body":{"a":1}"#;
    for (more, says) in [
        (r#","bogus":1"#, "bogus"),
        (r#","kind":"again""#, "twice"),
        (r#","origin":"NOBODY""#, "NOBODY"),
        (r#","commit":["/b"]"#, "/b"),
        (r#","commit":["/a","/a"]"#, "/a"),
        (r#","actor":{"kind":"ghost"}"#, "actor"),
        (r#","trace_id":"00""#, "trace id"),
    ] {
        let text = format!("{{{good}}}\n{{{good}{more}}}\n");
        let error = all(read_native, &text).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains(says), "{more}: {error}");
    }
    for kind in [String::new(), "a\\u0000b".to_owned(), "k".repeat(129)] {
        let line = good.replace("system.event", &kind);
        let error = all(read_native, &format!("{{{line}}}")).unwrap_err().to_string();
        assert!(error.contains("`kind` has 1 to 128"), "{error}");
    }
    let error = all(read_native, "{\"kind\":\"a\"}").unwrap_err().to_string();
    assert!(error.contains("occurred_at"), "{error}");
    let synthetic = |more: &str| {
        let body = format!(r#""body":{{"is_synthetic":true{more}}}"#);
        all(read_native, &format!("{{{}}}", good.replace(r#""body":{"a":1}"#, &body)))
    };
    for none in ["", r#","synthetic_scenario_id":"""#] {
        let error = synthetic(none).unwrap_err().to_string();
        assert!(error.contains("line 1") && error.contains("synthetic_scenario_id"), "{error}");
    }
    assert_eq!(synthetic(r#","synthetic_scenario_id":"s-1""#).unwrap().len(), 1);
}

#[test]
fn native_lines_keep_their_order_and_the_first_wrong_one_is_named() {
    let line = |n: usize| {
        format!(
            r#"{{"kind":"run.step","key":"k-{n}","occurred_at":"2026-11-23T08:00:00Z","body":{{"n":{n},"text":"{}"}}}}"#,
            "x".repeat(n % 50 * 400)
        )
    };
    let good: Vec<String> = (0..1_000).map(line).collect();
    let mapped = all(read_native, &good.join("\n")).unwrap();
    let order = mapped.iter().map(|m| m.draft.body["n"].as_i64().unwrap());
    assert!(order.eq(0..1_000));

    // Wrong in the middle, and not to be read at all behind it.
    let mut bytes = [&good[..300], &["{}".to_owned()], &good[300..310]].concat().join("\n");
    let mapper = Mapper::new(Redactor::standard());
    let mut handed_on = 0;
    let mut read = |bytes: &[u8]| {
        handed_on = 0;
        let read = read_native(&mut Cursor::new(bytes), "session.jsonl", &mapper, &mut |_| {
            handed_on += 1;
            Ok(())
        });
        (read.unwrap_err().to_string(), handed_on)
    };
    let unreadable = [bytes.as_bytes(), b"\n\xFF\n"].concat();
    let (error, before) = read(&unreadable);
    assert!(error.contains("line 301") && error.contains("`kind` is missing"), "{error}");
    assert_eq!(before, 300);
    bytes = good[..300].join("\n");
    let (error, before) = read(&[bytes.as_bytes(), b"\n\xFF\n"].concat());
    assert!(error.contains("line 301") && error.contains("UTF-8"), "{error}");
    assert_eq!(before, 300);

    let mut stopped = 0;
    let text = good.join("\n");
    let read = read_native(&mut Cursor::new(&text), "session.jsonl", &mapper, &mut |_| {
        stopped += 1;
        if stopped == 40 { Err(intake::Stop) } else { Ok(()) }
    });
    assert!(matches!(read, Err(IntakeError::Stopped)));
    assert_eq!(stopped, 40, "nothing is handed on behind a stop");
}
