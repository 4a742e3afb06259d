//! A ledger that records facts written as JSON. A store keeps hashes and never computes one, so any
//! digest bytes will do.

use serde_json::{Value as Json, json};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnectOptions;
use store_traits::{
    CommitOutcome, Digest, FactId, Head, IdempotencyKey, LedgerStore, SealedBatch, SealedEntry,
    TenantId, Timestamp,
};

use super::{PostgresServer, fact, facts, key_tag, prepare_all};
use crate::{Ledger, OpenMode, Projection, Statement};

/// The tenant that everything is recorded for.
#[must_use]
pub fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

/// 2026-01-01 and some milliseconds.
#[must_use]
pub fn at(ms: u64) -> String {
    let base = Timestamp::parse("2026-01-01T00:00:00Z").unwrap().as_unix_nanos();
    Timestamp::from_unix_nanos(base + i128::from(ms) * 1_000_000).unwrap().to_string()
}

/// Records the same in SQLite and, where there is a server, in PostgreSQL.
#[derive(Debug)]
pub struct Recorder {
    folder: tempfile::TempDir,
    ledger: Ledger,
    postgres: Option<Ledger>,
    urls: Vec<String>,
    tenant: TenantId,
}

impl Recorder {
    /// Fresh databases that fill the tables of one topic.
    pub async fn new(projection: &'static Projection) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = async |url: String| {
            Ledger::create(&url, "log.example").await.unwrap();
            Ledger::open(&url, OpenMode::ReadWrite, vec![projection], key_tag).await.unwrap()
        };
        let mut urls = vec![folder.path().join("factlog.db").display().to_string()];
        let ledger = made(urls[0].clone()).await;
        let postgres = match PostgresServer::shared() {
            Some(server) => {
                urls.push(server.database().await);
                Some(made(urls[1].clone()).await)
            }
            None => None,
        };
        Self { folder, ledger, postgres, urls, tenant: tenant() }
    }

    /// Where the databases are.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.urls.clone()
    }

    /// The ledgers, each of which has everything that was recorded.
    pub fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        std::iter::once(&self.ledger).chain(&self.postgres)
    }

    /// Records facts of `(kind, run, body)` in one commit.
    pub async fn record(&self, facts: &[(&str, Option<&str>, Json)]) {
        let Head { size: on_size, root: on_root, .. } =
            self.ledger.head(&self.tenant).await.unwrap();
        let entries: Vec<_> =
            facts.iter().zip(on_size..).map(|(fact, seq)| self.entry(seq, fact)).collect();
        let size = on_size + entries.len() as u64;
        let batch = SealedBatch {
            tenant: self.tenant.clone(),
            on_size,
            on_root,
            entries,
            contents: Vec::new(),
            subtrees: Vec::new(),
            head: Head {
                size,
                peaks: (0..size.count_ones()).map(|_| Digest::new([5; 32])).collect(),
                root: Digest::new([6; 32]),
            },
            recorded_at: Timestamp::parse(&at(0)).unwrap(),
        };
        for ledger in self.ledgers() {
            assert_eq!(ledger.commit(&batch).await.unwrap(), CommitOutcome::Committed);
        }
    }

    fn entry(&self, seq: u64, (kind, run, body): &(&str, Option<&str>, Json)) -> SealedEntry {
        let mut meta = json!({
            "actor": {"kind": "system", "component": "test", "name": "service-x"},
            "occurred_at": at(seq),
            "policy_ids": ["policy-7"],
        });
        if let Some(run) = run {
            meta["run_id"] = json!(run);
        }
        // A member `$meta` of a body says more of the envelope.
        let mut body = body.clone();
        if let Some(Json::Object(more)) = body.as_object_mut().and_then(|b| b.remove("$meta")) {
            meta.as_object_mut().unwrap().extend(more);
        }
        let fact = json!({"kind": kind, "meta": meta, "body": body});
        let mut random = [0; 10];
        random[2..].copy_from_slice(&seq.to_be_bytes());
        SealedEntry {
            seq,
            id: FactId::from_parts(1_795_422_722_910, &random),
            key: IdempotencyKey::parse(&format!("key-{seq}")).unwrap(),
            fingerprint: Digest::new([1; 32]),
            leaf_hash: Digest::new([2; 32]),
            bytes: fact.to_string().into_bytes(),
            fact: fact::value(fact),
        }
    }

    /// What the projection's rows in SQLite say other than the entries.
    pub async fn differences(&self) -> Vec<(u64, String)> {
        self.differences_in(&self.ledger).await
    }

    /// The same in one of the ledgers.
    pub async fn differences_in(&self, ledger: &Ledger) -> Vec<(u64, String)> {
        let entries = ledger.entries(&self.tenant, 0..u64::MAX).await.unwrap();
        let facts = facts(&entries);
        ledger.projection_differences(&self.tenant, 0..u64::MAX, &facts).await.unwrap()
    }

    /// A connection of somebody who goes around the store, with what SQLite itself begins with: without
    /// foreign keys.
    pub async fn intruder(&self) -> sqlx::SqliteConnection {
        let file = self.folder.path().join("factlog.db");
        let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
        sqlx::SqliteConnection::connect_with(&options).await.unwrap()
    }

    /// Both databases prepare each statement of a topic, also those that write.
    pub async fn prepare_all(
        &self,
        reading: &[&'static Statement],
        writing: &[&'static Projection],
    ) {
        let sqlite = &mut self.intruder().await;
        let mut postgres = match self.urls.get(1) {
            Some(url) => Some(sqlx::PgConnection::connect(url).await.unwrap()),
            None => None,
        };
        prepare_all(sqlite, postgres.as_mut(), reading, writing).await;
    }
}
