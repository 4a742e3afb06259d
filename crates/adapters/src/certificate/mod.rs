//! Certificates: one small file that says what a ledger shows, and that anybody checks offline with the
//! log's public key alone.
//!
//! ```text
//! entries ─ leaf hashes ─ range proofs ─ root ─ checkpoint (signed note)
//!                                                  └ all of it in one in-toto Statement v1
//!                                                       └ in one DSSE envelope, the log's key
//!                                                            └ as JSON, or armoured
//! ```
//!
//! A [`CertificateStatement`] is put together from what a ledger holds. Only one that was proved
//! ([`CertificateStatement::prove`]: the checkpoint's signature, each entry to its root, each word to the
//! entry that it is about) can be signed, and [`verify_certificate`] asks the same of what a stranger
//! hands over. Nothing in it comes from a clock: [`CertificateStatement::issued_at`] is the record time of
//! the newest fact that it rests on, so that the same request gives the same bytes.
//!
//! What it is not: a verdict. A failed replay is certified as failed, decisions are counted and named.

mod armour;
mod claim;
mod decision;
mod id;
mod replayed;
mod report;
mod sentences;
mod signed;
mod statement;
mod stretch;
mod verify;

pub use armour::{ArmourError, MAX_CERTIFICATE_BYTES, read_armour, write_armour};
pub use claim::{CertificateKind, Claim, IncidentClaim};
pub use decision::{Decision, PolicyClaim, PolicyScope};
pub use id::{CertificateId, CertificateIdError};
pub use replayed::{Divergence, Drift, ReplayClaim, ReplayedRun};
pub use report::{CertificateReport, CertificateSummary, ValidAt};
pub use sentences::REVOCATION_UNKNOWN;
pub use signed::{CertificateSignError, SignedCertificate};
pub use statement::{CertificateStatement, ProvenCertificate};
pub use stretch::Stretch;
pub use verify::{CertificateFormatError, verify_certificate};
