//! A sample of a bundle's entries that neither side can steer: drawn from the signed root, which the
//! auditor cannot choose, and from a seed of the auditor's, which the exporter did not know.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use replay_determinism::{canonical, leaf_hash, sha256};
use store_traits::{Digest, Value};

use crate::asked;
use crate::bundle::MANIFEST;
use crate::manifest::Manifest;
use crate::overview::actor;
use crate::verify_entries::lines;
use crate::{BundleError, MAX_READ_BYTES, ZipReader};

/// The most that is drawn at once.
pub const MAX_SAMPLE: usize = 10_000;

/// What is drawn from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SampleOf {
    /// The auditor's seed: any text.
    pub seed: String,
    /// How many entries; no more than [`MAX_SAMPLE`] are drawn.
    pub count: usize,
    /// Only entries of this kind.
    pub kind: Option<String>,
}

/// An entry that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    /// Its place in the tree.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// Who acted, `<kind>:<name>`.
    pub actor: String,
    /// When it happened, as it says.
    pub occurred_at: String,
    /// Its leaf hash.
    pub leaf_hash: Digest,
}

/// A sample, in order of the entries, and how many it was drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The entries that could be drawn; of a period, without those at its borders.
    pub population: u64,
    /// Those that were.
    pub drawn: Vec<Sampled>,
}

/// Draws entries from a bundle: those with the smallest SHA-256 of the text `<seq> <root> <seed>`, the
/// root in hexadecimal. Check the bundle first: what is drawn from another one proves nothing.
///
/// # Errors
/// The file cannot be read, or is not a bundle that holds.
pub fn sample_bundle(file: &mut (impl Read + Seek), of: &SampleOf) -> Result<Sample, BundleError> {
    let mut zip = ZipReader::open(file).map_err(BundleError::Zip)?;
    let manifest = zip.read(MANIFEST, MAX_READ_BYTES).map_err(BundleError::Zip)?;
    let manifest = canonical::parse(&manifest).ok().and_then(|value| Manifest::from_value(&value));
    let damaged = |what: &str| BundleError::NotBundle(format!("{what} (check it first)"));
    let manifest = manifest.ok_or_else(|| damaged("its manifest cannot be read"))?;
    let period = asked::period(&manifest.query);
    let mut population = 0;
    let mut drawn: BTreeMap<Digest, Sampled> = BTreeMap::new();
    for file in &manifest.entry_files {
        let bytes = zip.read(&file.path, MAX_READ_BYTES).map_err(BundleError::Zip)?;
        let seqs = file.ranges.iter().flat_map(|(start, end)| *start..*end);
        for (seq, line) in seqs.zip(lines(&bytes)) {
            let fact = canonical::parse(line);
            let fact = fact.map_err(|_| damaged(&format!("entry {seq} is not a fact")))?;
            let text = |path: &[&str]| fact.at(path).and_then(Value::as_str).unwrap_or_default();
            let kind = text(&["kind"]);
            let asked_for = period.is_none_or(|period| asked::concerns(period, &fact));
            if !asked_for || of.kind.as_ref().is_some_and(|wanted| wanted != kind) {
                continue;
            }
            population += 1;
            let lot = sha256(format!("{seq} {} {}", manifest.root, of.seed).as_bytes());
            let sampled = Sampled {
                seq,
                kind: kind.to_owned(),
                actor: actor(&fact),
                occurred_at: text(&["meta", "occurred_at"]).to_owned(),
                leaf_hash: leaf_hash(line),
            };
            drawn.insert(lot, sampled);
            if drawn.len() > of.count.min(MAX_SAMPLE) {
                drawn.pop_last();
            }
        }
    }
    let mut drawn: Vec<Sampled> = drawn.into_values().collect();
    drawn.sort_by_key(|sampled| sampled.seq);
    Ok(Sample { population, drawn })
}
