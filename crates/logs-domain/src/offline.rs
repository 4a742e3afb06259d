//! Checks that need no database: bundles and proof texts.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use adapters::{
    BundleError, BundleReport, Sample, SampleOf, StrictVerifier, Trust, ZipReadError, ZipReader,
};
use audit_evidence::{ProofFormatError, ProofText, VerifierKey};
use thiserror::Error;

use crate::Fault;

/// Longest proof text read: a range proof with its leaf hashes over 100,000 entries is 4.5 MB.
const MAX_PROOF_BYTES: u64 = 16 * 1024 * 1024;

/// A file could not be checked.
#[derive(Debug, Error)]
pub enum OfflineError {
    /// It cannot be read.
    #[error("cannot read `{path}`: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no proof text.
    #[error("`{path}` is not a proof: {source}")]
    Proof {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: ProofFormatError,
    },
    /// It is no bundle.
    #[error("`{path}` is not an evidence bundle: {source}")]
    Bundle {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: BundleError,
    },
    /// It is no certificate.
    #[error("`{path}` is not a certificate: {source}")]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: adapters::certificate::CertificateFormatError,
    },
    /// It is no zip that this program would have written.
    #[error("`{path}` is not an evidence bundle: {source}")]
    Zip {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: ZipReadError,
    },
}

impl OfflineError {
    /// Whose turn it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// Reads a time-stamp token; one that is longer than any is cut, and so does not hold.
pub(crate) fn read_token_file(path: &Path) -> Result<Vec<u8>, OfflineError> {
    let mut token = Vec::new();
    let wrong = |source| OfflineError::File { path: path.to_owned(), source };
    let limit = crate::MAX_TIMESTAMP_BYTES as u64;
    open(path)?.take(limit).read_to_end(&mut token).map_err(wrong)?;
    Ok(token)
}

pub(crate) fn open(path: &Path) -> Result<File, OfflineError> {
    let wrong = |source| OfflineError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(wrong)?;
    if file.metadata().map_err(wrong)?.is_dir() {
        return Err(wrong(io::Error::other("it is a directory")));
    }
    Ok(file)
}

/// Checks everything in a bundle. Without keys only its agreement with itself is checked, and the
/// report says so.
///
/// # Errors
/// The file cannot be read or is no bundle. What is wrong inside it is in the report.
pub fn verify_bundle_file(path: &Path, keys: &[VerifierKey]) -> Result<BundleReport, OfflineError> {
    let mut file = BufReader::new(open(path)?);
    adapters::verify_bundle(&mut file, &Trust { keys: keys.to_vec() }, &StrictVerifier)
        .map_err(|source| OfflineError::Bundle { path: path.to_owned(), source })
}

/// Draws entries from a bundle that was checked, by a seed that its exporter did not know.
///
/// # Errors
/// The file cannot be read or is no bundle.
pub fn sample_bundle_file(path: &Path, of: &SampleOf) -> Result<Sample, OfflineError> {
    let mut file = BufReader::new(open(path)?);
    adapters::sample_bundle(&mut file, of)
        .map_err(|source| OfflineError::Bundle { path: path.to_owned(), source })
}

/// The members of a bundle with their sizes in bytes.
///
/// # Errors
/// The file cannot be read or is no bundle.
pub fn bundle_members(path: &Path) -> Result<Vec<(String, u64)>, OfflineError> {
    let wrong = |source| OfflineError::Zip { path: path.to_owned(), source };
    let mut zip = ZipReader::open(BufReader::new(open(path)?)).map_err(wrong)?;
    let names: Vec<String> = zip.names().map(str::to_owned).collect();
    let mut members = Vec::with_capacity(names.len());
    for name in names {
        let size = zip.read(&name, adapters::MAX_MEMBER_BYTES).map_err(wrong)?.len() as u64;
        members.push((name, size));
    }
    Ok(members)
}

/// Checks a proof text (`-` is standard input) against trusted keys: what it proves, or why it does
/// not hold.
///
/// # Errors
/// The file cannot be read or is no proof text.
pub fn verify_proof_file(
    path: &Path,
    keys: &[VerifierKey],
) -> Result<Result<String, String>, OfflineError> {
    let proof = read_proof_file(path)?;
    Ok(match proof.verify(keys, &StrictVerifier) {
        Ok(verified) => Ok(verified.to_string()),
        Err(error) => Err(error.to_string()),
    })
}

pub(crate) fn read_proof_file(path: &Path) -> Result<ProofText, OfflineError> {
    let wrong = |source| OfflineError::File { path: path.to_owned(), source };
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(MAX_PROOF_BYTES).read_to_string(&mut text)
    } else {
        open(path)?.take(MAX_PROOF_BYTES).read_to_string(&mut text)
    };
    read.map_err(wrong)?;
    ProofText::parse(&text).map_err(|source| OfflineError::Proof { path: path.to_owned(), source })
}
