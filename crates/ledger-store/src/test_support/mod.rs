//! For tests alone: a PostgreSQL server that begins and ends with the test process.

// A test that cannot have its server has failed, and says why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod server;

pub use server::PostgresServer;
