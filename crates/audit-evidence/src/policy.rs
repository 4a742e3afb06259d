//! Trust policies (C2SP tlog-policy): which logs, which witnesses, and how many of them.
//!
//! ```text
//! log <vkey> [<url>]
//! witness <name> <vkey> [<url>]
//! group <name> all|any|<k> <name> …
//! quorum <name>|none
//! ```
//!
//! A line is a definition, empty, or a comment behind `#`; the parts of a line stand apart by spaces
//! or tabs. A name is defined before it is used, and is a member of one group at most, so that a
//! witness counts in one way only.

use std::collections::BTreeMap;

use store_traits::SignatureVerifier;
use thiserror::Error;

use crate::checkpoint::{CheckpointError, OpenedCheckpoint, open_checkpoint};
use crate::cosignature::{Cosignature, WitnessKey, cosignatures};
use crate::note::{NoteError, SignedNote};
use crate::vkey::{VerifierKey, VkeyError};

/// The longest policy, in bytes.
pub const MAX_POLICY_BYTES: usize = 1_000_000;

/// A text that is not a policy.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PolicyError {
    /// Longer than [`MAX_POLICY_BYTES`].
    #[error("a policy has at most {MAX_POLICY_BYTES} bytes, this has {0}")]
    TooLong(usize),
    /// A line that cannot be read.
    #[error("line {line} of the policy: {why}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// No quorum.
    #[error("the policy has no `quorum` line (write `quorum none` to ask for no witness)")]
    NoQuorum,
}

/// A checkpoint that a policy does not accept.
#[derive(Debug, Error)]
pub enum CosignedError {
    /// Not signed by a log of the policy.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A known witness's line does not hold.
    #[error("the checkpoint's note is refused: {0}")]
    Note(#[from] NoteError),
    /// Too few witnesses.
    #[error(
        "the witnesses that cosigned ({}) do not make the quorum `{quorum}`",
        if .cosigned_by.is_empty() { "none".to_owned() } else { .cosigned_by.join(", ") }
    )]
    NoQuorum {
        /// The name of the quorum.
        quorum: String,
        /// Names of the witnesses that cosigned, as in the policy.
        cosigned_by: Vec<String>,
    },
}

/// A witness of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: WitnessKey,
    /// Where checkpoints are submitted to, if said.
    pub url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    threshold: usize,
    members: Vec<Member>,
}

/// Whom a verifier believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustPolicy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    /// The name, and what it means; no member for `none`.
    quorum: (String, Option<Member>),
}

/// A checkpoint that a policy accepts. Made by [`TrustPolicy::open`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CosignedCheckpoint {
    /// What the log signed.
    pub checkpoint: OpenedCheckpoint,
    /// Who saw it, and when.
    pub cosigned_by: Vec<Cosignature>,
}

