//! Checks a bundle offline, and says what follows and what does not.
//!
//! Every byte of the file is accounted for: headers by the strict zip reader, members by the
//! manifest's hashes, the manifest by its signature, the signature by its one spelling. So a
//! flipped bit anywhere is a finding. At most one member is held in memory, beside a hash and the
//! open commitments of each entry.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use audit_evidence::{OpenedCheckpoint, VerifierKey, open_checkpoint};
use replay_determinism::{canonical, sha256};
use store_traits::{SignatureVerifier, Value};
use thiserror::Error;

use crate::asked::Asked;
use crate::bundle::{
    CRITERIA, ENVELOPE, INDEX, KEYS, MANIFEST, NOTE, POPULATION, PREDICATE, README, REPORT,
    predicate,
};
use crate::claims::{ClaimFacts, Vouched, never_proved};
use crate::counted::Counted;
use crate::dsse;
use crate::lines::joined;
use crate::manifest::Manifest;
use crate::page;
use crate::verify_entries::Ledger;
use crate::{ZipReadError, ZipReader};

/// The largest member that is read: 256 MiB.
pub const MAX_READ_BYTES: u64 = 256 << 20;
/// More findings than this are counted, not listed.
pub const MAX_FINDINGS: usize = 100;

/// Whom the reader trusts.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Public keys got over a channel that the reader trusts; none means that the key in the
    /// bundle is used, which proves only that the bundle agrees with itself.
    pub keys: Vec<VerifierKey>,
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What differs.
    pub what: String,
    /// In which member, and where in it.
    pub place: String,
    /// What that means.
    pub meaning: &'static str,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleReport {
    /// No finding.
    pub holds: bool,
    /// What follows, a sentence each; empty if it does not hold.
    pub proved: Vec<String>,
    /// What does not follow, a sentence each.
    pub not_proved: Vec<String>,
    /// What does not fit, the first [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// What the bundle says of itself, as far as it could be read.
    pub summary: BundleSummary,
}

/// What a bundle says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BundleSummary {
    /// Whose facts.
    pub tenant: String,
    /// The log's origin.
    pub origin: String,
    /// How many entries.
    pub entries: u64,
    /// Leaves under the checkpoint.
    pub size: u64,
    /// The root, in hexadecimal.
    pub root: String,
    /// The key that it was checked with, in vkey form.
    pub key: String,
    /// Contents in the bundle.
    pub contents_included: u64,
    /// Contents left out.
    pub contents_withheld: u64,
    /// Contents that a fact in the bundle says were erased.
    pub contents_erased: u64,
}

/// A file that could not be looked at.
#[derive(Debug, Error)]
pub enum BundleError {
    /// Not a zip, or unreadable.
    #[error(transparent)]
    Zip(ZipReadError),
    /// A zip, but not a bundle.
    #[error("the file is not an evidence bundle: {0}")]
    NotBundle(String),
}

const CHANGED: &str = "the bundle was changed after it was exported";
/// Of a query.
pub(crate) const OTHERWISE: &str = "what is here is not what the bundle says was asked for";

/// Checks a bundle.
///
/// # Errors
/// The file cannot be read, or is not a bundle at all. A bundle that was changed is no error: its
/// report has findings.
pub fn verify_bundle(
    file: &mut (impl Read + Seek),
    trusted: &Trust,
    verifier: &dyn SignatureVerifier,
) -> Result<BundleReport, BundleError> {
    let mut check = Check::default();
    let mut zip = match ZipReader::open(file) {
        Ok(zip) => zip,
        Err(error @ (ZipReadError::Io(_) | ZipReadError::NotZip)) => {
            return Err(BundleError::Zip(error));
        }
        Err(error) => {
            check.finding("the zip", error.to_string(), CHANGED);
            return Ok(check.report(None));
        }
    };
    if !zip.names().any(|name| name == MANIFEST) {
        return Err(BundleError::NotBundle(format!("it has no {MANIFEST}")));
    }
    let facts = check.all(&mut zip, trusted, verifier);
    Ok(check.report(facts))
}

/// Findings so far.
#[derive(Debug, Default)]
pub(crate) struct Check {
    findings: Vec<Finding>,
    more: u64,
    summary: BundleSummary,
    /// Its page is none that a release carried, as far as this version knows.
    strange_page: bool,
}

