//! What leaves: evidence bundles, PDF reports, signatures and certificates.
//!
//! Layer: L3
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: exporter

mod key;
#[cfg(feature = "pdf")]
mod pdf;
mod report;
mod zip_read;
mod zip_write;

pub use key::{Ed25519Signer, KEY_FILE_HEADER, KeyFileError, StrictVerifier};
#[cfg(feature = "pdf")]
pub use pdf::PdfRenderer;
pub use report::{Integrity, RenderError, Report, ReportRenderer, RunReport, StepRow};
pub use zip_read::{ZipReadError, ZipReader};
pub use zip_write::{MAX_MEMBER_BYTES, MAX_MEMBERS, ZipWriteError, ZipWriter, is_plain_name};
