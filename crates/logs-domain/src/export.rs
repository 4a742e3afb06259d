//! Evidence of a run: one file that verifies offline.

use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;

use adapters::{BundleEntry, Drawn, EntryProofs, EvidenceBundle, PdfRenderer};
use audit_evidence::{ProofText, inclusion_proof, range_proof};
use store_traits::{
    Actor, Checkpoint, Content, Digest, Draft, DraftMeta, FactKind, Identity, Object, Origin,
    RunId, RunSummary, SourceDomain, TenantId, Value,
};

use crate::import::blocking;
use crate::{DomainError, LogsDomain, report};

/// What an export leaves out. The commitments stay in the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withhold {
    /// Nothing: prompts, answers and payloads are in the bundle.
    Nothing,
    /// Everything that lies behind a commitment.
    Content,
}

/// A bundle that was written.
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

    /// Writes everything recorded for a run, with proofs, into one deterministic zip; then records
    /// that it was exported. The same run gives the same bytes until it has new entries.
    ///
    /// # Errors
    /// The run is unknown, there is no key, the file is already there or cannot be written: then
    /// nothing is left behind.
    pub async fn export_run(
        &self,
        tenant: &TenantId,
        run: &RunId,
        withhold: Withhold,
        out: &Path,
    ) -> Result<Exported, DomainError> {
        if out.exists() {
            return Err(DomainError::Exists { path: out.to_owned() });
        }
        let bundle = self.bundle(tenant, run, withhold).await?;
        let (entries, tree_size) = (bundle.entries.len() as u64, bundle.tree_size);
        let signer = self.shared_signer()?;
        let bytes = blocking(move || {
            bundle
                .write(signer.as_ref(), Drawn::With(&PdfRenderer), Vec::new())
                .map_err(|error| DomainError::Bundle(error.to_string()))
        })
        .await?;
        let sha256 = replay_determinism::sha256(&bytes);
        write_whole(out, &bytes)?;
        let exported = Exported { entries, bytes: bytes.len() as u64, sha256, tree_size };
        self.record_export(tenant, run, withhold, &exported).await?;
        Ok(exported)
    }

    async fn bundle(
        &self,
        tenant: &TenantId,
        run: &RunId,
        withhold: Withhold,
    ) -> Result<EvidenceBundle, DomainError> {
        let seqs = self.ledger.run_seqs(tenant, run).await?;
        let Some(last) = seqs.last() else {
            return Err(DomainError::NoSuchRun(format!("tenant `{tenant}` has no run `{run}`")));
        };
        let checkpoint = self.checkpoint_covering(tenant, last + 1).await?;
        let ranges = ranges(&seqs);
        let mut entries = Vec::with_capacity(seqs.len());
        for range in &ranges {
            self.read_range(tenant, range.clone(), withhold, &mut entries).await?;
        }
        let proofs = self.proofs(tenant, &ranges, &checkpoint).await?;
        let report = report::of_run(self, tenant, run, &checkpoint).await?;
        Ok(EvidenceBundle {
            tenant: tenant.as_str().to_owned(),
            origin: self.log_origin(tenant),
            vkey: self.verifier_key(tenant)?.to_string(),
            query: query(tenant, run, withhold),
            checkpoint_note: checkpoint.note,
            tree_size: checkpoint.size,
            root: checkpoint.root,
            entries,
            proofs,
            report,
        })
    }

    async fn read_range(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
        withhold: Withhold,
        into: &mut Vec<BundleEntry>,
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
            for entry in self.ledger.entries(tenant, start..end).await? {
                let mut own: Vec<Content> = Vec::new();
                while let Some(content) = contents.next_if(|content| content.seq <= entry.seq) {
                    own.push(content);
                }
                into.push(BundleEntry { seq: entry.seq, bytes: entry.bytes, contents: own });
            }
            start = end;
        }
        Ok(())
    }

    /// One proof a stretch of entries: a range proof, or for a lone entry a `.tlog-proof`.
    async fn proofs(
        &self,
        tenant: &TenantId,
        ranges: &[Range<u64>],
        checkpoint: &Checkpoint,
    ) -> Result<EntryProofs, DomainError> {
        let failed = |error: audit_evidence::ProveError| DomainError::Proof(error.to_string());
        let ledger = self.ledger.as_ref();
        let note = || checkpoint.note.clone();
        let mut proofs = EntryProofs::default();
        for Range { start, end } in ranges.iter().cloned() {
            if end == start + 1 {
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
        run: &RunId,
        withhold: Withhold,
        exported: &Exported,
    ) -> Result<(), DomainError> {
        let mut body = query(tenant, run, withhold);
        body.insert("record", "export".into());
        body.insert("sha256", exported.sha256.to_string().into());
        body.insert("bytes", Value::unsigned(exported.bytes));
        body.insert("entries", Value::unsigned(exported.entries));
        body.insert("tree_size", Value::unsigned(exported.tree_size));
        let draft = Draft {
            kind: FactKind::ExportCompleted,
            meta: DraftMeta {
                run_id: None,
                trace_id: None,
                correlation_id: None,
                policy_ids: Vec::new(),
                incident_ids: Vec::new(),
                actor: Actor::System { component: "factlog".to_owned() },
                occurred_at: self.clock.now(),
                source_domain: SourceDomain::Logs,
                source_component: "export".to_owned(),
                origin: Origin::System,
            },
            body,
            committed: Vec::new(),
            identity: Identity::Content,
        };
        self.recorder.record(tenant, &[draft]).await?;
        Ok(())
    }
}

/// The exact request, as data: the auditor sees what was asked.
fn query(tenant: &TenantId, run: &RunId, withhold: Withhold) -> Object {
    let withhold = match withhold {
        Withhold::Nothing => "nothing",
        Withhold::Content => "content",
    };
    Object::from([
        ("profile", "evidence".into()),
        ("tenant", tenant.as_str().into()),
        ("run", run.as_str().into()),
        ("withhold", withhold.into()),
    ])
}

/// Stretches without a gap.
fn ranges(seqs: &[u64]) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for seq in seqs {
        match ranges.last_mut() {
            Some(last) if last.end == *seq => last.end = seq + 1,
            _ => ranges.push(*seq..seq + 1),
        }
    }
    ranges
}

/// Writes the whole file or nothing: under a temporary name in the same folder, then renamed.
fn write_whole(out: &Path, bytes: &[u8]) -> Result<(), DomainError> {
    let wrong = |source| DomainError::File { doing: "write", path: out.to_owned(), source };
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut part = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
    part.write_all(bytes).and_then(|()| part.as_file().sync_all()).map_err(wrong)?;
    let file: File = part.persist_noclobber(out).map_err(|error| wrong(error.error))?;
    readable(&file).map_err(wrong)?;
    // The new name is durable once the folder is.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(wrong)
}

/// Temporary files are made for the owner alone; evidence is meant to be handed on.
#[cfg(unix)]
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_end_at_gaps() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), [0..3, 5..6, 7..9]);
        assert!(ranges(&[]).is_empty());
    }
}
