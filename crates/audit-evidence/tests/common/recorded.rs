//! A recorded ledger, to be meddled with.

use std::sync::Arc;

use audit_evidence::{
    Enforcement, LedgerReport, Outcome, Recorder, Trust, sign_checkpoint, verify_ledger,
};
use store_traits::test_support::MemoryLedger;
use store_traits::{Checkpoint, Clock, Draft, LedgerStore};

use super::facts::{Counting, Noon, draft};
use super::{Strict, TestKey, now, tenant};

/// A recorder of the ledger; another one draws other random bytes.
pub fn recorder(memory: &Arc<MemoryLedger>) -> Recorder {
    let ledger: Arc<dyn LedgerStore> = Arc::<MemoryLedger>::clone(memory);
    // Another recorder of the same ledger draws other bytes: an id stands once.
    let begun = memory.tables(&tenant(), |t| !t.entries.is_empty());
    let entropy = Counting::from(if begun { 1 << 20 } else { 0 });
    Recorder::new(ledger, Arc::new(Noon), Arc::new(entropy)).enforcing(Enforcement::Off)
}

/// The key that signs.
pub fn key() -> TestKey {
    TestKey::new(1)
}

/// The log's name.
pub const ORIGIN: &str = "logs.test/tenant";

/// 600 facts in three commits, the second of them signed.
pub fn recorded() -> Arc<MemoryLedger> {
    let memory = Arc::new(MemoryLedger::default());
    let recorder = recorder(&memory);
    for batch in 0..3 {
        let drafts: Vec<Draft> =
            (0..200).map(|n| draft(&format!("key-{}", batch * 200 + n), "text")).collect();
        let outcomes = now(recorder.record(&tenant(), &drafts)).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Recorded { .. })));
        if batch == 1 {
            memory.tables(&tenant(), |t| {
                let head = t.head();
                let note = sign_checkpoint(ORIGIN, &head, &key()).unwrap();
                let (size, root) = (head.size, head.root);
                t.checkpoints.push(Checkpoint { size, root, note, signed_at: Noon.now() });
            });
        }
    }
    memory
}

/// Verifies all of it.
pub fn verify(memory: &MemoryLedger) -> LedgerReport {
    let keys = [key().named(ORIGIN)];
    let trust = Trust { keys: &keys, verifier: &Strict, origin: ORIGIN };
    now(verify_ledger(memory, &tenant(), &trust, &|_| {})).unwrap()
}
