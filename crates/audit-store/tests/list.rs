//! Audit facts and facts of the environment become rows, listed newest first by any filter.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use audit_store::{Audit, PROJECTION, STATEMENTS, System};
use ledger_store::test_support::{
    PostgresServer, Recorder, at, plan, rows_instead_of_blocks, tenant,
};
use ledger_store::{Ledger, OpenMode};
use serde_json::{Value as Json, json};
use sqlx::{Connection, Executor, Row};
use store_traits::{
    AuditFilter, AuditStore, FactKind, Filter, LedgerStore, ListError, ListRequest, Period, RunId,
    SystemFilter, SystemStore, TenantId, Timestamp,
};

fn request<F: Filter>(filter: F, limit: u64, cursor: Option<&str>) -> ListRequest<F> {
    ListRequest::new(&tenant(), filter, limit, cursor).unwrap()
}

fn meta(more: Json, body: Json) -> Json {
    let mut body = body;
    body["$meta"] = more;
    body
}

async fn governed() -> Recorder {
    let recorder = Recorder::new(&PROJECTION).await;
    let human = json!({"actor": {"kind": "human", "subject": "u-17"}, "policy_ids": ["p-1", "p-2"], "incident_ids": ["inc-1"]});
    recorder
        .record(&[
            (
                "audit.tool",
                Some("r"),
                json!({"view": {"event": "tool.denied", "tool": "shell", "outcome": "denied"}}),
            ),
            (
                "run.step",
                Some("r"),
                meta(json!({"incident_ids": ["inc-1"]}), json!({"view": {"class": "tool"}})),
            ),
            (
                "audit.authorization",
                None,
                json!({"source": {"action": "export", "decision": "allow"}}),
            ),
            ("audit.event", None, json!("a body of another shape")),
            ("audit.event", Some("r"), meta(human, json!({"event": "approved", "tool": "shell"}))),
            // Said to have happened before all others.
            (
                "audit.access",
                None,
                meta(
                    json!({"occurred_at": "2025-12-31T00:00:00.000000000Z"}),
                    json!({"event": "read", "tool": "x".repeat(3_000)}),
                ),
            ),
        ])
        .await;
    recorder
}

async fn audited(recorder: &Recorder, filter: &AuditFilter) -> Vec<u64> {
    let mut answers = Vec::new();
    for ledger in recorder.ledgers() {
        let audit = Audit::new(ledger.reader());
        let (mut seqs, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let asked = request(filter.clone(), 2, cursor.as_deref());
            let page = audit.audit_records(&asked).await.unwrap();
            seqs.extend(page.items.iter().map(|record| record.seq));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        answers.push(seqs);
    }
    assert!(answers.iter().all(|other| *other == answers[0]), "{filter:?}: {answers:?}");
    answers.remove(0)
}

#[tokio::test]
async fn audit_facts_are_listed_and_others_are_not() {
    let recorder = governed().await;
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
        let audit = Audit::new(ledger.reader());
        let first = audit.audit_records(&request(AuditFilter::default(), 4, None)).await.unwrap();
        let seqs = first.items.iter().map(|record| record.seq).collect::<Vec<_>>();
        assert_eq!((seqs, first.has_more()), (vec![5, 4, 3, 2], true));
        assert_eq!(first.items[3].event.as_deref(), Some("export"));
        assert_eq!(first.items[3].outcome.as_deref(), Some("allow"));

        let rest = request(AuditFilter::default(), 4, first.next.as_deref());
        let rest = audit.audit_records(&rest).await.unwrap();
        assert_eq!((rest.items.len(), rest.next), (1, None));
        let record = &rest.items[0];
        assert_eq!((record.seq, record.kind.as_str()), (0, "audit.tool"));
        assert_eq!(record.event.as_deref(), Some("tool.denied"));
        assert_eq!(record.tool.as_deref(), Some("shell"));
        assert_eq!(record.policy_id.as_deref(), Some("policy-7"));
        assert_eq!(record.run_id.as_deref(), Some("r"));
        assert_eq!(record.actor_kind.as_deref(), Some("system"));

        let other = TenantId::parse("other").unwrap();
        let asked = ListRequest::new(&other, AuditFilter::default(), 9, None).unwrap();
        assert!(audit.audit_records(&asked).await.unwrap().items.is_empty());
    }
}

