//! Typed rows of export facts, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: recorder
//!
//! [`PROJECTION`] writes a row for each `export.completed` fact; [`Exports`] lists them,
//! newest first, as [`store_traits::ExportStore`]: which evidence left the house, and the digest by which a file is recognised.

mod export_store;
mod projection;

pub use export_store::Exports;
pub use projection::PROJECTION;

/// Every reading statement, for a look at its plan.
pub static STATEMENTS: [&ledger_store::Statement; 3] =
    [&export_store::SELECT_PAGE, &export_store::SELECT_PAGE_OF_RUN, &projection::SELECT_ROWS];
