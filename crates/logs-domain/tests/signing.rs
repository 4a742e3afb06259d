//! What a log signs, and what it never signs: the high-water guard, the policy, rotated keys.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use logs_domain::{
    Access, CheckpointPolicy, DomainError, ExportRequest, ExportSubject, Fault, Hint, Input,
    LogsDomain, Place, ShownState, TenantId, VerifierKey, verify_bundle_file, verify_proof_file,
};

const CAPTURES: [&str; 3] = ["01_proto_plain", "02_proto_gzip_retry", "10_openai_agents"];

struct Log {
    folder: tempfile::TempDir,
    place: Place,
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

impl Log {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            url: format!("sqlite://{}", folder.path().join("factlog.db").display()),
            key_file: folder.path().join("factlog.key"),
        };
        LogsDomain::init(&place, "logs.test").await.unwrap().close().await.unwrap();
        Self { folder, place }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn open(&self) -> LogsDomain {
        LogsDomain::open(&self.place, Access::Write).await.unwrap()
    }

    async fn import(&self, capture: usize) {
        let domain = self.open().await;
        import(&domain, capture).await.unwrap();
        domain.close().await.unwrap();
    }

    async fn checkpoint(&self) -> Result<u64, DomainError> {
        let domain = self.open().await;
        let signed = domain.checkpoint(&tenant()).await;
        domain.close().await.unwrap();
        Ok(signed?.size)
    }

    async fn findings(&self) -> Vec<String> {
        let domain = self.open().await;
        let report = domain.verify(&tenant(), &[], &|_| {}).await.unwrap();
        domain.close().await.unwrap();
        report.findings.into_iter().map(|finding| finding.what).collect()
    }
}

async fn import(domain: &LogsDomain, capture: usize) -> Result<(), DomainError> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/tests/data/otel");
    let folder = captures.join(CAPTURES[capture]);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        if file.extension().is_some_and(|kind| kind != "jsonl" && kind != "md") {
            let input = Input::open(&file, 64 << 20).unwrap();
            domain.import(&tenant(), input, Hint::default()).await?;
        }
    }
    Ok(())
}

#[track_caller]
fn refused(signed: Result<u64, DomainError>, why: &str) {
    let error = signed.unwrap_err();
    assert!(matches!(error, DomainError::WouldFork { .. }), "{error}");
    assert_eq!(error.fault(), Fault::DoesNotHold);
    assert!(error.to_string().contains(why), "{error}");
}

