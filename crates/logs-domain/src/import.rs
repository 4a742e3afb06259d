//! Import: a file becomes facts.
//!
//! The whole input is read once before anything is recorded, so that a file that is broken at its
//! end leaves nothing behind. Then one thread reads and maps while this one records: batches go
//! through a short channel, so memory does not grow with the input.

use audit_evidence::Outcome;
use intake::{Format, Hint, IntakeError, Item, Mapped, Mapper, Position, Rejection, Signal, Stop};
use redaction::Report;
use store_traits::{Draft, FactId, Identity, TenantId, Timestamp};
use tokio::sync::mpsc;

use crate::{DomainError, Input, LogsDomain};

/// Drafts that are recorded as one commit.
const BATCH: usize = 1_000;
/// Records that cannot be read of which each leaves a fact: a post of a few kilobytes can hold millions of
/// them. How many more there were is one fact.
const MOST_REJECTIONS: u64 = 1_000;
/// Conflicts and rejections that a summary tells of; the counts are exact.
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
    /// Records that cannot be facts. Each left a rejection fact; of those that cannot be read, the first 1,000,
    /// and one fact counts the others.
    pub rejected: u64,
    /// Secrets and personal data replaced before recording, in new facts: how many of which kind,
    /// and where in their records.
    pub redacted: Report,
    /// The first conflicts and rejections in words.
    pub notes: Vec<String>,
    /// The first facts that were read and not taken.
    pub refused: Vec<RefusedFact>,
    /// What stands in the ledger for each fact, in order; `None` where nobody asked for receipts.
    pub receipts: Option<Vec<FactReceipt>>,
}

/// What stands in the ledger for a fact that was taken, now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactReceipt {
    /// The line that it stood on, from 1, where a line is a fact.
    pub line: Option<u64>,
    /// Its entry. It is durable and a leaf of the tree: [`LogsDomain::receipt`] proves it.
    pub entry: u64,
    /// Its id.
    pub id: FactId,
    /// Was it recorded before?
    pub duplicate: bool,
}

/// A fact that was read and not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFact {
    /// The line that it stood on, from 1, where a line is a fact.
    pub line: Option<u64>,
    /// The entry that stands in its place, where it is a conflict.
    pub entry: Option<u64>,
    /// Why.
    pub reason: String,
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
        self.refused.extend(other.refused);
        self.refused.truncate(MAX_NOTES);
        if let Some(more) = other.receipts {
            self.receipts.get_or_insert_default().extend(more);
        }
    }

    fn note(&mut self, text: String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(text);
        }
    }

    fn refuse(&mut self, refused: RefusedFact) {
        if self.refused.len() < MAX_NOTES {
            self.refused.push(refused);
        }
    }
}

/// Whether an import looks at the policy of checkpoints.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signing {
    WhenDue,
    Later,
}

/// Whether somebody wants to know what stands for each fact. Of a large input that is long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipts {
    /// The counts alone.
    No,
    /// One for each fact that stands in the ledger.
    Each,
}

