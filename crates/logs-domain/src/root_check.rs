//! The root log's leaves against the checkpoints that the tenants' ledgers hold.

use std::collections::BTreeMap;

use audit_evidence::{CheckpointBody, Finding, SignedNote};
use replay_determinism::canonical;
use store_traits::{Entry, FactKind, TenantId, Value};

use crate::{DomainError, LogsDomain};

/// Leaves read at a time.
const CHUNK: u64 = 500;

/// What was read of the tenants: each one's stored notes by size.
type Stored = BTreeMap<TenantId, BTreeMap<u64, String>>;

impl LogsDomain {
    /// Every leaf is a checkpoint that its tenant's ledger still holds, as it was signed. A
    /// checkpoint that was taken out of a ledger, or replaced there, is found by its leaf.
    pub(crate) async fn root_findings(&self, root: &TenantId) -> Result<Vec<Finding>, DomainError> {
        let size = self.ledger.head(root).await?.size;
        let (mut findings, mut stored, mut start) = (Vec::new(), Stored::new(), 0);
        while start < size {
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
        if !stored.contains_key(&tenant) {
            let signed = self.ledger.checkpoints(&tenant).await?;
            let notes = signed.into_iter().map(|checkpoint| (checkpoint.size, checkpoint.note));
            stored.insert(tenant.clone(), notes.collect());
        }
        let there = stored.get(&tenant).and_then(|notes| notes.get(&body.size));
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
