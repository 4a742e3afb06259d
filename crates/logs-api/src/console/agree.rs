//! The numbers of a page against each other.
//!
//! A page is made of several answers, and a reader takes it for one. Numbers that must agree are compared
//! before it goes out; where they do not, the page says so and shows neither, for nobody could tell which
//! of two is right. Only laws that hold of every honest answer are checked: a call that was reported
//! twice is one call, and a ledger may grow between two answers.

use std::collections::BTreeSet;

use logs_domain::{AuditRecord, LedgerReport, RunSummary, Step, StepClass};
use maud::{Markup, html};

use super::said::Said;
use crate::text::{count, tokens};

/// As many steps as a run is asked for at most: of a longer one the rest is not known here.
const MOST_STEPS: usize = 100_000;
/// As much as a summary's sums say at most.
const MOST_TOKENS: u64 = 9_000_000_000_000_000_000;

/// A number that a page states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    LedgerEntries,
    Signed,
    ModelCalls,
    ToolCalls,
    Errors,
    TokensIn,
    TokensOut,
    RunEntries,
}

/// A number that two answers state, and not so that both can be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) of: Number,
    pub(super) says: String,
}

/// What differs on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Differences(Vec<Difference>);

impl Differences {
    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The number, unless answers differ on it.
    pub(super) fn unless(&self, of: Number, number: Markup) -> Markup {
        let differs = self.0.iter().any(|difference| difference.of == of);
        if differs {
            html! { strong.differs { "differs" } }
        } else {
            number
        }
    }

    fn found(&mut self, of: Number, says: String) {
        self.0.push(Difference { of, says });
    }

    /// What is said before anything else on the page.
    pub(super) fn notice(&self) -> Markup {
        html! {
            @if !self.are_none() {
                section.notice role="alert" {
                    h2 { "Answers differ" }
                    p {
                        "This page was made of several answers of the log, and they do not agree. \
                         Where they differ no number is shown. Reload the page; if it stays so, run "
                        code { "factlog ledger verify" } "."
                    }
                    ul { @for difference in &self.0 { li { (Said(&difference.says)) } } }
                }
            }
        }
    }
}

/// A ledger in the order in which it was asked: what is signed, how large it is, and its size later.
pub(super) fn ledger(signed: Option<u64>, size: u64, later: u64) -> Differences {
    let mut found = Differences::default();
    if let Some(signed) = signed.filter(|signed| *signed > size) {
        let (signed, size) = (entries(signed), tokens(size));
        found.found(Number::Signed, format!("{signed} are signed, and the ledger has {size}"));
    }
    if later < size {
        let (size, later) = (entries(size), tokens(later));
        found.found(
            Number::LedgerEntries,
            format!("the ledger had {size}, and a moment later {later}: it never shrinks"),
        );
    }
    found
}

/// Runs of a list against the size of the ledger that they lie in.
pub(super) fn runs(listed: &[RunSummary], later: u64) -> Differences {
    let mut found = Differences::default();
    for run in listed.iter().filter(|run| run.entries > later) {
        let (id, own, all) = (&run.run_id, entries(run.entries), tokens(later));
        found.found(Number::LedgerEntries, format!("run {id} has {own}, and the ledger {all}"));
    }
    found
}

/// A run's summary against its steps and its audit facts.
pub(super) fn run(run: &RunSummary, steps: &[Step], governance: &[AuditRecord]) -> Differences {
    let mut found = Differences::default();
    if steps.len() >= MOST_STEPS {
        return found;
    }
    let llm: Vec<&Step> = steps.iter().filter(|step| step.class == StepClass::Llm).collect();
    let is_tool = |step: &&Step| matches!(step.class, StepClass::Tool | StepClass::McpTool);
    let tools = steps.iter().filter(is_tool).count() as u64;
    let failed = steps.iter().filter(|step| step.error.is_some()).count() as u64;
    for (of, name, counted, listed) in [
        (Number::ModelCalls, "model calls", run.llm_calls, llm.len() as u64),
        (Number::ToolCalls, "tool calls", run.tool_calls, tools),
        (Number::Errors, "errors", run.errors, failed),
    ] {
        // A call may be reported by several steps, but none by no step.
        if counted > listed || (counted == 0) != (listed == 0) {
            let (counted, steps) = (tokens(counted), count(listed, "step is", "steps are"));
            let says = format!("{name}: the summary counts {counted}, and {steps} listed as such");
            found.found(of, says);
        }
    }
    let input = llm.iter().map(|step| step.input_tokens);
    let output = llm.iter().map(|step| step.output_tokens);
    for (of, name, counted, listed) in [
        (Number::TokensIn, "tokens in", run.input_tokens, sum(input)),
        (Number::TokensOut, "tokens out", run.output_tokens, sum(output)),
    ] {
        // Where each call has one step, the sum is the sum; else it is counted once a call.
        let each_once = run.llm_calls == llm.len() as u64;
        if counted > listed || (each_once && counted != listed) {
            let (counted, listed) = (tokens(counted), tokens(listed));
            let says =
                format!("{name}: the summary counts {counted}, and the steps listed {listed}");
            found.found(of, says);
        }
    }
    let listed: BTreeSet<u64> =
        steps.iter().map(|step| step.seq).chain(governance.iter().map(|fact| fact.seq)).collect();
    if listed.len() as u64 > run.entries {
        let (counted, listed) = (entries(run.entries), tokens(listed.len() as u64));
        let says = format!("the summary counts {counted} of this run, and {listed} are listed");
        found.found(Number::RunEntries, says);
    }
    found
}

