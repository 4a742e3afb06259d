//! What a fact can be evidence of.

use completeness::Contents;
use store_traits::Value;

use crate::overview::{DECISION, said};

/// A class of facts that supports a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Any entry: it lies in one order under a signed checkpoint.
    Entries,
    /// Somebody's recorded decision: an authorization, a tool allowed or denied.
    Decisions,
    /// Decisions that denied.
    Denials,
    /// A fact that names a policy.
    Policies,
    /// Something that a domain undertook to do.
    Expectations,
    /// What became of it.
    Acknowledgements,
    /// An alert that another domain sent or kept back.
    Alerts,
    /// Somebody read the log.
    Reads,
    /// A tool server was registered or taken off.
    ToolServers,
    /// A policy about tools changed.
    PolicyChanges,
    /// Something changed, with what was before and what is after.
    Changes,
    /// An event of the environment, or a tool server's health.
    Environment,
    /// A fact that names an incident.
    Incidents,
    /// Something that should have been recorded was not, and why.
    CaptureFailures,
    /// A run was opened.
    Openings,
    /// A model call or another step.
    Steps,
    /// A run ended.
    Endings,
    /// What was asked, in clear or committed to.
    Inputs,
    /// What was answered, in clear or committed to.
    Outputs,
    /// A fact that commits to content instead of showing it.
    Commitments,
    /// Secrets or personal data were taken out before the fact was recorded.
    Redactions,
    /// A content was erased.
    Erasures,
}

impl Evidence {
    /// All of them.
    pub(crate) const ALL: [Self; 22] = [
        Self::Entries,
        Self::Decisions,
        Self::Denials,
        Self::Policies,
        Self::Expectations,
        Self::Acknowledgements,
        Self::Alerts,
        Self::Reads,
        Self::ToolServers,
        Self::PolicyChanges,
        Self::Changes,
        Self::Environment,
        Self::Incidents,
        Self::CaptureFailures,
        Self::Openings,
        Self::Steps,
        Self::Endings,
        Self::Inputs,
        Self::Outputs,
        Self::Commitments,
        Self::Redactions,
        Self::Erasures,
    ];

    /// The word that names it, and what it is in a few words.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Entries => ("entries", "entries in one order under a signed checkpoint"),
            Self::Decisions => ("decisions", "recorded decisions of others"),
            Self::Denials => ("denials", "denials among them"),
            Self::Policies => ("policies", "facts that name a policy"),
            Self::Expectations => ("expectations", "undertakings"),
            Self::Acknowledgements => ("acknowledgements", "acknowledgements"),
            Self::Alerts => ("alerts", "alerts sent or suppressed by others"),
            Self::Reads => ("reads", "reads of the log"),
            Self::ToolServers => ("tool_servers", "tool servers registered or taken off"),
            Self::PolicyChanges => ("policy_changes", "changes of a tool policy"),
            Self::Changes => ("changes", "changes with before and after"),
            Self::Environment => ("environment", "events of the environment"),
            Self::Incidents => ("incidents", "facts that name an incident"),
            Self::CaptureFailures => ("capture_failures", "recorded failures to capture"),
            Self::Openings => ("openings", "runs opened"),
            Self::Steps => ("steps", "model calls and other steps"),
            Self::Endings => ("endings", "runs ended"),
            Self::Inputs => ("inputs", "facts with their inputs, clear or committed"),
            Self::Outputs => ("outputs", "facts with their outputs, clear or committed"),
            Self::Commitments => ("commitments", "facts that commit to content"),
            Self::Redactions => ("redactions", "facts redacted before recording"),
            Self::Erasures => ("erasures", "erasures of content"),
        }
    }

    /// Is the fact evidence of this class?
    pub(crate) fn shown_by(self, kind: &str, fact: &Value) -> bool {
        let event = || said(fact, &["event"]);
        let is_event =
            |words: &[&str]| kind == "audit.tool" && event().is_some_and(|e| words.contains(&e));
        let body = |name: &str| fact.at(&["body", name]).is_some();
        let listed = |name: &str| {
            let list = fact.at(&["meta", name]).and_then(Value::as_array);
            list.is_some_and(|items| !items.is_empty())
        };
        match self {
            Self::Entries => true,
            Self::Decisions => kind == "audit.authorization" || is_event(&["allowed", "denied"]),
            Self::Denials => {
                let outcome = || said(fact, &DECISION);
                let denied =
                    |word| matches!(word, "deny" | "denied" | "block" | "blocked" | "rejected");
                is_event(&["denied"])
                    || (kind == "audit.authorization" && outcome().is_some_and(denied))
            }
            Self::Policies => listed("policy_ids") || said(fact, &["policy_id"]).is_some(),
            Self::Expectations => kind == "audit.expectation",
            Self::Acknowledgements => kind == "audit.ack",
            Self::Alerts => matches!(kind, "alert.sent" | "alert.suppressed"),
            Self::Reads => kind == "audit.access",
            Self::ToolServers => is_event(&["server_registered", "server_unregistered"]),
            Self::PolicyChanges => is_event(&["policy_updated"]),
            Self::Changes => body("before") && body("after"),
            Self::Environment => kind == "system.event" || is_event(&["health_changed"]),
            Self::Incidents => listed("incident_ids"),
            Self::CaptureFailures => kind == "audit.capture_failure",
            Self::Openings => kind == "run.started",
            Self::Steps => matches!(kind, "run.llm_call" | "run.step"),
            Self::Endings => matches!(kind, "run.completed" | "run.aborted"),
            Self::Inputs => kind.starts_with("run.") && Contents::of(fact).input,
            Self::Outputs => kind.starts_with("run.") && Contents::of(fact).output,
            Self::Commitments => fact.member("_sd").is_some() || fact.member("_blob").is_some(),
            Self::Redactions => {
                let redacted = fact.at(&["body", "redacted"]).and_then(Value::as_object);
                redacted.is_some_and(|counts| !counts.is_empty())
            }
            Self::Erasures => kind == "content.erased",
        }
    }
}
