//! The entries of a bundle against the signed root, and what lies beside them against the entries.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use audit_evidence::{OpenedCheckpoint, ProofText, RangeProof, verify_inclusion, verify_range};
use replay_determinism::{Sha256Stream, canonical, leaf_hash};
use store_traits::{Digest, MAX_ENTRY_BYTES, Value};

use crate::ZipReader;
use crate::asked::Asked;
use crate::bundle::{MANIFEST, POPULATION, PROOFS, add_redactions, erasure};
use crate::commitments::{Commitment, commitments, parse_line};
use crate::counted::Counted;
use crate::lines::joined;
use crate::manifest::Manifest;
use crate::population;
use crate::verify_bundle::{Check, OTHERWISE};

const CHANGED: &str = "the bundle was changed after it was exported";
const NOT_THERE: &str = "the ledger does not hold these entries as the bundle shows them";

/// What was read so far.
pub(crate) struct Ledger<'b> {
    manifest: &'b Manifest,
    asked: Option<&'b Asked>,
    note: &'b str,
    opened: &'b OpenedCheckpoint,
    leaves: BTreeMap<u64, Digest>,
    /// Commitments that no content was shown for yet.
    open: BTreeMap<(u64, String), Commitment>,
    shown: BTreeSet<(u64, String)>,
    erasures: BTreeSet<(u64, String)>,
    covered: Vec<(u64, u64)>,
    ranges: Vec<(u64, u64)>,
    pub(crate) included: u64,
    pub(crate) redactions: BTreeMap<String, u64>,
    pub(crate) counted: Counted,
}

impl<'b> Ledger<'b> {
    pub(crate) fn new(
        manifest: &'b Manifest,
        asked: Option<&'b Asked>,
        note: &'b str,
        opened: &'b OpenedCheckpoint,
    ) -> Self {
        Self {
            manifest,
            asked,
            note,
            opened,
            leaves: BTreeMap::new(),
            open: BTreeMap::new(),
            shown: BTreeSet::new(),
            erasures: BTreeSet::new(),
            covered: Vec::new(),
            ranges: Vec::new(),
            included: 0,
            redactions: BTreeMap::new(),
            counted: Counted::of(&manifest.query),
        }
    }

    pub(crate) fn has(&self, seq: u64) -> bool {
        self.leaves.contains_key(&seq)
    }