impl Check {
    pub(crate) fn finding(
        &mut self,
        place: impl Into<String>,
        what: String,
        meaning: &'static str,
    ) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { what, place: place.into(), meaning });
        } else {
            self.more += 1;
        }
    }

    /// A member's bytes; what hinders is a finding.
    pub(crate) fn member<F: Read + Seek>(
        &mut self,
        zip: &mut ZipReader<F>,
        name: &str,
    ) -> Option<Vec<u8>> {
        match zip.read(name, MAX_READ_BYTES) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.finding(name, error.to_string(), CHANGED);
                None
            }
        }
    }

    fn text<F: Read + Seek>(&mut self, zip: &mut ZipReader<F>, name: &str) -> Option<String> {
        let bytes = self.member(zip, name)?;
        let text = String::from_utf8(bytes);
        text.map_err(|_| self.finding(name, "it is not UTF-8".to_owned(), CHANGED)).ok()
    }

    fn all<F: Read + Seek>(
        &mut self,
        zip: &mut ZipReader<F>,
        trusted: &Trust,
        verifier: &dyn SignatureVerifier,
    ) -> Option<ClaimFacts> {
        let (manifest, manifest_bytes) = self.manifest(zip)?;
        self.files(zip, &manifest);
        let (keys, vouched) = self.keys(zip, trusted)?;
        let note = self.text(zip, NOTE)?;
        let opened = match open_checkpoint(&note, &keys, verifier) {
            Ok(opened) => opened,
            Err(error) => {
                let meaning = "no trusted key stands behind this bundle";
                self.finding(NOTE, error.to_string(), meaning);
                return None;
            }
        };
        let envelope = self.member(zip, ENVELOPE);
        // While keys are rotated several sign a checkpoint, and one of them the manifest.
        let mut of_the_log = opened.signed_by.iter().filter(|key| key.name() == opened.origin);
        let signs = |key: &&VerifierKey| {
            envelope.as_ref().is_some_and(|bytes| dsse::open(bytes, key, verifier).is_ok())
        };
        let first = of_the_log.clone().next()?;
        let key = of_the_log.find(signs).unwrap_or(first).clone();
        self.summary.key = key.to_string();
        self.same_checkpoint(&manifest, &opened);
        if let Some(envelope) = envelope {
            self.signature(&envelope, &manifest, &manifest_bytes, &key, verifier);
        }

        let asked = self.asked(&manifest);
        let mut ledger = Ledger::new(&manifest, asked.as_ref(), &note, &opened);
        ledger.entries(self, zip);
        ledger.disclosures(self, zip);
        ledger.proofs(self, zip);
        let complete = ledger.complete();
        let facts = ClaimFacts {
            origin: opened.origin.clone(),
            size: opened.size,
            root: opened.root.to_string(),
            key: dsse::key_id(&key),
            vouched,
            entries: ledger.count(),
            whole: ledger.counted.whole(&complete, opened.size),
            complete,
            included: ledger.included,
            withheld: ledger.withheld(),
            erased: ledger.erased(),
        };
        let counted = (facts.included, facts.withheld, facts.erased);
        if counted != (manifest.included, manifest.withheld, manifest.erased) {
            let what = "the manifest counts the contents otherwise than they are".to_owned();
            self.finding(MANIFEST, what, CHANGED);
        }
        if asked.as_ref().is_some_and(|asked| asked.withheld) && facts.included > 0 {
            let what =
                format!("it says that contents are withheld, and {} are here", facts.included);
            self.finding(MANIFEST, what, OTHERWISE);
        }
        self.summary.contents_included = facts.included;
        self.summary.contents_withheld = facts.withheld;
        self.summary.contents_erased = facts.erased;
        let report = self.report_json(zip, &manifest, &opened, &facts, &ledger, &key);
        self.counts(zip, report.as_ref(), ledger.counted);
        Some(facts)
    }

    fn manifest<F: Read + Seek>(&mut self, zip: &mut ZipReader<F>) -> Option<(Manifest, Vec<u8>)> {
        let bytes = self.member(zip, MANIFEST)?;
        let value = match canonical::parse(&bytes) {
            Ok(value) => value,
            Err(error) => {
                self.finding(MANIFEST, error.to_string(), CHANGED);
                return None;
            }
        };
        let Some(manifest) = Manifest::from_value(&value) else {
            let what = "it is not a manifest of the format factlog/bundle/1".to_owned();
            self.finding(MANIFEST, what, "changed, or written by a newer release");
            return None;
        };
        if canonical::write(&manifest.to_value()) != bytes {
            let what = "it has other members or another spelling than an export writes".to_owned();
            self.finding(MANIFEST, what, "changed, or written by a newer release");
        }
        self.summary = BundleSummary {
            tenant: manifest.tenant.clone(),
            origin: manifest.origin.clone(),
            entries: manifest.entries,
            size: manifest.size,
            root: manifest.root.to_string(),
            ..BundleSummary::default()
        };
        Some((manifest, bytes))
    }

    /// What was asked for, as the parts of the bundle must fit it.
    fn asked(&mut self, manifest: &Manifest) -> Option<Asked> {
        let asked = Asked::of(&manifest.query, &manifest.tenant);
        let refuse = |why| {
            self.finding(MANIFEST, format!("no export answers its `query`: {why}"), OTHERWISE);
        };
        asked.map_err(refuse).ok()
    }

    /// Exactly the files of the manifest, each with its hash.
    fn files<F: Read + Seek>(&mut self, zip: &mut ZipReader<F>, manifest: &Manifest) {
        let names: BTreeSet<String> = zip.names().map(str::to_owned).collect();
        let listed: BTreeMap<&str, _> =
            manifest.files.iter().map(|file| (file.path.as_str(), file)).collect();
        if listed.len() != manifest.files.len() {
            self.finding(MANIFEST, "it lists a file twice".to_owned(), CHANGED);
        }
        let needed: BTreeSet<&str> = [NOTE, KEYS, POPULATION, REPORT, README].into();
        for name in needed.iter().filter(|name| !listed.contains_key(**name)) {
            self.finding(MANIFEST, format!("it does not list `{name}`"), CHANGED);
        }
        for path in listed.keys().filter(|path| !names.contains(**path)) {
            self.finding(*path, "the manifest lists it, and it is not there".to_owned(), CHANGED);
        }
        for name in names.iter().filter(|name| *name != MANIFEST && *name != ENVELOPE) {
            let Some(file) = listed.get(name.as_str()) else {
                self.finding(name, "the manifest does not list it".to_owned(), CHANGED);
                continue;
            };
            let Some(bytes) = self.member(zip, name) else { continue };
            let actual = sha256(&bytes);
            self.strange_page |= name == INDEX && !page::is_known(&actual);
            if actual != file.sha256 || bytes.len() as u64 != file.size {
                let what = format!("its SHA-256 is {actual}, the manifest says {}", file.sha256);
                self.finding(name, what, CHANGED);
            }
        }
    }

    fn keys<F: Read + Seek>(
        &mut self,
        zip: &mut ZipReader<F>,
        trusted: &Trust,
    ) -> Option<(Vec<VerifierKey>, Vouched)> {
        if !trusted.keys.is_empty() {
            return Some((trusted.keys.clone(), Vouched::ByReader));
        }
        let bytes = self.member(zip, KEYS)?;
        let value = canonical::parse(&bytes).ok();
        let vkey = value
            .as_ref()
            .and_then(|value| value.member("vkeys")?.as_array()?.first()?.as_str())
            .map(VerifierKey::parse);
        match vkey {
            Some(Ok(key)) => Some((vec![key], Vouched::ByNobody)),
            Some(Err(error)) => {
                self.finding(KEYS, error.to_string(), CHANGED);
                None
            }
            None => {
                self.finding(KEYS, "it holds no key".to_owned(), CHANGED);
                None
            }
        }
    }

    fn same_checkpoint(&mut self, manifest: &Manifest, opened: &OpenedCheckpoint) {
        let said = (&manifest.origin, manifest.size, manifest.root);
        if said != (&opened.origin, opened.size, opened.root) {
            let what = format!(
                "it speaks of {} entries of {} with root {}, the signed checkpoint of {} entries of {} with root {}",
                manifest.size,
                manifest.origin,
                manifest.root,
                opened.size,
                opened.origin,
                opened.root
            );
            self.finding(MANIFEST, what, CHANGED);
        }
        // A log's origin ends in its tenant, so one tenant's facts never pass for another's.
        if opened.origin.rsplit('/').next() != Some(manifest.tenant.as_str()) {
            let what = format!("`{}` is not the log of `{}`", opened.origin, manifest.tenant);
            self.finding(MANIFEST, what, "the bundle passes off another tenant's ledger");
        }
    }

    fn signature(
        &mut self,
        envelope: &[u8],
        manifest: &Manifest,
        bytes: &[u8],
        key: &VerifierKey,
        verifier: &dyn SignatureVerifier,
    ) {
        let about = predicate(&manifest.tenant, &manifest.origin, manifest.size, &manifest.root);
        let expected = dsse::statement(MANIFEST, &sha256(bytes), PREDICATE, about);
        match dsse::open(envelope, key, verifier) {
            Ok(statement) if statement == expected => {}
            Ok(_) => self.finding(
                ENVELOPE,
                "it is signed, and speaks of another manifest".to_owned(),
                CHANGED,
            ),
            Err(error) => self.finding(
                ENVELOPE,
                error.to_string(),
                "the holder of the key did not sign this manifest",
            ),
        }
    }

    /// The report says of its integrity what the bundle shows, to the letter.
    fn report_json<F: Read + Seek>(
        &mut self,
        zip: &mut ZipReader<F>,
        manifest: &Manifest,
        opened: &OpenedCheckpoint,
        facts: &ClaimFacts,
        ledger: &Ledger<'_>,
        key: &VerifierKey,
    ) -> Option<Value> {
        let bytes = self.member(zip, REPORT)?;
        let Ok(report) = canonical::parse(&bytes) else {
            self.finding(REPORT, "it is not JSON".to_owned(), CHANGED);
            return None;
        };
        let spoken = ClaimFacts { vouched: Vouched::ByReader, ..facts.clone() };
        let ranges = joined(manifest.entry_files.iter().flat_map(|file| file.ranges.clone()));
        let expected =
            spoken.integrity(opened.root, &key.to_string(), &ranges, ledger.redactions.clone());
        if report.member("integrity") != Some(&expected.to_value()) {
            let what = "it claims otherwise than the bundle shows".to_owned();
            self.finding(REPORT, what, "the report and its PDF are not to be believed");
        }
        let text = |name: &str| report.member(name).and_then(Value::as_str);
        if text("tenant") != Some(&manifest.tenant) || text("origin") != Some(&manifest.origin) {
            let what = "it speaks of another tenant or log".to_owned();
            self.finding(REPORT, what, "the report and its PDF are not to be believed");
        }
        let runs = report.member("runs").and_then(Value::as_array).unwrap_or_default();
        let steps = runs
            .iter()
            .flat_map(|run| run.member("steps").and_then(Value::as_array).unwrap_or_default());
        for seq in steps.filter_map(|step| crate::report::as_u64(step.member("seq"))) {
            if !ledger.has(seq) {
                let what = format!("it shows a step of entry {seq}, which is not in the bundle");
                self.finding(REPORT, what, "the report and its PDF are not to be believed");
            }
        }
        Some(report)
    }

    /// What is counted from the entries, and which criteria they speak to, is what the entries give.
    fn counts<F: Read + Seek>(
        &mut self,
        zip: &mut ZipReader<F>,
        report: Option<&Value>,
        counted: Counted,
    ) {
        let (overview, soc2) = counted.finish();
        let soc2 = soc2.map(|soc2| soc2.to_value());
        let given =
            [("overview", overview.map(|overview| overview.to_value())), ("soc2", soc2.clone())];
        for (name, given) in given {
            if report.is_some_and(|report| report.member(name) != given.as_ref()) {
                let what = format!("its `{name}` is not what the entries give");
                self.finding(REPORT, what, "the report and its PDF are not to be believed");
            }
        }
        let there = zip.names().any(|name| name == CRITERIA);
        let bytes = if there { self.member(zip, CRITERIA) } else { None };
        if bytes != soc2.map(|soc2| canonical::write(&soc2)) {
            let what = "it is not what the entries give".to_owned();
            self.finding(
                CRITERIA,
                what,
                "a criterion would be supported by other entries than these",
            );
        }
    }

    fn report(mut self, facts: Option<ClaimFacts>) -> BundleReport {
        if self.more > 0 {
            let what = format!("and {} more findings", self.more);
            self.findings.push(Finding { what, place: "the bundle".to_owned(), meaning: CHANGED });
        }
        let holds = self.findings.is_empty() && facts.is_some();
        let mut not_proved = facts.as_ref().map_or_else(never_proved, ClaimFacts::not_proved);
        if facts.is_some() {
            not_proved.push(
                "What report.pdf and README.txt say, nor what report.json says of the steps of a run: the holder of the key wrote them, and the entries decide."
                    .to_owned(),
            );
        }
        // The holder of the key may sign any page, and a newer release has another: no finding.
        if self.strange_page {
            not_proved.push(
                "What index.html says of the bundle: it is not the page of this version of factlog, nor of one before."
                    .to_owned(),
            );
        }
        let proved = facts.filter(|_| holds).map_or_else(Vec::new, |facts| facts.proved());
        BundleReport { holds, proved, not_proved, findings: self.findings, summary: self.summary }
    }
}
