//! For tests alone: a ledger in memory, batches made by hand, and the contract that every store keeps.

// A test that meets what it did not expect has failed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::missing_panics_doc)]

pub mod batches;
pub mod contract;
mod memory;

pub use memory::{MemoryLedger, Tables};