    pub(crate) fn count(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// Ranges that a range proof covers.
    pub(crate) fn complete(&self) -> Vec<(u64, u64)> {
        joined(self.ranges.iter().copied())
    }

    pub(crate) fn erased(&self) -> u64 {
        self.open.keys().filter(|key| self.erasures.contains(*key)).count() as u64
    }

    pub(crate) fn withheld(&self) -> u64 {
        self.open.len() as u64 - self.erased()
    }

    /// Reads the entries; population and counts by kind are derived again on the way.
    pub(crate) fn entries<F: Read + Seek>(&mut self, check: &mut Check, zip: &mut ZipReader<F>) {
        let mut population = Sha256Stream::new();
        population.update(population::HEADER.as_bytes());
        let mut by_kind: BTreeMap<String, u64> = BTreeMap::new();
        let mut next = 0;
        let manifest = self.manifest;
        for file in &manifest.entry_files {
            let Some(bytes) = check.member(zip, &file.path) else { continue };
            let mut lines = lines(&bytes);
            for (start, end) in &file.ranges {
                if *start < next || end <= start {
                    let what = format!("its ranges are not in order at entry {start}");
                    check.finding(MANIFEST, what, CHANGED);
                    return;
                }
                next = *end;
                for seq in *start..*end {
                    let Some(line) = lines.next() else {
                        check.finding(&file.path, format!("entry {seq} is not there"), CHANGED);
                        return;
                    };
                    self.entry(check, &file.path, seq, line, &mut population, &mut by_kind);
                }
            }
            if lines.next().is_some() {
                check.finding(&file.path, "it has more lines than entries".to_owned(), CHANGED);
            }
        }
        if by_kind != manifest.by_kind || self.count() != manifest.entries {
            let what = "the manifest counts the entries otherwise than they are".to_owned();
            check.finding(MANIFEST, what, CHANGED);
        }
        let said = manifest.files.iter().find(|file| file.path == POPULATION);
        if said.map(|file| file.sha256) != Some(population.finish()) {
            let what = "it is not what the entries say".to_owned();
            check.finding(POPULATION, what, "the spreadsheet and the entries differ");
        }
    }

    fn entry(
        &mut self,
        check: &mut Check,
        path: &str,
        seq: u64,
        bytes: &[u8],
        population: &mut Sha256Stream,
        by_kind: &mut BTreeMap<String, u64>,
    ) {
        let place = || format!("{path}, entry {seq}");
        self.leaves.insert(seq, leaf_hash(bytes));
        if bytes.len() > MAX_ENTRY_BYTES {
            check.finding(place(), "it is longer than an entry can be".to_owned(), CHANGED);
            return;
        }
        let fact = match canonical::parse_canonical(bytes) {
            Ok(fact) => fact,
            Err(error) => {
                check.finding(place(), error.to_string(), "it is not a fact");
                return;
            }
        };
        population.update(population::line(seq, bytes, &fact).as_bytes());
        let kind = fact.member("kind").and_then(Value::as_str).unwrap_or_default();
        *by_kind.entry(kind.to_owned()).or_default() += 1;
        if fact.member("tenant").and_then(Value::as_str) != Some(&self.manifest.tenant) {
            let what = format!("it is not a fact of `{}`", self.manifest.tenant);
            check.finding(place(), what, "the export crosses tenants");
        }
        if let Some(run) = self.asked.and_then(|asked| asked.run.as_deref())
            && fact.at(&["meta", "run_id"]).and_then(Value::as_str) != Some(run)
        {
            let what = format!("it is not a fact of the run `{run}`, which was asked for");
            check.finding(place(), what, OTHERWISE);
        }
        add_redactions(&fact, &mut self.redactions);
        self.counted.add(seq, &fact);
        self.erasures.extend(erasure(&fact));
        match commitments(&fact) {
            Ok(committed) => self
                .open
                .extend(committed.into_iter().map(|(pointer, what)| ((seq, pointer), what))),
            Err(what) => check.finding(place(), what, "it is not a fact that was recorded here"),
        }
    }

    /// Each content fits the one commitment at its place; what is left over is withheld or erased.
    pub(crate) fn disclosures<F: Read + Seek>(
        &mut self,
        check: &mut Check,
        zip: &mut ZipReader<F>,
    ) {
        let names: Vec<String> = zip
            .names()
            .filter(|name| name.starts_with("disclosures-"))
            .map(str::to_owned)
            .collect();
        for name in names {
            let Some(bytes) = check.member(zip, &name) else { continue };
            for (at, line) in lines(&bytes).enumerate() {
                let place = format!("{name}, line {}", at + 1);
                if let Err(what) = self.disclosure(line) {
                    check.finding(place, what, "the content is not what was recorded");
                }
            }
        }
    }

    fn disclosure(&mut self, line: &[u8]) -> Result<(), String> {
        let disclosed = parse_line(line)?;
        let at = (disclosed.seq, disclosed.pointer.clone());
        if self.shown.contains(&at) {
            return Err(format!("entry {} has two contents at {}", at.0, at.1));
        }
        if self.erasures.contains(&at) {
            return Err(format!(
                "a fact says that the content of entry {} at {} was erased, and here it is",
                at.0, at.1
            ));
        }
        let commitment = self
            .open
            .get(&at)
            .ok_or_else(|| format!("entry {} commits to nothing at {}", at.0, at.1))?;
        disclosed.check(commitment)?;
        self.open.remove(&at);
        self.shown.insert(at);
        self.included += 1;
        Ok(())
    }

    /// Every entry is covered by a proof that leads to the signed root.
    pub(crate) fn proofs<F: Read + Seek>(&mut self, check: &mut Check, zip: &mut ZipReader<F>) {
        let names: Vec<String> =
            zip.names().filter(|name| name.starts_with(PROOFS)).map(str::to_owned).collect();
        for name in names {
            let Some(bytes) = check.member(zip, &name) else { continue };
            if let Err(what) = self.proof(&bytes) {
                check.finding(name, what, NOT_THERE);
            }
        }
        self.covered.sort_unstable();
        self.ranges.sort_unstable();
        let mut spans = self.covered.iter().peekable();
        let mut bare = 0_u64;
        let mut first = None;
        for seq in self.leaves.keys() {
            while spans.next_if(|(_, end)| end <= seq).is_some() {}
            if spans.peek().is_none_or(|(start, _)| start > seq) {
                bare += 1;
                first.get_or_insert(*seq);
            }
        }
        if let Some(first) = first {
            let what = format!("{bare} entries have no proof, the first is entry {first}");
            check.finding(PROOFS, what, NOT_THERE);
        }
    }

    fn proof(&mut self, bytes: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        let OpenedCheckpoint { size, root, .. } = self.opened;
        let same_note = |note: &str| {
            if note == self.note {
                Ok(())
            } else {
                Err("it leads to another checkpoint than the bundle's".to_owned())
            }
        };
        match ProofText::parse(text).map_err(|error| error.to_string())? {
            ProofText::Inclusion { entry: _, index, proof, checkpoint } => {
                same_note(&checkpoint)?;
                let leaf = self
                    .leaves
                    .get(&index)
                    .ok_or_else(|| format!("entry {index} is not in the bundle"))?;
                verify_inclusion(leaf, index, *size, &proof, root)
                    .map_err(|error| error.to_string())?;
                self.covered.push((index, index + 1));
            }
            ProofText::Range { start, end, leaves: _, left, right, checkpoint } => {
                same_note(&checkpoint)?;
                let leaves: Vec<Digest> = if start < end {
                    self.leaves.range(start..end).map(|(_, l)| *l).collect()
                } else {
                    Vec::new()
                };
                let proof = RangeProof { start, end, size: *size, left, right };
                verify_range(&proof, &leaves, root).map_err(|error| error.to_string())?;
                self.covered.push((start, end));
                self.ranges.push((start, end));
            }
            ProofText::Consistency { .. } => {
                return Err("a consistency proof says nothing of entries".to_owned());
            }
        }
        Ok(())
    }
}

/// The lines of a file whose every line ends in a newline.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = bytes.strip_suffix(b"\n");
    // Without the last newline the file is cut: the last line counts as well and will not fit.
    let empty = bytes.is_empty();
    whole.unwrap_or(bytes).split(|byte| *byte == b'\n').filter(move |_| !empty)
}
