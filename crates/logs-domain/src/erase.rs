//! Erasing what lies behind commitments: prompts, answers, payloads, names.
//!
//! The entry, its commitment and every proof stay as they are. For each content a `content.erased` fact is
//! recorded first, durably, and then the content is removed: whoever is interrupted in between repeats
//! the erasure, and until then verification names what is still there. A content that is gone without
//! such a fact is a finding.

use audit_evidence::{Outcome, fact_of};
use store_traits::{
    Content, ContentPlace, Draft, DraftMeta, Erased, FactKind, Identity, Leftover, Object, Origin,
    RecordedFact, RunId, TenantId, TenantSecret, Value,
};

use crate::own_facts::{own_meta, sealed_key, unrecorded};
use crate::run_entries::{around, stretches};
use crate::{DomainError, ExportSubject, LogsDomain};

/// `body.record` of these facts.
const RECORD: &str = "erasure";
/// Contents that are erased at once.
const AT_ONCE: usize = 500;

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasable {
    /// All contents of the entries that a subject is about, as an export of it holds them.
    Subject(ExportSubject),
    /// Contents of one entry.
    Entry {
        /// The entry.
        seq: u64,
        /// The one behind this commitment alone.
        pointer: Option<String>,
    },
}

/// An erasure that is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureOrder {
    /// What is to be erased.
    pub what: Erasable,
    /// On whose authority: a request's number, an office; 1 to 1,000 characters.
    pub authority: String,
    /// Why, in 1 to 1,000 characters.
    pub reason: String,
    /// Who orders it, if a person does: a subject id.
    pub by: Option<String>,
}

/// Contents that lie there now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasableContents {
    /// Entries that have any.
    pub entries: u64,
    /// How many.
    pub contents: u64,
    /// Their bytes, without salts.
    pub bytes: u64,
}

/// What an erasure did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasureOutcome {
    /// What was erased; nothing where nothing lay there.
    pub erased: ErasableContents,
    /// The entry that records the order; `None` where nothing lay there.
    pub order: Option<u64>,
    /// What a reader of the database's own files may still find.
    pub leftover: Leftover,
}

impl LogsDomain {
    /// Counts what an erasure would erase, and erases nothing.
    ///
    /// # Errors
    /// A legal hold is in force, there is no such entry, or the store failed.
    pub async fn erasable(
        &self,
        tenant: &TenantId,
        what: &Erasable,
    ) -> Result<ErasableContents, DomainError> {
        self.not_held(tenant, 0).await?;
        let mut counted = Counted::default();
        for stretch in stretches(&self.erasable_seqs(tenant, what).await?) {
            counted.add(&self.contents_of(tenant, what, stretch).await?);
        }
        Ok(counted.sum)
    }