#[tokio::test]
async fn each_filter_finds_its_audit_facts_and_no_others() {
    let recorder = governed().await;
    let check = async |expect: &[u64], change: &dyn Fn(&mut AuditFilter)| {
        let mut filter = AuditFilter::default();
        change(&mut filter);
        assert_eq!(audited(&recorder, &filter).await, expect, "{filter:?}");
    };
    let some = |text: &str| Some(text.to_owned());
    check(&[5, 4, 3, 2, 0], &|_| {}).await;
    check(&[4, 3], &|f| f.kind = some("audit.event")).await;
    check(&[4], &|f| f.actor = some("u-17")).await;
    check(&[4], &|f| f.actor_kind = some("human")).await;
    check(&[4], &|f| f.event = some("approved")).await;
    check(&[4, 0], &|f| f.tool = some("shell")).await;
    check(&[5], &|f| f.tool = Some("x".repeat(3_000))).await;
    check(&[0], &|f| f.outcome = some("denied")).await;
    check(&[4, 0], &|f| f.run = some("r")).await;
    check(&[4], &|f| f.policy = some("p-2")).await;
    check(&[5, 3, 2, 0], &|f| f.policy = some("policy-7")).await;
    check(&[4], &|f| f.incident = some("inc-1")).await;
    check(&[], &|f| f.incident = some("inc-2")).await;
    check(&[0], &|f| {
        f.tool = some("shell");
        f.outcome = some("denied");
        f.policy = some("policy-7");
    })
    .await;
    let time = |ms| Some(Timestamp::parse(&at(ms)).unwrap());
    check(&[4, 3, 2], &|f| f.period = Period { since: time(2), until: None }).await;
    check(&[2, 0, 5], &|f| f.period = Period { since: None, until: time(3) }).await;
    check(&[0], &|f| {
        f.tool = some("shell");
        f.period = Period { since: time(0), until: time(4) };
    })
    .await;
}

#[tokio::test]
async fn actors_and_incidents_lead_to_their_entries() {
    let recorder = governed().await;
    for ledger in recorder.ledgers() {
        let audit = Audit::new(ledger.reader());
        let who = audit.identities(&tenant(), "").await.unwrap();
        let said: Vec<_> = who.iter().map(|a| (a.actor.as_str(), a.facts, a.last_seq)).collect();
        assert_eq!(said, [("service-x", 4, 5), ("u-17", 1, 4)]);
        assert_eq!(audit.identities(&tenant(), "service-x").await.unwrap().len(), 1);
        assert_eq!(audit.seqs_of_incident(&tenant(), "inc-1").await.unwrap(), [1, 4]);
        assert_eq!(audit.seqs_of_actor(&tenant(), "u-17").await.unwrap(), [4]);
        let run = RunId::parse("r").unwrap();
        let of_run = audit.audit_of_run(&tenant(), &run).await.unwrap();
        assert_eq!(of_run.iter().map(|record| record.seq).collect::<Vec<_>>(), [0, 4]);
    }
}

async fn environment() -> Recorder {
    let recorder = Recorder::new(&PROJECTION).await;
    let of = |component: &str| json!({"actor": {"kind": "system", "component": component}});
    let log = |number: i64, event: &str| json!({"source": {"severity_number": number}, "view": {"name": event}});
    let metric = |name: &str, value: Json| {
        let mut source = json!({"metric": {"name": name, "unit": "ms"}});
        source.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        json!({"source": source, "view": {"name": name}})
    };
    let alert = json!({"name": "cost above plan"});
    recorder
        .record(&[
            ("system.event", None, meta(of("gateway"), log(17, "upstream.timeout"))),
            ("system.event", Some("r"), meta(of("gateway"), log(9, "deployed"))),
            (
                "system.telemetry",
                None,
                meta(of("agent"), metric("latency", json!({"value": {"f64": "0.7"}}))),
            ),
            (
                "system.telemetry",
                None,
                meta(of("agent"), metric("latency", json!({"sum": {"f64": "12.5"}, "count": 3}))),
            ),
            ("alert.sent", None, meta(of("alerts"), alert.clone())),
            ("alert.suppressed", None, meta(of("alerts"), alert.clone())),
            ("alert.sent", None, meta(of("alerts"), alert)),
            ("system.event", None, json!({"severity": "Notice", "event": "y".repeat(3_000)})),
            ("run.step", Some("r"), json!({"view": {"class": "tool"}})),
        ])
        .await;
    recorder
}

