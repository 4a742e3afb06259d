//! Evidence of a run, an incident, an actor or a period: one file that verifies offline.

mod events;
mod file;
mod request;
mod selected;

use std::ops::Range;
use std::path::Path;

use adapters::{BundleEntry, Drawn, EntryProofs, EvidenceBundle, PdfRenderer};
use audit_evidence::{ProofText, inclusion_proof, range_proof};
use store_traits::{
    Checkpoint, Content, Digest, Draft, Entry, FactKind, Identity, RunId, RunSummary, StoreError,
    TenantId, Value,
};

use self::selected::Selected;
use crate::import::blocking;
use crate::own_facts::own_meta;
use crate::{DomainError, LogsDomain, report};

pub use events::ExportedEvents;
pub use file::WholeFile;
pub(crate) use file::{is_free, write_whole};
pub use request::{ExportRequest, ExportSubject, Withhold};

/// A bundle is made in memory: entries and contents are at most so many bytes.
const MOST_BYTES: u64 = 512 << 20;

/// A bundle that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Entries in it.
    pub entries: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Digest,
    /// Size of the tree under its checkpoint.
    pub tree_size: u64,
}

/// How a lone entry is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alone {
    /// As a `.tlog-proof`.
    Inclusion,
    /// As a range of one.
    Range,
}

fn as_recorded(entry: &Entry) -> bool {
    replay_determinism::leaf_hash(&entry.bytes).as_bytes() == entry.leaf_hash.as_slice()
}

impl LogsDomain {
    /// The envelope of a run that is known to be there.
    ///
    /// # Errors
    /// The store failed, or no fact speaks of the run.
    pub async fn summary(&self, tenant: &TenantId, run: &RunId) -> Result<RunSummary, DomainError> {
        self.logs().run(tenant, run).await?.value.ok_or_else(|| {
            DomainError::NoSuchRun(format!(
                "tenant `{tenant}` has no step of the run `{run}` (`factlog trace` lists what was said of it)"
            ))
        })
    }

    /// Writes what is asked for, with proofs, into one deterministic zip; then records that it was
    /// exported. The same request gives the same bytes until there are new entries that answer it.
    ///
    /// # Errors
    /// The request cannot be answered, nothing answers it, there is no key, the file is already there or
    /// cannot be written: then nothing is left behind.
    pub async fn export(
        &self,
        tenant: &TenantId,
        request: &ExportRequest,
        out: &Path,
    ) -> Result<Exported, DomainError> {
        request.checked()?;
        is_free(out)?;
        let (bytes, exported) = self.made(tenant, request).await?;
        write_whole(out, &bytes)?;
        self.record_export(tenant, request, &exported).await?;
        Ok(exported)
    }

    /// As [`LogsDomain::export`], for whoever hands the bytes on himself: they are given when it is
    /// recorded that they were made.
    ///
    /// # Errors
    /// The request cannot be answered, nothing answers it, there is no key, or the store failed.
    pub async fn export_bytes(
        &self,
        tenant: &TenantId,
        request: &ExportRequest,
    ) -> Result<(Vec<u8>, Exported), DomainError> {
        request.checked()?;
        let (bytes, exported) = self.made(tenant, request).await?;
        self.record_export(tenant, request, &exported).await?;
        Ok((bytes, exported))
    }

    async fn made(
        &self,
        tenant: &TenantId,
        request: &ExportRequest,
    ) -> Result<(Vec<u8>, Exported), DomainError> {
        let bundle = self.bundle(tenant, request).await?;
        let (entries, tree_size) = (bundle.entries.len() as u64, bundle.tree_size);
        let signer = self.shared_signer()?;
        let bytes = blocking(move || {
            bundle
                .write(signer.as_ref(), Drawn::With(&PdfRenderer), Vec::new())
                .map_err(|error| DomainError::Bundle(error.to_string()))
        })
        .await?;
        let sha256 = replay_determinism::sha256(&bytes);
        let exported = Exported { entries, bytes: bytes.len() as u64, sha256, tree_size };
        Ok((bytes, exported))
    }

