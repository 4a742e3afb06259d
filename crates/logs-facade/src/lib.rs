//! The facades: one straight line per question, composed from engines and stores.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: audit
//! Role: composition
//!
//! A method here calls an engine or a store and says on what the answer rests. It computes nothing
//! and knows no SQL; if one wants an `if`, an engine lacks a function.

mod answer;
mod evidence;
mod logs;
mod trace;

pub use answer::{Answer, EvidenceMetadata};
pub use evidence::EvidenceFacade;
pub use logs::{LogsFacade, Stores};
pub use trace::TraceFacade;
