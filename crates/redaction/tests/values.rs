//! Member names, nesting and depth, in values and in JSON texts alike.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use redaction::{Kind, Redactor, Report};
use store_traits::{Object, Value};

fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => Value::integer(n.as_i64().expect("an integer")),
        serde_json::Value::String(s) => Value::from(s.as_str()),
        serde_json::Value::Array(a) => Value::Array(a.iter().map(value).collect()),
        serde_json::Value::Object(o) => {
            Value::Object(o.iter().map(|(k, v)| (k.clone(), value(v))).collect())
        }
    }
}

/// The same law for the value, its JSON text, and the text within a text.
#[track_caller]
fn check(before: &str, after: &str) {
    let redactor = Redactor::standard();
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let mut tree = value(&parse(before));
    redactor.value(&mut tree, &mut Report::default());
    assert_eq!(tree, value(&parse(after)), "value");

    let text = redactor.text(before, &mut Report::default()).into_owned();
    assert_eq!(text, after, "text");

    let nested = serde_json::json!({ "a": serde_json::json!([before]).to_string() }).to_string();
    let expect = serde_json::json!({ "a": serde_json::json!([after]).to_string() }).to_string();
    assert_eq!(redactor.text(&nested, &mut Report::default()), expect, "nested text");
}

#[test]
fn a_secret_member_is_replaced_whole() {
    check(
        r#"{"password":"x","a":{"apiKey":"k","n":null}}"#,
        r#"{"password":"[redacted:secret]","a":{"apiKey":"[redacted:api_key]","n":null}}"#,
    );
    check(
        r#"{"ssn":78051120,"cvv":123,"on":{"password":true}}"#,
        r#"{"ssn":"[redacted:ssn]","cvv":"[redacted:secret]","on":{"password":true}}"#,
    );
    check(
        r#"{"credentials":{"user":"a","parts":["b",7]}}"#,
        r#"{"credentials":{"user":"[redacted:secret]","parts":["[redacted:secret]","[redacted:secret]"]}}"#,
    );
    check(r#"{"authorization":"Basic dXNlcjpwdw=="}"#, r#"{"authorization":"[redacted:api_key]"}"#);
    check(r#"{"phone":"5550143"}"#, r#"{"phone":"[redacted:phone]"}"#);
    check(
        r#"[{"key":"db_password","value":"x"}]"#,
        r#"[{"key":"db_password","value":"[redacted:secret]"}]"#,
    );
    check(
        r#"{"key":"customer_name","value":{"stringValue":"Dana"}}"#,
        r#"{"key":"customer_name","value":{"stringValue":"[redacted:person_name]"}}"#,
    );
}

#[test]
fn a_person_is_known_by_company() {
    check(
        r#"{"customer":{"name":"田中宏","id":"10-4471"}}"#,
        r#"{"customer":{"name":"[redacted:person_name]","id":"10-4471"}}"#,
    );
    check(
        r#"{"customers":[{"name":"Dana"}]}"#,
        r#"{"customers":[{"name":"[redacted:person_name]"}]}"#,
    );
    check(
        r#"{"name":"Dana","email":"d@example.com"}"#,
        r#"{"name":"[redacted:person_name]","email":"[redacted:email]"}"#,
    );
    check(
        r#"{"holder":"محمد علي","氏名":"田中宏"}"#,
        r#"{"holder":"[redacted:person_name]","氏名":"[redacted:person_name]"}"#,
    );
    check(r#"{"approver":"Maria Lopez"}"#, r#"{"approver":"[redacted:person_name]"}"#);
}

#[test]
fn machinery_keeps_its_names() {
    for text in [
        r#"{"type":"tool_call","name":"grep_logs","arguments":{"service":"payments"},"id":"call_o3_log"}"#,
        r#"{"role":"user","name":"Dana","parts":[]}"#,
        r#"{"type":"function","function":{"name":"search_kb","description":"Search KB"}}"#,
        r#"{"name":"open_ticket","description":"Open","parameters":{"properties":{"email":{"type":"string"},"password":{"type":"string"},"name":{"title":"Name"}}}}"#,
        r#"{"serverInfo":{"name":"acme-tools","version":"0.4.2"},"clientInfo":{"name":"mcp","version":"0.1.0"}}"#,
        r#"{"gen_ai.tool.name":"lookup_order","gen_ai.agent.name":"refund-agent","service.name":"Payment Gateway"}"#,
        r#"{"progressToken":9,"max_tokens":100,"token":"hello","logprob":-1}"#,
        r#"{"customer":"acme","user":"ops-agent","owner":"team","run_id":"0199f3a4-1111-7222-8333-444455556666"}"#,
        r#"{"a":"NaN",  "b" : [ 1, 2 ]}"#,
    ] {
        check(text, text);
    }
}

#[test]
fn formatting_is_kept_where_nothing_was_replaced() {
    let text = "{ \"a\" : 1.50,\n \"b\":\"\\u7530\", \"c\":\"d@example.com\", \"n\":NaN }";
    let out = Redactor::standard().text(text, &mut Report::default()).into_owned();
    assert_eq!(out, "{ \"a\" : 1.50,\n \"b\":\"\\u7530\", \"c\":\"[redacted:email]\", \"n\":NaN }");
}

#[test]
fn member_names_are_looked_at_and_none_is_lost() {
    let mut tree = Value::Object(Object::from([
        ("a@example.com", Value::from(1)),
        ("b@example.com", Value::from(2)),
    ]));
    let mut report = Report::default();
    Redactor::standard().value(&mut tree, &mut report);
    assert_eq!(tree.member("[redacted:email]"), Some(&Value::from(1)));
    assert_eq!(tree.member("[redacted:email]~2"), Some(&Value::from(2)));
    assert_eq!(report.count(Kind::Email), 2);
}

#[test]
fn a_tagged_number_that_is_a_card_goes_with_its_tag() {
    let mut tree = Value::Array(vec![
        Value::f64(4_111_111_111_111_111.0),
        Value::f64(0.7),
        Value::tagged("i64", "1795422705843350620".to_owned()),
    ]);
    Redactor::standard().value(&mut tree, &mut Report::default());
    let expect = Value::Array(vec![
        Value::from("[redacted:card]"),
        Value::f64(0.7),
        Value::tagged("i64", "1795422705843350620".to_owned()),
    ]);
    assert_eq!(tree, expect);
}

#[test]
fn nothing_is_too_deep_to_be_seen() {
    let redactor = Redactor::standard();
    let mut tree = Value::from("dana@example.com");
    for _ in 0..400 {
        tree = Value::Array(vec![tree]);
    }
    redactor.value(&mut tree, &mut Report::default());
    assert!(!format!("{tree:?}").contains("dana"));

    for depth in [127, 128, 129, 5000] {
        let text = format!("{}\"\\u0064ana@example.com\"{}", "[".repeat(depth), "]".repeat(depth));
        let out = redactor.text(&text, &mut Report::default()).into_owned();
        assert_eq!(out, text.replace("\\u0064ana@example.com", "[redacted:email]"), "{depth}");
    }

    // JSON within JSON, its quotes escaped as \u0022 so that the text grows slowly.
    let mut text = "[\"dana@example.com\"]".to_owned();
    for _ in 0..40 {
        let escaped: String = text
            .chars()
            .map(|c| match c {
                '"' => "\\u0022".to_owned(),
                '\\' => "\\u005c".to_owned(),
                c => c.to_string(),
            })
            .collect();
        text = format!("[\"{escaped}\"]");
        if text.len() > 2_000_000 {
            break;
        }
    }
    assert!(!redactor.text(&text, &mut Report::default()).contains("dana"));
}

#[test]
fn hostile_texts_do_not_panic_and_end() {
    let redactor = Redactor::standard();
    for unit in [
        "[",
        "{\"a\":",
        "\\",
        "\\u",
        "sk-",
        "eyJ-",
        "a/",
        "@",
        "a@",
        "1 ",
        "4111 ",
        "+1",
        "-----BEGIN ",
        "\"",
        "password:",
        "さん",
        "aさん",
        "name: ",
        ": ",
        "田",
        "😀",
        "%4",
        "((",
        "a:",
    ] {
        let text = unit.repeat(20_000);
        let _ = redactor.text(&text, &mut Report::default());
    }
}