    async fn bundle(
        &self,
        tenant: &TenantId,
        request: &ExportRequest,
    ) -> Result<EvidenceBundle, DomainError> {
        let Selected { checkpoint, ranges, answering } =
            self.selected(tenant, &request.subject).await?;
        let mut entries = Vec::new();
        let mut bytes = 0;
        for range in &ranges {
            self.read_range(tenant, range.clone(), request.contents(), &mut entries, &mut bytes)
                .await?;
        }
        // The contents of an entry at a border are none of the reader's business.
        for entry in &mut entries {
            if answering.binary_search(&entry.seq).is_err() {
                entry.contents.clear();
            }
        }
        let alone = match &request.subject {
            // Also of a lone entry: that nothing lies beside it is what a period asks.
            ExportSubject::Period(_) => Alone::Range,
            ExportSubject::Run(_) | ExportSubject::Incident(_) | ExportSubject::Actor { .. } => {
                Alone::Inclusion
            }
        };
        let proofs = self.proofs(tenant, &ranges, &checkpoint, alone).await?;
        let runs = match &request.subject {
            ExportSubject::Run(run) => vec![report::of_run(self, tenant, run).await?],
            ExportSubject::Incident(_) | ExportSubject::Actor { .. } | ExportSubject::Period(_) => {
                Vec::new()
            }
        };
        Ok(EvidenceBundle {
            tenant: tenant.as_str().to_owned(),
            origin: self.log_origin(tenant),
            vkey: self.verifier_key(tenant)?.to_string(),
            query: request.query(tenant),
            report: report::under(self, tenant, &checkpoint, request.title(), runs).await?,
            checkpoint_note: checkpoint.note,
            tree_size: checkpoint.size,
            root: checkpoint.root,
            entries,
            proofs,
        })
    }

    async fn read_range(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
        withhold: Withhold,
        into: &mut Vec<BundleEntry>,
        bytes: &mut u64,
    ) -> Result<(), DomainError> {
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + 1_000);
            let mut contents = match withhold {
                Withhold::Nothing => self.ledger.contents(tenant, start..end).await?,
                Withhold::Content => Vec::new(),
            }
            .into_iter()
            .peekable();
            let mut entries = self.ledger.entries(tenant, start..end).await?.into_iter();
            for seq in start..end {
                // What somebody edited or took away proves nothing: nobody should be handed it as evidence.
                let entry = entries.next().filter(|entry| entry.seq == seq && as_recorded(entry));
                let entry = entry.ok_or_else(|| {
                    let what = format!("entry {seq} of `{tenant}` is not there as it was recorded");
                    StoreError::Corrupt { what }
                })?;
                let mut own: Vec<Content> = Vec::new();
                while let Some(content) = contents.next_if(|content| content.seq <= entry.seq) {
                    *bytes += content.bytes.len() as u64;
                    own.push(content);
                }
                *bytes += entry.bytes.len() as u64;
                into.push(BundleEntry { seq: entry.seq, bytes: entry.bytes, contents: own });
            }
            if *bytes > MOST_BYTES {
                return Err(DomainError::Request(format!(
                    "the export would hold more than {} MiB (ask for a shorter period, or withhold the contents)",
                    MOST_BYTES >> 20
                )));
            }
            start = end;
        }
        Ok(())
    }

    /// One proof a stretch of entries.
    async fn proofs(
        &self,
        tenant: &TenantId,
        ranges: &[Range<u64>],
        checkpoint: &Checkpoint,
        alone: Alone,
    ) -> Result<EntryProofs, DomainError> {
        let failed = |error: audit_evidence::ProveError| DomainError::Proof(error.to_string());
        let ledger = self.ledger.as_ref();
        let note = || checkpoint.note.clone();
        let mut proofs = EntryProofs::default();
        for Range { start, end } in ranges.iter().cloned() {
            if end == start + 1 && alone == Alone::Inclusion {
                let proof = inclusion_proof(ledger, tenant, start, checkpoint.size)
                    .await
                    .map_err(failed)?;
                let text =
                    ProofText::Inclusion { entry: None, index: start, proof, checkpoint: note() };
                proofs.inclusion(start, text.to_string());
            } else {
                let proof = range_proof(ledger, tenant, start, end, checkpoint.size)
                    .await
                    .map_err(failed)?;
                proofs.range(start, end, ProofText::range(proof, None, note()).to_string());
            }
        }
        Ok(proofs)
    }

    /// That evidence left the house is a fact too. It is not a fact of the run: the next export of
    /// the run gives the same bytes.
    async fn record_export(
        &self,
        tenant: &TenantId,
        request: &ExportRequest,
        exported: &Exported,
    ) -> Result<(), DomainError> {
        let mut body = request.query(tenant);
        if let ExportSubject::Run(run) = &request.subject {
            // What the list of exports is filtered by.
            body.insert("run_id", run.as_str().into());
        }
        body.insert("record", "export".into());
        body.insert("sha256", exported.sha256.to_string().into());
        body.insert("bytes", Value::unsigned(exported.bytes));
        body.insert("entries", Value::unsigned(exported.entries));
        body.insert("tree_size", Value::unsigned(exported.tree_size));
        let draft = Draft {
            kind: FactKind::ExportCompleted,
            meta: own_meta("export", self.clock.now()),
            body,
            committed: Vec::new(),
            identity: Identity::Content,
        };
        self.recorder.record(tenant, &[draft]).await?;
        Ok(())
    }
}
