//! What reads cost: the pages that a statement looks at do not grow with the table.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use ledger_store::test_support::{PostgresServer, plan, prepare_all};
use ledger_store::{Ledger, STATEMENTS};
use sqlx::{Connection, Executor, PgConnection};
use support::Fresh;

/// 102,400 entries of each of two tenants, in blocks of 32, runs of 100 and commits of 1,000. As the
/// superuser, whom policies do not hold, and in one statement a table, which is quicker than sealing
/// batches.
const FILL: &str = "
INSERT INTO blocks
SELECT t, n * 32, decode(lpad(to_hex(n), 32, '0'), 'hex'), decode(repeat('02', 1024), 'hex'), decode(repeat('03', 496) || lpad(to_hex(n), 32, '0'), 'hex'),
       decode(repeat('01', 1024), 'hex'), (SELECT string_agg('key-' || i, chr(10)) FROM generate_series(n * 32, n * 32 + 31) i),
       12864, decode(repeat('78', 5000), 'hex')
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 3199) n;
INSERT INTO run_entries
SELECT t, n * 100, 'run-' || n, (SELECT string_agg(i::text, ',') FROM generate_series(n * 100, n * 100 + 99) i)
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 999) n;
INSERT INTO commits
SELECT t, (n + 1) * 1000, n * 1000, decode(repeat('03', 32), 'hex'), decode(repeat('04', 32), 'hex'),
       '2026-01-01T00:00:00.000000000Z'
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 99) n;
INSERT INTO key_tags
SELECT t, 0, n * 1000, decode(repeat('06', 8000), 'hex')
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 99) n;
INSERT INTO subtrees
SELECT t, 1, n, decode(repeat('05', 32), 'hex')
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 389) n;
INSERT INTO contents
SELECT t, n * 10, convert_to('/body/text', 'UTF8'), 'sd', '', 'x'
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 9999) n;
INSERT INTO checkpoints
SELECT t, n, decode(repeat('07', 32), 'hex'), repeat('note', 75), '2026-01-01T00:00:00.000000000Z'
FROM unnest(ARRAY['acme', 'other']) t, generate_series(0, 99999) n;
ANALYZE";

#[tokio::test]
async fn both_databases_prepare_every_statement() {
    let fresh = Fresh::new().await;
    let mut sqlite = fresh.intruder().await;
    let mut postgres = match PostgresServer::shared() {
        Some(server) => {
            let url = server.database().await;
            Ledger::create(&url, "log.example").await.unwrap();
            Some(PgConnection::connect(&url).await.unwrap())
        }
        None => None,
    };
    prepare_all(&mut sqlite, postgres.as_mut(), &STATEMENTS, &[]).await;
}

#[tokio::test]
async fn no_read_of_a_large_ledger_looks_at_more_than_its_answer() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database().await;
    Ledger::create(&url, "log.example").await.unwrap();
    let mut conn = PgConnection::connect(&url).await.unwrap();
    conn.execute(FILL).await.unwrap();
    for statement in STATEMENTS {
        let (values, most): (&[&str], u64) = match statement.doing {
            "reading the head" => (&[], 8),
            "reading a head" => (&["5000"], 8),
            "reading the commits" | "reading past commits" => (&["5000", "50"], 12),
            // One probe a tenant, and one that finds no further one.
            "listing the tenants" => (&[], 24),
            // 256 entries are up to nine blocks, of nine kilobytes each.
            "reading entries" | "reading blocks" => (&["50000", "50256"], 40),
            "reading hashes" if statement.postgres.contains("subtrees") => (&["1", "0", "256"], 16),
            "reading hashes" => (&["50000", "50256"], 40),
            "reading subtrees" => (&["1", "0", "256"], 16),
            "reading a run's entries" => (&["run-500"], 24),
            "comparing the entries of runs" => (&["50000", "50256"], 12),
            "looking up a fact" => (
                &["\\x00000000000000000000000000000500", "\\x0000000000000000000000000000050f"],
                40,
            ),
            "reading contents" => (&["50000", "50256"], 16),
            "reading the tags of keys" => (&["0", "50000", "16"], 12),
            "comparing the tags of keys" => (&["0", "50000", "50256"], 12),
            "reading the keys of entries" | "reading what is known of entries" => {
                (&["50000", "50256"], 40)
            }
            "looking for entries" => (&["50000"], 12),
            "looking for rows where no entry is" => (&["1000000000"], 80),
            "reading some entries" => (&["[[50000,50019],[70000,70000]]"], 40),
            "looking up known facts" => (&["50000,70000,90000"], 24),
            // 50 rows of 400 bytes.
            "reading checkpoints" => {
                (&["50000", "2026-01-01T00:00:00.000000000Z", "\\x07", "50"], 12)
            }
            "reading the newest checkpoint" => (&[], 8),
            "reading what is to be indexed"
            | "reading a tenant's secret"
            | "reading the origin" => (&[], 4),
            other => panic!("`{other}` has no expectation here"),
        };
        let plan = plan(&mut conn, statement, "acme", values).await;
        assert!(plan.pages <= most, "{}: {} pages\n{}", statement.doing, plan.pages, plan.text);
    }
}