#[tokio::test]
async fn each_filter_finds_its_system_facts_and_no_others() {
    let recorder = environment().await;
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
        let system = System::new(ledger.reader());
        let check = async |expect: &[u64], change: &dyn Fn(&mut SystemFilter)| {
            let mut filter = SystemFilter::default();
            change(&mut filter);
            let (mut seqs, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let asked = request(filter.clone(), 2, cursor.as_deref());
                let page = system.system_records(&asked).await.unwrap();
                seqs.extend(page.items.iter().map(|record| record.seq));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seqs, expect, "{filter:?}");
        };
        let some = |text: &str| Some(text.to_owned());
        let time = |ms| Some(Timestamp::parse(&at(ms)).unwrap());
        check(&[7, 6, 5, 4, 3, 2, 1, 0], &|_| {}).await;
        check(&[1, 0], &|f| f.component = some("gateway")).await;
        check(&[0], &|f| f.severity = some("error")).await;
        check(&[7], &|f| f.severity = some("notice")).await;
        check(&[3, 2], &|f| f.event = some("latency")).await;
        check(&[7], &|f| f.event = Some("y".repeat(3_000))).await;
        check(&[1], &|f| f.run = some("r")).await;
        check(&[6, 4], &|f| f.kind = some("alert.sent")).await;
        check(&[3, 2, 1], &|f| f.period = Period { since: time(1), until: time(4) }).await;
        check(&[1], &|f| {
            f.component = some("gateway");
            f.period = Period { since: time(1), until: None };
        })
        .await;

        let all = system.system_records(&request(SystemFilter::default(), 9, None)).await.unwrap();
        let said = |seq: usize| {
            let record = &all.items[7 - seq];
            (record.value.as_deref(), record.count, record.unit.as_deref())
        };
        assert_eq!(said(2), (Some("0.7"), None, Some("ms")));
        assert_eq!(said(3), (Some("12.5"), Some(3), Some("ms")));
        assert_eq!(said(0), (None, None, None));

        let time = |ms| Timestamp::parse(&at(ms)).unwrap();
        let between = system.between(&tenant(), time(1), time(3), 100).await.unwrap();
        assert_eq!(between.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3]);
        let alert = system.alert(&tenant(), "cost above plan", time(5), time(6)).await.unwrap();
        assert_eq!(alert.last_sent.map(|record| record.seq), Some(4));
        assert_eq!((alert.sent, alert.suppressed), (0, 1));
        let never = system.alert(&tenant(), "never", time(0), time(9)).await.unwrap();
        assert_eq!((never.last_sent, never.sent, never.suppressed), (None, 0, 0));
    }
}

/// Of 300 audit facts and 300 facts of the environment, the first five of each are of a kind of their own.
async fn few_of_a_kind() -> Recorder {
    let recorder = Recorder::new(&PROJECTION).await;
    let facts: Vec<_> = (0..600)
        .map(|n| {
            let kind = match (n % 2, n < 10) {
                (0, true) => "audit.access",
                (0, false) => "audit.tool",
                (_, true) => "system.event",
                (_, false) => "system.telemetry",
            };
            (kind, Some("r"), json!({"view": {"name": "n"}}))
        })
        .collect();
    recorder.record(&facts).await;
    recorder
}

