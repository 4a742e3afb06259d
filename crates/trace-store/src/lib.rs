//! Typed rows of runs, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: telemetry
//! Role: recorder
//!
//! [`PROJECTION`] writes a row of `labels_of_runs` when a run is first given a label (that it was seen, its
//! agent, a model that it asked, the hour of a step, …), which is what lists are led and filtered by.
//! The rows are an index: everything in them is derived from the entries and can be compared with them.
//! [`Traces`] reads them as [`store_traits::TraceStore`], and the steps of a run from its entries, which the
//! ledger's `run_entries` lead to.
//!
//! **Counting.** One call is often reported twice: by two instrumentations, by a span and a log
//! record, by the client and the server of an MCP exchange. The record keeps all of it; a run's
//! summary counts calls and not reports (`summary.rs` says how).

mod labels;
mod line;
mod projection;
mod row;
mod sql;
mod summary;
mod trace_store;
mod usage;

pub use projection::PROJECTION;
pub use sql::STATEMENTS;
pub use trace_store::{ReadFact, Traces};
