//! Facts as a stream of CloudEvents, for systems that collect events.

use std::io::{self, Write};

use adapters::cloud_event;
use audit_evidence::fact_of;
use replay_determinism::Sha256Stream;
use store_traits::{Digest, Draft, FactKind, Identity, Object, RecordedFact, TenantId, Value};

use crate::own_facts::{is_own, own_meta, said};
use crate::{DomainError, LogsDomain};

/// Entries read at once.
const PAGE: u64 = 1_000;
/// `body.record` of the fact that they left the house.
const RECORD: &str = "export";
/// Its `body.profile`.
const PROFILE: &str = "events";

/// Events that were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportedEvents {
    /// How many.
    pub events: u64,
    /// The entry with which the next export goes on.
    pub next: u64,
    /// Bytes that were written.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: Digest,
}

impl LogsDomain {
    /// Writes every fact from the entry `from` on as a CloudEvent, one a line, in order of the entries, up to
    /// the newest that there is when it begins. Contents are in none. Then it is recorded that they left the
    /// house, unless they were nothing but such records.
    ///
    /// # Errors
    /// The ledger ends before `from`, an entry is missing or is no fact, nothing can be written, or the store
    /// failed; some lines may have been written, and then `export.failed` says how many at most.
    pub async fn export_events(
        &self,
        tenant: &TenantId,
        from: u64,
        out: &mut (dyn Write + Send),
    ) -> Result<ExportedEvents, DomainError> {
        let size = self.ledger.head(tenant).await?.size;
        if from > size {
            let why = format!("tenant `{tenant}` has {size} entries, and no entry {from}");
            return Err(DomainError::NoSuchFact(why));
        }
        let mut stream =
            Stream { out, first: from, next: from, others: 0, bytes: 0, hash: Sha256Stream::new() };
        let written = self.write_events(tenant, size, &mut stream).await;
        if let Err(error) = written {
            // What was written until then left the house too. That it failed is told in any case.
            if stream.next > from {
                drop(self.record_events(tenant, &stream, Err(&error)).await);
            }
            return Err(error);
        }
        let exported = ExportedEvents {
            events: stream.next - from,
            next: stream.next,
            bytes: stream.bytes,
            sha256: stream.hash.clone().finish(),
        };
        if stream.others > 0 {
            self.record_events(tenant, &stream, Ok(exported.sha256)).await?;
        }
        Ok(exported)
    }

    async fn write_events(
        &self,
        tenant: &TenantId,
        size: u64,
        stream: &mut Stream<'_>,
    ) -> Result<(), DomainError> {
        let origin = self.log_origin(tenant);
        while stream.next < size {
            let page = stream.next..size.min(stream.next + PAGE);
            let mut entries = self.ledger.entries(tenant, page.clone()).await?.into_iter();
            for seq in page {
                let Some(entry) = entries.next().filter(|entry| entry.seq == seq) else {
                    let why = format!("entry {seq} is missing from the database");
                    return Err(DomainError::Proof(why));
                };
                let fact = fact_of(&entry)?;
                stream.event(&fact, cloud_event(&origin, &fact)).map_err(unwritten)?;
            }
        }
        stream.out.flush().map_err(unwritten)
    }

    async fn record_events(
        &self,
        tenant: &TenantId,
        stream: &Stream<'_>,
        came_to: Result<Digest, &DomainError>,
    ) -> Result<(), DomainError> {
        let mut body = Object::from([
            ("record", RECORD.into()),
            ("profile", PROFILE.into()),
            ("first_seq", Value::unsigned(stream.first)),
            ("entries", Value::unsigned(stream.next - stream.first)),
            ("bytes", Value::unsigned(stream.bytes)),
            ("withhold", "content".into()),
        ]);
        let kind = match came_to {
            Ok(sha256) => {
                body.insert("sha256", sha256.to_string().into());
                FactKind::ExportCompleted
            }
            Err(error) => {
                body.insert("error", error.to_string().into());
                FactKind::ExportFailed
            }
        };
        let draft = Draft {
            kind,
            meta: own_meta(RECORD, self.clock.now()),
            body,
            committed: Vec::new(),
            identity: Identity::Content,
        };
        self.record_own(tenant, draft).await.map(drop)
    }
}

/// Events on their way out: which, and the bytes that they took.
struct Stream<'o> {
    out: &'o mut (dyn Write + Send),
    first: u64,
    next: u64,
    /// Events that tell of something else than such an export.
    others: u64,
    bytes: u64,
    hash: Sha256Stream,
}

impl Stream<'_> {
    fn event(&mut self, fact: &RecordedFact, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        self.hash.update(&line);
        self.bytes += line.len() as u64;
        self.others += u64::from(!is_own_export(fact));
        self.next = fact.seq + 1;
        self.out.write_all(&line)
    }
}

/// A timer that ships events would for ever ship that it shipped.
fn is_own_export(fact: &RecordedFact) -> bool {
    is_own(fact, &FactKind::ExportCompleted, RECORD) && said(fact, "profile") == Some(PROFILE)
}

fn unwritten(source: io::Error) -> DomainError {
    DomainError::File { doing: "write", path: "the events".into(), source }
}
