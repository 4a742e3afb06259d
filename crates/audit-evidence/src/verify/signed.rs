//! What was signed: the checkpoints that the ledger keeps.

use store_traits::{Checkpoint, CheckpointPages, Digest, LedgerStore, StoreError};

use super::{LedgerReport, Trust};
use crate::checkpoint::open_checkpoint;

/// A state that a checkpoint vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) size: u64,
    pub(super) root: Digest,
}

/// The checkpoints that verify, in order of size; findings for the others.
pub(super) async fn opened(
    ledger: &dyn LedgerStore,
    trust: &Trust<'_>,
    report: &mut LedgerReport,
) -> Result<Vec<Signed>, StoreError> {
    let mut signed: Vec<Signed> = Vec::new();
    // Of the checkpoints that were read, a page at a time, a size and a root are remembered.
    let tenant = report.tenant.clone();
    let mut pages = CheckpointPages::new(ledger, &tenant, 0);
    while let Some(page) = pages.next().await? {
        signed.extend(page.iter().filter_map(|checkpoint| open(checkpoint, trust, report)));
    }
    signed.sort_by_key(|signed| (signed.size, signed.root));
    signed.dedup();
    for pair in signed.windows(2) {
        if let [one, other] = pair
            && one.size == other.size
        {
            report.finding(
                one.size.checked_sub(1),
                format!(
                    "two histories of size {} were signed: {} and {}",
                    one.size, one.root, other.root
                ),
                "the log forked: whoever holds the key signed both",
            );
        }
    }
    Ok(signed)
}

/// What one checkpoint vouches for; findings, if its row does not say the same, and if it vouches for
/// nothing.
fn open(checkpoint: &Checkpoint, trust: &Trust<'_>, report: &mut LedgerReport) -> Option<Signed> {
    report.checkpoints += 1;
    let opened = match open_checkpoint(&checkpoint.note, trust.keys, trust.verifier) {
        Ok(opened) => opened,
        Err(error) => {
            report.finding(
                None,
                format!("the checkpoint of size {} does not verify: {error}", checkpoint.size),
                "the checkpoint was replaced or its signature forged",
            );
            return None;
        }
    };
    if opened.origin != trust.origin {
        report.finding(
            None,
            format!("a checkpoint is signed for `{}`, not `{}`", opened.origin, trust.origin),
            "a checkpoint of another log was put here",
        );
        return None;
    }
    if (opened.size, opened.root) != (checkpoint.size, checkpoint.root) {
        report.finding(
            None,
            format!(
                "the row of a checkpoint says size {} and root {}, its signed text says {} and {}",
                checkpoint.size, checkpoint.root, opened.size, opened.root
            ),
            "the checkpoint's row was edited",
        );
    }
    Some(Signed { size: opened.size, root: opened.root })
}
