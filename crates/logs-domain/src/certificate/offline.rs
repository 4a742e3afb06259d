//! Checks of a certificate's file, which need no database.

use std::io::Read as _;
use std::path::Path;

use adapters::StrictVerifier;
use adapters::certificate::{
    CertificateReport, MAX_CERTIFICATE_BYTES, ValidAt, verify_certificate,
};
use audit_evidence::VerifierKey;

use crate::OfflineError;
use crate::offline::open;

/// Checks a certificate (`-` is standard input) against trusted keys: what it proves and what not.
///
/// # Errors
/// The file cannot be read or is no certificate. What is wrong with it is in the report.
pub fn verify_certificate_file(
    path: &Path,
    keys: &[VerifierKey],
    at: ValidAt,
) -> Result<CertificateReport, OfflineError> {
    let unread = |source| OfflineError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // One byte more than it may have, so that a longer one is told from one that just fits.
    let most = MAX_CERTIFICATE_BYTES as u64 + 1;
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        open(path)?.take(most).read_to_end(&mut bytes)
    };
    read.map_err(unread)?;
    verify_certificate(&bytes, keys, &StrictVerifier, at)
        .map_err(|source| OfflineError::Certificate { path: path.to_owned(), source })
}