/// Which input records are from.
struct Offered {
    name: String,
    signal: Signal,
    /// Records of it that could not be read.
    unreadable: u64,
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
        input: Input,
        hint: Hint,
    ) -> Result<ImportSummary, DomainError> {
        self.record_input(tenant, input, hint, Signing::WhenDue, Receipts::No).await
    }

    /// As [`LogsDomain::import`], and signs nothing. For whoever answers to others for what they
    /// sent: that it is recorded is true whether or not a checkpoint can be signed. Call
    /// [`LogsDomain::checkpoint_if_due`] afterwards.
    ///
    /// # Errors
    /// As [`LogsDomain::import`].
    pub async fn receive(
        &self,
        tenant: &TenantId,
        input: Input,
        hint: Hint,
        receipts: Receipts,
    ) -> Result<ImportSummary, DomainError> {
        self.record_input(tenant, input, hint, Signing::Later, receipts).await
    }

    /// Can facts be recorded for this tenant?
    ///
    /// # Errors
    /// Its name is one that the log keeps for itself.
    pub fn may_record(&self, tenant: &TenantId) -> Result<(), DomainError> {
        if *tenant == Self::root_log()? {
            return Err(DomainError::Reserved(tenant.clone()));
        }
        Ok(())
    }

    async fn record_input(
        &self,
        tenant: &TenantId,
        mut input: Input,
        hint: Hint,
        signing: Signing,
        receipts: Receipts,
    ) -> Result<ImportSummary, DomainError> {
        self.may_record(tenant)?;
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

        let mut offered = Offered { name, signal: signal_of(format), unreadable: 0 };
        let (send, mut receive) = mpsc::channel::<Vec<Read>>(2);
        let reader =
            tokio::task::spawn_blocking(move || send_batches(input, format, &mapper, &send));
        let receipts = (receipts == Receipts::Each).then(Vec::new);
        let mut summary = ImportSummary { receipts, ..ImportSummary::default() };
        while let Some(batch) = receive.recv().await {
            self.record_batch(tenant, &mut offered, batch, &mut summary).await?;
            if signing == Signing::WhenDue {
                self.checkpoint_if_due(tenant).await?;
            }
        }
        if let Some(rest) = offered.unreadable.checked_sub(MOST_REJECTIONS).filter(|more| *more > 0)
        {
            let path = format!("behind the first {MOST_REJECTIONS} that were rejected");
            let position = Position { file: offered.name.clone(), record: 0, path };
            let reason = format!("{rest} more records cannot be read");
            let rejection = Rejection { signal: offered.signal, position, reason };
            let draft = intake::rejection_draft(&rejection, self.clock.now());
            self.recorder.record_owned(tenant, vec![draft]).await?;
        }
        match reader.await.map_err(|error| DomainError::Task(error.to_string()))? {
            Ok(()) | Err(IntakeError::Stopped) => Ok(summary),
            Err(error) => Err(error.into()),
        }
    }

    async fn record_batch(
        &self,
        tenant: &TenantId,
        offered: &mut Offered,
        batch: Vec<Read>,
        summary: &mut ImportSummary,
    ) -> Result<(), DomainError> {
        let name = &offered.name.clone();
        let now = self.clock.now();
        let mut drafts: Vec<Draft> = Vec::with_capacity(batch.len());
        let mut read_as = Vec::with_capacity(batch.len());
        for read in batch {
            match read {
                Read::Fact(mapped) => {
                    drafts.push(mapped.draft);
                    read_as.push(Some((mapped.redacted, mapped.line)));
                }
                Read::Rejected(rejection) => {
                    summary.rejected += 1;
                    offered.unreadable += 1;
                    if offered.unreadable > MOST_REJECTIONS {
                        continue;
                    }
                    summary.note(format!(
                        "rejected: {}: {}",
                        place(name, &rejection),
                        rejection.reason
                    ));
                    drafts.push(intake::rejection_draft(&rejection, now));
                    read_as.push(None);
                }
            }
        }
        let identities: Vec<_> = drafts.iter().map(|draft| draft.identity.clone()).collect();
        let outcomes = self.recorder.record_owned(tenant, drafts).await?;
        let mut refused = Vec::new();
        for ((outcome, read_as), identity) in outcomes.into_iter().zip(read_as).zip(&identities) {
            if let (Some(receipts), Some((_, line))) = (&mut summary.receipts, &read_as) {
                receipts.extend(receipt(&outcome, *line));
            }
            match (outcome, read_as) {
                (Outcome::Recorded { .. }, Some((redacted, _))) => {
                    summary.facts += 1;
                    summary.redacted.merge(&redacted);
                }
                (Outcome::Duplicate { .. }, Some(_)) => summary.duplicates += 1,
                (Outcome::Conflict { key, seq }, Some((_, line))) => {
                    summary.conflicts += 1;
                    let reason = format!(
                        "`{key}` was recorded before with other content, as entry {seq}; that one stands"
                    );
                    summary.note(format!("conflict: {}: {reason}", on_line(name, line)));
                    let (entry, told) = (Some(seq), reason.clone());
                    summary.refuse(RefusedFact { line, entry, reason: told });
                    refused.push(refusal(identity, offered, reason, now));
                }
                (Outcome::Rejected { reason }, Some((_, line))) => {
                    summary.rejected += 1;
                    summary.note(format!("rejected: {}: {reason}", on_line(name, line)));
                    summary.refuse(RefusedFact { line, entry: None, reason: reason.clone() });
                    refused.push(refusal(identity, offered, reason, now));
                }
                // A rejection fact is not a fact of the input: it is counted as rejected.
                (_, None) => {}
            }
        }
        // A refusal is a fact too: without it the log could not say that something was offered.
        self.recorder.record_owned(tenant, refused).await?;
        Ok(())
    }
}

fn receipt(outcome: &Outcome, line: Option<u64>) -> Option<FactReceipt> {
    let (entry, id, duplicate) = match outcome {
        Outcome::Recorded { seq, id } => (*seq, id, false),
        Outcome::Duplicate { seq, id } => (*seq, id, true),
        Outcome::Conflict { .. } | Outcome::Rejected { .. } => return None,
    };
    Some(FactReceipt { line, entry, id: id.clone(), duplicate })
}

/// A well-formed record that the ledger did not take.
fn refusal(identity: &Identity, offered: &Offered, reason: String, now: Timestamp) -> Draft {
    let path = match identity {
        Identity::Key(key) => key.as_str().to_owned(),
        Identity::Content => "a record without a key".to_owned(),
    };
    let position = Position { file: offered.name.clone(), record: 0, path };
    intake::rejection_draft(&Rejection { signal: offered.signal, position, reason }, now)
}

/// A transcript and native lines tell of steps.
fn signal_of(format: Format) -> Signal {
    match format {
        Format::Otlp { signal, .. } => signal,
        Format::Mcp | Format::Native => Signal::Traces,
    }
}

fn on_line(name: &str, line: Option<u64>) -> String {
    line.map_or_else(|| name.to_owned(), |line| format!("{name}: line {line}"))
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
