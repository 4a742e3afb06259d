//! Typed rows of export facts, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: recorder
//!
//! [`ExportProjection`] writes a row for each `export.completed` fact; [`SqliteExports`] lists them,
//! newest first: which evidence left the house, and the digest by which a file is recognised.

mod list;
mod projection;

pub use list::{ExportPage, ExportRecord, SqliteExports};
pub use projection::ExportProjection;
