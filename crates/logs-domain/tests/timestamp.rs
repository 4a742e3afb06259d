//! A root checkpoint, an authority that OpenSSL plays behind a real socket, and the token checked
//! offline by this program and by OpenSSL.

#![cfg(feature = "witness")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part of the witness")]

mod witness;

use std::net::TcpListener;
use std::path::PathBuf;

use logs_domain::test_support::{Authority, openssl};
use logs_domain::{
    Access, DomainError, Hint, HttpTimestamps, HttpWitnesses, Input, LogsDomain, Place, TenantId,
    TimestampAuthority, TrustPolicy, verify_root_timestamp_file,
};
use witness::Witness;

struct Log {
    folder: tempfile::TempDir,
    domain: LogsDomain,
    policy: TrustPolicy,
}

impl Log {
    /// One tenant, one witness.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            url: format!("sqlite://{}", folder.path().join("factlog.db").display()),
            key_file: folder.path().join("factlog.key"),
        };
        LogsDomain::init(&place, "logs.test").await.unwrap().close().await.unwrap();
        let domain = LogsDomain::open(&place, Access::Write).await.unwrap();
        let root = domain.verifier_key(&LogsDomain::root_log().unwrap()).unwrap();
        let witness = Witness::start(5);
        witness.trust(root.clone());
        let text = format!("log {root}\nwitness w {} {}\nquorum w\n", witness.key, witness.url);
        let policy = TrustPolicy::parse(&text).unwrap();
        let log = Self { folder, domain, policy };
        log.record("first").await;
        log
    }

    async fn record(&self, what: &str) {
        let line = format!(
            r#"{{"kind":"audit.event","occurred_at":"2026-11-23T08:00:00Z","body":{{"event":"{what}"}}}}"#
        );
        let input = Input::open(&self.keep("facts.jsonl", line.as_bytes()), 1 << 20).unwrap();
        let acme = TenantId::parse("acme").unwrap();
        self.domain.import(&acme, input, Hint::default()).await.unwrap();
    }

    async fn publish(&self) -> String {
        self.domain.publish_root(&self.policy, &HttpWitnesses::new()).await.unwrap().note
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_checkpoint_is_stamped_once_kept_and_checked_offline() {
    let (log, authority) = (Log::new().await, Authority::start("application/timestamp-reply"));
    let (trusted, client) = (authority.as_trusted(), HttpTimestamps::new());
    let note = log.publish().await;
    let proof = log.domain.prove_in_root(&TenantId::parse("acme").unwrap(), None).await.unwrap();
    let none = log.domain.root_timestamp(&proof).await;
    assert!(matches!(none, Err(DomainError::NoSuchFact(_))), "{none:?}");

    let stamped = log.domain.timestamp_root(&note, &trusted, &client).await.unwrap();
    assert_eq!(
        (stamped.stated.signer.as_str(), stamped.stated.policy.as_str()),
        ("tsa.test", "1.2.3.4.1")
    );
    let again = log.domain.timestamp_root(&note, &trusted, &client).await.unwrap();
    assert_eq!((&again, authority.asked()), (&stamped, 1));
    assert_eq!(log.domain.root_timestamp(&proof).await.unwrap(), stamped.token);

    let (proof_file, token) =
        (log.keep("proof", proof.as_bytes()), log.keep("token", &stamped.token));
    let checked = verify_root_timestamp_file(&proof_file, &token, &trusted.trust).unwrap();
    assert_eq!(checked, Ok(stamped.stated));
    log.keep("note", note.as_bytes());
    log.keep("tsa.pem", authority.pem().as_bytes());
    let arguments =
        ["ts", "-verify", "-token_in", "-in", "token", "-data", "note", "-CAfile", "tsa.pem"];
    assert!(openssl(log.folder.path(), &arguments), "openssl does not believe the token");

    // Another authority is another word, and another checkpoint another thing.
    let other = Authority::start("application/timestamp-reply");
    let theirs = log.domain.timestamp_root(&note, &other.as_trusted(), &client).await.unwrap();
    assert_ne!(theirs.token, stamped.token);
    let wrong = verify_root_timestamp_file(&proof_file, &token, &other.as_trusted().trust).unwrap();
    assert!(wrong.unwrap_err().contains("neither trusted"));
    log.record("second").await;
    let next = log.publish().await;
    assert_ne!(next, note);
    log.domain.timestamp_root(&next, &trusted, &client).await.unwrap();
    assert_eq!(authority.asked(), 2);
    // The first proof keeps its own tokens, and the root log holds.
    assert_eq!(log.domain.root_timestamp(&proof).await.unwrap(), theirs.token);
    let root = LogsDomain::root_log().unwrap();
    assert_eq!(log.domain.verify(&root, &[], &|_| {}).await.unwrap().findings, []);
}

#[track_caller]
fn unstamped(result: Result<impl std::fmt::Debug, DomainError>, says: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, DomainError::Timestamp { .. }), "{error:?}");
    assert!(error.to_string().contains(says), "wanted `{says}` in: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_token_to_be_believed_is_not_kept() {
    let (log, client) = (Log::new().await, HttpTimestamps::new());
    let note = log.publish().await;
    let size = log.domain.size(&LogsDomain::root_log().unwrap()).await.unwrap();

    let authority = Authority::start("application/timestamp-reply");
    let stranger = Authority::start("application/timestamp-reply");
    let trust = stranger.as_trusted().trust;
    let distrusted = TimestampAuthority { url: authority.url.clone(), trust };
    unstamped(log.domain.timestamp_root(&note, &distrusted, &client).await, "neither trusted");

    let page = Authority::start("text/html");
    unstamped(log.domain.timestamp_root(&note, &page.as_trusted(), &client).await, "`text/html`");

    let away = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let away = TimestampAuthority { url: away, ..authority.as_trusted() };
    unstamped(log.domain.timestamp_root(&note, &away, &client).await, "gave no time-stamp");
    let after = log.domain.size(&LogsDomain::root_log().unwrap()).await.unwrap();
    assert_eq!(size, after);
}
