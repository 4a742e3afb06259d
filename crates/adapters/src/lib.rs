//! What leaves: evidence bundles, PDF reports, signatures and certificates.
//!
//! Layer: L3
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: exporter
//!
//! An [`EvidenceBundle`] is a value that engines put together; [`EvidenceBundle::write`] turns it
//! into one zip, [`verify_bundle`] checks such a zip offline. A [`certificate`] says what a ledger shows
//! in one small signed statement. Bytes depend on nothing but the value: no clock, no randomness, no
//! compressor. What lies where is in `bundle`, what is signed in `dsse`, the verifier for a browser in
//! `page`, what is drawn in `pdf`, what a SOC 2 package says in `soc2`.

mod asked;
mod bundle;
pub mod certificate;
mod claims;
mod cloud_event;
mod commitments;
mod counted;
pub mod dsse;
mod key;
mod key_ring;
mod lines;
mod manifest;
mod overview;
mod page;
#[cfg(feature = "pdf")]
mod pdf;
mod population;
mod readme;
mod report;
mod sample;
mod soc2;
#[cfg(feature = "timestamp")]
pub mod timestamp;
mod verify_bundle;
mod verify_entries;
mod zip_read;
mod zip_write;

pub use bundle::{BundleEntry, BundleWriteError, Drawn, EntryProofs, EvidenceBundle};
pub use cloud_event::cloud_event;
pub use key::{Ed25519Signer, KEY_FILE_HEADER, KeyFileError, StrictVerifier};
pub use key_ring::{KEY_RING_HEADER, KeyRing, KeyRingError, KeyState, RingKey};
pub use overview::{Overview, RunLine};
pub use page::{PAGE, PAGES};
#[cfg(feature = "pdf")]
pub use pdf::PdfRenderer;
pub use report::{Integrity, RenderError, Report, ReportRenderer, RunReport, StepRow};
pub use sample::{MAX_SAMPLE, Sample, SampleOf, Sampled, sample_bundle};
pub use soc2::{Criterion, Evidence, Shown, Soc2Package, Support};
pub use verify_bundle::{
    BundleError, BundleReport, BundleSummary, Finding, MAX_FINDINGS, MAX_READ_BYTES, Trust,
    verify_bundle,
};
pub use zip_read::{ZipReadError, ZipReader};
pub use zip_write::{MAX_MEMBER_BYTES, MAX_MEMBERS, ZipWriteError, ZipWriter, is_plain_name};