#[tokio::test]
async fn a_page_of_a_rare_kind_is_full_and_the_last_one_has_no_cursor() {
    let recorder = few_of_a_kind().await;
    let kind = |kind: &str| Some(kind.to_owned());
    let accesses = || AuditFilter { kind: kind("audit.access"), ..AuditFilter::default() };
    let events = || SystemFilter { kind: kind("system.event"), ..SystemFilter::default() };
    for ledger in recorder.ledgers() {
        let (audit, system) = (Audit::new(ledger.reader()), System::new(ledger.reader()));
        let whole = audit.audit_records(&request(accesses(), 5, None)).await.unwrap();
        assert_eq!((whole.items.len(), whole.next), (5, None));
        let whole = system.system_records(&request(events(), 5, None)).await.unwrap();
        assert_eq!((whole.items.len(), whole.next), (5, None));

        // Asked for by name, and as the facade does it, which narrows what its caller asked for.
        for narrowed in [false, true] {
            let (mut pages, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let filter = if narrowed { AuditFilter::default() } else { accesses() };
                let asked = request(filter, 2, cursor.as_deref()).of_kind(&FactKind::AuditAccess);
                let page = audit.audit_records(&asked).await.unwrap();
                pages.push(page.items.iter().map(|record| record.seq).collect::<Vec<_>>());
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(pages, [vec![8, 6], vec![4, 2], vec![0]]);
            let mut pages = Vec::new();
            loop {
                let filter = if narrowed { SystemFilter::default() } else { events() };
                let asked = request(filter, 2, cursor.as_deref()).of_kind(&FactKind::SystemEvent);
                let page = system.system_records(&asked).await.unwrap();
                pages.push(page.items.iter().map(|record| record.seq).collect::<Vec<_>>());
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(pages, [vec![9, 7], vec![5, 3], vec![1]]);
        }
        // By the period, whose rows are looked at 200 a page.
        let time = |ms| Timestamp::parse(&at(ms)).ok();
        let period = Period { since: time(3), until: time(500) };
        assert_eq!(audited(&recorder, &AuditFilter { period, ..accesses() }).await, [8, 6, 4]);

        let cursor = request(accesses(), 2, None).cursor("", 4);
        for other in [
            AuditFilter::default(),
            AuditFilter { run: Some("r".into()), ..accesses() },
            AuditFilter { period, ..accesses() },
        ] {
            let refused = ListRequest::new(&tenant(), other, 2, Some(&cursor)).unwrap_err();
            assert_eq!(refused, ListError::OtherList);
        }
        let refused = ListRequest::new(&tenant(), events(), 2, Some(&cursor)).unwrap_err();
        assert_eq!(refused, ListError::OtherList);
    }
}

#[tokio::test]
async fn rows_can_neither_be_changed_nor_removed_and_a_forged_one_is_found() {
    let recorder = Recorder::new(&PROJECTION).await;
    recorder.record(&[("audit.event", None, json!({"event": "login"}))]).await;
    let mut intruder = recorder.intruder().await;
    for statement in ["UPDATE audit_events SET actor = 'me'", "DELETE FROM audit_events"] {
        let error = intruder.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
    intruder.execute("DROP TRIGGER audit_events_no_update").await.unwrap();
    intruder.execute("UPDATE audit_events SET actor = 'me'").await.unwrap();
    intruder
        .execute("INSERT INTO fact_refs VALUES ('acme', 'incident', 'inc-9', 0)")
        .await
        .unwrap();
    let found = recorder.differences().await;
    assert_eq!(
        found,
        [
            (0, "`audit_events.actor` differs from its entry".to_owned()),
            (0, "`fact_refs` has a row that its entry does not give: name \"incident\", value \"inc-9\"".to_owned()),
        ]
    );
}

#[tokio::test]
async fn an_event_and_an_outcome_are_read_wherever_they_are_said() {
    let recorder = Recorder::new(&PROJECTION).await;
    let mcp =
        json!({"event": "requested", "view": {"name": "tools/call lookup", "tool": "lookup"}});
    let decided = json!({
        "source": {"attributes": {"policy.outcome": "escalate"}},
        "view": {"name": "policy.decision"},
    });
    let facts = [("audit.tool", Some("r"), mcp), ("audit.authorization", Some("r"), decided)];
    recorder.record(&facts).await;
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
        let audit = Audit::new(ledger.reader());
        let of = |event: &str| AuditFilter { event: Some(event.into()), ..AuditFilter::default() };
        let page = audit.audit_records(&request(of("requested"), 9, None)).await.unwrap();
        assert_eq!((page.items.len(), page.items[0].seq), (1, 0));
        let run = RunId::parse("r").unwrap();
        let of_run = audit.audit_of_run(&tenant(), &run).await.unwrap();
        assert_eq!(of_run[0].event.as_deref(), Some("requested"));
        assert_eq!(of_run[1].outcome.as_deref(), Some("escalate"));
        let filter = AuditFilter { outcome: Some("escalate".into()), ..AuditFilter::default() };
        let page = audit.audit_records(&request(filter, 9, None)).await.unwrap();
        assert_eq!(page.items, [of_run[1].clone()]);
    }
}

/// What a ledger was before the tables of the lists.
const BEFORE: &str = "
DROP TABLE run_labels; DROP TABLE system_events; DROP TABLE fact_refs; DROP TABLE audit_labels;
DROP TABLE index_backlog; DROP INDEX audit_events_by_time; DROP INDEX audit_events_by_run;
DROP INDEX audit_events_by_actor; DROP INDEX audit_events_by_tool; DROP INDEX exports_by_run;
DROP INDEX audit_events_by_kind;
DROP TABLE run_entries; DROP TABLE run_steps;
DELETE FROM _sqlx_migrations WHERE version IN (6, 7, 8, 9);";
/// The rows of runs that there were then.
const SQLITE_RUNS: &str = include_str!("../../../migrations/sqlite/0002_traces.sql");
const POSTGRES_RUNS: &str = include_str!("../../../migrations/postgres/0002_traces.sql");

#[tokio::test]
async fn facts_that_are_older_than_a_table_get_their_rows_once() {
    let recorder = governed().await;
    let beside = environment().await;
    for (recorder, size) in [(&recorder, 6), (&beside, 9)] {
        for (url, ledger) in recorder.urls().into_iter().zip(recorder.ledgers()) {
            rows_instead_of_blocks(ledger, &url, &tenant()).await;
            if url.starts_with("postgres") {
                let mut conn = sqlx::PgConnection::connect(&url).await.unwrap();
                conn.execute(BEFORE).await.unwrap();
                conn.execute(POSTGRES_RUNS).await.unwrap();
            } else {
                let mut conn = recorder.intruder().await;
                conn.execute(BEFORE).await.unwrap();
                conn.execute(SQLITE_RUNS).await.unwrap();
            }
            let ledger = Ledger::open(
                &url,
                OpenMode::ReadWrite,
                vec![&PROJECTION],
                ledger_store::test_support::key_tag,
            )
            .await
            .unwrap();
            assert_ne!(recorder.differences_in(&ledger).await, []);
            let backlog = ledger.backlog().await.unwrap();
            let topics: Vec<_> = backlog.iter().map(|b| (b.topic.as_str(), b.size)).collect();
            assert_eq!(topics, [("audit_labels", size), ("lists", size), ("run_parts", size)]);
            let entries = ledger.entries(&tenant(), 0..size).await.unwrap();
            let facts = ledger_store::test_support::facts(&entries);
            for backlog in &backlog {
                // Twice, as after a crash before it was noted.
                ledger.index(&tenant(), &backlog.topic, &facts).await.unwrap();
                ledger.index(&tenant(), &backlog.topic, &facts).await.unwrap();
                ledger.indexed(backlog).await.unwrap();
            }
            assert_eq!(ledger.backlog().await.unwrap(), []);
            assert_eq!(recorder.differences_in(&ledger).await, []);
            ledger.close().await;
        }
    }
}

#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let recorder = governed().await;
    for statement in STATEMENTS {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.sqlite));
        let plan = sqlx::query(explain).fetch_all(&mut recorder.intruder().await).await.unwrap();
        for row in plan {
            let line: String = row.get("detail");
            let words: Vec<_> = line.split(' ').collect();
            let judged = words[0] == "SCAN" && ["a", "e"].contains(&words[1]);
            let stored = ["a", "e", "f", "l", "audit_events", "system_events", "fact_refs"];
            // `judged` and `scanned` are read as a whole: they hold what was looked at for a page.
            if judged || !words.get(1).is_some_and(|table| stored.contains(table)) {
                continue;
            }
            let narrow = words[0] == "SEARCH" && line.contains("(tenant=? AND ");
            assert!(narrow, "{line}\n{}", statement.doing);
            // The primary key leads too, to facts of all kinds.
            let by_kind = statement.doing.ends_with("of a kind") && ["a", "e"].contains(&words[1]);
            assert!(!by_kind || line.contains("_by_kind (tenant=? AND kind"), "{line}");
        }
    }
}

