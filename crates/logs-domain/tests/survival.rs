//! What was acknowledged stays, whatever happens to the server, the connection or the clock.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod cut;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use audit_evidence::{Outcome, RecordError, Recorder};
use cut::{Cut, Proxy};
use ledger_store::test_support::PostgresServer;
use ledger_store::{Ledger, OpenMode};
use logs_domain::{Access, LeafProof, LogsDomain, OsEntropy, Place, SystemClock};
use store_traits::{
    Actor, Clock, Draft, DraftMeta, FactKind, IdempotencyKey, Identity, LedgerStore, Object,
    Origin, RunId, SourceDomain, StoreError, TenantId, Timestamp, Value,
};
use tokio::sync::Notify;

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn draft(key: &str) -> Draft {
    Draft {
        kind: FactKind::SystemEvent,
        meta: DraftMeta {
            run_id: None,
            trace_id: None,
            correlation_id: None,
            policy_ids: Vec::new(),
            incident_ids: Vec::new(),
            actor: Actor::System { component: "test".into() },
            occurred_at: Timestamp::parse("2026-01-01T11:00:00Z").unwrap(),
            source_domain: SourceDomain::System,
            source_component: "test".into(),
            origin: Origin::System,
        },
        body: Object::from([("text", Value::from(key))]),
        committed: Vec::new(),
        identity: Identity::Key(IdempotencyKey::parse(key).unwrap()),
    }
}

async fn recorder_with(url: &str, clock: Arc<dyn Clock>) -> Recorder {
    let ledger = Ledger::open(
        url,
        OpenMode::ReadWrite,
        vec![&audit_store::PROJECTION],
        replay_determinism::key_tag,
    )
    .await
    .unwrap();
    Recorder::new(Arc::new(ledger), clock, Arc::new(OsEntropy))
}

async fn recorder(url: &str) -> Recorder {
    recorder_with(url, Arc::new(SystemClock)).await
}

/// A ledger with its key in a folder; the folder goes with the test.
async fn ledger(url: String) -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { url, key_file: folder.path().join("factlog.key") };
    LogsDomain::init(&place, "logs.test").await.unwrap().close().await.unwrap();
    (folder, place)
}

/// The tenant's ledger holds, without a gap, exactly so many facts.
async fn holds_exactly(place: &Place, tenant: &TenantId, facts: u64) {
    let domain = LogsDomain::open(place, Access::Read).await.unwrap();
    let report = domain.verify(tenant, &[], &|_| {}).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(report.entries, facts);
}

/// How far the writers are, so that the server is stopped while they write and not before or after.
#[derive(Default)]
struct Progress {
    acknowledged: AtomicUsize,
    unknown: AtomicUsize,
    moved: Notify,
}

