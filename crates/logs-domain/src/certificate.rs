//! Certificates: what the ledger shows, signed for people who have no database.
//!
//! A certificate is put together from entries and proofs, proved as its reader will prove it, signed, and
//! recorded as `certificate.issued` before anybody gets it: what nobody recorded could not be revoked. It
//! rests on the smallest checkpoint that covers its entries and on no clock, so that the same request
//! gives the same bytes however much was recorded since, and issuing it again records nothing.

mod claims;
mod facts;
mod list;
mod offline;
mod rests;

use std::path::Path;

use adapters::certificate::{
    CertificateKind, CertificateSignError, CertificateStatement, PolicyScope, SignedCertificate,
};
use replay_determinism::DeterminismLevel;
use store_traits::{RunId, TenantId, Timestamp};

pub use facts::{CertificateRecord, Revocation, Revoked};
pub use list::CertificatePage;
pub use offline::verify_certificate_file;

use crate::export::{is_free, write_whole};
use crate::{DomainError, LogsDomain};

/// What a certificate is wanted of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certified {
    /// The log's newest state.
    LedgerCheckpoint,
    /// How two recorded runs compare, as [`replay_determinism::ReplayValidator`] compares them.
    ReplayProof {
        /// The run that was first.
        original: RunId,
        /// The run that should have done the same.
        replay: RunId,
        /// How alike they must be.
        level: DeterminismLevel,
    },
    /// The decisions that were recorded of a run or in a period.
    PolicyAudit(PolicyScope),
    /// Everything that names an incident.
    IncidentExport(String),
}

/// A certificate that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// Of what.
    pub of: Certified,
    /// Until when it is meant to be relied on, not included; no end where nothing is said.
    pub valid_until: Option<Timestamp>,
}

/// The form of a certificate's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateForm {
    /// Text between BEGIN and END lines.
    Armoured,
    /// The DSSE envelope as it is.
    Json,
}

/// A certificate that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// The certificate.
    pub certificate: SignedCertificate,
    /// Of which kind.
    pub kind: CertificateKind,
    /// What it is about, in a few words.
    pub subject: String,
    /// The record time of the newest fact that it rests on.
    pub issued_at: Timestamp,
    /// Its end, if one was asked for.
    pub valid_until: Option<Timestamp>,
    /// Entries that it rests on.
    pub entries: u64,
    /// Size of the tree under its checkpoint.
    pub tree_size: u64,
    /// The entry that records that it was issued.
    pub seq: u64,
    /// Whether that entry is new; the same certificate may have been issued before.
    pub recorded: bool,
}

impl LogsDomain {
    /// Issues a certificate, and records that it was issued.
    ///
    /// # Errors
    /// Nothing is recorded that it could be issued for, it would be too long, it was revoked before, there
    /// is no key, or what is stored does not lead to the signed root; then nothing is recorded.
    pub async fn issue_certificate(
        &self,
        tenant: &TenantId,
        request: &CertificateRequest,
    ) -> Result<IssuedCertificate, DomainError> {
        if *tenant == Self::root_log()? {
            return Err(DomainError::Reserved(tenant.clone()));
        }
        let key = self.verifier_key(tenant)?;
        let rests = self.rests(tenant, &request.of).await?;
        let statement = CertificateStatement {
            tenant: tenant.as_str().to_owned(),
            origin: self.log_origin(tenant),
            key: adapters::dsse::key_id(&key),
            issued_at: rests.issued_at,
            valid_until: request.valid_until,
            checkpoint: rests.checkpoint.note,
            stretches: rests.stretches,
            claim: rests.claim,
        };
        if let Some(until) = request.valid_until.filter(|until| *until <= rests.issued_at) {
            return Err(DomainError::Certificate(format!(
                "it would end at {until}, and the newest fact that it rests on was recorded at {} (name a later --valid-until)",
                rests.issued_at
            )));
        }
        let proven = statement
            .prove(&key, std::slice::from_ref(&key), &Self::verifier())
            .map_err(|findings| DomainError::Proof(facts::joined(&findings)))?;
        let certificate = proven.sign(self.signer()?).map_err(|error| match error {
            CertificateSignError::Sign(error) => DomainError::Sign(error),
            error => DomainError::Certificate(error.to_string()),
        })?;
        let (seq, recorded) = self.record_issued(tenant, proven.statement(), &certificate).await?;
        // The same bytes are the same certificate: what was taken back is not given out again.
        if !recorded && let Some(revoked) = self.revocation(tenant, certificate.id).await? {
            return Err(DomainError::Certificate(format!(
                "it would be {}, which was revoked at {} (entry {}): {} (another --valid-until makes another one)",
                certificate.id, revoked.at, revoked.seq, revoked.reason
            )));
        }
        let statement = proven.statement();
        Ok(IssuedCertificate {
            certificate,
            kind: statement.claim.kind(),
            subject: facts::subject(statement),
            issued_at: statement.issued_at,
            valid_until: statement.valid_until,
            entries: statement.stretches.iter().map(|s| s.leaf_hashes.len() as u64).sum(),
            tree_size: proven.checkpoint().size,
            seq,
            recorded,
        })
    }

    /// Issues a certificate into a file, which must not be there yet.
    ///
    /// # Errors
    /// As [`LogsDomain::issue_certificate`]; or the file is there or cannot be written: then nothing is
    /// left of it, and the certificate may be recorded. Issuing it again records nothing twice.
    pub async fn issue_certificate_file(
        &self,
        tenant: &TenantId,
        request: &CertificateRequest,
        form: CertificateForm,
        out: &Path,
    ) -> Result<IssuedCertificate, DomainError> {
        is_free(out)?;
        let issued = self.issue_certificate(tenant, request).await?;
        match form {
            CertificateForm::Armoured => {
                write_whole(out, issued.certificate.armoured().as_bytes())?
            }
            CertificateForm::Json => write_whole(out, &issued.certificate.envelope)?,
        }
        Ok(issued)
    }
}
