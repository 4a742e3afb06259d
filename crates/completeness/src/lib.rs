//! Is all of it there: what a run recorded, what is missing.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: verifier
//!
//! What is missing is stated as a fact about the record. Nothing here says whether it matters.

mod nest;
mod run;

pub use nest::{MAX_DEPTH, Nested, nest};
pub use run::{Gap, gaps_of_run};