    /// Erases contents, and records of each that it was erased, by whom, on whose authority and why.
    /// Repeated it erases what is left.
    ///
    /// # Errors
    /// A legal hold is in force, whoever opened the database may not erase, there is no such entry, a text
    /// is empty or too long: then nothing is erased. The store failed: then what was erased until then is
    /// recorded, and the rest is erased by repeating it.
    pub async fn erase(
        &self,
        tenant: &TenantId,
        order: &ErasureOrder,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<ErasureOutcome, DomainError> {
        if *tenant == Self::root_log()? {
            return Err(DomainError::Reserved(tenant.clone()));
        }
        let words = |name, text: &str| self.own_words(name, text).map_err(DomainError::Erasure);
        let (authority, reason) =
            (words("authority", &order.authority)?, words("reason", &order.reason)?);
        let mut meta = own_meta(RECORD, self.clock.now());
        if let Some(by) = &order.by {
            (meta.actor, meta.origin) = (self.person(by)?, Origin::Human);
        }
        self.not_held(tenant, 0).await?;
        // Asked before anything is recorded: a fact must not say what cannot be done.
        self.ledger.erase(tenant, &[]).await?;
        let seqs = self.erasable_seqs(tenant, &order.what).await?;
        let said = Said { secret: self.secret(tenant).await?, meta, authority, reason };
        let (mut counted, mut recorded, mut left) = (Counted::default(), None, Leftover::Nothing);
        for stretch in stretches(&seqs) {
            let contents = self.contents_of(tenant, &order.what, stretch).await?;
            if contents.is_empty() {
                continue;
            }
            if recorded.is_none() {
                recorded = Some(self.record_order(tenant, &order.what, &said).await?);
            }
            for some in contents.chunks(AT_ONCE) {
                self.not_held(tenant, counted.sum.contents).await?;
                let erased = counted.sum.contents;
                let Erased { leftover, .. } = self.erase_some(tenant, some, &said, erased).await?;
                left = left.max(leftover);
                counted.add(some);
                progress(counted.sum.contents);
            }
        }
        Ok(ErasureOutcome { erased: counted.sum, order: recorded, leftover: left })
    }

    async fn not_held(&self, tenant: &TenantId, erased: u64) -> Result<(), DomainError> {
        let holds = self.holds_in_force(tenant).await?;
        if holds.is_empty() {
            return Ok(());
        }
        Err(DomainError::Held { tenant: tenant.clone(), holds, erased })
    }

    async fn erasable_seqs(
        &self,
        tenant: &TenantId,
        what: &Erasable,
    ) -> Result<Vec<u64>, DomainError> {
        match what {
            Erasable::Subject(subject) => {
                subject.checked()?;
                let seqs = self.answering(tenant, subject).await?;
                if seqs.is_empty() {
                    let why = format!("tenant `{tenant}` has no fact of {}", subject.words());
                    return Err(DomainError::NoSuchFact(why));
                }
                Ok(seqs)
            }
            Erasable::Entry { seq, .. } => {
                let size = self.ledger.head(tenant).await?.size;
                if *seq >= size {
                    let why = format!("tenant `{tenant}` has {size} entries, and no entry {seq}");
                    return Err(DomainError::NoSuchFact(why));
                }
                Ok(vec![*seq])
            }
        }
    }

    /// Contents of the entries of a stretch, in order of (seq, pointer).
    async fn contents_of(
        &self,
        tenant: &TenantId,
        what: &Erasable,
        stretch: &[u64],
    ) -> Result<Vec<Content>, DomainError> {
        let mut contents = self.ledger.contents(tenant, around(stretch)).await?;
        contents.retain(|content| stretch.binary_search(&content.seq).is_ok());
        if let Erasable::Entry { pointer: Some(pointer), .. } = what {
            contents.retain(|content| content.pointer == *pointer);
        }
        Ok(contents)
    }

    /// That somebody ordered it is a fact of its own, which `factlog audit` lists.
    async fn record_order(
        &self,
        tenant: &TenantId,
        what: &Erasable,
        said: &Said,
    ) -> Result<u64, DomainError> {
        let mut body = said.body();
        body.insert("event", "content_erasure".into());
        match what {
            Erasable::Subject(subject) => body.extend(subject.query()),
            Erasable::Entry { seq, pointer } => {
                body.insert("seq", Value::unsigned(*seq));
                if let Some(pointer) = pointer {
                    body.insert("pointer", pointer.as_str().into());
                }
            }
        }
        let draft = Draft {
            kind: FactKind::AuditEvent,
            meta: said.meta.clone(),
            body,
            committed: Vec::new(),
            identity: Identity::Content,
        };
        match self.record_own(tenant, draft).await? {
            Outcome::Recorded { seq, .. } | Outcome::Duplicate { seq, .. } => Ok(seq),
            outcome => Err(DomainError::Erasure(unrecorded(&outcome))),
        }
    }

    /// Records that these are erased, then erases them.
    async fn erase_some(
        &self,
        tenant: &TenantId,
        contents: &[Content],
        said: &Said,
        erased: u64,
    ) -> Result<Erased, DomainError> {
        let seqs: Vec<u64> = contents.iter().map(|content| content.seq).collect();
        let mut unique = seqs.clone();
        unique.dedup();
        let entries = self.entries_of(tenant, &unique).await?;
        let facts = entries.iter().map(fact_of).collect::<Result<Vec<_>, _>>()?;
        let mut drafts = Vec::with_capacity(contents.len());
        for content in contents {
            let at = facts.binary_search_by_key(&content.seq, |fact| fact.seq);
            let Some(fact) = at.ok().and_then(|at| facts.get(at)) else {
                let why = format!("entry {} is missing from the database", content.seq);
                return Err(DomainError::Proof(why));
            };
            drafts.push(said.erased(fact, content)?);
        }
        for outcome in self.recorder.record(tenant, &drafts).await? {
            match outcome {
                // The fact was recorded by an erasure that was cut short.
                Outcome::Recorded { .. } | Outcome::Duplicate { .. } | Outcome::Conflict { .. } => {
                }
                rejected @ Outcome::Rejected { .. } => {
                    return Err(DomainError::Erasure(unrecorded(&rejected)));
                }
            }
        }
        // A hold that somebody placed meanwhile may stand before these facts, and then it holds.
        self.not_held(tenant, erased).await?;
        let places: Vec<ContentPlace> = contents
            .iter()
            .map(|content| ContentPlace { seq: content.seq, pointer: content.pointer.clone() })
            .collect();
        Ok(self.ledger.erase(tenant, &places).await?)
    }
}

/// Counts contents that come in order of their entries.
#[derive(Default)]
struct Counted {
    sum: ErasableContents,
    last: Option<u64>,
}

impl Counted {
    fn add(&mut self, contents: &[Content]) {
        for content in contents {
            self.sum.entries += u64::from(self.last != Some(content.seq));
            self.last = Some(content.seq);
            self.sum.contents += 1;
            self.sum.bytes += content.bytes.len() as u64;
        }
    }
}

/// What all facts of an erasure say.
struct Said {
    secret: TenantSecret,
    meta: DraftMeta,
    authority: String,
    reason: String,
}

impl Said {
    fn body(&self) -> Object {
        Object::from([
            ("record", RECORD.into()),
            ("authority", self.authority.as_str().into()),
            ("reason", self.reason.as_str().into()),
        ])
    }

    /// The fact that a content was erased. It belongs to the run and the incidents of the entry that it is
    /// about: whoever is shown these sees why a content is not there.
    fn erased(&self, fact: &RecordedFact, content: &Content) -> Result<Draft, DomainError> {
        let Content { seq, pointer, .. } = content;
        let mut body = self.body();
        body.insert("seq", Value::unsigned(*seq));
        body.insert("pointer", pointer.as_str().into());
        // Beside a view the time is no part of what the fact is: erased again later it is the same fact.
        let name = format!("entry {seq} {pointer}");
        body.insert("view", Object::from([("name", name.into())]).into());
        let mut meta = self.meta.clone();
        meta.run_id = fact.run_id.as_deref().and_then(|run| RunId::parse(run).ok());
        let incidents = fact.fact.at(&["meta", "incident_ids"]).and_then(Value::as_array);
        let ids = incidents.into_iter().flatten().filter_map(Value::as_str);
        meta.incident_ids = ids.map(str::to_owned).collect();
        let key = sealed_key(&self.secret, &FactKind::ContentErased, &format!("{seq}:{pointer}"))?;
        Ok(Draft {
            kind: FactKind::ContentErased,
            meta,
            body,
            committed: Vec::new(),
            identity: Identity::Key(key),
        })
    }
}