/// 100,000 audit facts and 100,000 facts of the environment of each of two tenants, one in a thousand of
/// another kind.
const FILL: &str = "
INSERT INTO audit_events
SELECT t, n, CASE n % 1000 WHEN 0 THEN 'audit.access' ELSE 'audit.tool' END, 'event-' || (n % 10), 'agent', 'actor-' || (n % 100), 'tool-' || (n % 50),
       'outcome-' || (n % 4), 'policy-' || (n % 20), 'run-' || (n / 100),
       to_char(timestamp '2026-01-01' + n * interval '1 second', 'YYYY-MM-DD\"T\"HH24:MI:SS') || '.000000000Z'
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 99999) n;
INSERT INTO system_events
SELECT t, n, CASE n % 1000 WHEN 0 THEN 'alert.sent' ELSE 'system.event' END, 'run-' || (n / 100), 'component-' || (n % 10), 'info', 'event-' || (n % 30), NULL, NULL, NULL,
       to_char(timestamp '2026-01-01' + n * interval '1 second', 'YYYY-MM-DD\"T\"HH24:MI:SS') || '.000000000Z'
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 99999) n;
INSERT INTO audit_labels
SELECT t, n, l.name, l.value FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 99999) n,
     LATERAL (VALUES ('event', 'event-' || (n % 10)), ('outcome', 'outcome-' || (n % 4))) l (name, value);
