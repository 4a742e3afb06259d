//! The description is of what is served: no path more, none less, and answers are as it says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::BTreeSet;

use boon::{Compiler, Draft, Schemas};
use serde_json::{Value, json};
use support::{Answer, JSON, PROTOBUF, Served, posts, spans};

const RUN: &str = "00000000000000000000000000000001";

fn document() -> Value {
    serde_json::from_str(include_str!("../src/openapi.json")).unwrap()
}

/// What a path and a method stand for in the document.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.clone(), method.clone(), operation.clone()))
    });
    all.collect()
}

/// What the router's own source says: each path with its method. The pages of the console are not among
/// them: they are for people, may look otherwise tomorrow, and no client may rely on one.
fn served() -> BTreeSet<(String, String)> {
    let sources =
        [("", include_str!("../src/app.rs")), ("/api/v1/logs", include_str!("../src/api/mod.rs"))];
    let mut found = BTreeSet::new();
    for (below, source) in sources {
        let mut routes = source.split(".route(").skip(1).peekable();
        assert!(routes.peek().is_some(), "nothing is served below `{below}`");
        for route in routes {
            let route = route.trim_start().strip_prefix('"').unwrap();
            let (path, rest) = route.split_once('"').unwrap();
            let handler = rest.trim_start_matches(',').trim_start();
            let method = match handler.split_once('(').unwrap().0 {
                "get" => "get",
                // Every method is refused there in the words of a post but this one.
                "post" | "any" => "post",
                other => panic!("`{path}` is served by `{other}`"),
            };
            found.insert((format!("{below}{path}"), method.to_owned()));
        }
    }
    found
}

#[test]
fn what_is_served_is_described_and_what_is_described_is_served() {
    let described: BTreeSet<_> = operations(&document())
        .into_iter()
        // A name with slashes in it is one parameter there.
        .map(|(path, method, _)| (path.replace("/tlog/{tenant}/{name}", "/tlog/{*name}"), method))
        .collect();
    assert_eq!(described, served());

    let served = Served::new();
    for (path, method, _) in operations(&document()) {
        let path = path.replace("{run_id}", RUN).replace("{tenant}", "acme");
        let path = path.replace("{id}", "0").replace("{name}", "checkpoint");
        let answer = served.ask(&method.to_uppercase(), &path, &[("content-type", JSON)], b"");
        assert_ne!(answer.status, 405, "{method} {path}");
        let text = String::from_utf8_lossy(&answer.body);
        assert!(!text.contains("nothing at this path"), "{method} {path}: {text}");
    }
}

