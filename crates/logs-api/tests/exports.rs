//! Evidence over HTTP: the bytes of the command line, for those who may have them, and on the record.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use logs_api::{ApiKeys, Limits, Role, new_api_key};
use logs_domain::{
    ExportRequest, ExportSubject, OsEntropy, Period, Profile, RunId, SystemClock, TenantId,
    Timestamp, Withhold, verify_bundle_file,
};
use serde_json::{Value, json};
use support::{Answer, JSON, Served, request, spans};

const EXPORTS: &str = "/api/v1/logs/exports";
const RUN: &str = "00000000000000000000000000000001";

fn ask(served: &Served, body: &Value) -> Answer {
    served.post(EXPORTS, JSON, body.to_string().as_bytes())
}

fn recorded(served: &Served) {
    served.post("/v1/traces", JSON, &spans(0, 3)).expect(200);
    let fact = |n: u32, rest: &str| {
        format!(
            r#"{{"kind":"audit.event","occurred_at":"2026-01-0{n}T00:00:00Z","key":"{n}","actor":{{"kind":"human","subject":"ann"}},"body":{{"event":"e","prompt":"secret {n}"}},"commit":["/prompt"]{rest}}}"#
        )
    };
    let lines = [fact(1, ""), fact(2, r#","incident_ids":["inc-1"]"#), fact(3, "")].join("\n");
    served.post("/api/v1/logs/facts", "application/x-ndjson", lines.as_bytes()).expect(200);
}

fn time(text: &str) -> Option<Timestamp> {
    Some(Timestamp::parse(text).unwrap())
}

#[test]
fn each_is_the_bytes_of_the_command_and_leaves_two_facts() {
    let check = |served: Served| {
        recorded(&served);
        let (since, until) = ("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z");
        let period = Period { since: time(since), until: time(until) };
        let of = |profile, subject, withhold| ExportRequest { profile, subject, withhold };
        let run = || ExportSubject::Run(RunId::parse(RUN).unwrap());
        let (all, none) = (Withhold::Nothing, Withhold::Content);
        let evidence = Profile::Evidence;
        let name = || "ann".to_owned();
        let cases = [
            (json!({"profile": "evidence", "run": RUN}), of(evidence, run(), all)),
            (
                json!({"profile": "evidence", "incident": "inc-1", "withhold": "content"}),
                of(evidence, ExportSubject::Incident("inc-1".into()), none),
            ),
            (
                json!({"profile": "evidence", "actor": "ann", "since": since}),
                of(
                    evidence,
                    ExportSubject::Actor {
                        name: name(),
                        period: Period { since: time(since), until: None },
                    },
                    all,
                ),
            ),
            (
                json!({"profile": "soc2", "since": since, "until": until}),
                of(Profile::Soc2, ExportSubject::Period(period), all),
            ),
            (
                json!({"profile": "executive", "since": since, "until": until}),
                of(Profile::Executive, ExportSubject::Period(period), all),
            ),
        ];
        for (n, (body, request)) in cases.into_iter().enumerate() {
            let out = served.folder.path().join(format!("{n}.zip"));
            let exported = served.domain.export(&served.tenant, &request, &out);
            let exported = served.runtime.block_on(exported).unwrap();
            let before = served.size();
            let answer = ask(&served, &body).expect(200);
            assert!(answer.body == std::fs::read(&out).unwrap(), "{body}: the same bytes");
            let hex = exported.sha256.to_string();
            let digest =
                base64::engine::general_purpose::STANDARD.encode(exported.sha256.as_bytes());
            let name = format!(
                "attachment; filename=\"factlog-{}-{}.zip\"",
                body["profile"].as_str().unwrap(),
                &hex[..16]
            );
            for (header, value) in [
                ("content-type", "application/zip"),
                ("etag", &format!("\"{hex}\"")),
                ("repr-digest", &format!("sha-256=:{digest}:")),
                ("content-disposition", &name),
                ("content-length", &answer.body.len().to_string()),
                ("cache-control", "no-store"),
            ] {
                assert_eq!(answer.header(header), Some(value), "{body}");
            }
            let key = served.domain.verifier_key(&served.tenant).unwrap();
            let report = verify_bundle_file(&out, &[key]).unwrap();
            assert!(report.holds, "{:?}", report.findings);

            assert_eq!(served.size(), before + 2, "{body}");
            let (made, read) = (served.fact(before), served.fact(before + 1));
            assert_eq!(
                (&made["kind"], &made["body"]["sha256"]),
                (&json!("export.completed"), &json!(hex))
            );
            assert_eq!(
                (&read["kind"], &read["body"]["event"]),
                (&json!("audit.access"), &json!("exports"))
            );
            assert_eq!(read["body"]["asked"], body, "as it was asked");
            assert_eq!(read["body"]["items"], exported.entries);
            assert_eq!(read["body"]["as_of_size"], exported.tree_size);
        }
        let before = served.size();
        let first = served.get(&format!("/api/v1/logs/llm-runs/{RUN}/export")).expect(200);
        assert!(first.body == std::fs::read(served.folder.path().join("0.zip")).unwrap());
        let read = served.fact(before + 1);
        let (event, subject) = (&read["body"]["event"], &read["body"]["subject"]);
        assert_eq!((event, subject), (&json!("llm-runs/{run_id}/export"), &json!(RUN)));
        let path = format!("/api/v1/logs/llm-runs/{RUN}/export?withhold");
        served.get(&format!("{path}=all")).expect(400);
        assert!(served.get(&format!("{path}=content")).expect(200).body != first.body);
        served.get("/api/v1/logs/llm-runs/nobody/export").expect(404);
        served.end();
    };
    check(Served::new());
    let Some(server) = ledger_store::test_support::PostgresServer::shared() else { return };
    check(Served::on(server));
}

#[test]
fn what_cannot_be_asked_is_refused_and_on_the_record() {
    let served = Served::new();
    let nothing = json!({"profile": "evidence", "since": "2026-01-01T00:00:00Z"});
    ask(&served, &nothing).expect(404);
    recorded(&served);
    let (since, until) = ("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z");
    for (body, status, says) in [
        (json!({"profile": "evidence", "run": RUN, "tenant": "globex"}), 400, "tenant"),
        (json!({"profile": "evidence", "run": RUN, "incident": "inc-1"}), 400, "an export is of"),
        (json!({"profile": "evidence", "run": RUN, "since": since}), 400, "an export is of"),
        (json!({"profile": "evidence", "incident": "i", "until": until}), 400, "an export is of"),
        (json!({"profile": "evidence"}), 400, "say from when"),
        (json!({"profile": "soc2", "since": since}), 400, "of a period"),
        (json!({"profile": "soc2", "run": RUN}), 400, "of a period"),
        (json!({"profile": "evidence", "since": until, "until": since}), 400, "ends before"),
        (json!({"profile": "evidence", "since": "yesterday"}), 400, "since"),
        (json!({"profile": "verdict", "run": RUN}), 400, "`soc2`"),
        (json!({"profile": "evidence", "run": RUN, "withhold": "nothing"}), 400, "withhold"),
        (json!({"run": RUN}), 400, "profile"),
        (json!({"profile": "evidence", "run": 7}), 400, "string"),
        (json!({"profile": "evidence", "run": RUN, "withhold": null}), 400, "null"),
        (json!([]), 400, "invalid"),
        (json!({"profile": "evidence", "run": "nobody"}), 404, "run"),
        (json!({"profile": "evidence", "run": "f".repeat(32)}), 404, "no fact"),
        (json!({"profile": "evidence", "incident": "inc-9"}), 404, "no fact"),
        (json!({"profile": "evidence", "run": "x".repeat(70_000)}), 413, "bytes"),
    ] {
        let before = served.size();
        let refused = ask(&served, &body).expect(status);
        assert_eq!(refused.header("content-type"), Some("application/problem+json"), "{body}");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{body}: {detail}");
        assert_eq!(served.size(), before + 1, "{body}");
        let outcome = if status == 404 { "not_found" } else { "refused" };
        let fact = served.fact(before);
        assert_eq!(
            (&fact["body"]["event"], &fact["body"]["outcome"]),
            (&json!("exports"), &json!(outcome))
        );
        assert_eq!(fact["body"].get("asked").is_some(), status == 404, "{body}");
    }
    served.post(EXPORTS, JSON, b"{\"profile\":\"evidence\",\"profile\":\"soc2\"}").expect(400);
    served.post(EXPORTS, "text/plain", b"{}").expect(415);
    let got = served.get(EXPORTS).expect(405);
    assert_eq!(got.header("allow"), Some("POST"));
    served.end();
}

#[test]
fn it_is_for_auditors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("factlog.apikeys");
    let acme = TenantId::parse("acme").unwrap();
    let [writer, reader, auditor] = [Role::Writer, Role::Reader, Role::Auditor].map(|role| {
        let key = new_api_key(&path, &acme, role, "k", &SystemClock, &OsEntropy).unwrap();
        format!("Bearer {key}")
    });
    let served = Served::with_keys(folder, ApiKeys::read(&path).unwrap());
    let headers =
        |key: &str| [("content-type", JSON.to_owned()), ("authorization", key.to_owned())];
    let post = |path: &str, key: &str, body: &[u8]| {
        let headers = headers(key);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        served.ask("POST", path, &headers, body)
    };
    post("/v1/traces", &writer, &spans(0, 1)).expect(200);
    let body = json!({"profile": "evidence", "run": RUN}).to_string();
    for key in [&writer, &reader] {
        let before = served.size();
        post(EXPORTS, key, body.as_bytes()).expect(403);
        let path = format!("/api/v1/logs/llm-runs/{RUN}/export");
        served.ask("GET", &path, &[("authorization", key)], b"").expect(403);
        assert_eq!(served.fact(before)["body"]["outcome"], "refused");
    }
    post(EXPORTS, "Bearer factlog_x", body.as_bytes()).expect(401);
    post(EXPORTS, &auditor, body.as_bytes()).expect(200);
    served.end();
}

#[test]
fn one_is_made_or_sent_at_a_time() {
    let served = Served::limited(Limits { exports: 0, ..Limits::default() });
    recorded(&served);
    let body = json!({"profile": "evidence", "run": RUN});
    let refused = ask(&served, &body).expect(503);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(served.fact(served.size() - 1)["body"]["outcome"], "failed");
    served.end();

    // The room is free again when the bundle is sent, also where nobody waited for it.
    let served = Served::new();
    recorded(&served);
    let text = body.to_string();
    let mut gone = served.connect();
    gone.write_all(&request("POST", EXPORTS, &[("content-type", JSON)], text.as_bytes())).unwrap();
    gone.read_exact(&mut [0; 12]).unwrap();
    drop(gone);
    while ask(&served, &body).status == 503 {
        std::thread::yield_now();
    }
    served.end();
}
