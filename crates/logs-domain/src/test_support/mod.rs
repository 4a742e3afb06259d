//! For tests alone: an authority of RFC 3161 that ends with the test process.

// A test that cannot have its authority has failed, and says why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod authority;

pub use authority::{Authority, installed, openssl};
