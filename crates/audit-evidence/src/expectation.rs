//! What a domain undertook to do for a run, and what it says became of it.
//!
//! `audit.expectation`: `{"expectation":ID,"domain":D,"action":A,"deadline":TIME}`; `expectation` may
//! be absent and is then `<domain>/<action>`. `audit.ack`: `{"expectation":ID,"outcome":O}` with `O`
//! `done` or `failed`, `error` in words where it failed; `domain` and `action` instead of
//! `expectation` name it as well. An acknowledgement with `fact_seq` and the outcome `recorded` is the
//! receipt of a fact: a recorder writes one for each fact of a run, expected or not.

use store_traits::{Object, RecordedFact, Timestamp};

use crate::said;

/// The standard set of a run: domain and action. A platform that wants less or more records other
/// expectations; nothing is held against it.
pub const STANDARD_SET: [(&str, &str); 4] = [
    ("LOGS", "trace.start"),
    ("POLICY", "policy.evaluate"),
    ("INCIDENTS", "incident.record"),
    ("LOGS", FINALIZE),
];

/// The action that ends a run, and what it is called when the run was given up.
const FINALIZE: &str = "trace.complete";
const GIVE_UP: &str = "trace.abort";

/// The bodies of the standard set's expectations, with one deadline: so many milliseconds after the
/// run began. `None` where that is beyond the year 9999.
///
/// ```
/// use audit_evidence::standard_set;
/// use store_traits::Timestamp;
/// let bodies = standard_set(Timestamp::parse("2026-01-01T00:00:00Z")?, 300_000).ok_or("absurd")?;
/// assert_eq!(bodies.len(), 4);
/// assert_eq!(bodies[0]["deadline"].as_str(), Some("2026-01-01T00:05:00.000000000Z"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn standard_set(started_at: Timestamp, within_ms: u64) -> Option<Vec<Object>> {
    let deadline = started_at.as_unix_nanos().checked_add(i128::from(within_ms) * 1_000_000)?;
    let deadline = Timestamp::from_unix_nanos(deadline).ok()?;
    let body = |(domain, action): &(&str, &str)| {
        Object::from([
            ("expectation", format!("{domain}/{action}").into()),
            ("domain", (*domain).into()),
            ("action", (*action).into()),
            ("deadline", deadline.to_string().into()),
        ])
    };
    Some(STANDARD_SET.iter().map(body).collect())
}

/// Something that a domain undertook to do for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The entry that records it.
    pub seq: u64,
    /// Its name within the run.
    pub id: String,
    /// Who undertook it.
    pub domain: String,
    /// To do what.
    pub action: String,
    /// By when; `None` where the fact says no time.
    pub deadline: Option<Timestamp>,
}

impl Expectation {
    /// Reads an expectation; `Err` says what the fact lacks.
    pub(crate) fn read(fact: &RecordedFact) -> Result<Self, &'static str> {
        let word = |name| said::text(fact, &[name]).map(str::to_owned);
        let domain = word("domain").ok_or("it names no `domain`")?;
        let action = word("action").ok_or("it names no `action`")?;
        let id = word("expectation").unwrap_or_else(|| format!("{domain}/{action}"));
        Ok(Self { seq: fact.seq, id, domain, action, deadline: said::time(fact, "deadline") })
    }

    pub(crate) fn finalizes(&self) -> bool {
        self.action == FINALIZE
    }
}

/// What a domain says became of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The entry that records it.
    pub seq: u64,
    /// The expectation's name.
    pub id: String,
    /// Was it done?
    pub done: bool,
    /// What went wrong, if it says so.
    pub error: Option<String>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The entry that it is the receipt of, if it is one.
    pub receipt_of: Option<u64>,
}

impl Ack {
    /// Reads an acknowledgement; `Err` says what the fact lacks.
    pub(crate) fn read(fact: &RecordedFact) -> Result<Self, &'static str> {
        let word = |name| said::text(fact, &[name]).map(str::to_owned);
        // A run that was given up is finalised as well.
        let action = || word("action").map(|a| if a == GIVE_UP { FINALIZE.to_owned() } else { a });
        let by_name = || Some(format!("{}/{}", word("domain")?, action()?));
        let id = word("expectation").or_else(by_name).ok_or("it names no expectation")?;
        let done = match word("outcome").as_deref() {
            Some("done" | "recorded") => true,
            Some("failed") => false,
            _ => return Err("its `outcome` is neither `done` nor `failed`"),
        };
        let (error, recorded_at) = (word("error"), fact.recorded_at);
        let receipt_of = said::count(fact, "fact_seq");
        Ok(Self { seq: fact.seq, id, done, error, recorded_at, receipt_of })
    }
}
