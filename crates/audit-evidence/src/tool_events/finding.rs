//! What does not fit in the order of tool events.

use std::fmt;

use super::ToolEvent;

/// Something in tool events that does not fit. What it means is somebody else's question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolFinding {
    /// The entry that shows it.
    pub seq: u64,
    /// Of which call, if of one.
    pub call: Option<String>,
    /// What does not fit.
    pub what: ToolDisorder,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolDisorder {
    /// `body.event` is none of the ten.
    UnknownEvent {
        /// What it says.
        word: String,
    },
    /// An event of a call that names no call.
    NoCall {
        /// Which event.
        event: ToolEvent,
    },
    /// An event of a server that names no server.
    NoServer {
        /// Which event.
        event: ToolEvent,
    },
    /// The call ended, and no event says that it began.
    EndWithoutStart {
        /// `completed` or `failed`.
        event: ToolEvent,
    },
    /// The call went on after it had been denied.
    AfterDenial {
        /// What happened.
        event: ToolEvent,
        /// The entry of the denial.
        denied_seq: u64,
    },
    /// The call went on after it had ended.
    AfterEnd {
        /// What happened.
        event: ToolEvent,
        /// The entry of the end.
        end_seq: u64,
    },
    /// The call was asked for or decided on after it had begun.
    AfterStart {
        /// What happened.
        event: ToolEvent,
        /// The entry of the start.
        start_seq: u64,
    },
    /// The same event twice.
    Repeated {
        /// Which.
        event: ToolEvent,
        /// The entry of the first.
        first_seq: u64,
    },
    /// The call was both allowed and denied.
    DecidedBothWays {
        /// The entry of the other decision.
        other_seq: u64,
    },
    /// It began or was asked for, and nothing says how it came out.
    Unfinished {
        /// The last that was recorded of it.
        last: ToolEvent,
    },
    /// `body.previous` is not the leaf hash of the event before.
    WrongLink {
        /// The entry before of the same call; `None` for the first.
        previous_seq: Option<u64>,
    },
    /// Other events of the call are linked, this one is not.
    MissingLink,
    /// The server was taken off before.
    ServerGone {
        /// The entry that says so.
        since_seq: u64,
    },
    /// Servers are registered in this log, and this one never was before.
    ServerUnknown {
        /// Its name.
        server: String,
    },
}

impl ToolDisorder {
    /// The word that names it, for machines.
    ///
    /// ```
    /// assert_eq!(audit_evidence::ToolDisorder::MissingLink.code(), "missing_link");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownEvent { .. } => "unknown_event",
            Self::NoCall { .. } => "no_call",
            Self::NoServer { .. } => "no_server",
            Self::EndWithoutStart { .. } => "end_without_start",
            Self::AfterDenial { .. } => "after_denial",
            Self::AfterEnd { .. } => "after_end",
            Self::AfterStart { .. } => "after_start",
            Self::Repeated { .. } => "repeated",
            Self::DecidedBothWays { .. } => "decided_both_ways",
            Self::Unfinished { .. } => "unfinished",
            Self::WrongLink { .. } => "wrong_link",
            Self::MissingLink => "missing_link",
            Self::ServerGone { .. } => "server_gone",
            Self::ServerUnknown { .. } => "server_unknown",
        }
    }
}

impl fmt::Display for ToolFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: ", self.seq)?;
        if let Some(call) = &self.call {
            write!(f, "call {call} ")?;
        }
        let name = |event: &ToolEvent| event.as_str();
        match &self.what {
            ToolDisorder::UnknownEvent { word } => write!(f, "`{word}` is no tool event"),
            ToolDisorder::NoCall { event } => write!(f, "`{}` names no call", name(event)),
            ToolDisorder::NoServer { event } => write!(f, "`{}` names no server", name(event)),
            ToolDisorder::EndWithoutStart { event } => {
                write!(f, "{}, and no event says that it started", name(event))
            }
            ToolDisorder::AfterDenial { event, denied_seq } => {
                write!(f, "{} after entry {denied_seq} denied it", name(event))
            }
            ToolDisorder::AfterEnd { event, end_seq } => {
                write!(f, "{} after entry {end_seq} ended it", name(event))
            }
            ToolDisorder::AfterStart { event, start_seq } => {
                write!(f, "{} after entry {start_seq} started it", name(event))
            }
            ToolDisorder::Repeated { event, first_seq } => {
                write!(f, "{} a second time, first by entry {first_seq}", name(event))
            }
            ToolDisorder::DecidedBothWays { other_seq } => {
                write!(f, "decided the other way by entry {other_seq}")
            }
            ToolDisorder::Unfinished { last } => {
                write!(f, "{}, and nothing says how it came out", name(last))
            }
            ToolDisorder::WrongLink { previous_seq: Some(seq) } => {
                write!(f, "names another predecessor than entry {seq}")
            }
            ToolDisorder::WrongLink { previous_seq: None } => {
                f.write_str("names a predecessor and is the first event")
            }
            ToolDisorder::MissingLink => {
                f.write_str("names no predecessor, as its other events do")
            }
            ToolDisorder::ServerGone { since_seq } => {
                write!(f, "uses a server that entry {since_seq} took off")
            }
            ToolDisorder::ServerUnknown { server } => {
                write!(f, "uses the server `{server}`, which no entry before registers")
            }
        }
    }
}
