//! The root log's leaves against the checkpoints that the tenants' ledgers hold.

use std::collections::BTreeMap;
use std::ops::Range;

use audit_evidence::{CheckpointBody, Finding, SignedNote};
use replay_determinism::canonical;
use store_traits::{CheckpointsFrom, Entry, FactKind, TenantId, Value};

use crate::{DomainError, LogsDomain};

/// Leaves read at a time.
const CHUNK: u64 = 500;

/// Checkpoints of a tenant that are read at a time. Leaves of many tenants lie side by side, so a
/// page of each is small.
const PAGE: u32 = 32;

/// What was last read of each tenant.
type Stored = BTreeMap<TenantId, Notes>;

/// All of a tenant's stored notes in a range of sizes.
struct Notes {
    sizes: Range<u64>,
    by_size: BTreeMap<u64, String>,
}

impl LogsDomain {
    /// Every leaf is a checkpoint that its tenant's ledger still holds, as it was signed. A
    /// checkpoint that was taken out of a ledger, or replaced there, is found by its leaf.
    pub(crate) async fn root_findings(&self, root: &TenantId) -> Result<Vec<Finding>, DomainError> {
        let size = self.ledger.head(root).await?.size;
        let (mut findings, mut stored, mut start) = (Vec::new(), Stored::new(), 0);
        while start < size {
            // Of a thousand tenants, what a chunk needs and no more.
            stored.clear();
            let end = size.min(start + CHUNK);
            for entry in self.ledger.entries(root, start..end).await? {
                // What is no fact at all is found by the verification of the ledger itself.
                let Some((log, note)) = leaf(&entry) else { continue };
                if let Some(what) = self.leaf_differs(&log, &note, &mut stored).await? {
                    findings.push(Finding {
                        tenant: root.clone(),
                        seq: Some(entry.seq),
                        what,
                        meaning: "a signed checkpoint was taken out of a tenant's ledger or replaced there, or that ledger was rolled back".to_owned(),
                    });
                }
            }
            start = end;
        }
        Ok(findings)
    }

    async fn leaf_differs(
        &self,
        log: &str,
        note: &str,
        stored: &mut Stored,
    ) -> Result<Option<String>, DomainError> {
        let parsed = SignedNote::parse(note).ok();
        let body = parsed.and_then(|note| CheckpointBody::parse(note.text()).ok());
        let (Some(body), Ok(tenant)) = (body, TenantId::parse(log)) else {
            return Ok(Some("it carries no checkpoint of a tenant".to_owned()));
        };
        if !stored.get(&tenant).is_some_and(|notes| notes.sizes.contains(&body.size)) {
            stored.insert(tenant.clone(), self.notes(&tenant, body.size).await?);
        }
        let there = stored.get(&tenant).and_then(|notes| notes.by_size.get(&body.size));
        Ok(match there {
            Some(there) if there == note => None,
            Some(_) => Some(format!(
                "the ledger of `{tenant}` holds another checkpoint of {} entries than this leaf",
                body.size
            )),
            None => Some(format!(
                "the ledger of `{tenant}` lacks the checkpoint of {} entries that this leaf is",
                body.size
            )),
        })
    }

    async fn notes(&self, tenant: &TenantId, size: u64) -> Result<Notes, DomainError> {
        let signed = self.ledger.checkpoints(tenant, CheckpointsFrom::Size(size), PAGE).await?;
        // Another one of the last size may be on the next page.
        let full = signed.len() >= PAGE as usize;
        let end = signed.last().filter(|_| full).map_or(u64::MAX, |last| last.size);
        let notes = signed.into_iter().map(|checkpoint| (checkpoint.size, checkpoint.note));
        Ok(Notes { sizes: size..end, by_size: notes.collect() })
    }
}

/// The tenant and the note of a leaf that is a checkpoint.
fn leaf(entry: &Entry) -> Option<(String, String)> {
    let fact = canonical::parse(&entry.bytes).ok()?;
    if fact.member("kind")?.as_str()? != FactKind::LogCheckpoint.as_str() {
        return None;
    }
    let body = fact.member("body")?;
    let text = |name: &str| body.member(name).and_then(Value::as_str).map(str::to_owned);
    Some((text("log")?, text("note")?))
}
