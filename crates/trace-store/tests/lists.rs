//! Pages, filters, and the cost of the statements behind them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use ledger_store::test_support::{
    PostgresServer, Recorder, at, facts, plan, read_fact, rows_instead_of_blocks, tenant,
};
use ledger_store::{Ledger, OpenMode};
use serde_json::json;
use sqlx::{Connection, Executor, Row};
use store_traits::{
    LedgerStore, ListRequest, Period, RunFilter, RunId, RunStatus, StoreError, TenantId, Timestamp,
    TraceStore, Unreadable,
};
use trace_store::{PROJECTION, STATEMENTS, Traces};

async fn seven_runs() -> Recorder {
    let recorder = Recorder::new(&PROJECTION).await;
    for n in 0..7_u64 {
        let run = format!("run-{n}");
        let view =
            json!({"class": "llm", "started_at": at(n * 1_000), "response_id": n.to_string()});
        let fact = ("run.llm_call", Some(run.as_str()), json!({"view": view}));
        recorder.record(&[fact.clone(), fact]).await;
    }
    // An early run is heard of again: it keeps its place.
    recorder.record(&[("run.step", Some("run-2"), json!({"view": {"class": "tool"}}))]).await;
    recorder
}

fn request(filter: RunFilter, cursor: Option<&str>, limit: u64) -> ListRequest<RunFilter> {
    ListRequest::new(&tenant(), filter, limit, cursor).unwrap()
}

fn all(limit: u64) -> ListRequest<RunFilter> {
    request(RunFilter::default(), None, limit)
}

fn of_period(since: Option<Timestamp>, until: Option<Timestamp>) -> RunFilter {
    RunFilter { period: Period { since, until }, ..RunFilter::default() }
}

fn ids(items: &[store_traits::RunSummary]) -> Vec<&str> {
    items.iter().map(|run| run.run_id.as_str()).collect()
}

