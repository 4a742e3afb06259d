//! The console: pages that say what the API says, to whoever may ask it, and can do nothing else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logs_api::{ApiKeys, Role, new_api_key};
use logs_domain::{OsEntropy, SystemClock, TenantId};
use serde_json::{Value, json};
use support::{Answer, JSON, Served, posts, spans};

/// A run that `spans(0, _)` records.
const RUN: &str = "00000000000000000000000000000001";
const FACTS: &str = "/api/v1/logs/facts";

/// A page, which is whole and comes with what keeps it harmless.
#[track_caller]
fn page(answer: Answer, status: u16) -> String {
    let answer = answer.expect(status);
    let header = |name: &str| answer.header(name).unwrap_or_else(|| panic!("no `{name}`"));
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("content-length"), answer.body.len().to_string());
    let page = String::from_utf8(answer.body).unwrap();
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{page}");
    assert!(page.ends_with("</html>") && page.matches("<h1").count() == 1, "{page}");
    for element in ["script", "img", "iframe", "link", "object", "embed", "svg", "base"] {
        assert!(!page.contains(&format!("<{element}")), "{element}: {page}");
    }
    page
}

#[track_caller]
fn says(page: &str, text: &str) {
    assert!(page.contains(text), "`{text}` is not in: {}", page.split_once("</style>").unwrap().1);
}

#[track_caller]
fn says_not(page: &str, text: &str) {
    assert!(!page.contains(text), "`{text}` is in: {}", page.split_once("</style>").unwrap().1);
}

fn thousands(n: &Value) -> String {
    logs_api::text::tokens(n.as_u64().unwrap())
}

#[test]
fn pages_say_what_the_api_says() {
    let served = Served::new();
    for folder in ["01_proto_plain", "02_proto_gzip_retry", "05_json_gzip_stream_pii", "mcp_spans"]
    {
        for post in posts(folder) {
            served.replay(&post).expect(200);
        }
    }
    let decided = json!({"kind": "audit.authorization", "occurred_at": "2026-11-23T08:31:51Z", "key": "1",
        "actor": {"kind": "human", "subject": "ann"}, "run_id": RUN,
        "body": {"event": "decided", "outcome": "deny"}});
    served.post(FACTS, JSON, decided.to_string().as_bytes()).expect(200);
    served.runtime.block_on(served.domain.checkpoint(&served.tenant)).unwrap();

    let runs = served.get("/api/v1/logs/llm-runs").expect(200).json()["items"].clone();
    let runs = runs.as_array().unwrap();
    assert!(runs.len() > 3, "{runs:?}");
    let list = page(served.get("/"), 200);
    says_not(&list, "Answers differ");
    for run in runs {
        let id = run["run_id"].as_str().unwrap();
        says(&list, &format!("href=\"/runs/{id}\""));
        let one = page(served.get(&format!("/runs/{id}")), 200);
        // No honest record differs from itself.
        says_not(&one, "Answers differ");
        says(&one, id);
        says(&one, run["agent"].as_str().unwrap_or("not recorded"));
        says(&one, run["status"].as_str().unwrap());
        let trace = served.get(&format!("/api/v1/logs/llm-runs/{id}/trace")).expect(200).json();
        let steps = trace["steps"].as_array().unwrap();
        for (label, member) in [
            ("model calls", "llm_calls"),
            ("tool calls", "tool_calls"),
            ("errors", "errors"),
            ("tokens in", "input_tokens"),
            ("tokens out", "output_tokens"),
            ("entries", "entries"),
        ] {
            let unsaid = run[member] == 0 && member.ends_with("tokens");
            if unsaid && steps.iter().all(|step| step[member].is_null()) {
                says(
                    &one,
                    &format!("<dt>{label}</dt><dd><span class=\"none\">not recorded</span>"),
                );
                continue;
            }
            let figure = thousands(&run[member]);
            says(&one, &format!("<dt>{label}</dt><dd class=\"large\">{figure}</dd>"));
        }
        let audited =
            one.contains("What was decided") && !one.contains("no audit fact names this run");
        assert_eq!(one.contains(&format!("href=\"/audit?run={id}\"")), audited, "{one}");
        for error in steps.iter().filter_map(|step| step["error"].as_str()) {
            says(&one, error);
        }
    }
    let audit = page(served.get("/audit?kind=audit.authorization&actor=ann&outcome=&since="), 200);
    says(&audit, "decided");
    says(&audit, "deny");
    says(&audit, &format!("href=\"/runs/{RUN}\""));
    says(&audit, "value=\"ann\"");
    let of_run = page(served.get(&format!("/audit?run={RUN}&incident=")), 200);
    says(&of_run, "deny");
    says(&of_run, &format!("value=\"{RUN}\""));
    says_not(&page(served.get("/audit?run=another"), 200), "deny");
    let one = page(served.get(&format!("/runs/{RUN}")), 404);
    says(&one, "No run with this id is recorded.");
    let none = page(served.get("/audit?event=nothing"), 200);
    says(&none, "Not recorded: there are no such audit facts.");
    served.end();
}

