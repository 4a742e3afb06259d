//! What tests and examples take in the place of the world: a clock that stands, random bytes that
//! count, a signature that anybody can make, and the value of a future.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::{
    Actor, Clock, Draft, DraftMeta, Entropy, EntropyError, FactKind, IdempotencyKey, Identity,
    Object, Origin, RunId, SignError, SignatureVerifier, Signer, SourceDomain, Timestamp,
};

/// How long anything may take before it counts as waiting for ever.
const LONGEST: Duration = Duration::from_secs(60);

/// The value of a future over stores in memory, without a runtime. It may wait for threads of its own.
///
/// ```
/// use store_traits::test_support::ready;
/// assert_eq!(ready(async { 2 + 2 }), 4);
/// ```
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let (rings, bell) = channel();
    let waker = Waker::from(Arc::new(Bell(rings)));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        assert!(bell.recv_timeout(LONGEST).is_ok(), "nobody wakes the future");
    }
}

/// Rings in the thread that waits.
struct Bell(Sender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // Nobody listens when the future has ended.
        let _ = self.0.send(());
    }
}

/// A clock that stands at noon of the first day of 2026.
#[derive(Debug, Default)]
pub struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-01-01T12:00:00Z").unwrap()
    }
}

/// Distinct bytes, the same in every run of a test.
#[derive(Debug, Default)]
pub struct Counting(AtomicU64);

impl Counting {
    /// Bytes that begin with this number: two sources over one ledger must not meet.
    #[must_use]
    pub fn from(first: u64) -> Self {
        Self(AtomicU64::new(first))
    }
}

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        bytes.fill(0);
        let end = bytes.len();
        bytes[end - 8..].copy_from_slice(&number.to_be_bytes());
        Ok(())
    }
}

/// A key whose signature is a sum over the message, which anybody can make: for notes whose shape is
/// of interest and whose cryptography is not.
#[derive(Debug)]
pub struct ToyKey(pub u8);

impl Signer for ToyKey {
    fn public_key(&self) -> [u8; 32] {
        [self.0; 32]
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(sum(&self.public_key(), message))
    }
}

/// Checks what a [`ToyKey`] signed.
#[derive(Debug)]
pub struct ToyVerifier;

impl SignatureVerifier for ToyVerifier {
    fn verify(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        sum(public_key, message) == *signature
    }
}

fn sum(public_key: &[u8; 32], message: &[u8]) -> [u8; 64] {
    let mut sum = [0; 64];
    sum[..32].copy_from_slice(public_key);
    for (at, byte) in message.iter().enumerate() {
        let place = &mut sum[32 + at % 32];
        *place = place.rotate_left(3) ^ byte;
    }
    sum
}

/// A fact of `run-1`, of this kind and with this key and body, that happened an hour before [`Noon`].
#[must_use]
pub fn draft(kind: FactKind, key: &str, body: Object) -> Draft {
    Draft {
        kind,
        meta: DraftMeta {
            run_id: Some(RunId::parse("run-1").unwrap()),
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
        body,
        committed: Vec::new(),
        identity: Identity::Key(IdempotencyKey::parse(key).unwrap()),
    }
}
