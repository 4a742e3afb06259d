//! The ten MCP tool events, and what does not fit in their order: reported, not judged.
//!
//! A fact `audit.tool` says one event in `body.event`. Six belong to a call, which `body.call` (or a
//! mapping's `view.response_id`) names, four to a server, which `body.server` names. A recorder that
//! wants the events of a call linked writes the leaf hash of the event before into `body.previous`
//! ([`link_to`]); whoever takes an event away, or puts one in between, then breaks a link as well as
//! the tree. The order is the order of the entries, which is what the ledger proves.

mod call;
mod finding;
mod server;

use std::collections::BTreeMap;

use store_traits::{Digest, RecordedFact, Value};

pub use call::{Linkage, ToolCall, ToolMoment};
pub use finding::{ToolDisorder, ToolFinding};

use crate::said;
use server::Servers;

/// What happened to a tool or its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToolEvent {
    /// Somebody asked for the tool.
    Requested,
    /// Somebody else allowed it.
    Allowed,
    /// Somebody else denied it.
    Denied,
    /// It began.
    Started,
    /// It answered.
    Completed,
    /// It failed.
    Failed,
    /// Its server was registered.
    ServerRegistered,
    /// Its server was taken off.
    ServerUnregistered,
    /// Its server's health changed.
    HealthChanged,
    /// The policy about it changed.
    PolicyUpdated,
}

impl ToolEvent {
    /// All ten.
    pub const ALL: [Self; 10] = [
        Self::Requested,
        Self::Allowed,
        Self::Denied,
        Self::Started,
        Self::Completed,
        Self::Failed,
        Self::ServerRegistered,
        Self::ServerUnregistered,
        Self::HealthChanged,
        Self::PolicyUpdated,
    ];

    /// The word that names it in `body.event`.
    ///
    /// ```
    /// assert_eq!(audit_evidence::ToolEvent::ServerRegistered.as_str(), "server_registered");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::ServerRegistered => "server_registered",
            Self::ServerUnregistered => "server_unregistered",
            Self::HealthChanged => "health_changed",
            Self::PolicyUpdated => "policy_updated",
        }
    }

    /// Reads the word.
    ///
    /// ```
    /// use audit_evidence::ToolEvent;
    /// assert_eq!(ToolEvent::parse("denied"), Some(ToolEvent::Denied));
    /// assert_eq!(ToolEvent::parse("liked"), None);
    /// ```
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }

    /// Does it belong to a call? Otherwise it belongs to a server.
    ///
    /// ```
    /// use audit_evidence::ToolEvent;
    /// assert!(ToolEvent::Failed.of_a_call() && !ToolEvent::PolicyUpdated.of_a_call());
    /// ```
    #[must_use]
    pub fn of_a_call(self) -> bool {
        match self {
            Self::Requested
            | Self::Allowed
            | Self::Denied
            | Self::Started
            | Self::Completed
            | Self::Failed => true,
            Self::ServerRegistered
            | Self::ServerUnregistered
            | Self::HealthChanged
            | Self::PolicyUpdated => false,
        }
    }
}

/// What `body.previous` of the next event of the same call says: the leaf hash of this one.
///
/// ```
/// use audit_evidence::link_to;
/// use store_traits::Digest;
/// assert_eq!(link_to(&Digest::new([0xab; 32])).as_str().map(str::len), Some(64));
/// ```
#[must_use]
pub fn link_to(leaf_hash: &Digest) -> Value {
    leaf_hash.to_string().into()
}

/// What the tool events of some facts say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolAudit {
    /// The calls, in order of their first events.
    pub calls: Vec<ToolCall>,
    /// Events of servers.
    pub server_events: Vec<ToolMoment>,
    /// What does not fit, in order of the entries.
    pub findings: Vec<ToolFinding>,
}

/// Reads the tool events of facts that come in order of their entries; other facts are left out.
///
/// ```
/// use audit_evidence::tool_audit;
/// assert!(tool_audit(&[]).findings.is_empty());
/// ```
#[must_use]
pub fn tool_audit(facts: &[RecordedFact]) -> ToolAudit {
    let mut audit = ToolAudit::default();
    let mut places: BTreeMap<(Option<&str>, &str), usize> = BTreeMap::new();
    let mut servers = Servers::of(facts);
    for fact in facts.iter().filter(|fact| fact.kind == "audit.tool") {
        let mut found = |call: Option<&str>, what: ToolDisorder| {
            let call = call.map(str::to_owned);
            audit.findings.push(ToolFinding { seq: fact.seq, call, what });
        };
        let word = said::text(fact, &["event"]).unwrap_or_default();
        let Some(event) = ToolEvent::parse(word) else {
            found(None, ToolDisorder::UnknownEvent { word: word.chars().take(80).collect() });
            continue;
        };
        let server = said::text(fact, &["server", "server_name"]);
        let id = said::text(fact, &["response_id", "call", "call_id", "tool_call_id"]);
        if !event.of_a_call() {
            if let Some(what) = servers.take(event, server, fact.seq) {
                found(None, what);
            }
            audit.server_events.push(call::moment(event, fact));
            continue;
        }
        let Some(id) = id else {
            found(None, ToolDisorder::NoCall { event });
            continue;
        };
        if let Some(what) = servers.used(server) {
            found(Some(id), what);
        }
        // The same call id in another run is another call.
        let place = *places.entry((fact.run_id.as_deref(), id)).or_insert(audit.calls.len());
        if audit.calls.len() == place {
            audit.calls.push(ToolCall::new(id, fact));
        }
        if let Some(call) = audit.calls.get_mut(place) {
            for what in call.take(event, fact) {
                found(Some(id), what);
            }
        }
    }
    for call in &audit.calls {
        audit.findings.extend(call.unfinished());
    }
    audit.findings.sort_by_key(|finding| finding.seq);
    audit
}
