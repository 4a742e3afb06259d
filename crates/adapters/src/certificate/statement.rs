//! The signed statement: what it holds, as what it is written, and when it may be signed or believed.

use audit_evidence::{OpenedCheckpoint, VerifierKey, open_checkpoint};
use replay_determinism::sha256;
use store_traits::{Digest, SignatureVerifier, Timestamp, Value};

use super::claim::{CertificateKind, Claim};
use super::decision::Decision;
use super::stretch::{Leaves, Stretch, in_order, leaves};
use crate::report::{as_u64, object};
use crate::{Finding, dsse};

/// The version of the predicates.
const VERSION: u32 = 1;
/// The name of the first subject: the bytes of the signed note.
const NOTE: &str = "checkpoint.note";

const CHANGED: &str = "it is not as the log's key signed it, or a newer release wrote it";
const OTHER_LOG: &str = "it passes off another log's state";
const NOT_SHOWN: &str = "it states what the ledger does not show";

/// What a certificate says. Nothing of it is proved yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateStatement {
    /// Whose facts.
    pub tenant: String,
    /// The log's origin, which ends in the tenant.
    pub origin: String,
    /// The key that signs it: `<name>+<id>`, see [`dsse::key_id`].
    pub key: String,
    /// The record time of the newest fact that it rests on.
    pub issued_at: Timestamp,
    /// Until when it is meant to be relied on, not included; `None` where nobody asked for an end.
    pub valid_until: Option<Timestamp>,
    /// The signed note that everything leads to.
    pub checkpoint: String,
    /// The entries that it rests on, in order, a gap between any two stretches.
    pub stretches: Vec<Stretch>,
    /// What it states beside the checkpoint.
    pub claim: Claim,
}

/// A statement that was proved. Made by [`CertificateStatement::prove`] alone; only such a one is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenCertificate {
    pub(super) statement: CertificateStatement,
    pub(super) checkpoint: OpenedCheckpoint,
    pub(super) key: VerifierKey,
}

impl CertificateStatement {
    /// What it is about, each thing with its digest: the checkpoint's note first, then what the claim is
    /// about (`original/<run>` and `replay/<run>`, `run/<run>`, `period/<since>/<until>`,
    /// `incident/<id>`) with the SHA-256 of the leaf hashes of its entries in order.
    #[must_use]
    pub fn subjects(&self) -> Vec<(String, Digest)> {
        let mut subjects = vec![(NOTE.to_owned(), sha256(self.checkpoint.as_bytes()))];
        subjects.extend(self.claim.subjects(&leaves(&self.stretches)));
        subjects
    }

    /// The in-toto Statement v1.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let kind = self.claim.kind();
        let stretches: Vec<Value> = self.stretches.iter().map(Stretch::to_value).collect();
        let mut predicate = object([
            ("type", kind.as_str().into()),
            ("version", VERSION.into()),
            ("tenant", self.tenant.as_str().into()),
            ("origin", self.origin.as_str().into()),
            ("key", self.key.as_str().into()),
            ("issued_at", self.issued_at.to_string().into()),
            ("checkpoint", self.checkpoint.as_str().into()),
            ("stretches", stretches.into()),
        ]);
        if let Value::Object(members) = &mut predicate {
            let valid_until = self.valid_until.map(|at| at.to_string().into());
            let more = [("valid_until", valid_until), ("claim", self.claim.to_value())];
            members.extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
        }
        dsse::statement_about(&self.subjects(), &kind.predicate_type(), predicate)
    }

    /// Reads a statement; `None` if a member is missing or of another type. Whoever reads compares
    /// [`CertificateStatement::to_value`] with what was read, so that no other member passes unseen.
    pub(super) fn from_value(statement: &Value) -> Option<Self> {
        let predicate = statement.member("predicate")?;
        let text = |name: &str| predicate.member(name).and_then(Value::as_str).map(str::to_owned);
        let time = |name: &str| Timestamp::parse(&text(name)?).ok();
        if as_u64(predicate.member("version")) != Some(VERSION.into()) {
            return None;
        }
        let kind = CertificateKind::parse(&text("type")?)?;
        let stretches = predicate.member("stretches")?.as_array()?.iter().map(Stretch::from_value);
        Some(Self {
            tenant: text("tenant")?,
            origin: text("origin")?,
            key: text("key")?,
            issued_at: time("issued_at")?,
            valid_until: time("valid_until"),
            checkpoint: text("checkpoint")?,
            stretches: stretches.collect::<Option<_>>()?,
            claim: Claim::from_value(kind, predicate.member("claim"))?,
        })
    }

    /// Proves all that it says to whoever trusts these keys: the log of this origin signed the checkpoint,
    /// every entry leads to its root, and the claim says what the entries show. `key` is the one that
    /// signs the statement.
    ///
    /// # Errors
    /// All that does not fit.
    pub fn prove(
        self,
        key: &VerifierKey,
        keys: &[VerifierKey],
        verifier: &dyn SignatureVerifier,
    ) -> Result<ProvenCertificate, Vec<Finding>> {
        let mut found = Findings(Vec::new());
        if Self::from_value(&self.to_value()).as_ref() != Some(&self) {
            found.add("the statement", "it does not read back as what it says", CHANGED);
        }
        found.names(&self, key);
        found.times(&self);
        let checkpoint = match open_checkpoint(&self.checkpoint, keys, verifier) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                let meaning = "no trusted key stands behind the ledger's state";
                found.add("the checkpoint", error.to_string(), meaning);
                return Err(found.0);
            }
        };
        if checkpoint.origin != self.origin {
            let what = format!("it is of the log `{}`, not of this one", checkpoint.origin);
            found.add("the checkpoint", what, OTHER_LOG);
        }
        found.claim(&self, &checkpoint);
        let key = key.clone();
        if found.0.is_empty() {
            Ok(ProvenCertificate { statement: self, checkpoint, key })
        } else {
            Err(found.0)
        }
    }
}

