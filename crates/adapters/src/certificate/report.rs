//! What a check of a certificate found.

use store_traits::{Digest, Timestamp};

use super::claim::CertificateKind;
use super::id::CertificateId;
use crate::Finding;

/// For which time a certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidAt {
    /// For this one.
    Time(Timestamp),
    /// For none: whether it is in force is not asked.
    NotAsked,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateReport {
    /// No finding.
    pub holds: bool,
    /// What follows, a sentence each; empty if it does not hold.
    pub proved: Vec<String>,
    /// What does not follow, a sentence each.
    pub not_proved: Vec<String>,
    /// What does not fit.
    pub findings: Vec<Finding>,
    /// What it says of itself; none where its signature does not fit, for then it says nothing.
    pub summary: Option<CertificateSummary>,
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSummary {
    /// Its id.
    pub id: CertificateId,
    /// Of which kind it is.
    pub kind: CertificateKind,
    /// Whose facts.
    pub tenant: String,
    /// The log's origin.
    pub origin: String,
    /// The key that signed it.
    pub key: String,
    /// The record time of the newest fact that it rests on.
    pub issued_at: Timestamp,
    /// Its end, if it has one.
    pub valid_until: Option<Timestamp>,
    /// Entries that it rests on.
    pub entries: u64,
    /// What it is about, each with its digest.
    pub subjects: Vec<(String, Digest)>,
}

impl CertificateReport {
    /// The same report with one more thing that does not fit.
    #[must_use]
    pub fn with_finding(mut self, finding: Finding) -> Self {
        self.holds = false;
        self.proved.clear();
        self.findings.push(finding);
        self
    }
}