#[tokio::test]
async fn an_older_backup_is_not_signed_for_nor_what_is_written_to_it() {
    let log = Log::new().await;
    log.import(0).await;
    log.checkpoint().await.unwrap();
    std::fs::copy(log.path("factlog.db"), log.path("backup.db")).unwrap();
    log.import(1).await;
    let newest = log.checkpoint().await.unwrap();
    std::fs::copy(log.path("factlog.db"), log.path("newest.db")).unwrap();

    std::fs::copy(log.path("backup.db"), log.path("factlog.db")).unwrap();
    refused(log.checkpoint().await, "older backup");
    let findings = log.findings().await;
    assert!(findings.iter().any(|what| what.contains("older backup")), "{findings:?}");

    // Other facts, until it is larger than what was signed: another history.
    log.import(2).await;
    log.import(1).await;
    let domain = log.open().await;
    assert!(domain.size(&tenant()).await.unwrap() > newest);
    domain.close().await.unwrap();
    refused(log.checkpoint().await, "history was rewritten");

    // What helps is what the error says.
    std::fs::copy(log.path("newest.db"), log.path("factlog.db")).unwrap();
    assert_eq!(log.checkpoint().await.unwrap(), newest);
    assert_eq!(log.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_crash_after_the_mark_moved_signs_the_same_state_with_the_same_bytes() {
    let log = Log::new().await;
    log.import(0).await;
    std::fs::copy(log.path("factlog.db"), log.path("before.db")).unwrap();
    let domain = log.open().await;
    let signed = domain.checkpoint(&tenant()).await.unwrap();
    domain.close().await.unwrap();
    // The database as it is when the note was never stored, beside a mark that has moved.
    std::fs::copy(log.path("before.db"), log.path("factlog.db")).unwrap();
    let domain = log.open().await;
    assert_eq!(domain.checkpoint(&tenant()).await.unwrap().note, signed.note);
    domain.close().await.unwrap();
}

#[tokio::test]
async fn a_log_that_signed_before_there_were_marks_is_believed_once() {
    let log = Log::new().await;
    log.import(0).await;
    let size = log.checkpoint().await.unwrap();
    let marks = std::fs::read_to_string(log.path("factlog.highwater")).unwrap();
    std::fs::remove_file(log.path("factlog.highwater")).unwrap();
    assert_eq!(log.checkpoint().await.unwrap(), size);
    assert_eq!(std::fs::read_to_string(log.path("factlog.highwater")).unwrap(), marks);
    assert!(marks.starts_with(&format!("logs.test/acme {size} ")), "{marks}");
}

#[tokio::test]
async fn damaged_marks_refuse_every_signature() {
    let log = Log::new().await;
    log.import(0).await;
    std::fs::write(log.path("factlog.highwater"), "logs.test/acme\n").unwrap();
    let error = log.checkpoint().await.unwrap_err();
    assert!(matches!(error, DomainError::HighWater(_)), "{error}");
    assert_eq!(error.fault(), Fault::Environment);
}

#[tokio::test]
async fn a_new_key_does_not_take_over_the_marks_of_another() {
    let log = Log::new().await;
    log.import(0).await;
    log.checkpoint().await.unwrap();
    std::fs::remove_file(log.path("factlog.key")).unwrap();
    std::fs::remove_file(log.path("factlog.db")).unwrap();
    let again = LogsDomain::init(&log.place, "logs.test").await.err().unwrap();
    assert!(again.to_string().contains("factlog.highwater"), "{again}");
}

/// Two processes are two pools on one file and one file of marks.
#[tokio::test(flavor = "multi_thread")]
async fn two_that_sign_one_log_at_once_sign_one_history() {
    let log = Log::new().await;
    log.import(0).await;
    let (one, two) = (log.open().await, log.open().await);
    let sign = |domain: LogsDomain, capture: usize| async move {
        for _ in 0..3 {
            import(&domain, capture).await.unwrap();
            domain.checkpoint(&tenant()).await.unwrap();
        }
        domain.close().await.unwrap();
    };
    tokio::join!(sign(one, 1), sign(two, 2));
    log.checkpoint().await.unwrap();
    assert_eq!(log.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_policy_signs_after_so_many_entries_or_so_much_time_or_at_close() {
    let signed = |policy: CheckpointPolicy| async move {
        let log = Log::new().await;
        let place = log.place.clone();
        let builder = LogsDomain::builder(place.url).key_file(place.key_file);
        let domain = builder.checkpoints(policy).open(Access::Write).await.unwrap();
        import(&domain, 0).await.unwrap();
        let size = domain.size(&tenant()).await.unwrap();
        let before = domain.verify(&tenant(), &[], &|_| {}).await.unwrap();
        domain.close().await.unwrap();
        let domain = log.open().await;
        let after = domain.verify(&tenant(), &[], &|_| {}).await.unwrap();
        assert_eq!(after.findings, []);
        (before.signed_size == size, after.signed_size == size)
    };
    let never = CheckpointPolicy::default();
    assert_eq!(signed(never).await, (false, false));
    let one = NonZeroU64::new(1);
    assert_eq!(signed(CheckpointPolicy { every_entries: one, ..never }).await, (true, true));
    let many = NonZeroU64::new(100_000);
    assert_eq!(signed(CheckpointPolicy { every_entries: many, ..never }).await, (false, false));
    let now = Some(Duration::ZERO);
    assert_eq!(signed(CheckpointPolicy { every: now, ..never }).await, (true, true));
    let later = Some(Duration::from_secs(1_000_000));
    assert_eq!(signed(CheckpointPolicy { every: later, ..never }).await, (false, false));
    assert_eq!(signed(CheckpointPolicy { at_close: true, ..never }).await, (false, true));
}

async fn evidence(log: &Log, domain: &LogsDomain, name: &str) -> (PathBuf, PathBuf) {
    let runs = domain
        .logs()
        .runs(
            &logs_domain::ListRequest::new(&tenant(), logs_domain::RunFilter::default(), 1, None)
                .unwrap(),
        )
        .await
        .unwrap();
    let run = domain.run_id(&tenant(), &runs.value.items[0].run_id).await.unwrap();
    let (bundle, proof) = (log.path(&format!("{name}.zip")), log.path(&format!("{name}.proof")));
    let request = ExportRequest::evidence(ExportSubject::Run(run));
    domain.export(&tenant(), &request, &bundle).await.unwrap();
    std::fs::write(&proof, domain.prove_entry(&tenant(), 0).await.unwrap()).unwrap();
    (bundle, proof)
}

fn holds(evidence: &(PathBuf, PathBuf), keys: &[VerifierKey]) -> (bool, bool) {
    let bundle = verify_bundle_file(&evidence.0, keys).unwrap();
    (bundle.holds, verify_proof_file(&evidence.1, keys).unwrap().is_ok())
}

#[tokio::test]
async fn a_rotated_key_breaks_no_proof_and_no_bundle_old_or_new() {
    let log = Log::new().await;
    log.import(0).await;
    let mut domain = log.open().await;
    let first = domain.verifier_key(&tenant()).unwrap();
    let old = evidence(&log, &domain, "old").await;

    domain.add_key().await.unwrap();
    let between = evidence(&log, &domain, "between").await;
    let newest = domain.checkpoint(&tenant()).await.unwrap();
    assert_eq!(newest.note.matches("— logs.test/acme ").count(), 2, "{}", newest.note);
    domain.retire_key(&first).await.unwrap();
    let shown = domain.show_keys(&tenant()).unwrap();
    assert!(matches!(shown[0].state, ShownState::Retired(_)));
    assert_eq!(shown[1].state, ShownState::Active);
    let second = domain.verifier_key(&tenant()).unwrap();
    assert_eq!(shown[1].vkey, second);
    let new = evidence(&log, &domain, "new").await;
    let newest = domain.checkpoint(&tenant()).await.unwrap();
    assert_eq!(newest.note.matches("— logs.test/acme ").count(), 1, "{}", newest.note);

    let (first, second) = ([first], [second]);
    let both = [first[0].clone(), second[0].clone()];
    assert_eq!(holds(&old, &first), (true, true));
    assert_eq!(holds(&between, &first), (true, true));
    assert_eq!(holds(&new, &second), (true, true));
    for evidence in [&old, &between, &new] {
        assert_eq!(holds(evidence, &both), (true, true));
    }
    // Who holds only the other key is told so.
    assert_eq!(holds(&old, &second), (false, false));
    // Both signed the checkpoint of the new proof, and the second alone the new bundle.
    assert_eq!(holds(&new, &first), (false, true));

    // The rotation is in the log, once, and the log holds.
    let report = domain.verify(&tenant(), &[], &|_| {}).await.unwrap();
    assert_eq!(report.findings, []);
    domain.close().await.unwrap();
    let domain = log.open().await;
    assert_eq!(domain.show_keys(&tenant()).unwrap(), shown);
    assert_eq!(domain.verifier_key(&tenant()).unwrap(), second[0]);
}

#[tokio::test]
async fn the_only_key_cannot_be_retired() {
    let log = Log::new().await;
    log.import(0).await;
    let mut domain = log.open().await;
    let only = domain.verifier_key(&tenant()).unwrap();
    let error = domain.retire_key(&only).await.unwrap_err();
    assert!(error.to_string().contains("only active key"), "{error}");
    assert!(matches!(domain.show_keys(&tenant()).unwrap()[0].state, ShownState::Active));
    domain.close().await.unwrap();
}
