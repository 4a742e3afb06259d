//! Import: a file becomes facts.
//!
//! The whole input is read once before anything is recorded, so that a file that is broken at its
//! end leaves nothing behind. Then one thread reads and maps while this one records: batches go
//! through a short channel, so memory does not grow with the input.

use audit_evidence::Outcome;
use intake::{Format, Hint, IntakeError, Item, Mapped, Mapper, Position, Rejection, Signal, Stop};
use redaction::Report;
use store_traits::{Draft, Identity, TenantId, Timestamp};
use tokio::sync::mpsc;

use crate::{DomainError, Input, LogsDomain};

/// Drafts that are recorded as one commit.
const BATCH: usize = 1_000;
/// Texts of conflicts and rejections that a summary keeps; the counts are exact.
const MAX_NOTES: usize = 20;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// New facts.
    pub facts: u64,
    /// Facts that were recorded before.
    pub duplicates: u64,
    /// Facts that were refused because another fact has their key.
    pub conflicts: u64,
    /// Records that cannot be facts; each left a rejection fact.
    pub rejected: u64,
    /// Secrets and personal data replaced before recording, in new facts: how many of which kind,
    /// and where in their records.
    pub redacted: Report,
    /// The first conflicts and rejections in words.
    pub notes: Vec<String>,
}

impl ImportSummary {
    /// Adds another summary to this one.
    pub fn add(&mut self, other: Self) {
        self.facts += other.facts;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.rejected += other.rejected;
        self.redacted.merge(&other.redacted);
        self.notes.extend(other.notes);
        self.notes.truncate(MAX_NOTES);
    }

    fn note(&mut self, text: String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(text);
        }
    }
}

/// What the reading thread sends.
pub(crate) enum Read {
    Fact(Box<Mapped>),
    Rejected(Rejection),
}

impl LogsDomain {
    /// Records everything in an input. Safe to repeat: what was recorded before is a duplicate.
    ///
    /// # Errors
    /// The input cannot be read (nothing was recorded), or the store failed (whole batches before
    /// the failure are recorded; repeating the import records the rest).
    pub async fn import(
        &self,
        tenant: &TenantId,
        mut input: Input,
        hint: Hint,
    ) -> Result<ImportSummary, DomainError> {
        if *tenant == Self::root_log()? {
            return Err(DomainError::Reserved(tenant.clone()));
        }
        let name = input.name.clone();
        let mapper = Mapper::new(self.redactor.clone());
        let (input, format, mapper) = blocking(move || {
            let name = input.name.clone();
            let format = intake::detect(&mut input, hint, &name)?;
            // The first reading validates: an error here leaves nothing behind.
            validate(&mut input, format, &mapper)?;
            Ok((input, format, mapper))
        })
        .await?;

        let (send, mut receive) = mpsc::channel::<Vec<Read>>(2);
        let reader =
            tokio::task::spawn_blocking(move || send_batches(input, format, &mapper, &send));
        let mut summary = ImportSummary::default();
        while let Some(batch) = receive.recv().await {
            self.record_batch(tenant, &name, batch, &mut summary).await?;
        }
        match reader.await.map_err(|error| DomainError::Task(error.to_string()))? {
            Ok(()) | Err(IntakeError::Stopped) => Ok(summary),
            Err(error) => Err(error.into()),
        }
    }

