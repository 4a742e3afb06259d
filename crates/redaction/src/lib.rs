//! Secrets and personal data out before anything is stored.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: recorder
//!
//! [`Redactor`] replaces what it finds by a marker that names the kind (`[redacted:email]`) and
//! counts it in a [`Report`]. It looks at patterns that carry a check (a card number must pass
//! Luhn, an IBAN mod 97), at known token prefixes, and at names of members and labels
//! (`"password"`, `氏名：`). A caller adds names and patterns by [`Rules`]. [`disclosure`] says which
//! attributes may stand in clear at all.
//!
//! What it is not: a judge of free prose. A person mentioned without honorific, title or label, a
//! postal address or a date of birth passes; content is therefore committed, not shown, by default.
//!
//! Invariants: identifiers (UUIDs, hex digests), RFC 3339 times and unix-nano numbers come out as
//! they went in unless a secret's own label stands before them or a caller's pattern asks for them
//! whole; redacting twice changes nothing; time is linear in the text and depth is bounded (128
//! containers, 32 texts within texts; what is deeper is read as plain text); a report holds no value.

mod custom;
pub mod disclosure;
mod field;
mod json;
mod kind;
mod member;
mod path;
mod redactor;
mod report;
mod rules;
mod scan;
mod shape;
mod text;
mod view;

mod email;
mod honorific;
mod iban;
mod label;
mod name;
mod number;
mod phone;
mod secret;

pub use kind::{Kind, KindName};
pub use redactor::Redactor;
pub use report::{Replaced, Report};
pub use rules::{FieldRule, PatternRule, RuleError, Rules};

#[cfg(test)]
mod linear;
