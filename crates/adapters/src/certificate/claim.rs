//! What a certificate states beside the signed ledger itself.

use replay_determinism::sha256;
use store_traits::{Digest, Value};

use super::decision::{PolicyClaim, PolicyScope};
use super::replayed::ReplayClaim;
use super::stretch::Leaves;
use crate::report::{as_u64, object};

/// The kinds of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKind {
    /// The log had this size and root.
    LedgerCheckpoint,
    /// What the comparison of two recorded runs came to.
    ReplayProof,
    /// The decisions that were recorded of a run or in a period.
    PolicyAudit,
    /// What the ledger holds of an incident.
    IncidentExport,
}

impl CertificateKind {
    const ALL: [Self; 4] =
        [Self::LedgerCheckpoint, Self::ReplayProof, Self::PolicyAudit, Self::IncidentExport];

    /// The word for it.
    ///
    /// ```
    /// use adapters::certificate::CertificateKind;
    /// assert_eq!(CertificateKind::ReplayProof.as_str(), "replay_proof");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LedgerCheckpoint => "ledger_checkpoint",
            Self::ReplayProof => "replay_proof",
            Self::PolicyAudit => "policy_audit",
            Self::IncidentExport => "incident_export",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The statement's `predicateType`.
    pub(super) fn predicate_type(self) -> String {
        format!("urn:factlog:certificate:{}:1", self.as_str())
    }
}

/// What a certificate states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nothing beside the signed checkpoint.
    LedgerCheckpoint,
    /// How two recorded runs compare.
    ReplayProof(Box<ReplayClaim>),
    /// Recorded decisions.
    PolicyAudit(PolicyClaim),
    /// Entries that name an incident.
    IncidentExport(IncidentClaim),
}

/// What the ledger holds of an incident: the entries that the certificate rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentClaim {
    /// The incident, as the facts name it.
    pub incident: String,
    /// How many entries name it.
    pub entries: u64,
}

impl Claim {
    /// Of which kind the certificate is.
    #[must_use]
    pub fn kind(&self) -> CertificateKind {
        match self {
            Self::LedgerCheckpoint => CertificateKind::LedgerCheckpoint,
            Self::ReplayProof(_) => CertificateKind::ReplayProof,
            Self::PolicyAudit(_) => CertificateKind::PolicyAudit,
            Self::IncidentExport(_) => CertificateKind::IncidentExport,
        }
    }

    /// What it is about beside the ledger, each thing with its entries' digest (see [`entries_digest`]).
    pub(super) fn subjects(&self, leaves: &Leaves) -> Vec<(String, Digest)> {
        let all = || entries_digest(leaves.values());
        match self {
            Self::LedgerCheckpoint => Vec::new(),
            Self::ReplayProof(claim) => [("original", &claim.original), ("replay", &claim.replay)]
                .map(|(side, run)| {
                    (format!("{side}/{}", run.run_id), entries_digest(run.leaves(leaves)))
                })
                .to_vec(),
            Self::PolicyAudit(claim) => {
                let name = match &claim.scope {
                    PolicyScope::Run(run) => format!("run/{run}"),
                    PolicyScope::Period { since, until } => format!("period/{since}/{until}"),
                };
                vec![(name, all())]
            }
            Self::IncidentExport(claim) => vec![(format!("incident/{}", claim.incident), all())],
        }
    }

    /// The member `claim`, where there is one.
    pub(super) fn to_value(&self) -> Option<Value> {
        match self {
            Self::LedgerCheckpoint => None,
            Self::ReplayProof(claim) => Some(claim.to_value()),
            Self::PolicyAudit(claim) => Some(claim.to_value()),
            Self::IncidentExport(IncidentClaim { incident, entries }) => Some(object([
                ("incident", incident.as_str().into()),
                ("entries", Value::unsigned(*entries)),
            ])),
        }
    }

    pub(super) fn from_value(kind: CertificateKind, value: Option<&Value>) -> Option<Self> {
        Some(match kind {
            CertificateKind::LedgerCheckpoint => Self::LedgerCheckpoint,
            CertificateKind::ReplayProof => {
                Self::ReplayProof(Box::new(ReplayClaim::from_value(value?)?))
            }
            CertificateKind::PolicyAudit => Self::PolicyAudit(PolicyClaim::from_value(value?)?),
            CertificateKind::IncidentExport => Self::IncidentExport(IncidentClaim {
                incident: value?.member("incident")?.as_str()?.to_owned(),
                entries: as_u64(value?.member("entries"))?,
            }),
        })
    }

    /// Where it says what the proved entries do not show, each with its place.
    pub(super) fn differences(&self, tenant: &str, leaves: &Leaves) -> Vec<(String, String)> {
        let found = |place: &str, what: &str| vec![(place.to_owned(), what.to_owned())];
        match self {
            Self::LedgerCheckpoint if leaves.is_empty() => Vec::new(),
            Self::LedgerCheckpoint => {
                found("the stretches", "a certificate of a checkpoint rests on no single entries")
            }
            Self::ReplayProof(claim) => match claim.difference(leaves) {
                Some(what) => found("the replay", what),
                None => Vec::new(),
            },
            Self::PolicyAudit(claim) => claim.differences(tenant, leaves),
            Self::IncidentExport(claim) if claim.entries == leaves.len() as u64 => Vec::new(),
            Self::IncidentExport(_) => {
                found("the incident", "it counts its entries otherwise than they are")
            }
        }
    }
}

/// What names a set of entries in a subject: SHA-256 of their leaf hashes, one behind the other in order.
fn entries_digest<'d>(leaves: impl IntoIterator<Item = &'d Digest>) -> Digest {
    let bytes: Vec<u8> = leaves.into_iter().flat_map(|leaf| *leaf.as_bytes()).collect();
    sha256(&bytes)
}
