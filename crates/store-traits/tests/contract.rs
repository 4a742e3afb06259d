//! The twin in memory keeps the contract of the stores that it stands for.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use store_traits::test_support::{MemoryLedger, contract};

#[test]
fn the_twin_keeps_the_contract() {
    let ledger = MemoryLedger::default();
    let done = pin!(contract::holds(&ledger)).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(done, Poll::Ready(()), "nothing in memory waits");
}
