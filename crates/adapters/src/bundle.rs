//! The evidence bundle: a value in, the bytes of one zip out. The same value gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use audit_evidence::{ProofText, VerifierKey};
use replay_determinism::{CanonicalError, canonical, sha256};
use store_traits::{Content, Digest, Object, SignError, Signer, Value};
use thiserror::Error;

use crate::claims::{ClaimFacts, Vouched};
use crate::commitments;
use crate::counted::Counted;
use crate::dsse;
use crate::lines::{LineFiles, SPLIT_BYTES, joined};
use crate::manifest::{EntryFile, FileRecord, Manifest};
use crate::page::PAGE;
use crate::population;
use crate::readme;
use crate::report::object;
use crate::{Integrity, RenderError, Report, ReportRenderer, ZipWriteError, ZipWriter};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const ENVELOPE: &str = "manifest.dsse.json";
pub(crate) const NOTE: &str = "checkpoint.note";
pub(crate) const INDEX: &str = "index.html";
pub(crate) const KEYS: &str = "keys.json";
pub(crate) const POPULATION: &str = "population.csv";
pub(crate) const REPORT: &str = "report.json";
pub(crate) const PDF: &str = "report.pdf";
pub(crate) const README: &str = "README.txt";
pub(crate) const CRITERIA: &str = "soc2-criteria.json";
pub(crate) const PROOFS: &str = "proofs/";
/// The predicate type of the signed statement over the manifest.
pub(crate) const PREDICATE: &str = "urn:factlog:bundle:1";

/// Everything that goes into a bundle.
#[derive(Debug, Clone)]
pub struct EvidenceBundle {
    /// Whose facts.
    pub tenant: String,
    /// The log's origin.
    pub origin: String,
    /// The log's public key in C2SP vkey form.
    pub vkey: String,
    /// The request as data, exactly as it was made.
    pub query: Object,
    /// The signed checkpoint.
    pub checkpoint_note: String,
    /// Leaves under the checkpoint.
    pub tree_size: u64,
    /// Its root.
    pub root: Digest,
    /// The entries in order of their sequence numbers.
    pub entries: Vec<BundleEntry>,
    /// Proof texts over `checkpoint_note`, which together cover every entry.
    pub proofs: EntryProofs,
    /// The report that people read. Its `integrity` is what [`EvidenceBundle::integrity`] gives,
    /// whatever stands there: a report never claims more than its bundle shows.
    pub report: Report,
}

/// An entry and what lies beside it.
#[derive(Debug, Clone)]
pub struct BundleEntry {
    /// Its place in the tree.
    pub seq: u64,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// The contents that go out with it; those left out are withheld.
    pub contents: Vec<Content>,
}

/// Proof texts with the names of their files.
#[derive(Debug, Clone, Default)]
pub struct EntryProofs {
    /// `(name without folder, text)`, see [`EntryProofs::inclusion`] and [`EntryProofs::range`].
    pub texts: Vec<(String, String)>,
}

impl EntryProofs {
    /// Adds the inclusion proof of one entry as `<seq>.tlog-proof`.
    pub fn inclusion(&mut self, seq: u64, text: String) {
        self.texts.push((format!("{seq}.tlog-proof"), text));
    }

    /// Adds the proof that `[start, end)` is complete as `range-<start>-<end>.txt`.
    pub fn range(&mut self, start: u64, end: u64, text: String) {
        self.texts.push((format!("range-{start}-{end}.txt"), text));
    }
}