impl TrustPolicy {
    /// Reads a policy.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let policy = TrustPolicy::parse(&format!("log {}\nquorum none\n", key()))?;
    /// assert_eq!(policy.logs(), [key()]);
    /// assert!(TrustPolicy::parse("quorum everybody\n").is_err(), "nobody is called so");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The text is not a policy; the error names the line.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::TooLong(text.len()));
        }
        let mut reader = Reader::default();
        for (at, line) in text.split('\n').enumerate() {
            reader.line(line).map_err(|why| PolicyError::Line { line: at + 1, why })?;
        }
        let Reader { logs, witnesses, groups, quorum, .. } = reader;
        Ok(Self { logs, witnesses, groups, quorum: quorum.ok_or(PolicyError::NoQuorum)? })
    }

    /// The keys of the logs.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let policy = TrustPolicy::parse(&format!("log {}\nquorum none\n", key()))?;
    /// assert_eq!(policy.logs()[0].name(), ORIGIN);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The witnesses, in the order of the text.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let witness = WitnessKey::ed25519("witness.example", ToyKey(9).public_key())?;
    /// let text = format!("witness w {witness} https://witness.example\nquorum w\n");
    /// let policy = TrustPolicy::parse(&text)?;
    /// assert_eq!(policy.witnesses()[0].url.as_deref(), Some("https://witness.example"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Reads a checkpoint that one of the policy's logs signed and its quorum cosigned.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let witness = WitnessKey::ed25519("witness.example", ToyKey(9).public_key())?;
    /// let text = format!("log {}\nwitness w {witness}\nquorum w\n", key());
    /// let policy = TrustPolicy::parse(&text)?;
    /// let note = SignedNote::parse(&checkpoint(&ledger()))?;
    /// assert!(policy.open(&note.to_string(), &ToyVerifier).is_err(), "the witness is missing");
    /// let line = cosign(note.text(), "witness.example", 1_767_268_800, &ToyKey(9))?;
    /// let cosigned = note.with_line(line)?.to_string();
    /// assert_eq!(policy.open(&cosigned, &ToyVerifier)?.checkpoint.size, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// No log of the policy signed it, a known key's line does not hold, or witnesses are missing.
    pub fn open(
        &self,
        note: &str,
        verifier: &dyn SignatureVerifier,
    ) -> Result<CosignedCheckpoint, CosignedError> {
        self.open_of(&self.logs, note, verifier)
    }

    /// As [`TrustPolicy::open`], for logs that are known from elsewhere.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let policy = TrustPolicy::parse("quorum none\n")?;
    /// let note = checkpoint(&ledger());
    /// assert!(policy.open(&note, &ToyVerifier).is_err(), "the policy names no log");
    /// assert_eq!(policy.open_of(&[key()], &note, &ToyVerifier)?.checkpoint.size, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`TrustPolicy::open`].
    pub fn open_of(
        &self,
        logs: &[VerifierKey],
        note: &str,
        verifier: &dyn SignatureVerifier,
    ) -> Result<CosignedCheckpoint, CosignedError> {
        let checkpoint = open_checkpoint(note, logs, verifier)?;
        let known: Vec<_> = self.witnesses.iter().map(|witness| witness.key.clone()).collect();
        let cosigned_by = cosignatures(&SignedNote::parse(note)?, &known, verifier)?;
        let cosigned = |witness: &PolicyWitness| {
            cosigned_by.iter().any(|cosignature| cosignature.witness == witness.key)
        };
        if self.met(cosigned) {
            return Ok(CosignedCheckpoint { checkpoint, cosigned_by });
        }
        let names = self.witnesses.iter().filter(|witness| cosigned(witness));
        Err(CosignedError::NoQuorum {
            quorum: self.quorum.0.clone(),
            cosigned_by: names.map(|witness| witness.name.clone()).collect(),
        })
    }

    /// A group refers to earlier groups alone, so one pass in order decides them all.
    fn met(&self, cosigned: impl Fn(&PolicyWitness) -> bool) -> bool {
        let witnesses: Vec<bool> = self.witnesses.iter().map(cosigned).collect();
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let counts = |groups: &[bool], member: Member| match member {
            Member::Witness(at) => witnesses.get(at) == Some(&true),
            Member::Group(at) => groups.get(at) == Some(&true),
        };
        for group in &self.groups {
            let seen = group.members.iter().filter(|member| counts(&groups, **member)).count();
            groups.push(seen >= group.threshold);
        }
        self.quorum.1.is_none_or(|member| counts(&groups, member))
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Option<(String, Option<Member>)>,
    /// Defined names, and whether they are a member of a group already.
    names: BTreeMap<String, (Member, bool)>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(sign) = line.chars().find(|sign| sign.is_ascii_control() && *sign != '\t') {
            return Err(format!("it has the control character U+{:04X}", u32::from(sign)));
        }
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", vkey] | ["log", vkey, _] => self.log(vkey),
            ["witness", name, vkey] => self.witness(name, vkey, None),
            ["witness", name, vkey, url] => self.witness(name, vkey, Some(url)),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] => self.quorum(name),
            _ => Err("it is not `log <vkey> [url]`, `witness <name> <vkey> [url]`, `group <name> all|any|<k> <name> …` or `quorum <name>|none`".to_owned()),
        }
    }

    fn log(&mut self, vkey: &str) -> Result<(), String> {
        let key = VerifierKey::parse(vkey).map_err(|error: VkeyError| error.to_string())?;
        if self.logs.iter().any(|other| other.public_key() == key.public_key()) {
            return Err("another log has the same key".to_owned());
        }
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &str, vkey: &str, url: Option<&&str>) -> Result<(), String> {
        let key: WitnessKey = vkey.parse().map_err(|error: VkeyError| error.to_string())?;
        if self.witnesses.iter().any(|other| other.key.public_key() == key.public_key()) {
            return Err("another witness has the same key".to_owned());
        }
        self.define(name, Member::Witness(self.witnesses.len()))?;
        let url = url.map(|url| (*url).to_owned());
        self.witnesses.push(PolicyWitness { name: name.to_owned(), key, url });
        Ok(())
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), String> {
        let mut found = Vec::with_capacity(members.len());
        for member in members {
            let (meant, used) = self
                .names
                .get_mut(*member)
                .ok_or_else(|| format!("`{member}` is not defined above"))?;
            if std::mem::replace(used, true) {
                return Err(format!("`{member}` is a member of a group already"));
            }
            found.push(*meant);
        }
        let threshold = match threshold {
            "all" => found.len(),
            "any" => 1,
            number => usize::try_from(crate::checkpoint::parse_decimal(number).unwrap_or(0))
                .unwrap_or(usize::MAX),
        };
        if threshold == 0 || threshold > found.len() {
            let members = found.len();
            return Err(format!("of {members} members not that many can be asked for"));
        }
        self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { threshold, members: found });
        Ok(())
    }

    fn quorum(&mut self, name: &str) -> Result<(), String> {
        if self.quorum.is_some() {
            return Err("there is a quorum already".to_owned());
        }
        let member = match (name, self.names.get(name)) {
            ("none", _) => None,
            (_, Some((member, _))) => Some(*member),
            (_, None) => return Err(format!("`{name}` is not defined above")),
        };
        self.quorum = Some((name.to_owned(), member));
        Ok(())
    }

    fn define(&mut self, name: &str, member: Member) -> Result<(), String> {
        if name == "none" {
            return Err("`none` cannot be defined".to_owned());
        }
        match self.names.insert(name.to_owned(), (member, false)) {
            None => Ok(()),
            Some(_) => Err(format!("`{name}` is defined twice")),
        }
    }
}
