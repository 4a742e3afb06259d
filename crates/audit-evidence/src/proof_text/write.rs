//! From a proof to its text.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use store_traits::Digest;

use super::{CONSISTENCY, INCLUSION, ProofText, RANGE};

impl fmt::Display for ProofText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inclusion { entry, index, proof, checkpoint } => {
                writeln!(f, "{INCLUSION}")?;
                if let Some(entry) = entry {
                    writeln!(f, "extra {}", STANDARD.encode(entry))?;
                }
                writeln!(f, "index {index}")?;
                write_hashes(f, proof)?;
                write!(f, "\n{checkpoint}")
            }
            Self::Range { start, end, leaves, left, right, checkpoint } => {
                writeln!(f, "{RANGE}\nrange {start} {end}")?;
                let blocks =
                    [("leaves", leaves.as_ref()), ("left", Some(left)), ("right", Some(right))];
                for (word, hashes) in blocks {
                    if let Some(hashes) = hashes {
                        writeln!(f, "{word} {}", hashes.len())?;
                        write_hashes(f, hashes)?;
                    }
                }
                write!(f, "\n{checkpoint}")
            }
            Self::Consistency { proof, older, newer } => {
                writeln!(f, "{CONSISTENCY}")?;
                write_hashes(f, proof)?;
                write!(f, "\n{older}\n{newer}")
            }
        }
    }
}

fn write_hashes(f: &mut fmt::Formatter<'_>, hashes: &[Digest]) -> fmt::Result {
    hashes.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.as_bytes())))
}
