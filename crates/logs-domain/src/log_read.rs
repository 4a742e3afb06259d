//! That somebody read the log: a fact of the log itself.
//!
//! It names no run and no incident in its metadata: what is exported or certified of a run must not grow
//! because somebody looked at it. What was looked at stands in the body.

use audit_evidence::Outcome;
use store_traits::{
    Actor, Draft, FactKind, IdempotencyKey, Identity, Object, TenantId, Timestamp, Value,
};

use crate::own_facts::{own_meta, unrecorded};
use crate::{DomainError, LogsDomain};

/// `body.record` of these facts; no import can write it.
const RECORD: &str = "access";
/// Characters of a text that a caller chose.
const LONGEST: usize = 200;
/// Filters that a fact names.
const MOST_ASKED: usize = 32;

/// A read of the log: who asked what, and what came of it. Never what was in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRead {
    /// Who asked.
    pub reader: LogReader,
    /// What was asked, as a template: `llm-runs/{run_id}/trace`.
    pub route: String,
    /// What the template stands for, like the id of a run.
    pub subject: Option<String>,
    /// The filters, by name.
    pub asked: Vec<(String, String)>,
    /// What came of it.
    pub outcome: ReadOutcome,
    /// How much of the record the answer holds, in items of its kind.
    pub items: Option<u64>,
    /// The size of the ledger that was read.
    pub as_of_size: Option<u64>,
}

/// Who read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogReader {
    /// Whoever holds an API key: a person or a program, the log cannot tell.
    Key {
        /// What names the key: the first digits of its hash.
        id: String,
        /// The name that it was given.
        name: String,
        /// Its role.
        role: String,
    },
    /// Somebody on the log's own machine, who was not asked for a key.
    ThisMachine,
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOutcome {
    /// It was answered.
    Served,
    /// What it names is not there.
    NotFound,
    /// It was not answered: the reader may not ask it, or not so.
    Refused,
    /// It could not be answered.
    Failed,
}

impl ReadOutcome {
    /// The word that is recorded.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl LogReader {
    /// A component, whoever is behind it: nothing here says that it was a person or an agent.
    fn actor(&self) -> Actor {
        let component = match self {
            Self::Key { name, .. } => format!("key:{name}"),
            Self::ThisMachine => "this-machine".to_owned(),
        };
        Actor::System { component }
    }

    fn described(&self) -> Object {
        match self {
            Self::Key { id, name, role } => Object::from([
                ("kind", "key".into()),
                ("key", id.as_str().into()),
                ("name", name.as_str().into()),
                ("role", role.as_str().into()),
            ]),
            Self::ThisMachine => Object::from([("kind", "this_machine".into())]),
        }
    }
}

impl LogsDomain {
    /// Records that the log was read, as `audit.access`; gives its entry. Call it before the answer goes
    /// out: what could not be recorded should not be disclosed.
    ///
    /// Each call is a fact of its own, also of the same question asked twice. Texts that a caller chose
    /// are redacted as everything is that comes in, and cut.
    ///
    /// # Errors
    /// The store or the source of randomness failed: nobody may rely on a record of it.
    pub async fn record_read(&self, tenant: &TenantId, read: &LogRead) -> Result<u64, DomainError> {
        self.may_record(tenant)?;
        let mut mark = [0_u8; 16];
        self.entropy.fill(&mut mark)?;
        let draft = self.draft_of_read(read, mark, self.clock.now())?;
        match self.recorder.record_owned(tenant, vec![draft]).await?.pop() {
            Some(Outcome::Recorded { seq, .. }) => Ok(seq),
            // Its key is random: another fact cannot have it.
            Some(outcome) => Err(DomainError::Task(unrecorded(&outcome))),
            None => Err(DomainError::Task("the recorder answered nothing".to_owned())),
        }
    }

    fn draft_of_read(
        &self,
        read: &LogRead,
        mark: [u8; 16],
        now: Timestamp,
    ) -> Result<Draft, DomainError> {
        let LogRead { reader, route, subject, asked, outcome, items, as_of_size } = read;
        let mut chosen = Object::new();
        if let Some(subject) = subject {
            chosen.insert("subject", cut(subject).into());
        }
        let named = asked.iter().take(MOST_ASKED);
        let named: Object =
            named.map(|(name, value)| (cut(name), Value::from(cut(value)))).collect();
        if !named.is_empty() {
            chosen.insert("asked", named.into());
        }
        let mut chosen = Value::Object(chosen);
        self.redactor.value(&mut chosen, &mut redaction::Report::default());
        let mut body = Object::from([
            ("record", RECORD.into()),
            ("event", route.as_str().into()),
            ("outcome", outcome.as_str().into()),
            ("reader", reader.described().into()),
        ]);
        if let Value::Object(chosen) = chosen {
            body.extend(chosen);
        }
        for (name, number) in [("items", items), ("as_of_size", as_of_size)] {
            if let Some(number) = number {
                body.insert(name, Value::unsigned(*number));
            }
        }
        let key = mark
            .iter()
            .fold(format!("{}:", FactKind::AuditAccess), |text, byte| format!("{text}{byte:02x}"));
        let key = IdempotencyKey::parse(&key).map_err(|e| DomainError::Task(e.to_string()))?;
        let mut meta = own_meta(RECORD, now);
        meta.actor = reader.actor();
        Ok(Draft {
            kind: FactKind::AuditAccess,
            meta,
            body,
            committed: Vec::new(),
            identity: Identity::Key(key),
        })
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