/// A bundle that cannot be made.
#[derive(Debug, Error)]
pub enum BundleWriteError {
    /// The parts contradict each other.
    #[error("the bundle's parts do not fit each other: {0}")]
    Parts(String),
    /// An entry is not a fact.
    #[error("entry {seq} is not a fact (run `factlog ledger verify`)")]
    Entry {
        /// Its place in the tree.
        seq: u64,
        /// What is wrong.
        #[source]
        source: CanonicalError,
    },
    /// The report cannot be drawn.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The key cannot sign.
    #[error("the manifest cannot be signed")]
    Sign(#[from] SignError),
    /// The file cannot be written.
    #[error(transparent)]
    Zip(#[from] ZipWriteError),
}

/// Whether the bundle has a drawn report.
#[derive(Clone, Copy)]
pub enum Drawn<'r> {
    /// With `report.pdf`.
    With(&'r dyn ReportRenderer),
    /// Without.
    Without,
}

impl EvidenceBundle {
    /// Writes the bundle and signs its manifest with the log's key.
    ///
    /// # Errors
    /// The parts contradict each other (order of entries, key, contents without a commitment), the
    /// report cannot be drawn, the key cannot sign, or the output fails.
    pub fn write<W: Write>(
        &self,
        signer: &dyn Signer,
        drawn: Drawn<'_>,
        out: W,
    ) -> Result<W, BundleWriteError> {
        let key = self.check_key(signer)?;
        let parts = self.parts()?;
        let facts = self.claims(&parts, &key)?;
        let integrity = self.integrity_of(&parts, &facts);
        let (overview, soc2) = parts.counted.finish();
        let report = Report { integrity, overview, soc2, ..self.report.clone() };

        let mut members: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        members.insert(NOTE.to_owned(), self.checkpoint_note.clone().into_bytes());
        members.insert(INDEX.to_owned(), PAGE.to_vec());
        members.insert(KEYS.to_owned(), canonical::write(&self.keys()));
        members.insert(POPULATION.to_owned(), parts.population.into_bytes());
        members.insert(REPORT.to_owned(), canonical::write(&report.to_value()));
        members.insert(README.to_owned(), readme::text(&facts, &key, &report, drawn).into_bytes());
        if let Some(soc2) = &report.soc2 {
            members.insert(CRITERIA.to_owned(), canonical::write(&soc2.to_value()));
        }
        if let Drawn::With(renderer) = drawn {
            members.insert(PDF.to_owned(), renderer.render(&report)?);
        }
        for (name, text) in &self.proofs.texts {
            members.insert(format!("{PROOFS}{name}"), text.clone().into_bytes());
        }
        let entry_files = parts
            .entries
            .files
            .iter()
            .map(|file| EntryFile { path: file.name.clone(), ranges: file.ranges.clone() })
            .collect();
        for file in parts.entries.files.into_iter().chain(parts.disclosures.files) {
            members.insert(file.name, file.bytes);
        }
        let record = |(path, bytes): (&String, &Vec<u8>)| FileRecord {
            path: path.clone(),
            size: bytes.len() as u64,
            sha256: sha256(bytes),
        };
        let manifest = Manifest {
            generator: self.report.generator.clone(),
            version: self.report.version.clone(),
            tenant: self.tenant.clone(),
            query: self.query.clone(),
            origin: self.origin.clone(),
            size: self.tree_size,
            root: self.root,
            entries: self.entries.len() as u64,
            by_kind: parts.by_kind,
            included: facts.included,
            withheld: facts.withheld,
            erased: facts.erased,
            entry_files,
            files: members.iter().map(record).collect(),
        };
        let manifest = canonical::write(&manifest.to_value());
        let statement = dsse::statement(MANIFEST, &sha256(&manifest), PREDICATE, self.predicate());
        let envelope = dsse::sign(&statement, &dsse::key_id(&key), signer)?;
        members.insert(MANIFEST.to_owned(), manifest);
        members.insert(ENVELOPE.to_owned(), envelope);

        let mut zip = ZipWriter::new(out);
        for (name, bytes) in &members {
            zip.member(name, bytes)?;
        }
        Ok(zip.finish()?)
    }

    /// What the bundle proves to somebody who trusts the key, from its own parts.
    ///
    /// # Errors
    /// The parts contradict each other.
    pub fn integrity(&self) -> Result<Integrity, BundleWriteError> {
        let parts = self.parts()?;
        let facts = self.claims(&parts, &self.key()?)?;
        Ok(self.integrity_of(&parts, &facts))
    }

    fn integrity_of(&self, parts: &Parts, facts: &ClaimFacts) -> Integrity {
        let ranges = joined(parts.entries.files.iter().flat_map(|file| file.ranges.clone()));
        facts.integrity(self.root, &self.vkey, &ranges, parts.redactions.clone())
    }

    fn key(&self) -> Result<VerifierKey, BundleWriteError> {
        VerifierKey::parse(&self.vkey).map_err(|error| BundleWriteError::Parts(error.to_string()))
    }

    fn check_key(&self, signer: &dyn Signer) -> Result<VerifierKey, BundleWriteError> {
        let key = self.key()?;
        if *key.public_key() != signer.public_key() || key.name() != self.origin {
            return Err(BundleWriteError::Parts(format!(
                "the signing key is not `{}` of the log `{}`",
                self.vkey, self.origin
            )));
        }
        Ok(key)
    }

    fn keys(&self) -> Value {
        let advice = "This key proves only that the bundle agrees with itself. \
                      Take the key you trust from the log's owner.";
        object([("advice", advice.into()), ("vkeys", vec![Value::from(self.vkey.as_str())].into())])
    }

    fn predicate(&self) -> Value {
        predicate(&self.tenant, &self.origin, self.tree_size, &self.root)
    }

    fn parts(&self) -> Result<Parts, BundleWriteError> {
        let mut parts = Parts {
            entries: LineFiles::new("entries", SPLIT_BYTES),
            disclosures: LineFiles::new("disclosures", SPLIT_BYTES),
            population: population::HEADER.to_owned(),
            by_kind: BTreeMap::new(),
            redactions: BTreeMap::new(),
            counted: Counted::of(&self.query),
            included: 0,
            open: BTreeSet::new(),
            shown: BTreeSet::new(),
            erasures: BTreeSet::new(),
        };
        let mut next = 0;
        for entry in &self.entries {
            if entry.seq < next || entry.seq >= self.tree_size {
                return Err(BundleWriteError::Parts(format!(
                    "entry {} is out of order or not in a tree of {} entries",
                    entry.seq, self.tree_size
                )));
            }
            next = entry.seq + 1;
            parts.add(entry)?;
        }
        if let Some((seq, pointer)) = parts.shown.intersection(&parts.erasures).next() {
            return Err(BundleWriteError::Parts(format!(
                "the content of entry {seq} at {pointer} was erased and must not go out"
            )));
        }
        Ok(parts)
    }

    fn claims(&self, parts: &Parts, key: &VerifierKey) -> Result<ClaimFacts, BundleWriteError> {
        let mut ranges = Vec::new();
        for (name, text) in &self.proofs.texts {
            match ProofText::parse(text) {
                Ok(ProofText::Range { start, end, .. }) => ranges.push((start, end)),
                Ok(_) => {}
                Err(error) => {
                    return Err(BundleWriteError::Parts(format!("proof `{name}`: {error}")));
                }
            }
        }
        ranges.sort_unstable();
        let erased = parts.open.intersection(&parts.erasures).count() as u64;
        let complete = joined(ranges);
        Ok(ClaimFacts {
            origin: self.origin.clone(),
            size: self.tree_size,
            root: self.root.to_string(),
            key: dsse::key_id(key),
            vouched: Vouched::ByReader,
            entries: self.entries.len() as u64,
            whole: parts.counted.whole(&complete, self.tree_size),
            complete,
            included: parts.included,
            withheld: parts.open.len() as u64 - erased,
            erased,
        })
    }
}

pub(crate) fn predicate(tenant: &str, origin: &str, size: u64, root: &Digest) -> Value {
    object([
        ("tenant", tenant.into()),
        ("origin", origin.into()),
        ("size", Value::unsigned(size)),
        ("root", root.to_string().into()),
    ])
}

/// The content that an entry says was erased.
pub(crate) fn erasure(fact: &Value) -> Option<(u64, String)> {
    if fact.member("kind").and_then(Value::as_str) != Some("content.erased") {
        return None;
    }
    let seq = crate::report::as_u64(fact.at(&["body", "seq"]))?;
    Some((seq, fact.at(&["body", "pointer"]).and_then(Value::as_str)?.to_owned()))
}

/// Counts what was redacted before the fact was recorded.
pub(crate) fn add_redactions(fact: &Value, counts: &mut BTreeMap<String, u64>) {
    let redacted = fact.at(&["body", "redacted"]).and_then(Value::as_object);
    for (kind, count) in redacted.into_iter().flatten() {
        *counts.entry(kind.to_string()).or_default() +=
            crate::report::as_u64(Some(count)).unwrap_or(0);
    }
}

struct Parts {
    entries: LineFiles,
    disclosures: LineFiles,
    population: String,
    by_kind: BTreeMap<String, u64>,
    redactions: BTreeMap<String, u64>,
    counted: Counted,
    included: u64,
    /// Commitments without a content in the bundle.
    open: BTreeSet<(u64, String)>,
    shown: BTreeSet<(u64, String)>,
    erasures: BTreeSet<(u64, String)>,
}

impl Parts {
    fn add(&mut self, entry: &BundleEntry) -> Result<(), BundleWriteError> {
        let BundleEntry { seq, bytes, contents } = entry;
        let fact = canonical::parse(bytes)
            .map_err(|source| BundleWriteError::Entry { seq: *seq, source })?;
        self.entries.push(*seq, bytes);
        self.population.push_str(&population::line(*seq, bytes, &fact));
        let kind = fact.member("kind").and_then(Value::as_str).unwrap_or_default();
        *self.by_kind.entry(kind.to_owned()).or_default() += 1;
        self.erasures.extend(erasure(&fact));
        add_redactions(&fact, &mut self.redactions);
        self.counted.add(*seq, &fact);

        let wrong = |what: String| BundleWriteError::Parts(format!("entry {seq}: {what}"));
        let mut committed = commitments::commitments(&fact).map_err(wrong)?;
        for content in contents {
            if content.seq != *seq || committed.remove(&content.pointer).is_none() {
                return Err(wrong(format!("it has no commitment at {}", content.pointer)));
            }
            let line = commitments::line(content).map_err(wrong)?;
            self.disclosures.push(*seq, &line);
            self.included += 1;
            self.shown.insert((*seq, content.pointer.clone()));
        }
        self.open.extend(committed.into_keys().map(|pointer| (*seq, pointer)));
        Ok(())
    }
}
