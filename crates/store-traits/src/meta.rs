//! The evidence metadata that every fact carries.

use crate::{Actor, Object, RunId, Timestamp, TraceId, Value};

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

impl DraftMeta {
    /// As an entry holds it, but for `recorded_at`: what is not said has no member.
    ///
    /// ```
    /// use store_traits::{Actor, DraftMeta, Origin, SourceDomain, Timestamp};
    /// let meta = DraftMeta {
    ///     run_id: None,
    ///     trace_id: None,
    ///     correlation_id: Some("conversation-7".into()),
    ///     policy_ids: Vec::new(),
    ///     incident_ids: Vec::new(),
    ///     actor: Actor::Human { subject: "u-9".into() },
    ///     occurred_at: Timestamp::UNIX_EPOCH,
    ///     source_domain: SourceDomain::Activity,
    ///     source_component: "gateway".into(),
    ///     origin: Origin::System,
    /// };
    /// let names = ["actor", "correlation_id", "occurred_at", "origin", "source_component", "source_domain"];
    /// assert_eq!(meta.members().keys().collect::<Vec<_>>(), names);
    /// ```
    #[must_use]
    pub fn members(&self) -> Object {
        let mut members = Object::from([
            ("actor", self.actor.members().into()),
            ("occurred_at", self.occurred_at.to_string().into()),
            ("origin", self.origin.as_str().into()),
            ("source_component", self.source_component.as_str().into()),
            ("source_domain", self.source_domain.as_str().into()),
        ]);
        let texts = [
            ("run_id", self.run_id.as_ref().map(|id| id.as_str())),
            ("trace_id", self.trace_id.as_ref().map(|id| id.as_str())),
            ("correlation_id", self.correlation_id.as_deref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                members.insert(name, text.into());
            }
        }
        for (name, ids) in [("policy_ids", &self.policy_ids), ("incident_ids", &self.incident_ids)]
        {
            if !ids.is_empty() {
                let ids: Vec<Value> = ids.iter().map(|id| id.as_str().into()).collect();
                members.insert(name, ids.into());
            }
        }
        members
    }
}

impl Actor {
    fn members(&self) -> Object {
        let (kind, member, text) = match self {
            Self::Human { subject } => ("human", "subject", subject),
            Self::Agent { name } => ("agent", "name", name),
            Self::System { component } => ("system", "component", component),
        };
        Object::from([("kind", kind.into()), (member, text.as_str().into())])
    }
}
