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
//! (`"password"`, `氏名：`). [`disclosure`] says which attributes may stand in clear at all.
//!
//! What it is not: a judge of free prose. A person mentioned without honorific, title or label, a
//! postal address or a date of birth passes; content is therefore committed, not shown, by default.
//!
//! Invariants: identifiers (UUIDs, hex digests), RFC 3339 times and unix-nano numbers come out as
//! they went in unless a secret's own label stands before them; redacting twice changes nothing;
//! time is linear in the text.

pub mod disclosure;
mod field;
mod json;
mod kind;
mod redactor;
mod report;
mod scan;
mod shape;
mod view;

mod email;
mod honorific;
mod iban;
mod label;
mod name;
mod number;
mod phone;
mod secret;

pub use kind::Kind;
pub use redactor::Redactor;
pub use report::Report;