impl Progress {
    fn one_more(&self) {
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    async fn reaches(&self, wanted: usize) {
        loop {
            let moved = self.moved.notified();
            if self.acknowledged.load(Ordering::SeqCst) >= wanted {
                return;
            }
            moved.await;
        }
    }
}

const BATCHES: usize = 150;

/// Records batches one after the other, and each again until it is acknowledged.
async fn write(recorder: Recorder, tenant: TenantId, writer: usize, progress: Arc<Progress>) {
    for batch in 0..BATCHES {
        let drafts: Vec<_> = (0..3).map(|n| draft(&format!("{writer}-{batch}-{n}"))).collect();
        loop {
            match recorder.record(&tenant, &drafts).await {
                Ok(outcomes) => {
                    let kept = |outcome: &Outcome| {
                        matches!(outcome, Outcome::Recorded { .. } | Outcome::Duplicate { .. })
                    };
                    assert!(outcomes.iter().all(kept), "{outcomes:?}");
                    break progress.one_more();
                }
                Err(RecordError::Store(StoreError::Unknown { .. })) => {
                    progress.unknown.fetch_add(1, Ordering::SeqCst);
                }
                Err(RecordError::Store(StoreError::Database { .. })) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_and_crashed_under_load_loses_nothing() {
    // A server of its own: the others' tests would not like it.
    let Some(server) = PostgresServer::start() else { return };
    let server = Arc::new(server);
    let (_folder, place) = ledger(server.database().await).await;
    let progress = Arc::new(Progress::default());
    // Two pools on one tenant stand for two processes.
    let tenants = ["shared", "shared", "alone", "apart"];
    let mut writers = Vec::new();
    for (n, name) in tenants.into_iter().enumerate() {
        let recorder = recorder(&place.url).await;
        writers.push(tokio::spawn(write(recorder, tenant(name), n, Arc::clone(&progress))));
    }
    let all = BATCHES * tenants.len();
    for (round, after) in (1..=5).map(|round| (round, round * all / 7)) {
        progress.reaches(after).await;
        let server = Arc::clone(&server);
        let restart = move || {
            if round % 2 == 0 {
                server.stop()
            } else {
                server.crash()
            }
            server.start_again();
        };
        tokio::task::spawn_blocking(restart).await.unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let batch = u64::try_from(BATCHES * 3).unwrap();
    for (name, facts) in [("shared", 2 * batch), ("alone", batch), ("apart", batch)] {
        holds_exactly(&place, &tenant(name), facts).await;
    }
    println!("unknown outcomes resolved: {}", progress.unknown.load(Ordering::SeqCst));
}

/// The connection is cut at COMMIT: before the server has it, or before the client has the answer.
async fn cut_at_commit(cut: Cut) -> Option<(Outcome, u64)> {
    let server = PostgresServer::shared()?;
    let url = server.database().await;
    let (_folder, place) = ledger(url.clone()).await;
    let proxy = Proxy::before(server.port());
    let recorder =
        recorder(&url.replace(&server.port().to_string(), &proxy.port().to_string())).await;
    let name = tenant("acme");
    recorder.record(&name, &[draft("first")]).await.unwrap();
    proxy.cut_next_commit(cut);
    let error = recorder.record(&name, &[draft("second")]).await.unwrap_err();
    assert!(matches!(error, RecordError::Store(StoreError::Unknown { .. })), "{error}");
    assert!(error.to_string().contains("repeat it"), "{error}");
    let stored = Ledger::open(&url, OpenMode::ReadOnly, Vec::new(), replay_determinism::key_tag)
        .await
        .unwrap();
    let size = stored.head(&name).await.unwrap().size;
    let mut outcomes = recorder.record(&name, &[draft("second")]).await.unwrap();
    holds_exactly(&place, &name, 2).await;
    Some((outcomes.remove(0), size))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_happened_unseen_is_a_duplicate_when_it_is_repeated() {
    let Some((outcome, size)) = cut_at_commit(Cut::AfterTheServerHasIt).await else { return };
    assert_eq!(size, 2, "the server had committed");
    assert!(matches!(outcome, Outcome::Duplicate { seq: 1, .. }), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_lost_is_recorded_when_it_is_repeated() {
    let Some((outcome, size)) = cut_at_commit(Cut::BeforeTheServerHasIt).await else { return };
    assert_eq!(size, 1, "the server never heard of it");
    assert!(matches!(outcome, Outcome::Recorded { seq: 1, .. }), "{outcome:?}");
}

/// Each look at it is an hour earlier than the one before.
struct Backwards(AtomicI64);

impl Clock for Backwards {
    fn now(&self) -> Timestamp {
        let hours = self.0.fetch_sub(1, Ordering::SeqCst);
        Timestamp::from_unix_nanos(i128::from(hours) * 3_600_000_000_000).unwrap()
    }
}

async fn goes_on_with_a_clock_that_runs_backwards(url: String) {
    let (_folder, place) = ledger(url).await;
    let clock = Arc::new(Backwards(AtomicI64::new(500_000)));
    let recorder = recorder_with(&place.url, clock).await;
    let name = tenant("acme");
    for n in 0..10_u64 {
        let outcomes = recorder.record(&name, &[draft(&format!("key-{n}"))]).await.unwrap();
        assert!(matches!(outcomes[0], Outcome::Recorded { seq, .. } if seq == n), "{outcomes:?}");
    }
    holds_exactly(&place, &name, 10).await;
}

#[tokio::test]
async fn sqlite_goes_on_with_a_clock_that_runs_backwards() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("factlog.db").display());
    goes_on_with_a_clock_that_runs_backwards(url).await;
}

#[tokio::test]
async fn postgresql_goes_on_with_a_clock_that_runs_backwards() {
    let Some(server) = PostgresServer::shared() else { return };
    goes_on_with_a_clock_that_runs_backwards(server.database().await).await;
}

/// A small disk of its own, which goes with the test.
struct Disk(tempfile::TempDir);

impl Disk {
    /// Says on standard error why there is none, if it cannot be mounted (it takes root).
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size},mode=1777");
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder.path())
            .output();
        let why = match mount {
            Ok(ran) if ran.status.success() => return Some(Self(folder)),
            Ok(ran) => String::from_utf8_lossy(&ran.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        eprintln!("SKIPPED: no small disk can be mounted here ({why}): run this test as root");
        None
    }

    /// Nothing more fits.
    fn fill(&self) {
        use std::io::Write as _;
        let mut ballast = std::fs::File::create(self.0.path().join("ballast")).unwrap();
        while ballast.write(&[7; 1 << 16]).is_ok_and(|written| written > 0) {}
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

/// Facts of 4 KB in one call, the last of which may not fit on the disk.
async fn record_many(recorder: &Recorder, call: usize) -> Result<Vec<Outcome>, RecordError> {
    let drafts: Vec<_> = (0..200)
        .map(|n| {
            let mut draft = draft(&format!("{call}-{n}"));
            draft.body.insert("much", Value::from("x".repeat(4_000)));
            draft
        })
        .collect();
    recorder.record(&tenant("acme"), &drafts).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_recording_goes_on_when_there_is_space() {
    // The disk outlives the server on it.
    let Some(disk) = Disk::mount("256m") else { return };
    let Some(server) = PostgresServer::start_in(disk.0.path()) else { return };
    let (_folder, place) = ledger(server.database().await).await;
    let recorder = recorder(&place.url).await;
    record_many(&recorder, 0).await.unwrap();
    disk.fill();
    let mut call = 1;
    let refused = loop {
        match record_many(&recorder, call).await {
            Ok(_) => call += 1,
            Err(error) => break error,
        }
        assert!(call < 1_000, "the disk is never full");
    };
    eprintln!("after {call} calls: {refused}");
    // A table that cannot grow is refused. A log that cannot grow stops the server, and then the
    // connection is what is lost.
    assert!(
        matches!(
            &refused,
            RecordError::Store(
                StoreError::Full | StoreError::Unknown { .. } | StoreError::Database { .. }
            )
        ),
        "{refused:?}"
    );
    disk.empty();
    server.crash();
    server.start_again();
    // The refused call again: whatever was asked last is recorded once.
    let outcomes = record_many(&recorder, call).await.unwrap();
    let kept =
        |outcome: &Outcome| matches!(outcome, Outcome::Recorded { .. } | Outcome::Duplicate { .. });
    assert!(outcomes.iter().all(kept));
    holds_exactly(&place, &tenant("acme"), (call as u64 + 1) * 200).await;
}

/// Two calls are acknowledged with receipts; the proof text of each comes with a checkpoint.
#[tokio::test]
async fn a_receipt_has_its_proof_text_as_soon_as_a_checkpoint_covers_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("factlog.db").display());
    let (keys, place) = ledger(url).await;
    let (acme, recorder) = (tenant("acme"), recorder(&place.url).await);
    let one = recorder.record_with_proofs(&acme, vec![draft("a"), draft("b")]).await.unwrap();
    let domain = LogsDomain::open(&place, Access::Write).await.unwrap();
    let [Some(a), Some(b)] = &one.proofs[..] else { panic!("{one:?}") };
    assert_eq!(domain.receipt_text(&acme, a).await.unwrap(), None, "nothing is signed for it");
    let first = domain.checkpoint(&acme).await.unwrap();
    let two = recorder.record_with_proofs(&acme, vec![draft("c")]).await.unwrap();
    let [Some(c)] = &two.proofs[..] else { panic!("{two:?}") };
    assert_eq!(domain.receipt_text(&acme, c).await.unwrap(), None);
    domain.checkpoint(&acme).await.unwrap();

    let vkeys = domain.verifier_keys(&acme).unwrap();
    for (receipt, covered_by_first) in [(a, true), (b, true), (c, false)] {
        let text = domain.receipt_text(&acme, receipt).await.unwrap().unwrap();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\n"), "{text}");
        assert_eq!(text.ends_with(&first.note), covered_by_first, "the smallest that covers it");
        let file = keys.path().join("proof");
        std::fs::write(&file, &text).unwrap();
        assert!(logs_domain::verify_proof_file(&file, &vkeys).unwrap().is_ok());
        std::fs::write(&file, text.replacen("index ", "index 1", 1)).unwrap();
        assert!(logs_domain::verify_proof_file(&file, &vkeys).unwrap().is_err());
    }
    // Another leaf than was acknowledged.
    let other = LeafProof { leaf_hash: c.leaf_hash, ..a.clone() };
    let error = domain.receipt_text(&acme, &other).await.unwrap_err().to_string();
    assert!(error.contains("not the one that was acknowledged"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_grows_meanwhile_is_verified_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}", folder.path().join("factlog.db").display());
    let server = PostgresServer::shared();
    let mut urls = vec![file];
    match server {
        Some(server) => urls.push(server.database().await),
        None => println!("no PostgreSQL here: SQLite alone"),
    }
    for url in urls {
        let (_folder, place) = ledger(url).await;
        let acme = tenant("acme");
        let (acknowledged, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let projections = vec![
            &trace_store::PROJECTION,
            &audit_store::PROJECTION,
            &export_bundle_store::PROJECTION,
        ];
        let open =
            Ledger::open(&place.url, OpenMode::ReadWrite, projections, replay_determinism::key_tag);
        let store: Arc<dyn LedgerStore> = Arc::new(open.await.unwrap());
        let recorder = Recorder::new(store, Arc::new(SystemClock), Arc::new(OsEntropy));
        let writer = {
            let (acknowledged, over, acme) =
                (Arc::clone(&acknowledged), Arc::clone(&over), acme.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    if over.load(Ordering::SeqCst) > 0 {
                        break;
                    }
                    let step = |at: usize| {
                        let mut step = draft(&format!("{n}-{at}"));
                        step.kind = FactKind::RunStep;
                        step.meta.run_id = RunId::parse(&format!("run-{}", n / 3)).ok();
                        step
                    };
                    let facts = (0..5).map(step).collect();
                    recorder.record_owned(&acme, facts).await.unwrap();
                    acknowledged.fetch_add(5, Ordering::SeqCst);
                }
            })
        };
        let domain = LogsDomain::open(&place, Access::Read).await.unwrap();
        let mut grew = 0;
        while grew < 10 {
            let before = acknowledged.load(Ordering::SeqCst);
            let report = domain.verify(&acme, &[], &|_| {}).await.unwrap();
            assert_eq!(report.findings, [], "{}", place.url);
            assert!(report.entries >= before as u64);
            assert!(!writer.is_finished());
            grew += usize::from(acknowledged.load(Ordering::SeqCst) > before);
        }
        over.store(1, Ordering::SeqCst);
        writer.await.unwrap();
        domain.close().await.unwrap();
        let facts = acknowledged.load(Ordering::SeqCst) as u64;
        holds_exactly(&place, &acme, facts).await;
    }
}
