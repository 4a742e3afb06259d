//! Which servers are registered, as the events before say.

use std::collections::BTreeMap;

use store_traits::RecordedFact;

use super::{ToolDisorder, ToolEvent};
use crate::said;

/// Servers by name: since which entry they are there, or gone.
pub(super) struct Servers {
    /// Does this log register servers at all? Otherwise nothing can be said of one.
    registers: bool,
    known: BTreeMap<String, Standing>,
}

enum Standing {
    There,
    GoneSince(u64),
}

impl Servers {
    pub(super) fn of(facts: &[RecordedFact]) -> Self {
        let registers = facts.iter().any(|fact| {
            fact.kind == "audit.tool" && said::text(fact, &["event"]) == Some("server_registered")
        });
        Self { registers, known: BTreeMap::new() }
    }

    pub(super) fn take(
        &mut self,
        event: ToolEvent,
        server: Option<&str>,
        seq: u64,
    ) -> Option<ToolDisorder> {
        let Some(server) = server else {
            // A policy may be about every server.
            return (event != ToolEvent::PolicyUpdated).then_some(ToolDisorder::NoServer { event });
        };
        match event {
            ToolEvent::ServerRegistered => {
                self.known.insert(server.to_owned(), Standing::There);
                None
            }
            ToolEvent::ServerUnregistered => {
                let found = self.used(Some(server));
                self.known.insert(server.to_owned(), Standing::GoneSince(seq));
                found
            }
            _ => self.used(Some(server)),
        }
    }

    /// Somebody uses a server.
    pub(super) fn used(&self, server: Option<&str>) -> Option<ToolDisorder> {
        let server = server?;
        match self.known.get(server) {
            Some(Standing::There) => None,
            Some(Standing::GoneSince(seq)) => Some(ToolDisorder::ServerGone { since_seq: *seq }),
            None if self.registers => {
                Some(ToolDisorder::ServerUnknown { server: server.chars().take(80).collect() })
            }
            None => None,
        }
    }
}