#[test]
fn the_state_of_the_ledger_stands_beside_the_runs() {
    let served = Served::new();
    let empty = page(served.get("/"), 200);
    says(&empty, "there are no runs here");
    says(&empty, "nothing is signed yet");
    served.post("/v1/traces", JSON, &spans(0, 3)).expect(200);
    let signed = served.runtime.block_on(served.domain.checkpoint(&served.tenant)).unwrap();
    served.post("/v1/traces", JSON, &spans(3, 2)).expect(200);
    let list = page(served.get("/"), 200);
    // The first page was read, and what is listed was recorded behind what is signed.
    says(&list, "<dt>entries</dt><dd class=\"large\">6</dd>");
    says(&list, "<dt>newest checkpoint</dt><dd>4 entries</dd>");
    says(&list, "<dt>not signed yet</dt><dd class=\"large\">2</dd>");
    says(&list, &format!("title=\"{}\"", signed.root));
    served.end();
}

#[test]
fn a_list_goes_on_under_the_same_filters() {
    let served = Served::new();
    served.post("/v1/traces", JSON, &spans(0, 45)).expect(200);
    let (mut address, mut seen) = ("/?status=completed&agent=".to_owned(), Vec::new());
    for expect in [20, 20, 5] {
        let list = page(served.get(&address), 200);
        let links: Vec<_> =
            list.split("href=\"/runs/").skip(1).map(|l| l[..32].to_owned()).collect();
        assert_eq!(links.len(), expect, "{address}");
        says(&list, "<option value=\"completed\" selected>");
        seen.extend(links);
        match list.split_once("rel=\"next\" href=\"") {
            Some((_, next)) => {
                address = next.split_once('"').unwrap().0.replace("&amp;", "&");
                assert!(address.starts_with("/?status=completed&cursor="), "{address}");
            }
            None => assert_eq!(expect, 5, "the last page leads nowhere"),
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 45);
    says(&page(served.get("/?since=2026-01-01"), 200), "there are no runs here");
    says(&page(served.get("/?until=2026-01-01"), 200), "value=\"2026-01-01\"");
    for wrong in ["/?cursor=zz", "/?agnet=x", "/?status=odd", "/?since=yesterday", "/audit?limit=x"]
    {
        says(&page(served.get(wrong), 400), "This was not understood");
    }
    served.end();
}

#[test]
fn each_page_leaves_one_fact_before_it_goes_out() {
    let served = Served::new();
    served.post("/v1/traces", JSON, &spans(0, 2)).expect(200);
    let mut seq = served.size();
    for (path, status, route, subject, outcome, items) in [
        ("/?agent=&status=completed", 200, "console", Value::Null, "served", json!(2)),
        (&format!("/runs/{RUN}"), 200, "console/runs/{run_id}", RUN.into(), "served", json!(2)),
        ("/runs/nobody", 404, "console/runs/{run_id}", "nobody".into(), "not_found", Value::Null),
        ("/audit", 200, "console/audit", Value::Null, "served", json!(3)),
        ("/integrity", 200, "console/integrity", Value::Null, "served", json!(0)),
        ("/integrity?verify=now", 200, "console/integrity", Value::Null, "served", json!(1)),
        ("/?status=odd", 400, "console", Value::Null, "refused", Value::Null),
    ] {
        page(served.get(path), status);
        assert_eq!(served.size(), seq + 1, "{path}");
        let fact = served.fact(seq);
        assert_eq!(fact["kind"], "audit.access");
        let body = &fact["body"];
        assert_eq!((&body["event"], &body["outcome"]), (&json!(route), &json!(outcome)), "{path}");
        assert_eq!((&body["subject"], &body["items"]), (&subject, &items), "{path}");
        assert_eq!(body["reader"]["kind"], "this_machine");
        assert!(body["as_of_size"].is_null() || body["as_of_size"] == seq, "{path}");
        let asked = body["asked"].as_object().map(|asked| asked.len());
        assert_eq!(asked, path.contains("=").then_some(1).filter(|_| status == 200), "{path}");
        seq += 1;
    }
    // What names nothing discloses nothing.
    served.ask("GET", "/nothing", &[("accept", "text/html")], b"").expect(404);
    served.ask("POST", "/", &[], b"").expect(405);
    assert_eq!(served.end(), seq);
}

#[test]
fn whatever_somebody_recorded_is_inert_text() {
    let served = Served::new();
    let names = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "ann\u{202e}nna",
        "a\u{e0041}b",
    ];
    for (n, name) in names.iter().enumerate() {
        let id = format!("{:032x}", n + 1);
        let span = json!({"traceId": id, "spanId": format!("{:016x}", n + 1), "name": format!("invoke_agent {name}"),
            "startTimeUnixNano": "1", "endTimeUnixNano": "2", "status": {"code": 2},
            "attributes": [
                {"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}},
                {"key": "gen_ai.agent.name", "value": {"stringValue": name}},
                {"key": "error.type", "value": {"stringValue": name}}]});
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
        served.post("/v1/traces", JSON, body.to_string().as_bytes()).expect(200);
        let fact = json!({"kind": "audit.event", "occurred_at": "2026-11-23T08:31:51Z", "key": id, "run_id": id,
            "actor": {"kind": "agent", "name": name}, "body": {"event": name, "outcome": name}});
        served.post(FACTS, JSON, fact.to_string().as_bytes()).expect(200);
    }
    let mut pages = vec![page(served.get("/"), 200), page(served.get("/audit"), 200)];
    for n in 1..=names.len() {
        pages.push(page(served.get(&format!("/runs/{n:032x}")), 200));
    }
    // What is asked comes back in the form.
    let asked = "%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E";
    pages.push(page(served.get(&format!("/?agent={asked}")), 200));
    pages.push(page(served.get(&format!("/runs/{asked}")), 404));
    pages.push(page(served.get(&format!("/?{asked}=1")), 400));
    for shown in &pages {
        for raw in ["<script>", "<img", "\u{202e}", "\u{e0041}"] {
            says_not(shown, raw);
        }
    }
    says(&pages[0], "&lt;script&gt;alert(1)&lt;/script&gt;");
    says(&pages[0], "ann<span class=\"unseen\">\\u{202e}</span>nna");
    says(&pages[1], "a<span class=\"unseen\">\\u{e0041}</span>b");
    served.end();
}

#[test]
fn the_record_is_verified_when_somebody_says_so() {
    let served = Served::new();
    served.post("/v1/traces", JSON, &spans(0, 3)).expect(200);
    served.runtime.block_on(served.domain.checkpoint(&served.tenant)).unwrap();
    let asked = page(served.get("/integrity"), 200);
    says_not(&asked, "entries recomputed");
    says(&asked, "Verify now");
    let checked = page(served.get("/integrity?verify=now"), 200);
    says(&checked, "No findings");
    says(&checked, "<dt>entries recomputed</dt><dd>4</dd>");
    says_not(&checked, "Answers differ");
    // Another site's page may lead here, and sets nothing off.
    let led = [("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")];
    let led = page(served.ask("GET", "/integrity?verify=now", &led, b""), 200);
    says_not(&led, "entries recomputed");
    let before = served.size();
    let drawn = [("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "image")];
    page(served.ask("GET", "/", &drawn, b""), 403);
    assert_eq!(served.size(), before, "and leaves no entry by being drawn into a page");
    served.end();
}

#[test]
fn a_page_for_another_host_is_not_given() {
    let served = Served::new();
    let mut stream = served.connect();
    let head = "GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    says(&page(support::answer(&mut stream), 421), "This is another host");
    assert_eq!(served.end(), 0);
}

#[test]
fn a_key_is_given_as_a_password_here_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("factlog.apikeys");
    let acme = TenantId::parse("acme").unwrap();
    let [writer, reader, auditor] = [Role::Writer, Role::Reader, Role::Auditor]
        .map(|role| new_api_key(&path, &acme, role, "k", &SystemClock, &OsEntropy).unwrap());
    let served = Served::with_keys(folder, ApiKeys::read(&path).unwrap());
    let basic = |key: &str| format!("Basic {}", STANDARD.encode(format!("anybody:{key}")));
    let bearer = |key: &str| format!("Bearer {key}");
    let post = [("content-type", JSON), ("authorization", &bearer(&writer))];
    served.ask("POST", "/v1/traces", &post, &spans(0, 1)).expect(200);
    let ask = |key: &str, path: &str| served.ask("GET", path, &[("authorization", key)], b"");
    for address in ["/", &format!("/runs/{RUN}"), "/audit", "/integrity"] {
        page(ask(&basic(&reader), address), 200);
        page(ask(&bearer(&reader), address), 200);
        says(&page(ask(&basic(&writer), address), 403), "may not be read with that");
        for wrong in ["", "Basic", "Basic !", &basic("factlog_x"), &basic("")] {
            let refused = ask(wrong, address);
            let challenge = "Basic realm=\"factlog\", charset=\"UTF-8\"";
            assert_eq!(refused.header("www-authenticate"), Some(challenge), "{wrong}");
            says(&page(refused, 401), "as the password");
        }
    }
    says(&page(ask(&basic(&reader), &format!("/runs/{RUN}")), 200), "API keys of auditors");
    let run = page(ask(&basic(&auditor), &format!("/runs/{RUN}")), 200);
    says(&run, &format!("HOST/api/v1/logs/llm-runs/{RUN}/export"));
    says_not(&run, "download");
    for path in ["/api/v1/logs/llm-runs", "/metrics", "/tlog/acme/checkpoint"] {
        let refused = ask(&basic(&auditor), path).expect(401);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"), "{path}");
    }
    // Each page that was answered or refused to a known key, and no other.
    assert_eq!(served.size(), 1 + 4 * 3 + 2);
    let told = served.told.lock().unwrap().join("\n");
    assert!(told.contains("/integrity: 401"), "{told}");
    served.end();
}

#[test]
fn whoever_was_asked_for_nothing_fetches_evidence_by_a_link() {
    let served = Served::new();
    served.post("/v1/traces", JSON, &spans(0, 1)).expect(200);
    let run = page(served.get(&format!("/runs/{RUN}")), 200);
    let (_, link) = run.split_once("href=\"/api/").unwrap();
    let link = format!("/api/{}", link.split_once('"').unwrap().0);
    let bundle = served.get(&link).expect(200);
    assert_eq!(bundle.header("content-type"), Some("application/zip"));
    served.end();
}

#[test]
fn a_path_that_is_not_there_is_told_as_it_is_read() {
    let served = Served::new();
    let browser = [("accept", "text/html,application/xhtml+xml")];
    says(&page(served.ask("GET", "/nothing", &browser, b""), 404), "Nothing is here");
    let program = served.get("/nothing").expect(404);
    assert_eq!(program.header("content-type"), Some("application/problem+json"));
    assert_eq!(served.end(), 0);
}

#[test]
fn what_cannot_be_recorded_is_not_shown() {
    let Some(server) = ledger_store::test_support::PostgresServer::start() else { return };
    let served = Served::on(&server);
    served.post("/v1/traces", JSON, &spans(0, 2)).expect(200);
    served.refuse_writes(&server);
    for path in ["/", &format!("/runs/{RUN}"), "/runs/nobody", "/audit", "/integrity?verify=now"] {
        let answer = served.get(path);
        assert!(answer.header("retry-after").is_some(), "{path}");
        let refused = page(answer, 503);
        says(&refused, "could not be recorded");
        says_not(&refused, RUN);
    }
    served.take_writes(&server);
    page(served.get("/"), 200);
    assert_eq!(served.end(), 3);
}
