//! Proofs as text: what is handed to somebody who keeps no account here.
//!
//! All three kinds are UTF-8 lines that end in `\n`. The first line names the format. Numbers are
//! decimal without leading zeros; hashes are 32 bytes in padded standard base64, one a line. The
//! first blank line ends the proof's own lines; a checkpoint (a whole signed note) follows.
//!
//! **One entry** (C2SP tlog-proof). `extra` carries the entry's bytes; they are not trusted before
//! their leaf hash has led to the root. The hashes are the RFC 6962 audit path, the leaf's sibling
//! first, at most 63.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64 of the entry>            (may be absent)
//! index <index of the leaf>
//! <hash> …
//! <blank line>
//! <checkpoint>
//! ```
//!
//! **A range**: entries `[start, end)` are complete. `left` and `right` are as in [`RangeProof`], at
//! most 63 hashes each, the counts stand before them. The block `leaves`, if there, gives the leaf
//! hash of each entry in order, so that the proof can be checked alone; a verifier that has the
//! entries hashes them and compares.
//!
//! ```text
//! factlog/range-proof@v1
//! range <start> <end>
//! leaves <end − start>                   (this line and its hashes may be absent)
//! <hash> …
//! left <count>
//! <hash> …
//! right <count>
//! <hash> …
//! <blank line>
//! <checkpoint>
//! ```
//!
//! **Consistency**: the older checkpoint's tree is the beginning of the newer one's. The hashes are
//! the RFC 6962 consistency proof, at most 63. Both checkpoints stand in full, the older first, with
//! one blank line between them; both must be of one origin and signed.
//!
//! ```text
//! factlog/consistency-proof@v1
//! <hash> …
//! <blank line>
//! <older checkpoint>
//! <blank line>
//! <newer checkpoint>
//! ```

mod read;
mod verify;
mod write;

use store_traits::Digest;
use thiserror::Error;

pub use verify::{ProofTextError, VerifiedProof};

use crate::range::RangeProof;

const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
const RANGE: &str = "factlog/range-proof@v1";
const CONSISTENCY: &str = "factlog/consistency-proof@v1";

/// A proof that was read, or is to be written; nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofText {
    /// One entry is in the tree.
    Inclusion {
        /// The entry's bytes, if carried.
        entry: Option<Vec<u8>>,
        /// Its index.
        index: u64,
        /// The audit path.
        proof: Vec<Digest>,
        /// The signed checkpoint.
        checkpoint: String,
    },
    /// A run of entries is complete.
    Range {
        /// First leaf.
        start: u64,
        /// One behind the last leaf.
        end: u64,
        /// The leaf hashes, if carried.
        leaves: Option<Vec<Digest>>,
        /// What lies before the range, see [`RangeProof`].
        left: Vec<Digest>,
        /// What lies behind the range, see [`RangeProof`].
        right: Vec<Digest>,
        /// The signed checkpoint.
        checkpoint: String,
    },
    /// A newer tree begins with an older one.
    Consistency {
        /// The consistency proof.
        proof: Vec<Digest>,
        /// The older signed checkpoint.
        older: String,
        /// The newer signed checkpoint.
        newer: String,
    },
}

impl ProofText {
    /// The text of a range proof; `leaves` are carried so that it can be checked alone.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (ledger, tenant) = (ledger(), tenant());
    /// let proof = ready(range_proof(ledger.as_ref(), &tenant, 1, 3, 5))?;
    /// let leaves = ready(ledger.hashes(&tenant, 0, 1..3))?;
    /// let text = ProofText::range(proof, Some(leaves), checkpoint(&ledger)).to_string();
    /// assert!(text.starts_with("factlog/range-proof@v1\n"));
    /// let proved = ProofText::parse(&text)?.verify(&[key()], &ToyVerifier)?;
    /// assert_eq!(
    ///     proved.to_string(),
    ///     "entries 1 to 2 (2) of the log `logs.example.com/acme` of 5 entries are complete",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn range(proof: RangeProof, leaves: Option<Vec<Digest>>, checkpoint: String) -> Self {
        let RangeProof { start, end, size: _, left, right } = proof;
        Self::Range { start, end, leaves, left, right, checkpoint }
    }

    /// Reads a proof. Printing it gives the same text back.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (ledger, tenant) = (ledger(), tenant());
    /// let proof = ready(inclusion_proof(ledger.as_ref(), &tenant, 2, 5))?;
    /// let checkpoint = checkpoint(&ledger);
    /// let proof = ProofText::Inclusion { entry: None, index: 2, proof, checkpoint };
    /// assert_eq!(ProofText::parse(&proof.to_string())?, proof);
    /// assert!(ProofText::parse("c2sp.org/tlog-proof@v1\n").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The text is none of the three formats, to the letter.
    pub fn parse(text: &str) -> Result<Self, ProofFormatError> {
        read::parse(text)
    }
}

/// A text that is not a proof.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ProofFormatError {
    /// The first line names no format that is known here.
    #[error("`{0}` begins no known proof (wanted: `{INCLUSION}`, `{RANGE}` or `{CONSISTENCY}`)")]
    Unknown(String),
    /// A line breaks the format.
    #[error("line {line} is not {wanted}")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What belongs there.
        wanted: &'static str,
    },
    /// More than 63 hashes in one list.
    #[error("more than 63 hashes end at line {line}: no tree is that high")]
    TooManyHashes {
        /// Which line, from 1.
        line: usize,
    },
}
