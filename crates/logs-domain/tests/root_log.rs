//! From an entry of a tenant to witnesses who know nothing of tenants, over real sockets.

#![cfg(feature = "witness")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub)]

mod witness;

use std::path::{Path, PathBuf};

use adapters::StrictVerifier;
use audit_evidence::{ProofText, VerifiedProof, open_checkpoint};
use logs_domain::{
    Access, DomainError, Hint, HttpWitnesses, Input, LogsDomain, Place, TenantId, TrustPolicy,
    verify_root_proof_file,
};
use witness::{SEEN_AT, Witness};

struct Log {
    folder: tempfile::TempDir,
    place: Place,
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

impl Log {
    async fn new() -> (Self, LogsDomain) {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            url: format!("sqlite://{}", folder.path().join("factlog.db").display()),
            key_file: folder.path().join("factlog.key"),
        };
        LogsDomain::init(&place, "logs.test").await.unwrap().close().await.unwrap();
        let domain = LogsDomain::open(&place, Access::Write).await.unwrap();
        (Self { folder, place }, domain)
    }

    fn keep(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

async fn import(domain: &LogsDomain, to: &str, capture: &str) {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/tests/data/otel");
    let files = std::fs::read_dir(captures.join(capture)).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        if file.extension().is_some_and(|kind| kind != "jsonl" && kind != "md") {
            let input = Input::open(&file, 64 << 20).unwrap();
            domain.import(&tenant(to), input, Hint::default()).await.unwrap();
        }
    }
}

/// Two of three; the root log's key is in it, so a stranger can check with this text alone.
fn policy(domain: &LogsDomain, witnesses: &[Witness; 3]) -> TrustPolicy {
    let root = domain.verifier_key(&LogsDomain::root_log().unwrap()).unwrap();
    let mut text = format!("log {root}\n");
    for (at, witness) in witnesses.iter().enumerate() {
        text += &format!("witness w{at} {} {}\n", witness.key, witness.url);
    }
    TrustPolicy::parse(&(text + "group two 2 w0 w1 w2\nquorum two\n")).unwrap()
}

async fn published() -> (Log, LogsDomain, [Witness; 3]) {
    let (log, domain) = Log::new().await;
    let witnesses = [2, 3, 4].map(Witness::start);
    let root = domain.verifier_key(&LogsDomain::root_log().unwrap()).unwrap();
    // The third never heard of this log.
    witnesses[0].trust(root.clone());
    witnesses[1].trust(root);
    import(&domain, "acme", "01_proto_plain").await;
    import(&domain, "globex", "02_proto_gzip_retry").await;
    (log, domain, witnesses)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_proved_up_to_the_witnesses_and_offline() {
    let (log, domain, witnesses) = published().await;
    let policy = policy(&domain, &witnesses);
    let first = domain.publish_root(&policy, &HttpWitnesses::new()).await.unwrap();
    assert_eq!(first.added, 2);
    assert_eq!(first.failed.len(), 1, "{:?}", first.failed);
    assert_eq!(first.failed[0].0, "w2");
    assert!(first.failed[0].1.contains("does not know this log"));

    for name in ["acme", "globex"] {
        let tenant = tenant(name);
        let entry = domain.prove_entry(&tenant, 0).await.unwrap();
        let root = domain.prove_in_root(&tenant, None).await.unwrap();
        let proved = verify_root_proof_file(&log.keep("root.tlog-proof", &root), &policy);
        let proved = proved.unwrap().unwrap();
        assert_eq!(proved.body.origin, format!("logs.test/{name}"));
        assert_eq!(proved.root.cosigned_by.len(), 2);
        assert!(proved.root.cosigned_by.iter().all(|by| by.at == SEEN_AT));
        // The entry's proof ends in the very checkpoint that the root log carries.
        let keys = [domain.verifier_key(&tenant).unwrap()];
        let entry = ProofText::parse(&entry).unwrap().verify(&keys, &StrictVerifier).unwrap();
        let VerifiedProof::Inclusion { checkpoint, .. } = entry else { panic!("{entry:?}") };
        let witnessed = open_checkpoint(&proved.note, &keys, &StrictVerifier).unwrap();
        assert_eq!(witnessed, checkpoint);
    }
    // The root log is a ledger like any other, and nobody's.
    let root = LogsDomain::root_log().unwrap();
    assert_eq!(domain.verify(&root, &[], &|_| {}).await.unwrap().findings, []);
    assert!(!domain.tenants().await.unwrap().contains(&root));
    assert!(domain.ledgers().await.unwrap().contains(&root));
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_again_asks_nobody_until_there_is_something_new() {
    let (_log, domain, witnesses) = published().await;
    let policy = policy(&domain, &witnesses);
    let client = HttpWitnesses::new();
    let first = domain.publish_root(&policy, &client).await.unwrap();
    let again = domain.publish_root(&policy, &client).await.unwrap();
    assert_eq!((again.size, again.added, &again.note), (first.size, 0, &first.note));

    import(&domain, "acme", "10_openai_agents").await;
    let next = domain.publish_root(&policy, &client).await.unwrap();
    assert_eq!(next.added, 1);
    assert!(next.size > first.size);
    assert_eq!(witnesses[0].seen("logs.test/root-log"), next.size);
    // The older checkpoint keeps its proof, and the newest has one.
    domain.prove_in_root(&tenant("globex"), None).await.unwrap();
    domain.prove_in_root(&tenant("acme"), None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_nothing_counts_as_cosigned_and_a_repetition_goes_on() {
    let (_log, domain, witnesses) = published().await;
    let strict = policy(&domain, &witnesses);
    let root = domain.verifier_key(&LogsDomain::root_log().unwrap()).unwrap();
    let mut all = format!("log {root}\n");
    for (at, witness) in witnesses.iter().enumerate() {
        all += &format!("witness w{at} {} {}\n", witness.key, witness.url);
    }
    let all = TrustPolicy::parse(&(all + "group all all w0 w1 w2\nquorum all\n")).unwrap();
    let client = HttpWitnesses::new();
    let error = domain.publish_root(&all, &client).await.unwrap_err();
    assert!(matches!(error, DomainError::Witnesses { .. }), "{error}");
    assert!(error.to_string().contains("w2: it does not know this log"), "{error}");
    let unproved = domain.prove_in_root(&tenant("acme"), None).await.unwrap_err();
    assert!(matches!(unproved, DomainError::NoSuchFact(_)), "{unproved}");

    let weaker = domain.publish_root(&strict, &client).await.unwrap();
    // Now the third one knows the log: the same state, cosigned by all.
    witnesses[2].trust(root);
    let complete = domain.publish_root(&all, &client).await.unwrap();
    assert_eq!(complete.size, weaker.size);
    assert_eq!(complete.failed, []);
    let proof = domain.prove_in_root(&tenant("acme"), None).await.unwrap();
    assert!(proof.ends_with(&complete.note), "{proof}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_is_away_is_named_and_the_others_are_asked() {
    let (_log, domain, witnesses) = published().await;
    let root = domain.verifier_key(&LogsDomain::root_log().unwrap()).unwrap();
    let away = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let text = format!(
        "log {root}\nwitness a {} {away}\nwitness b {} {}\nwitness c {}\ngroup g any a b c\nquorum g\n",
        witnesses[0].key, witnesses[1].key, witnesses[1].url, witnesses[2].key
    );
    let policy = TrustPolicy::parse(&text).unwrap();
    let done = domain.publish_root(&policy, &HttpWitnesses::new()).await.unwrap();
    let names: Vec<_> = done.failed.iter().map(|(who, _)| who.as_str()).collect();
    assert_eq!(names, ["a", "c"]);
    assert!(done.failed[0].1.contains("cannot be reached"), "{:?}", done.failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_was_changed_or_is_of_something_else_does_not_hold() {
    let (log, domain, witnesses) = published().await;
    let policy = policy(&domain, &witnesses);
    domain.publish_root(&policy, &HttpWitnesses::new()).await.unwrap();
    let good = domain.prove_in_root(&tenant("acme"), None).await.unwrap();
    let holds = |text: &str| {
        verify_root_proof_file(&log.keep("p", text), &policy).is_ok_and(|proved| proved.is_ok())
    };
    assert!(holds(&good));
    let cosigned: Vec<&str> = good.lines().filter(|line| line.contains("witness.test")).collect();
    assert!(!holds(&good.replace(&format!("{}\n", cosigned[0]), "")), "one witness is no quorum");
    assert!(!holds(&good.replace("index 0", "index 1")));
    assert!(!holds(&domain.prove_entry(&tenant("acme"), 0).await.unwrap()));
    // A proof of the root log of an entry that is no checkpoint: the witnesses' lines themselves.
    let root = LogsDomain::root_log().unwrap();
    assert!(!holds(&domain.prove_entry(&root, 2).await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_was_taken_out_of_a_ledger_is_found_by_its_leaf() {
    let (log, domain, witnesses) = published().await;
    let policy = policy(&domain, &witnesses);
    domain.publish_root(&policy, &HttpWitnesses::new()).await.unwrap();
    // A copy that lacks one tenant, and so its checkpoints.
    let url = format!("sqlite://{}", log.folder.path().join("copy.db").display());
    let root = LogsDomain::root_log().unwrap();
    for tenant in [&root, &tenant("acme")] {
        domain.reindex_into(&url, Some(tenant), &|_, _| {}).await.unwrap();
    }
    domain.close().await.unwrap();

    let place = Place { url, key_file: log.place.key_file.clone() };
    let domain = LogsDomain::open(&place, Access::Read).await.unwrap();
    let findings = domain.verify(&root, &[], &|_| {}).await.unwrap().findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].what.contains("`globex` lacks the checkpoint"), "{findings:?}");
    assert_eq!(findings[0].seq, Some(1));
}

#[tokio::test]
async fn nothing_is_recorded_under_the_root_logs_name() {
    let (log, domain) = Log::new().await;
    let file = log.keep("x.jsonl", "{}\n");
    let input = Input::open(&file, 1 << 20).unwrap();
    let error = domain.import(&tenant("root-log"), input, Hint::default()).await.unwrap_err();
    assert!(matches!(error, DomainError::Reserved(_)), "{error}");
    assert!(log.place.key_file.exists());
}
