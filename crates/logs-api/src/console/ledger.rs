//! The state of the ledger, beside what lies in it.

use logs_domain::{Checkpoint, TenantId};
use maud::{Markup, html};

use super::agree::{self, Differences, Number};
use super::said::time;
use crate::app::App;
use crate::problem::Problem;
use crate::text::tokens;

/// What the log says of its own state.
pub(super) struct State {
    /// Asked first: what is signed lies in the ledger from then on.
    pub(super) signed: Option<Checkpoint>,
    /// The size that the page's own answer was read at.
    pub(super) size: u64,
    /// Asked last.
    pub(super) later: u64,
}

impl State {
    pub(super) async fn later(
        app: &App,
        tenant: &TenantId,
        signed: Option<Checkpoint>,
        size: u64,
    ) -> Result<Self, Problem> {
        Ok(Self { signed, size, later: app.domain.size(tenant).await? })
    }

    pub(super) fn differences(&self) -> Differences {
        agree::ledger(self.signed.as_ref().map(|signed| signed.size), self.size, self.later)
    }
}

pub(super) fn panel(state: &State, differences: &Differences, below: &Markup) -> Markup {
    let signed = state.signed.as_ref();
    let unsigned = state.size.saturating_sub(signed.map_or(0, |signed| signed.size));
    let all = differences.unless(Number::LedgerEntries, html! { (tokens(state.size)) });
    let rest = differences.unless(Number::Signed, html! { (tokens(unsigned)) });
    html! {
        section.ledger aria-labelledby="ledger" {
            h2 id="ledger" { "The ledger" }
            dl.facts {
                div { dt { "entries" } dd.large { (all) } }
                div { dt { "not signed yet" } dd.large { (rest) } }
                (checkpoint(signed, differences))
            }
            (below)
        }
    }
}

fn checkpoint(signed: Option<&Checkpoint>, differences: &Differences) -> Markup {
    html! {
        @match signed {
            None => div { dt { "newest checkpoint" } dd { span.none { "nothing is signed yet" } } },
            Some(signed) => {
                @let root = signed.root.to_string();
                @let size = html! { (tokens(signed.size)) " entries" };
                div { dt { "newest checkpoint" } dd { (differences.unless(Number::Signed, size)) } }
                div { dt { "signed at" } dd { (time(signed.signed_at)) } }
                div { dt { "root" } dd { code title=(root) { (super::said::short(&root)) } } }
            }
        }
    }
}
