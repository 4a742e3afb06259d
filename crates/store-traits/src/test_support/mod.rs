//! For tests and examples alone: stores in memory, batches made by hand, the contract that every store
//! keeps, and what stands for the world outside.

// A test that meets what it did not expect has failed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::missing_panics_doc)]

pub mod batches;
pub mod contract;
mod memory;
mod records;
mod runs;
mod world;

pub use memory::{MemoryLedger, Tables};
pub use runs::MemoryTopics;
pub use world::{Counting, Noon, ToyKey, ToyVerifier, draft, ready};
