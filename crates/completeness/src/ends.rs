//! How a run began and ended, as its facts say.

use store_traits::{RecordedFact, Timestamp};

use crate::said;

/// A fact that ends a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Its entry.
    pub seq: u64,
    /// `completed`, `failed` or `aborted`.
    pub outcome: String,
    /// When it says that the run ended.
    pub at: Timestamp,
}

/// Totals that a terminal fact declares for the whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeclaredTotals {
    /// The entry that declares them.
    pub(crate) seq: u64,
    /// Tokens in.
    pub(crate) input_tokens: Option<u64>,
    /// Tokens out.
    pub(crate) output_tokens: Option<u64>,
    /// Cost in millionths of a US dollar.
    pub(crate) cost_micros: Option<u64>,
    /// Distinct model calls.
    pub(crate) llm_calls: Option<u64>,
}

/// Takes facts in order of their entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ends {
    pub(crate) openings: Vec<u64>,
    /// The earliest time that a fact says, and that fact's entry.
    pub(crate) started: Option<(Timestamp, u64)>,
    pub(crate) ends: Vec<End>,
    pub(crate) declared: Vec<DeclaredTotals>,
}

impl Ends {
    pub(crate) fn add(&mut self, fact: &RecordedFact) {
        let kind = fact.kind.as_str();
        let said_at = |name: &str| Timestamp::parse(said::text(&fact.fact, &[name])?).ok();
        if kind.starts_with("run.") || kind == "audit.tool" {
            let recorded = said::text(&fact.fact, &["time"]) != Some("not_recorded");
            let at = said_at("started_at").or(recorded.then_some(fact.occurred_at));
            let this = at.map(|at| (at, fact.seq));
            self.started = match (self.started, this) {
                (Some(known), Some(this)) => Some(known.min(this)),
                (known, this) => known.or(this),
            };
        }
        if kind == "run.started" {
            self.openings.push(fact.seq);
        }
        if !said::ends(kind, &fact.fact) {
            return;
        }
        let failed = said::text(&fact.fact, &["error"]).is_some()
            || said::text(&fact.fact, &["outcome", "status"]) == Some("failed");
        let outcome = match kind {
            "run.aborted" => "aborted",
            _ if failed => "failed",
            _ => "completed",
        };
        let at = said_at("ended_at").unwrap_or(fact.occurred_at);
        self.ends.push(End { seq: fact.seq, outcome: outcome.to_owned(), at });
        // A root that is itself a model call says what that call used.
        if !matches!(said::class(kind, &fact.fact), Some("llm" | "embedding")) {
            self.declares(fact);
        }
    }

    fn declares(&mut self, fact: &RecordedFact) {
        let total = |names: &[&str]| {
            said::count(&fact.fact, names).or_else(|| said::attribute(&fact.fact, names))
        };
        let declared = DeclaredTotals {
            seq: fact.seq,
            input_tokens: total(&["input_tokens", "gen_ai.usage.input_tokens"]),
            output_tokens: total(&["output_tokens", "gen_ai.usage.output_tokens"]),
            cost_micros: total(&["cost_micros"]),
            llm_calls: total(&["llm_calls"]),
        };
        let DeclaredTotals { seq: _, input_tokens, output_tokens, cost_micros, llm_calls } =
            declared;
        if [input_tokens, output_tokens, cost_micros, llm_calls].iter().any(Option::is_some) {
            self.declared.push(declared);
        }
    }
}
