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
    /// failed; some lines may have been written.
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
        let origin = self.log_origin(tenant);
        let mut counted = Counted { out, bytes: 0, hash: Sha256Stream::new() };
        let (mut next, mut others) = (from, 0);
        while next < size {
            let entries = self.ledger.entries(tenant, next..size.min(next + PAGE)).await?;
            if entries.is_empty() {
                let why = format!("entry {next} is missing from the database");
                return Err(DomainError::Proof(why));
            }
            for entry in &entries {
                if entry.seq != next {
                    let why = format!("entry {next} is missing from the database");
                    return Err(DomainError::Proof(why));
                }
                let fact = fact_of(entry)?;
                counted.line(cloud_event(&origin, &fact)).map_err(written)?;
                others += u64::from(!is_own_export(&fact));
                next += 1;
            }
        }
        counted.out.flush().map_err(written)?;
        let exported = ExportedEvents {
            events: next - from,
            next,
            bytes: counted.bytes,
            sha256: counted.hash.finish(),
        };
        if others > 0 {
            self.record_events(tenant, from, &exported).await?;
        }
        Ok(exported)
    }

    async fn record_events(
        &self,
        tenant: &TenantId,
        from: u64,
        exported: &ExportedEvents,
    ) -> Result<(), DomainError> {
        let body = Object::from([
            ("record", RECORD.into()),
            ("profile", PROFILE.into()),
            ("first_seq", Value::unsigned(from)),
            ("entries", Value::unsigned(exported.events)),
            ("bytes", Value::unsigned(exported.bytes)),
            ("sha256", exported.sha256.to_string().into()),
            ("withhold", "content".into()),
        ]);
        let draft = Draft {
            kind: FactKind::ExportCompleted,
            meta: own_meta(RECORD, self.clock.now()),
            body,
            committed: Vec::new(),
            identity: Identity::Content,
        };
        self.record_own(tenant, draft).await.map(drop)
    }
}

/// Lines with their number of bytes and their hash.
struct Counted<'o> {
    out: &'o mut (dyn Write + Send),
    bytes: u64,
    hash: Sha256Stream,
}

impl Counted<'_> {
    fn line(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        self.hash.update(&line);
        self.bytes += line.len() as u64;
        self.out.write_all(&line)
    }
}

/// A timer that ships events would for ever ship that it shipped.
fn is_own_export(fact: &RecordedFact) -> bool {
    is_own(fact, &FactKind::ExportCompleted, RECORD) && said(fact, "profile") == Some(PROFILE)
}

fn written(source: io::Error) -> DomainError {
    DomainError::File { doing: "write", path: "the events".into(), source }
}
