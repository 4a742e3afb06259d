//! Nothing is acknowledged on a store that may lose it.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use audit_evidence::{Enforcement, NotDurable, Outcome, RecordError, Recorder};
use common::facts::{Counting, Noon, draft};
use common::{now, tenant};
use store_traits::test_support::MemoryLedger;
use store_traits::{Durability, LedgerStore};

fn recorder(memory: &Arc<MemoryLedger>) -> Recorder {
    let ledger: Arc<dyn LedgerStore> = Arc::<MemoryLedger>::clone(memory);
    Recorder::new(ledger, Arc::new(Noon), Arc::new(Counting::from(0)))
}

#[test]
fn a_store_that_may_lose_facts_is_given_none_and_the_caller_is_told() {
    let memory = Arc::new(MemoryLedger::default());
    let recorder = recorder(&memory);
    let volatile = RecordError::NotDurable(NotDurable { declared: Durability::Volatile });
    let drafts = vec![draft("k", "text")];
    assert_eq!(now(recorder.record(&tenant(), &drafts)), Err(volatile.clone()));
    assert_eq!(now(recorder.record_with_proofs(&tenant(), drafts)), Err(volatile.clone()));
    assert!(volatile.to_string().contains("`volatile`"), "{volatile}");
    assert_eq!(now(memory.head(&tenant())).unwrap().size, 0, "nothing was written");
}

#[test]
fn a_trial_that_says_so_may_use_it() {
    let memory = Arc::new(MemoryLedger::default());
    let recorder = recorder(&memory).enforcing(Enforcement::Off);
    let outcomes = now(recorder.record(&tenant(), &[draft("k", "text")])).unwrap();
    assert!(matches!(outcomes.as_slice(), [Outcome::Recorded { seq: 0, .. }]));
}