#[tokio::test]
async fn pages_are_newest_first_and_neither_skip_nor_repeat() {
    let recorder = seven_runs().await;
    for ledger in recorder.ledgers() {
        let traces = Traces::new(ledger.reader(), read_fact);
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let asked = request(RunFilter::default(), cursor.as_deref(), 3);
            let page = traces.runs(&asked).await.unwrap();
            seen.extend(page.items.into_iter().map(|run| run.run_id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["run-6", "run-5", "run-4", "run-3", "run-2", "run-1", "run-0"]);
        let whole = traces.runs(&all(7)).await.unwrap();
        assert_eq!((whole.items.len(), whole.next), (7, None), "a full last page has no next one");
    }
}

#[tokio::test]
async fn a_period_is_half_open_and_asks_for_steps_inside_it() {
    let recorder = seven_runs().await;
    for ledger in recorder.ledgers() {
        let traces = Traces::new(ledger.reader(), read_fact);
        let time = |ms| Some(Timestamp::parse(&at(ms)).unwrap());
        let filter = of_period(time(3_000), time(5_000));
        let page = traces.runs(&request(filter, None, 10)).await.unwrap();
        assert_eq!(ids(&page.items), ["run-4", "run-3"]);
        let filter = of_period(time(60_000), None);
        assert!(traces.runs(&request(filter, None, 10)).await.unwrap().items.is_empty());
    }
}

#[tokio::test]
async fn runs_are_found_by_their_first_characters_and_by_tenant() {
    let recorder = seven_runs().await;
    for ledger in recorder.ledgers() {
        let traces = Traces::new(ledger.reader(), read_fact);
        assert_eq!(traces.runs_starting_with(&tenant(), "run-").await.unwrap().len(), 7);
        assert_eq!(traces.runs_starting_with(&tenant(), "run-3").await.unwrap(), ["run-3"]);
        assert!(traces.runs_starting_with(&tenant(), "run-_").await.unwrap().is_empty());
        let other = TenantId::parse("other").unwrap();
        let asked = ListRequest::new(&other, RunFilter::default(), 10, None).unwrap();
        assert!(traces.runs(&asked).await.unwrap().items.is_empty());
        let run = RunId::parse("run-3").unwrap();
        assert_eq!(traces.run(&other, &run).await.unwrap(), None);
        assert!(traces.steps(&other, &run).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn rows_that_differ_from_their_entries_are_found() {
    let recorder = seven_runs().await;
    assert_eq!(recorder.differences().await, []);
    let mut intruder = recorder.intruder().await;
    for statement in [
        "DROP TRIGGER run_entries_no_update",
        "DROP TRIGGER run_entries_no_delete",
        "DROP TRIGGER labels_of_runs_no_delete",
        "DELETE FROM run_entries WHERE seq = 2",
        "UPDATE run_entries SET seq = 5 WHERE seq = 4",
        "INSERT INTO run_entries SELECT tenant, 7, run_id, seqs FROM run_entries WHERE seq = 6",
        "UPDATE run_entries SET seqs = 'nonsense' WHERE seq = 10",
        "DELETE FROM labels_of_runs WHERE run_id = 'run-6' AND name = 'run'",
    ] {
        intruder.execute(statement).await.unwrap();
    }
    let found = recorder.differences().await;
    let about: Vec<_> = found.iter().map(|(seq, what)| (*seq, what.as_str())).collect();
    let lacks = |run: u64| format!("`run_entries` lacks what its entry says of `run-{run}`");
    let other = |run: u64| format!("`run_entries` says of `run-{run}` other than its entry");
    let extra = |run: u64| format!("`run_entries` says of `run-{run}` what its entry does not");
    let lost = "`run_entries` has a row that readers do not find".to_owned();
    let label = "`labels_of_runs` lacks a row: run_id \"run-6\", name \"run\", value \"seen\"";
    let nowhere = "`labels_of_runs` has a row that readers do not find".to_owned();
    let expected = [
        (2, nowhere.clone()),
        (2, lacks(1)),
        (3, lacks(1)),
        (4, nowhere),
        (5, lost.clone()),
        (6, extra(3)),
        (7, lost.clone()),
        (7, extra(3)),
        (10, lost),
        (10, other(5)),
        (11, lacks(5)),
        (12, label.to_owned()),
    ];
    let expected: Vec<_> = expected.iter().map(|(seq, what)| (*seq, what.as_str())).collect();
    assert_eq!(about, expected);
}

/// A long run with a short one in the middle of it, in three commits.
async fn long_and_short() -> Recorder {
    let recorder = Recorder::new(&PROJECTION).await;
    for (first, count) in [(0, 200), (200, 30), (230, 2_300)] {
        let steps: Vec<_> = (first..first + count)
            .map(|n| {
                let run = if n == 210 { "short" } else { "long" };
                let view = json!({
                    "class": "tool", "name": format!("step {n}"), "span_id": format!("{n:016x}"),
                    "started_at": at(n), "tool": "search \u{1F50D}, \"quoted\"",
                });
                ("run.tool_call", Some(run), json!({"view": view}))
            })
            .collect();
        recorder.record(&steps).await;
    }
    recorder
}

#[tokio::test]
async fn steps_are_read_from_their_entries_however_many() {
    let recorder = long_and_short().await;
    let (long, short) = (RunId::parse("long").unwrap(), RunId::parse("short").unwrap());
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
        let traces = Traces::new(ledger.reader(), read_fact);
        let steps = traces.steps(&tenant(), &long).await.unwrap();
        let told: Vec<_> = steps.iter().map(|step| (step.seq, step.name.clone())).collect();
        let said = (0..2_530).filter(|n| *n != 210).map(|n| (n, format!("step {n}")));
        assert_eq!(told, said.collect::<Vec<_>>());
        assert_eq!(steps[7].tool.as_deref(), Some("search \u{1F50D}, \"quoted\""));
        assert_eq!(traces.steps(&tenant(), &short).await.unwrap().len(), 1);
        let page = traces.runs(&all(7)).await.unwrap();
        let counts: Vec<_> = page.items.iter().map(|run| (run.entries, run.tool_calls)).collect();
        assert_eq!(counts, [(1, 1), (2_529, 2_529)]);
    }
}

#[tokio::test]
async fn an_index_that_leads_to_other_entries_adds_no_steps() {
    let recorder = seven_runs().await;
    let mut intruder = recorder.intruder().await;
    for statement in [
        "DROP TRIGGER run_entries_no_update",
        "UPDATE run_entries SET seqs = '0,1,8,9' WHERE seq = 0",
    ] {
        intruder.execute(statement).await.unwrap();
    }
    let traces = Traces::new(recorder.ledgers().next().unwrap().reader(), read_fact);
    let steps = traces.steps(&tenant(), &RunId::parse("run-0").unwrap()).await.unwrap();
    assert_eq!(steps.iter().map(|step| step.seq).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn a_run_whose_entries_are_gone_or_damaged_is_refused_and_named_in_the_list() {
    let recorder = long_and_short().await;
    let mut intruder = recorder.intruder().await;
    let long = RunId::parse("long").unwrap();
    let traces = Traces::new(recorder.ledgers().next().unwrap().reader(), read_fact);
    for (statement, seq) in [
        ("DROP TRIGGER blocks_no_update", None),
        ("UPDATE blocks SET facts = substr(facts, 1, 100) WHERE first_seq = 230", Some(230)),
        ("UPDATE blocks SET size = 3, facts = x'000178' WHERE first_seq = 0", Some(0)),
    ] {
        intruder.execute(statement).await.unwrap();
        if let Some(seq) = seq {
            let read = traces.steps(&tenant(), &long).await;
            let error = read.map(|steps| steps.len()).unwrap_err();
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
            let says = format!("entry {seq} of `acme`, of run `long`, is not there as it was");
            assert!(error.to_string().contains(&says), "{error}");
            assert_eq!(traces.run(&tenant(), &long).await, Err(error.clone()));
            assert_eq!(traces.usage(&tenant(), Period::default()).await, Err(error));
            let page = traces.runs(&all(7)).await.unwrap();
            assert_eq!(page.items.iter().map(|run| &run.run_id).collect::<Vec<_>>(), ["short"]);
            assert_eq!(page.unreadable, [Unreadable { run_id: "long".into(), seq }]);
            // Whether it fits is not known, so that it is told here too.
            let completed = RunFilter { status: Some(RunStatus::Running), ..RunFilter::default() };
            let page = traces.runs(&request(completed, None, 7)).await.unwrap();
            assert_eq!(page.unreadable.len(), 1);
        }
    }
}

#[tokio::test]
async fn what_a_row_says_of_entries_far_away_is_found_where_the_row_is() {
    let recorder = seven_runs().await;
    let mut intruder = recorder.intruder().await;
    for statement in [
        "DROP TRIGGER run_entries_no_update",
        "UPDATE run_entries SET seqs = seqs || ',300' WHERE seq = 4",
    ] {
        intruder.execute(statement).await.unwrap();
    }
    let ledger = recorder.ledgers().next().unwrap();
    let facts = facts(&ledger.entries(&tenant(), 0..15).await.unwrap());
    // The check of a long ledger looks at a part at a time, and entry 300 is not in this one.
    let found = ledger.projection_differences(&tenant(), 0..15, &facts).await.unwrap();
    let says = "`run_entries` says of `run-2` what its entry does not".to_owned();
    assert_eq!(found, [(4, says)]);
}

/// What a ledger was before its rows of runs were packed.
const BEFORE: &str = "
DROP TABLE run_entries; DROP TABLE run_steps;
DELETE FROM index_backlog WHERE topic = 'run_parts';
DROP INDEX audit_events_by_kind; DROP INDEX system_events_by_kind;
DELETE FROM _sqlx_migrations WHERE version IN (8, 9);";
const SQLITE_RUNS: &str = include_str!("../../../migrations/sqlite/0002_traces.sql");
const POSTGRES_RUNS: &str = include_str!("../../../migrations/postgres/0002_traces.sql");

#[tokio::test]
async fn rows_of_an_older_ledger_are_packed_once() {
    let recorder = seven_runs().await;
    for (url, ledger) in recorder.urls().into_iter().zip(recorder.ledgers()) {
        let before = ledger.entries(&tenant(), 0..15).await.unwrap();
        rows_instead_of_blocks(ledger, &url, &tenant()).await;
        if url.starts_with("postgres") {
            let mut conn = sqlx::PgConnection::connect(&url).await.unwrap();
            let asleep = "ALTER TABLE index_backlog DISABLE TRIGGER USER";
            for text in [asleep, BEFORE, POSTGRES_RUNS] {
                conn.execute(text).await.unwrap();
            }
        } else {
            let mut conn = recorder.intruder().await;
            let asleep = "DROP TRIGGER index_backlog_no_delete";
            for text in [asleep, BEFORE, SQLITE_RUNS] {
                conn.execute(text).await.unwrap();
            }
        }
        let (mode, tag) = (OpenMode::ReadWrite, ledger_store::test_support::key_tag);
        let ledger = Ledger::open(&url, mode, vec![&PROJECTION], tag).await.unwrap();
        assert_eq!(ledger.entries(&tenant(), 0..15).await.unwrap(), before);
        assert_ne!(recorder.differences_in(&ledger).await, []);
        let backlog = ledger.backlog().await.unwrap();
        assert_eq!(
            backlog.iter().map(|b| (b.topic.as_str(), b.size)).collect::<Vec<_>>(),
            [("run_parts", 15), ("run_parts_labels", 15)]
        );
        let facts = facts(&ledger.entries(&tenant(), 0..15).await.unwrap());
        for backlog in &backlog {
            // Twice, as after a crash before it was noted.
            ledger.index(&tenant(), &backlog.topic, &facts).await.unwrap();
            ledger.index(&tenant(), &backlog.topic, &facts).await.unwrap();
            ledger.indexed(backlog).await.unwrap();
        }
        assert_eq!(ledger.backlog().await.unwrap(), []);
        assert_eq!(recorder.differences_in(&ledger).await, []);
        let page = Traces::new(ledger.reader(), read_fact).runs(&all(7)).await.unwrap();
        assert_eq!(
            page.items.iter().map(|run| run.entries).collect::<Vec<_>>(),
            [2, 2, 2, 2, 3, 2, 2]
        );
        ledger.close().await;
    }
}

#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let recorder = seven_runs().await;
    for statement in STATEMENTS {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.sqlite));
        let plan = sqlx::query(explain).fetch_all(&mut recorder.intruder().await).await.unwrap();
        for row in plan {
            let line: String = row.get("detail");
            let words: Vec<_> = line.split(' ').collect();
            // What a statement made itself holds a page of runs and no more.
            let stored = ["run_entries", "e", "l", "h", "labels_of_runs"];
            if !words.get(1).is_some_and(|table| stored.contains(table)) {
                continue;
            }
            // All rows of a tenant are a whole table too, where there is one tenant.
            let narrow = words[0] == "SEARCH" && line.contains("(tenant=? AND ");
            assert!(narrow, "{line}\n{}", statement.doing);
        }
    }
}

/// 2,000 runs of 100 steps of each of two tenants.
const FILL: &str = "
INSERT INTO run_entries
SELECT t, n * 100, 'run-' || n, (SELECT string_agg(i::text, ',') FROM generate_series(n * 100, n * 100 + 99) i)
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 1999) n;
INSERT INTO blocks
SELECT t, n * 100, decode(lpad(to_hex(n), 32, '0'), 'hex'), decode(repeat('02', 3200), 'hex'),
       decode(repeat('03', 1584) || lpad(to_hex(n), 32, '0'), 'hex'), decode(repeat('01', 3200), 'hex'), 'keys', length(facts), facts
FROM (
    SELECT n, string_agg(int2send(length(fact)::int2) || convert_to(fact, 'UTF8'), ''::bytea) AS facts
    FROM generate_series(0, 1999) n, generate_series(n * 100, n * 100 + 99) i, LATERAL (SELECT
        '{\"body\":{\"view\":{\"class\":\"llm\",\"response_id\":\"response-' || i || '\"}},\"kind\":\"run.step\",\"meta\":{\"occurred_at\":\"'
        || to_char(timestamp '2026-01-01' + i * interval '1 second', 'YYYY-MM-DD\"T\"HH24:MI:SS')
        || '.000000000Z\",\"run_id\":\"run-' || n || '\"}}' AS fact) f
    GROUP BY n
) b, unnest(ARRAY['acme', 'other']) t;
INSERT INTO labels_of_runs
SELECT t, n * 100, 'run-' || n, l.name, l.value, n * 100
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 1999) n,
     LATERAL (VALUES ('run', 'seen'), ('agent', 'agent-' || (n % 7)), ('model', 'model-' || (n % 3)),
                     ('hour', to_char(timestamp '2026-01-01' + n * interval '100 seconds', 'YYYY-MM-DD\"T\"HH24'))) l (name, value);