    async fn record_batch(
        &self,
        tenant: &TenantId,
        name: &str,
        batch: Vec<Read>,
        summary: &mut ImportSummary,
    ) -> Result<(), DomainError> {
        let now = self.clock.now();
        let mut drafts: Vec<Draft> = Vec::with_capacity(batch.len());
        let mut redactions = Vec::with_capacity(batch.len());
        for read in batch {
            match read {
                Read::Fact(mapped) => {
                    drafts.push(mapped.draft);
                    redactions.push(Some(mapped.redacted));
                }
                Read::Rejected(rejection) => {
                    summary.rejected += 1;
                    summary.note(format!(
                        "rejected: {}: {}",
                        place(name, &rejection),
                        rejection.reason
                    ));
                    drafts.push(intake::rejection_draft(&rejection, now));
                    redactions.push(None);
                }
            }
        }
        let identities: Vec<_> = drafts.iter().map(|draft| draft.identity.clone()).collect();
        let outcomes = self.recorder.record_owned(tenant, drafts).await?;
        let mut refused = Vec::new();
        for ((outcome, redacted), identity) in outcomes.into_iter().zip(redactions).zip(&identities)
        {
            match (outcome, redacted) {
                (Outcome::Recorded { .. }, Some(redacted)) => {
                    summary.facts += 1;
                    summary.redacted.merge(&redacted);
                }
                (Outcome::Duplicate { .. }, Some(_)) => summary.duplicates += 1,
                (Outcome::Conflict { key, seq }, Some(_)) => {
                    summary.conflicts += 1;
                    let reason = format!(
                        "`{key}` was recorded before with other content, as entry {seq}; that one stands"
                    );
                    summary.note(format!("conflict: {name}: {reason}"));
                    refused.push(refusal(identity, name, reason, now));
                }
                (Outcome::Rejected { reason }, Some(_)) => {
                    summary.rejected += 1;
                    summary.note(format!("rejected: {name}: {reason}"));
                    refused.push(refusal(identity, name, reason, now));
                }
                // A rejection fact is not a fact of the input: it is counted as rejected.
                (_, None) => {}
            }
        }
        // A refusal is a fact too: without it the log could not say that something was offered.
        self.recorder.record_owned(tenant, refused).await?;
        self.checkpoint_if_due(tenant).await
    }
}

/// A well-formed record that the ledger did not take.
fn refusal(identity: &Identity, name: &str, reason: String, now: Timestamp) -> Draft {
    let path = match identity {
        Identity::Key(key) => key.as_str().to_owned(),
        Identity::Content => "a record without a key".to_owned(),
    };
    let position = Position { file: name.to_owned(), record: 0, path };
    intake::rejection_draft(&Rejection { signal: Signal::Traces, position, reason }, now)
}

fn place(name: &str, rejection: &Rejection) -> String {
    format!("{name}: {}", rejection.position.path)
}

fn send_batches(
    mut input: Input,
    format: Format,
    mapper: &Mapper,
    send: &mpsc::Sender<Vec<Read>>,
) -> Result<(), IntakeError> {
    let mut batch = Vec::with_capacity(BATCH);
    read(&mut input, format, mapper, &mut |item| {
        batch.push(item);
        if batch.len() < BATCH {
            return Ok(());
        }
        send.blocking_send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))
            .map_err(|_| Stop)
    })?;
    if !batch.is_empty() {
        // A closed channel means that recording failed, and that error is the one to show.
        let _ = send.blocking_send(batch);
    }
    Ok(())
}

/// Reads the whole input and records nothing.
fn validate(input: &mut Input, format: Format, mapper: &Mapper) -> Result<(), IntakeError> {
    let name = input.name.clone();
    match format {
        Format::Otlp { form, signal } => {
            intake::read_otlp(input, form, signal, &name, &mut |_| Ok(()))
        }
        // Their lines are only known to be good once they are mapped.
        Format::Mcp | Format::Native => read(input, format, mapper, &mut |_| Ok(())),
    }
}

/// Reads any format from its start, item by item.
pub(crate) fn read(
    input: &mut Input,
    format: Format,
    mapper: &Mapper,
    each: &mut dyn FnMut(Read) -> Result<(), Stop>,
) -> Result<(), IntakeError> {
    let name = input.name.clone();
    match format {
        Format::Otlp { form, signal } => {
            intake::read_otlp(input, form, signal, &name, &mut |item| match item {
                Item::Record(record) => match mapper.record(record) {
                    Ok(mapped) => each(Read::Fact(Box::new(mapped))),
                    Err(rejection) => each(Read::Rejected(rejection)),
                },
                Item::Rejected(rejection) => each(Read::Rejected(rejection)),
            })
        }
        Format::Mcp => intake::read_mcp(&mut input.lines()?, &name, mapper, &mut |m| {
            each(Read::Fact(Box::new(m)))
        }),
        Format::Native => intake::read_native(&mut input.lines()?, &name, mapper, &mut |m| {
            each(Read::Fact(Box::new(m)))
        }),
    }
}

/// Runs reading and parsing beside the runtime, not on it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DomainError> + Send + 'static,
) -> Result<T, DomainError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| DomainError::Task(error.to_string()))?
}