INSERT INTO fact_refs
SELECT t, 'audit.policy', 'policy-' || (n % 20), n FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 99999) n;
INSERT INTO fact_refs
SELECT t, 'audit.incident', 'incident-' || (n % 20), n FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 99999) n;
ANALYZE";

#[tokio::test]
async fn no_page_of_many_facts_looks_at_more_than_its_rows() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database().await;
    Ledger::create(&url, "log.example").await.unwrap();
    let mut conn = sqlx::PgConnection::connect(&url).await.unwrap();
    conn.execute(FILL).await.unwrap();
    for statement in STATEMENTS {
        let audit = statement.postgres.contains("FROM audit_events a")
            || statement.postgres.contains("CROSS JOIN audit_events a");
        let asked: (&[(&str, &str)], u64) = match statement.doing {
            // 21 rows, each on a page of its own, below three levels of an index; of an audit fact two labels
            // too.
            "listing audit records" | "listing audit records by time" => (&[], 260),
            "listing system records" => (&[], 60),
            "listing audit records of a kind" => (&[("$5", "audit.access")], 260),
            "listing system records of a kind" => (&[("$5", "alert.sent")], 120),
            "listing audit records of a run" => (&[("$10", "run-500")], 260),
            "listing audit records of an actor" => (&[("$6", "actor-5")], 260),
            "listing audit records of an event" => (&[("$7", "event-5")], 400),
            "listing audit records of a tool" => (&[("$8", "tool-5")], 260),
            "listing audit records of an outcome" => (&[("$9", "outcome-3")], 400),
            "listing audit records of a policy" => (&[("$11", "policy-5")], 400),
            "listing audit records of an incident" => (&[("$12", "incident-5")], 400),
            "listing system records by time" => (&[], 60),
            "listing system records of a run" => (&[("$6", "run-500")], 60),
            "listing system records of a component" => (&[("$7", "component-5")], 120),
            "listing system records of a severity" => (&[("$8", "info")], 120),
            "listing system records of a name" => (&[("$9", "event-5")], 120),
            _ => continue,
        };
        let count = (2..40).take_while(|n| statement.postgres.contains(&format!("${n}"))).count();
        let values: Vec<&str> = (2..2 + count)
            .map(|n| {
                let name = format!("${n}");
                let named = asked.0.iter().find(|(at, _)| *at == name);
                match (n, audit) {
                    (2, _) => "50000",
                    (3 | 4, _) => "21",
                    (13, true) | (10, false) => "",
                    (14, true) | (11, false) => "~",
                    (16, true) | (12, false) => "2026-01-01T12:00:00.000000000Z",
                    _ => named.map_or("NULL", |(_, value)| value),
                }
            })
            .collect();
        let plan = plan(&mut conn, statement, "acme", &values).await;
        assert!(plan.pages <= asked.1, "{}: {} pages\n{}", statement.doing, plan.pages, plan.text);
    }
}

#[tokio::test]
async fn both_databases_prepare_every_statement() {
    let recorder = Recorder::new(&PROJECTION).await;
    recorder.prepare_all(&STATEMENTS, &[&PROJECTION]).await;
}
