//! Canonical JSON: RFC 8785 over the restricted values of facts.
//!
//! One value has one spelling: no white space, members sorted by UTF-16 code units, strings kept as
//! they are (no Unicode normalisation) with the shortest escapes, integers in plain decimal.
//!
//! ```
//! use replay_determinism::canonical;
//! let value = canonical::parse(br#"{ "b": 2, "a": ["\u0041", null] }"#)?;
//! assert_eq!(canonical::write(&value), br#"{"a":["A",null],"b":2}"#);
//! # Ok::<(), canonical::CanonicalError>(())
//! ```

mod fast;
pub mod full;
mod parse;
mod write;

pub(crate) use fast::plain;
pub use parse::{CanonicalError, MAX_DEPTH, parse, parse_canonical};
pub use write::write;
pub(crate) use write::{write_integer, write_object, write_string};
