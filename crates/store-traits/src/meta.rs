//! The evidence metadata that every fact carries.

use crate::{Actor, RunId, Timestamp, TraceId};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The text as stored.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the stored text.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(
    /// Which domain of the platform a fact comes from.
    SourceDomain {
        /// Agents' activity.
        Activity = "ACTIVITY",
        /// Policies.
        Policy = "POLICY",
        /// Incidents.
        Incidents = "INCIDENTS",
        /// This log itself.
        Logs = "LOGS",
        /// Infrastructure.
        System = "SYSTEM",
    }
);

words!(
    /// What caused a fact to be recorded.
    Origin {
        /// The platform.
        System = "SYSTEM",
        /// A person.
        Human = "HUMAN",
        /// An agent.
        Agent = "AGENT",
        /// A migration of old records.
        Migration = "MIGRATION",
        /// A replay.
        Replay = "REPLAY",
    }
);

/// `EvidenceMetadata` as a caller gives it; the recorder adds `recorded_at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftMeta {
    /// The run that the fact belongs to.
    pub run_id: Option<RunId>,
    /// The W3C trace that the fact belongs to.
    pub trace_id: Option<TraceId>,
    /// An id that ties facts of several runs together (a conversation, a session).
    pub correlation_id: Option<String>,
    /// Policies that the fact names.
    pub policy_ids: Vec<String>,
    /// Incidents that the fact names.
    pub incident_ids: Vec<String>,
    /// Who acted.
    pub actor: Actor,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Where in the platform it comes from.
    pub source_domain: SourceDomain,
    /// The component that reported it.
    pub source_component: String,
    /// What caused it to be recorded.
    pub origin: Origin,
}