#[test]
fn it_is_itself_what_is_served_and_whole() {
    let served = Served::new();
    let answer = served.get("/openapi.json").expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(served.size(), 0);
    // Every reference leads somewhere, and every part is referred to.
    let text = document.to_string();
    for (kind, parts) in document["components"].as_object().unwrap() {
        for name in parts.as_object().unwrap().keys() {
            let used = text.contains(&format!("\"#/components/{kind}/{name}\""));
            assert!(used || kind == "securitySchemes", "{kind}/{name} is used nowhere");
        }
    }
    for piece in text.split("\"$ref\":\"#").skip(1) {
        let pointer = piece.split_once('"').unwrap().0;
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    let ids: BTreeSet<_> =
        operations(&document).iter().map(|(_, _, o)| o["operationId"].to_string()).collect();
    assert_eq!(ids.len(), operations(&document).len());
}

/// Checks answers against the document, with no member that it does not know.
struct Checked {
    document: Value,
    seen: BTreeSet<String>,
}

impl Checked {
    fn new() -> Self {
        let mut document = document();
        close(&mut document["components"]["schemas"]);
        Self { document, seen: BTreeSet::new() }
    }

    /// The document has this status and type for this operation, and the body fits its schema.
    #[track_caller]
    fn check(&mut self, method: &str, template: &str, answer: &Answer) {
        let place = format!("{method} {template} {}", answer.status);
        let operation = &self.document["paths"][template][method];
        let mut response = &operation["responses"][answer.status.to_string()];
        if let Some(reference) = response["$ref"].as_str() {
            response = self.document.pointer(reference.trim_start_matches('#')).unwrap();
        }
        let kind = answer.header("content-type").unwrap_or_default();
        let schema = &response["content"][kind]["schema"];
        assert!(schema.is_object(), "{place}: `{kind}` is not described");
        if kind.ends_with("json") {
            let mut whole = schema.clone();
            whole["components"] = self.document["components"].clone();
            let mut schemas = Schemas::new();
            let mut compiler = Compiler::new();
            compiler.set_default_draft(Draft::V2020_12);
            compiler.enable_format_assertions();
            compiler.add_resource("https://factlog.test/schema", whole).unwrap();
            let compiled = compiler.compile("https://factlog.test/schema", &mut schemas).unwrap();
            let body = answer.json();
            if let Err(why) = schemas.validate(&body, compiled) {
                panic!("{place}: {why:#}\n{body:#}");
            }
        }
        self.seen.insert(place);
    }
}

/// No object has members that are not named, but for those that are of no shape.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            let is_shape = members.get("properties").is_some_and(Value::is_object);
            if is_shape && members.contains_key("type") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn answers_are_as_it_says() {
    let served = Served::new();
    let mut checked = Checked::new();
    for folder in ["01_proto_plain", "05_json_gzip_stream_pii", "02_proto_gzip_retry", "mcp_spans"]
    {
        for post in posts(folder) {
            let answer = served.replay(&post);
            checked.check("post", post.told["path"].as_str().unwrap(), &answer);
        }
    }
    checked.check("post", "/v1/traces", &served.post("/v1/traces", JSON, &spans(0, 2)));
    checked.check("post", "/v1/traces", &served.post("/v1/traces", JSON, b"{"));
    checked.check("post", "/v1/traces", &served.post("/v1/traces", "text/plain", b"{"));
    let refused = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x"}]}]}]}"#;
    checked.check("post", "/v1/traces", &served.post("/v1/traces", JSON, refused));
    checked.check("post", "/v1/logs", &served.post("/v1/logs", JSON, b"{}"));
    checked.check("post", "/v1/metrics", &served.post("/v1/metrics", PROTOBUF, b""));

    let facts = "/api/v1/logs/facts";
    let fact = |kind: &str, key: &str, body: Value| {
        json!({"kind": kind, "occurred_at": "2026-11-23T08:31:51Z", "key": key, "body": body,
            "actor": {"kind": "human", "subject": "ann"}, "incident_ids": ["inc-1"]})
        .to_string()
    };
    for line in [
        fact("audit.authorization", "1", json!({"event": "decided", "outcome": "deny"})),
        fact("system.event", "2", json!({"event": "deploy", "severity": "warn"})),
        fact("alert.sent", "3", json!({"event": "page"})),
    ] {
        checked.check("post", facts, &served.post(facts, JSON, line.as_bytes()));
    }
    let other = fact("audit.authorization", "1", json!({"event": "undecided"}));
    checked.check("post", facts, &served.post(facts, JSON, other.as_bytes()).expect(409));
    let large = fact("audit.event", "4", json!({"event": "x".repeat(70_000)}));
    checked.check("post", facts, &served.post(facts, JSON, large.as_bytes()).expect(422));
    let again = fact("alert.sent", "3", json!({"event": "page"}));
    let receipts = served.post(&format!("{facts}?receipts=true"), JSON, again.as_bytes());
    checked.check("post", facts, &receipts.expect(200));
    checked.check("post", facts, &served.post(facts, JSON, b"[]").expect(400));
    checked.check("post", facts, &served.post(facts, "text/plain", b"").expect(415));

    let exports = "/api/v1/logs/exports";
    for body in [
        json!({"profile": "evidence", "run": RUN}),
        json!({"profile": "evidence", "run": "nobody"}),
        json!({"profile": "soc2"}),
    ] {
        checked.check("post", exports, &served.post(exports, JSON, body.to_string().as_bytes()));
    }
    let listed = served.get("/api/v1/logs/llm-runs?limit=500").expect(200).json();
    let runs: Vec<_> = listed["items"].as_array().unwrap().iter().collect();
    let failed = runs.iter().any(|run| run["status"] == "failed");
    assert!(failed && runs.len() > 3, "runs of several kinds: {listed:#}");
    let ids = runs.iter().map(|run| run["run_id"].as_str().unwrap());
    for id in ids.chain(["nobody"]) {
        for (path, method, _) in operations(&document()) {
            if method == "get" && path.contains("{run_id}") {
                let answer = served.get(&path.replace("{run_id}", id));
                checked.check("get", &path, &answer);
            }
        }
    }
    for (path, method, operation) in operations(&document()) {
        if method != "get" || path.contains("{run_id}") {
            continue;
        }
        let path_of = |id: &str| {
            let named = path.replace("{tenant}", "acme").replace("{name}", "checkpoint");
            named.replace("{id}", id)
        };
        checked.check("get", &path, &served.get(&path_of("0")));
        checked.check("get", &path, &served.get(&path_of("0")));
        if operation["responses"].get("400").is_some() {
            let wrong = format!("{}?nonsense=1", path_of("0"));
            checked.check("get", &path, &served.get(&wrong).expect(400));
        }
    }
    checked.check("get", "/tlog/{tenant}/{name}", &served.get("/tlog/acme/tile/entries/000.p/1"));
    checked.check("get", "/tlog/{tenant}/{name}", &served.get("/tlog/acme/nothing"));
    let all = operations(&document());
    for (path, method, _) in &all {
        let wanted = format!("{method} {path} 200");
        assert!(checked.seen.contains(&wanted), "no answer was seen: {wanted}");
    }
    served.end();
}
