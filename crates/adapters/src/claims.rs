//! What a bundle proves and what it does not, in one wording for report, README and verifier.

use std::collections::BTreeMap;

use store_traits::Digest;

use crate::Integrity;
use crate::asked::WholePeriod;

/// What the sentences are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimFacts {
    /// The log's origin.
    pub(crate) origin: String,
    /// Leaves under the checkpoint.
    pub(crate) size: u64,
    /// The root, in hexadecimal.
    pub(crate) root: String,
    /// Name and id of the key, the beginning of its vkey.
    pub(crate) key: String,
    /// Who vouched for the key.
    pub(crate) vouched: Vouched,
    /// Entries in the bundle.
    pub(crate) entries: u64,
    /// Half-open ranges that a range proof shows to be complete, in order.
    pub(crate) complete: Vec<(u64, u64)>,
    /// The range that holds everything that was recorded in the period asked for.
    pub(crate) whole: Option<WholePeriod>,
    /// Contents in the bundle.
    pub(crate) included: u64,
    /// Contents that entries commit to and that are not in the bundle.
    pub(crate) withheld: u64,
    /// Contents that a fact in the bundle says were erased.
    pub(crate) erased: u64,
}

/// Who vouched for the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// The person who checks gave it.
    ByReader,
    /// It came with the bundle.
    ByNobody,
}

impl ClaimFacts {
    /// What holds, a sentence each.
    pub(crate) fn proved(&self) -> Vec<String> {
        let Self { origin, size, root, key, entries, included, .. } = self;
        let mut out = Vec::new();
        out.push(match self.vouched {
            Vouched::ByReader => format!(
                "The holder of the key {key} signed the ledger {origin} at {size} entries with root {root}."
            ),
            Vouched::ByNobody => format!(
                "The bundle is consistent with the key {key} that came with it; nobody vouched for that key (give the one you trust)."
            ),
        });
        out.push(match entries {
            0 => "The bundle holds no entry: it shows the signed state of the ledger alone.".to_owned(),
            1 => "The entry lies in that ledger at its sequence number, byte for byte.".to_owned(),
            _ => format!(
                "Each of the {entries} entries lies in that ledger at its sequence number, byte for byte."
            ),
        });
        let several = |(start, end): &&(u64, u64)| end - start > 1;
        match self.complete.as_slice() {
            [(0, end)] if end == size => {
                out.push("These are all entries of the ledger up to the checkpoint.".to_owned());
            }
            ranges if ranges.len() <= 5 => {
                out.extend(ranges.iter().filter(several).map(|(start, end)| {
                    format!("Between entry {start} and entry {} nothing was left out.", end - 1)
                }));
            }
            ranges => out.push(format!(
                "Within each of the {} ranges under proofs/ nothing was left out.",
                ranges.len()
            )),
        }
        out.extend(self.whole.map(|whole| whole.sentence(*size)));
        if *included > 0 {
            out.push(match included {
                1 => "The one content is what its entry committed to when it was recorded.".to_owned(),
                _ => format!(
                    "Each of the {included} contents is what its entry committed to when it was recorded."
                ),
            });
        }
        out.push("Every file of the bundle is as the holder of the key exported it.".to_owned());
        out
    }

    /// What does not follow, a sentence each.
    pub(crate) fn not_proved(&self) -> Vec<String> {
        let mut out = never_proved();
        let all = matches!(self.complete.as_slice(), [(0, end)] if *end == self.size);
        match self.whole {
            _ if all => {}
            Some(_) => out.push(
                "That no further entry, recorded outside the period, tells of something that happened in it (those that the exporter found are here), and that the ledger's clock never ran backwards."
                    .to_owned(),
            ),
            None => out.push(
                "That the ledger holds no further entry that answers the same request outside the ranges shown to be complete."
                    .to_owned(),
            ),
        }
        if self.withheld > 0 {
            out.push(format!(
                "What the withheld contents say ({}); the entries only commit to them.",
                self.withheld
            ));
        }
        if self.erased > 0 {
            out.push(format!(
                "What the erased contents said ({}), nor that no copy of them is left elsewhere.",
                self.erased
            ));
        }
        if self.vouched == Vouched::ByNobody {
            out.push(format!("Whose key {} is.", self.key));
        }
        out
    }

    /// The same, as the report carries it: said to whoever trusts the key.
    pub(crate) fn integrity(
        &self,
        root: Digest,
        vkey: &str,
        ranges: &[(u64, u64)],
        redactions: BTreeMap<String, u64>,
    ) -> Integrity {
        let kind = if self.complete.is_empty() {
            "an inclusion proof for each entry"
        } else {
            "range proofs: within each range nothing is left out"
        };
        Integrity {
            size: self.size,
            root,
            vkey: vkey.to_owned(),
            ranges: ranges.iter().map(|(start, end)| *start..*end).collect(),
            entries: self.entries,
            proof_kind: kind.to_owned(),
            proved: self.proved(),
            not_proved: self.not_proved(),
            contents_included: self.included,
            contents_withheld: self.withheld,
            contents_erased: self.erased,
            redactions,
        }
    }
}

/// What no bundle proves.
pub(crate) fn never_proved() -> Vec<String> {
    vec![
        "That everything that happened was recorded.".to_owned(),
        "That what was recorded is true.".to_owned(),
    ]
}