impl ProvenCertificate {
    /// What is proved.
    #[must_use]
    pub fn statement(&self) -> &CertificateStatement {
        &self.statement
    }

    /// The log's state that it rests on.
    #[must_use]
    pub fn checkpoint(&self) -> &OpenedCheckpoint {
        &self.checkpoint
    }

    pub(super) fn leaves(&self) -> Leaves {
        leaves(&self.statement.stretches)
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, place: impl Into<String>, what: impl Into<String>, meaning: &'static str) {
        if self.0.len() < crate::MAX_FINDINGS {
            self.0.push(Finding { what: what.into(), place: place.into(), meaning });
        }
    }

    /// A log's origin ends in its tenant, and its key is named like it: one tenant's facts never pass for
    /// another's.
    fn names(&mut self, statement: &CertificateStatement, key: &VerifierKey) {
        let CertificateStatement { tenant, origin, key: named, .. } = statement;
        if origin.rsplit('/').next() != Some(tenant) {
            let what = format!("`{origin}` is not the log of `{tenant}`");
            self.add("the origin", what, OTHER_LOG);
        }
        if key.name() != origin {
            let what =
                format!("it is signed with the key of `{}`, and speaks of `{origin}`", key.name());
            self.add("the origin", what, OTHER_LOG);
        }
        if *named != dsse::key_id(key) {
            let what = format!("it names the key `{named}`, and is signed with another");
            self.add("the key", what, CHANGED);
        }
    }

    fn times(&mut self, statement: &CertificateStatement) {
        let CertificateStatement { issued_at, valid_until, .. } = statement;
        if valid_until.is_some_and(|until| until <= *issued_at) {
            let what = "it ends before the newest fact that it rests on was recorded";
            self.add("valid_until", what, NOT_SHOWN);
        }
    }

    fn claim(&mut self, statement: &CertificateStatement, checkpoint: &OpenedCheckpoint) {
        let CertificateStatement { tenant, issued_at, stretches, claim, .. } = statement;
        if !in_order(stretches) {
            let what = "they are empty, out of order, or two of them are one";
            self.add("the stretches", what, CHANGED);
        }
        for stretch in stretches {
            if let Err(error) = stretch.verify(checkpoint) {
                let place = format!("entries {}..{}", stretch.first, stretch.end());
                self.add(place, error.to_string(), NOT_SHOWN);
            }
        }
        for (place, what) in claim.differences(tenant, &leaves(stretches)) {
            self.add(place, what, NOT_SHOWN);
        }
        if let Claim::PolicyAudit(claim) = claim
            && claim.decisions.last().and_then(Decision::recorded_at) != Some(*issued_at)
        {
            let what = "it is not the record time of the newest decision";
            self.add("issued_at", what, NOT_SHOWN);
        }
    }
}
