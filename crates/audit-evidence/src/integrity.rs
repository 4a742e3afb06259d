//! What is known of a ledger's integrity: computed from a verification, never stated by hand.

use store_traits::{Digest, Head, Object, TenantId, Value};

use crate::LedgerReport;

/// What a verification showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegrityState {
    /// There was nothing to verify.
    Empty,
    /// Every entry was recomputed, nothing differs, and a checkpoint signs all of it.
    Verified,
    /// What was recomputed does not differ, but it is not everything, or not all of it is signed.
    VerifiedInPart,
    /// Something differs.
    Differs,
}

impl IntegrityState {
    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(audit_evidence::IntegrityState::VerifiedInPart.as_str(), "VERIFIED_IN_PART");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "EMPTY",
            Self::Verified => "VERIFIED",
            Self::VerifiedInPart => "VERIFIED_IN_PART",
            Self::Differs => "DIFFERS",
        }
    }
}

/// What was verified, at which size, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityFacts {
    /// Whose ledger.
    pub tenant: TenantId,
    /// Size of the ledger when the question was asked.
    pub size: u64,
    /// The first entry that was recomputed.
    pub first_seq: u64,
    /// Entries that were recomputed.
    pub entries: u64,
    /// The root that they give; `None` where entries are missing or edited.
    pub root: Option<Digest>,
    /// Signed checkpoints that were checked.
    pub checkpoints: u64,
    /// Entries under the largest checkpoint whose signature and root hold.
    pub signed_size: u64,
    /// What differs, counted.
    pub findings: u64,
}

impl IntegrityFacts {
    /// The facts of a verification, of a ledger that has this head now.
    ///
    /// ```
    /// use audit_evidence::{IntegrityFacts, IntegrityState, LedgerReport};
    /// use store_traits::{Head, TenantId};
    /// let report = LedgerReport {
    ///     tenant: TenantId::parse("acme")?,
    ///     since: 0,
    ///     entries: 0,
    ///     bytes: 0,
    ///     root: Some(Head::empty().root),
    ///     checkpoints: 0,
    ///     signed_size: 0,
    ///     findings: vec![],
    ///     more_findings: 0,
    /// };
    /// let facts = IntegrityFacts::of(&report, &Head::empty());
    /// assert_eq!(facts.state(), IntegrityState::Empty);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(report: &LedgerReport, head: &Head) -> Self {
        let findings = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
        Self {
            tenant: report.tenant.clone(),
            size: head.size,
            first_seq: report.since,
            entries: report.entries,
            root: report.root,
            checkpoints: report.checkpoints,
            signed_size: report.signed_size,
            findings: findings.saturating_add(report.more_findings),
        }
    }

    /// What follows from them.
    ///
    /// ```
    /// use audit_evidence::{IntegrityFacts, IntegrityState};
    /// use store_traits::{Digest, TenantId};
    /// let whole = IntegrityFacts {
    ///     tenant: TenantId::parse("acme")?,
    ///     size: 9,
    ///     first_seq: 0,
    ///     entries: 9,
    ///     root: Some(Digest::new([1; 32])),
    ///     checkpoints: 1,
    ///     signed_size: 9,
    ///     findings: 0,
    /// };
    /// assert_eq!(whole.state(), IntegrityState::Verified);
    /// let unsigned = IntegrityFacts { signed_size: 8, ..whole.clone() };
    /// assert_eq!(unsigned.state(), IntegrityState::VerifiedInPart);
    /// let edited = IntegrityFacts { findings: 1, ..whole };
    /// assert_eq!(edited.state(), IntegrityState::Differs);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn state(&self) -> IntegrityState {
        let recomputed = self.first_seq == 0 && self.entries == self.size && self.root.is_some();
        match self {
            Self { findings: 1.., .. } => IntegrityState::Differs,
            Self { size: 0, entries: 0, .. } => IntegrityState::Empty,
            _ if recomputed && self.signed_size >= self.size => IntegrityState::Verified,
            _ => IntegrityState::VerifiedInPart,
        }
    }

    /// The same as an object of the restricted JSON that facts are made of.
    ///
    /// ```
    /// use audit_evidence::IntegrityFacts;
    /// use store_traits::TenantId;
    /// let facts = IntegrityFacts {
    ///     tenant: TenantId::parse("acme")?,
    ///     size: 9,
    ///     first_seq: 0,
    ///     entries: 9,
    ///     root: None,
    ///     checkpoints: 0,
    ///     signed_size: 0,
    ///     findings: 2,
    /// };
    /// assert_eq!(facts.to_object()["state"].as_str(), Some("DIFFERS"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_object(&self) -> Object {
        let root = self.root.map_or(Value::Null, |root| root.to_string().into());
        Object::from([
            ("tenant", self.tenant.as_str().into()),
            ("state", self.state().as_str().into()),
            ("size", Value::unsigned(self.size)),
            ("first_seq", Value::unsigned(self.first_seq)),
            ("entries", Value::unsigned(self.entries)),
            ("root", root),
            ("checkpoints", Value::unsigned(self.checkpoints)),
            ("signed_size", Value::unsigned(self.signed_size)),
            ("findings", Value::unsigned(self.findings)),
        ])
    }
}