/// A verification against what was signed before it, and the ledger's size after it.
pub(super) fn verification(
    report: &LedgerReport,
    signed_before: Option<u64>,
    later: u64,
) -> Differences {
    let mut found = Differences::default();
    if report.entries > later {
        let (checked, later) = (entries(report.entries), tokens(later));
        let says = format!("{checked} were checked, and the ledger has {later}");
        found.found(Number::LedgerEntries, says);
    }
    // A checkpoint that does not hold is a finding already.
    let signed = signed_before.filter(|signed| *signed > report.signed_size);
    if let (Some(signed), true) = (signed, report.findings.is_empty()) {
        let (signed, checked) = (entries(signed), tokens(report.signed_size));
        let says = format!("{signed} were signed before, and {checked} were found signed");
        found.found(Number::Signed, says);
    }
    found
}

fn entries(n: u64) -> String {
    count(n, "entry", "entries")
}

fn sum(counts: impl Iterator<Item = Option<u64>>) -> u64 {
    counts.flatten().fold(0, |sum: u64, n| sum.saturating_add(n).min(MOST_TOKENS))
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::{made_up_run, made_up_step};
    use super::*;

    fn of(found: &Differences) -> Vec<Number> {
        found.0.iter().map(|difference| difference.of).collect()
    }

    #[test]
    fn a_ledger_grows_and_is_never_smaller_than_what_is_signed() {
        assert_eq!(of(&ledger(None, 0, 0)), []);
        assert_eq!(of(&ledger(Some(5), 5, 9)), []);
        assert_eq!(of(&ledger(Some(6), 5, 5)), [Number::Signed]);
        assert_eq!(of(&ledger(None, 5, 4)), [Number::LedgerEntries]);
        assert_eq!(of(&runs(&[made_up_run()], 12)), []);
        assert_eq!(of(&runs(&[made_up_run()], 3)), [Number::LedgerEntries]);
    }

    #[test]
    fn a_summary_counts_what_its_steps_come_to() {
        let summary = made_up_run();
        let steps = [made_up_step(1, StepClass::Llm), made_up_step(2, StepClass::Tool)];
        assert_eq!(of(&run(&summary, &steps, &[])), []);
        let more = |change: fn(&mut RunSummary)| {
            let mut other = summary.clone();
            change(&mut other);
            of(&run(&other, &steps, &[]))
        };
        assert_eq!(more(|run| run.llm_calls = 2), [Number::ModelCalls]);
        assert_eq!(more(|run| run.llm_calls = 0), [Number::ModelCalls]);
        assert_eq!(more(|run| run.tool_calls = 3), [Number::ToolCalls]);
        assert_eq!(more(|run| run.errors = 1), [Number::Errors]);
        assert_eq!(more(|run| run.input_tokens = 11), [Number::TokensIn]);
        assert_eq!(more(|run| run.output_tokens = 4), [Number::TokensOut]);
        assert_eq!(more(|run| run.entries = 1), [Number::RunEntries]);
    }

    #[test]
    fn a_call_that_is_reported_twice_is_no_difference() {
        let steps = [
            made_up_step(1, StepClass::Llm),
            made_up_step(2, StepClass::Llm),
            made_up_step(3, StepClass::Tool),
        ];
        assert_eq!(of(&run(&made_up_run(), &steps, &[])), []);
    }
}