ANALYZE";

#[tokio::test]
async fn no_read_of_many_runs_looks_at_more_than_its_page() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database().await;
    Ledger::create(&url, "log.example").await.unwrap();
    let mut conn = sqlx::PgConnection::connect(&url).await.unwrap();
    conn.execute(FILL).await.unwrap();
    let runs: Vec<_> = (1_000..1_021).map(|n| format!("run-{n}")).collect();
    let page = serde_json::Value::from(runs).to_string();
    for statement in STATEMENTS {
        let (values, most): (&[&str], u64) = match statement.doing {
            // 21 runs, a look at the entries of each.
            "reading the entries of runs" => (&[&page], 210),
            "listing a run" | "listing runs by a label" => continue,
            // Each run of the hours is looked up once more.
            "listing the runs of hours" => {
                (&["2026-01-01T10", "2026-01-01T12", "2026-01-01T10", "0", "50"], 400)
            }
            "reading the labels of runs" => (&["100000", "101000"], 60),
            "comparing the places of labels" => (&["100000", "101000"], 100),
            "looking up labels" => (&["[\"run-1000\"]"], 16),
            "looking up runs" => (&["run-10", "run-10~"], 40),
            // Each of ten runs looks its entries up.
            other => panic!("`{other}` has no expectation here"),
        };
        let plan = plan(&mut conn, statement, "acme", values).await;
        assert!(plan.pages <= most, "{}: {} pages\n{}", statement.doing, plan.pages, plan.text);
    }
    drop(conn);
    // What the statements are given in earnest is made by the store: its own reads are counted.
    let ledger = Ledger::open(
        &url,
        OpenMode::ReadOnly,
        vec![&PROJECTION],
        ledger_store::test_support::key_tag,
    )
    .await
    .unwrap();
    let traces = Traces::new(ledger.reader(), read_fact);
    let by = |agent: &str| RunFilter { agent: Some(agent.into()), ..RunFilter::default() };
    let page = traces.runs(&request(by("agent-3"), None, 20)).await.unwrap();
    assert_eq!((page.items.len(), page.items[0].run_id.as_str()), (20, "run-1998"));
    assert!(page.items.iter().all(|run| run.llm_calls == 100 && run.entries == 100));
}

#[tokio::test]
async fn both_databases_prepare_every_statement() {
    let recorder = seven_runs().await;
    recorder.prepare_all(&STATEMENTS, &[&PROJECTION]).await;
}
