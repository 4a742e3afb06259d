//! The SOC 2 evidence package: for each criterion of the Trust Services Criteria that a log can speak
//! to, which entries of the export do.
//!
//! It concludes nothing. A criterion is *supported* or *partially supported* by naming entries, and
//! *not evidenced* where there are none: [`Criterion`] cannot say otherwise, because its support is
//! computed from the entries that it holds. Whether a control works is for the auditor to say.

mod criteria;
mod evidence;
mod package;

pub use criteria::Support;
pub use evidence::Evidence;
pub use package::{Criterion, Shown, Soc2Package};

pub(crate) use package::Collect;
