//! Evidence chains: what was recorded about a run, an incident, an actor or a period, in order, each
//! link with the leaf hash that proves it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use store_traits::{Digest, Period, RecordedFact, Timestamp, Value};
use thiserror::Error;

use crate::{ProofError, RangeProof, said, verify_range};

/// What a chain is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainSubject {
    /// A run.
    Run(String),
    /// An incident.
    Incident(String),
    /// A person, an agent or a component, by name.
    Actor(String),
    /// What happened in a period.
    Period(Period),
}

impl ChainSubject {
    /// Is the fact about it?
    ///
    /// ```
    /// use audit_evidence::ChainSubject;
    /// use store_traits::{Digest, Object, RecordedFact, Timestamp, Value};
    /// let fact = RecordedFact {
    ///     seq: 7,
    ///     kind: "run.started".into(),
    ///     run_id: Some("run-1".into()),
    ///     occurred_at: Timestamp::UNIX_EPOCH,
    ///     recorded_at: Timestamp::UNIX_EPOCH,
    ///     leaf_hash: Digest::new([0; 32]),
    ///     fact: Value::Object(Object::new()),
    /// };
    /// assert!(ChainSubject::Run("run-1".into()).concerns(&fact));
    /// assert!(!ChainSubject::Incident("i-1".into()).concerns(&fact));
    /// ```
    #[must_use]
    pub fn concerns(&self, fact: &RecordedFact) -> bool {
        match self {
            Self::Run(run) => fact.run_id.as_ref() == Some(run),
            Self::Incident(incident) => {
                let ids = fact.fact.at(&["meta", "incident_ids"]).and_then(Value::as_array);
                ids.unwrap_or_default().iter().any(|id| id.as_str() == Some(incident))
            }
            Self::Actor(name) => said::actor(fact) == Some(name),
            Self::Period(period) => period.contains(fact.occurred_at),
        }
    }
}

impl fmt::Display for ChainSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(f, "run {run}"),
            Self::Incident(incident) => write!(f, "incident {incident}"),
            Self::Actor(name) => write!(f, "actor {name}"),
            Self::Period(Period { since, until }) => {
                let shown =
                    |at: &Option<Timestamp>| at.map_or("…".to_owned(), |at| at.to_string());
                write!(f, "{} to {}", shown(since), shown(until))
            }
        }
    }
}

/// A link of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLink {
    /// The entry.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// Its run.
    pub run_id: Option<String>,
    /// Who acted.
    pub actor: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The leaf hash of its bytes.
    pub leaf_hash: Digest,
}

/// What was recorded about a subject, in order of the entries: the order that the ledger proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceChain {
    /// What it is about.
    pub subject: ChainSubject,
    /// The links in order of their entries, each entry once.
    pub links: Vec<ChainLink>,
}

/// A chain that its proofs do not show.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChainError {
    /// There are other proofs than stretches.
    #[error(
        "the chain has {stretches} stretches of entries, {proofs} proofs were given (one a stretch)"
    )]
    Count {
        /// Stretches of the chain.
        stretches: usize,
        /// Proofs given.
        proofs: usize,
    },
    /// A proof is about other entries, or about a tree of another size.
    #[error("the proof of entries {start} to {end} does not belong to this chain and tree")]
    OtherEntries {
        /// First entry of the proof.
        start: u64,
        /// One behind the last.
        end: u64,
    },
    /// A stretch does not lead to the root.
    #[error("entries {start} to {end} of the chain are not in the tree")]
    NotProved {
        /// First entry.
        start: u64,
        /// One behind the last.
        end: u64,
        /// What the proof lacks.
        #[source]
        source: ProofError,
    },
}

impl EvidenceChain {
    /// The chain of a subject over facts in any order; a fact that comes twice is one link.
    ///
    /// ```
    /// use audit_evidence::{ChainSubject, EvidenceChain};
    /// let chain = EvidenceChain::collect(ChainSubject::Run("run-1".into()), &[]);
    /// assert!(chain.links.is_empty());
    /// ```
    #[must_use]
    pub fn collect<'f>(
        subject: ChainSubject,
        facts: impl IntoIterator<Item = &'f RecordedFact>,
    ) -> Self {
        let links: BTreeMap<u64, ChainLink> = facts
            .into_iter()
            .filter(|fact| subject.concerns(fact))
            .map(|fact| (fact.seq, link(fact)))
            .collect();
        Self { subject, links: links.into_values().collect() }
    }

    /// The stretches of entries without a gap: what range proofs are made for.
    ///
    /// ```
    /// use audit_evidence::{ChainSubject, EvidenceChain};
    /// let chain = EvidenceChain::collect(ChainSubject::Run("run-1".into()), &[]);
    /// assert!(chain.stretches().is_empty());
    /// ```
    #[must_use]
    pub fn stretches(&self) -> Vec<Range<u64>> {
        let mut stretches: Vec<Range<u64>> = Vec::new();
        for link in &self.links {
            let end = link.seq.saturating_add(1);
            match stretches.last_mut() {
                Some(last) if last.end == link.seq => last.end = end,
                _ => stretches.push(link.seq..end),
            }
        }
        stretches
    }

    /// Verifies that every link is an entry of the tree with this size and root, by one range proof
    /// a stretch, in order.
    ///
    /// ```
    /// use audit_evidence::{ChainSubject, EvidenceChain};
    /// use store_traits::Digest;
    /// let chain = EvidenceChain::collect(ChainSubject::Run("run-1".into()), &[]);
    /// assert!(chain.verify(&[], 0, &Digest::new([0; 32])).is_ok(), "it claims nothing");
    /// ```
    ///
    /// # Errors
    /// A proof is missing, is about other entries, or does not lead to the root.
    pub fn verify(
        &self,
        proofs: &[RangeProof],
        size: u64,
        root: &Digest,
    ) -> Result<(), ChainError> {
        let stretches = self.stretches();
        if stretches.len() != proofs.len() {
            let (stretches, proofs) = (stretches.len(), proofs.len());
            return Err(ChainError::Count { stretches, proofs });
        }
        let mut links = self.links.iter();
        for (Range { start, end }, proof) in stretches.into_iter().zip(proofs) {
            if (proof.start, proof.end, proof.size) != (start, end, size) {
                let RangeProof { start, end, .. } = *proof;
                return Err(ChainError::OtherEntries { start, end });
            }
            let many = usize::try_from(end - start).unwrap_or(usize::MAX);
            let leaves: Vec<Digest> =
                links.by_ref().take(many).map(|link| link.leaf_hash).collect();
            verify_range(proof, &leaves, root).map_err(|source| ChainError::NotProved {
                start,
                end,
                source,
            })?;
        }
        Ok(())
    }
}

fn link(fact: &RecordedFact) -> ChainLink {
    ChainLink {
        seq: fact.seq,
        kind: fact.kind.clone(),
        run_id: fact.run_id.clone(),
        actor: said::actor(fact).map(str::to_owned),
        occurred_at: fact.occurred_at,
        recorded_at: fact.recorded_at,
        leaf_hash: fact.leaf_hash,
    }
}
