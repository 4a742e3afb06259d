//! `/runs/{run_id}`: one run, what happened in it, and what was decided about it.

use std::sync::Arc;

use axum::extract::State;
use logs_domain::{AuditRecord, Gap, RunSummary, Step, TenantId, gaps_of_run};
use maud::{Markup, html};

use super::agree::{self, Differences, Number};
use super::page::{Head, Shown, page};
use super::said::{Said, address, said, time, visible};
use super::{audit, runs, timeline};
use crate::api::answered::Disclosed;
use crate::api::query::{Asked, Named, Nothing};
use crate::api::runs::known;
use crate::app::App;
use crate::callers::{Caller, Visitor, Wish};
use crate::problem::Problem;
use crate::text::{dollars, duration, tokens};

/// Times that a run is read again because something was recorded while it was read.
const AGAIN: usize = 2;

/// Rows of a table; a browser is not given more.
pub(super) const MOST_SHOWN: usize = 1_000;

/// What several answers say of a run.
struct Seen {
    run: RunSummary,
    steps: Vec<Step>,
    governance: Vec<AuditRecord>,
    /// The sizes of the ledger when the first answer was read and when the last one was.
    sizes: (u64, u64),
}

/// How whoever reads the page may fetch the run's evidence.
#[derive(Clone, Copy)]
enum Evidence {
    ByLink,
    /// A browser sends no key there: it would have to be asked for one by that path.
    ByKey,
    Not,
}

impl Evidence {
    fn of(caller: &Caller) -> Self {
        match (caller.may(Wish::ReadEntries), caller.is_unasked()) {
            (true, true) => Self::ByLink,
            (true, false) => Self::ByKey,
            (false, _) => Self::Not,
        }
    }
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Visitor(caller): Visitor,
    Named(id): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Shown, Problem> {
    let tenant = caller.tenant();
    let mut seen = Seen::read(&app, tenant, &id).await?;
    for _ in 0..AGAIN {
        if seen.differences().are_none() || seen.sizes.0 == seen.sizes.1 {
            break;
        }
        seen = Seen::read(&app, tenant, &id).await?;
    }
    let as_of_size = seen.sizes.0;
    let title = format!("Run {}", visible(&id));
    let head = Head { title: &title, below: "/", tenant, as_of_size };
    let items = 1 + seen.steps.len() as u64 + seen.governance.len() as u64;
    let page = page(&head, &body(&seen, Evidence::of(&caller)));
    Ok(Shown { disclosed: Disclosed { items, as_of_size }, page })
}

impl Seen {
    async fn read(app: &App, tenant: &TenantId, id: &str) -> Result<Self, Problem> {
        let (run, found) = known(app, tenant, id).await?;
        let steps = app.domain.logs().steps(tenant, &run).await?.value;
        let governance = app.domain.logs().governance(tenant, &run).await?.value;
        let sizes = (found.evidence.as_of_size, app.domain.size(tenant).await?);
        Ok(Self { run: found.value, steps, governance, sizes })
    }

    fn differences(&self) -> Differences {
        let of_run = agree::run(&self.run, &self.steps, &self.governance);
        agree::ledger(None, self.sizes.0, self.sizes.1).and(of_run)
    }
}

fn body(seen: &Seen, evidence: Evidence) -> Markup {
    let differences = seen.differences();
    let Seen { run, steps, governance, sizes: _ } = seen;
    let api = format!("/api/v1/logs/llm-runs{}", address(&[&run.run_id], &[]));
    html! {
        p.way { a href="/" { "Runs" } }
        h1 { (runs::who(run.agent.as_deref())) " " (runs::status(run.status)) }
        p.id { "run " code { (Said(&run.run_id)) } }
        (differences.notice())
        (summary(run, steps, &differences))
        section aria-labelledby="steps" {
            h2 id="steps" { "What happened" }
            (timeline::table(steps, &format!("{api}/trace")))
            (gaps(&gaps_of_run(run.status, steps)))
        }
        section aria-labelledby="governance" {
            h2 id="governance" { "What was decided and done about it" }
            @if governance.is_empty() { p.empty { "Not recorded: no audit fact names this run." } }
            @else {
                (decided(governance, &format!("{api}/governance")))
                p { a href=(address(&["audit"], &[("run", Some(run.run_id.as_str()))])) { "Newest first, by kind, actor and time" } }
            }
        }
        section aria-labelledby="evidence" {
            h2 id="evidence" { "Evidence" }
            (fetch(evidence, &format!("{api}/export")))
        }
    }
}

fn decided(facts: &[AuditRecord], address: &str) -> Markup {
    let (shown, rest) = facts.split_at(facts.len().min(MOST_SHOWN));
    html! {
        (audit::table(shown, audit::Of::OneRun))
        (not_shown(rest.len(), address))
    }
}

/// How many more there are of something, and where.
pub(super) fn not_shown(rest: usize, address: &str) -> Markup {
    html! {
        @if rest > 0 { p { (tokens(rest as u64)) " more are not shown here. All are at " code { (address) } "." } }
    }
}

fn summary(run: &RunSummary, steps: &[Step], differences: &Differences) -> Markup {
    let took = run.ended_at.map(|end| duration(end.nanos_since(run.started_at)));
    let figure = |label: &str, of: Number, n: u64| {
        let value = differences.unless(of, html! { (tokens(n)) });
        html! { div { dt { (label) } dd.large { (value) } } }
    };
    // A sum of nothing is 0, and that nothing was recorded is not that nothing was used.
    let used = |label: &str, of: Number, n: u64, by: fn(&Step) -> Option<u64>| match n == 0
        && steps.iter().all(|step| by(step).is_none())
    {
        true => html! { div { dt { (label) } dd { (said(None)) } } },
        false => figure(label, of, n),
    };
    html! {
        section aria-label="Summary" {
            dl.figures {
                (figure("model calls", Number::ModelCalls, run.llm_calls))
                (figure("tool calls", Number::ToolCalls, run.tool_calls))
                (figure("errors", Number::Errors, run.errors))
                (used("tokens in", Number::TokensIn, run.input_tokens, |step| step.input_tokens))
                (used("tokens out", Number::TokensOut, run.output_tokens, |step| step.output_tokens))
                (figure("entries", Number::RunEntries, run.entries))
            }
            dl.facts.wide {
                div { dt { "started" } dd { (time(run.started_at)) } }
                div {
                    dt { "ended" }
                    dd { @match run.ended_at { Some(at) => (time(at)), None => (said(None)) } }
                }
                div { dt { "took" } dd { @match took { Some(took) => (took), None => (said(None)) } } }
                div {
                    dt { "cost" }
                    dd { @match run.cost_micros { Some(micros) => (dollars(micros)), None => (said(None)) } }
                }
            }
        }
    }
}

/// What is known to be missing; nothing is no proof that nothing is.
fn gaps(gaps: &[Gap]) -> Markup {
    html! {
        @if !gaps.is_empty() {
            h3 { "What its record lacks" }
            ul.gaps { @for gap in gaps { li { (Said(&gap.to_string())) } } }
        }
    }
}

fn fetch(evidence: Evidence, address: &str) -> Markup {
    html! {
        @match evidence {
            Evidence::ByLink => {
                p {
                    a href=(address) download rel="nofollow" { "Fetch the evidence of this run" }
                    " as a file that verifies offline. That it was fetched is recorded."
                }
            },
            Evidence::ByKey => {
                p { "Your key may fetch the evidence of this run, a file that verifies offline:" }
                pre { code { "curl -OJ -H \"Authorization: Bearer $KEY\" HOST" (address) } }
            },
            Evidence::Not => {
                p { "Evidence is for API keys of auditors; yours reads, and fetches none." }
            },
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use logs_domain::{RunStatus, StepClass, Timestamp};

    use super::*;

    pub(in super::super) fn made_up_run() -> RunSummary {
        RunSummary {
            run_id: "run-1".to_owned(),
            agent: None,
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            status: RunStatus::Running,
            llm_calls: 1,
            tool_calls: 1,
            input_tokens: 10,
            output_tokens: 5,
            cost_micros: None,
            errors: 0,
            entries: 4,
        }
    }

    pub(in super::super) fn made_up_step(seq: u64, class: StepClass) -> Step {
        let used = (class == StepClass::Llm).then_some(10);
        Step {
            seq,
            run_id: "run-1".to_owned(),
            span_id: None,
            parent_span_id: None,
            class,
            name: "step".to_owned(),
            agent: None,
            provider: None,
            model: None,
            response_id: None,
            tool: None,
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            input_tokens: used,
            output_tokens: used.map(|_| 5),
            cost_micros: None,
            error: None,
            root: false,
        }
    }

    #[test]
    fn a_page_whose_answers_differ_says_so_and_shows_neither() {
        let steps = vec![made_up_step(1, StepClass::Llm), made_up_step(2, StepClass::Tool)];
        let mut seen = Seen { run: made_up_run(), steps, governance: Vec::new(), sizes: (9, 9) };
        let page = body(&seen, Evidence::Not).into_string();
        assert!(!page.contains("Answers differ") && !page.contains(">differs<"), "{page}");
        assert!(page.contains("not recorded"), "no agent, no end, no cost");

        seen.run.llm_calls = 4_711;
        let page = body(&seen, Evidence::Not).into_string();
        assert!(page.contains("Answers differ"), "{page}");
        assert!(page.contains("the summary counts 4,711, and 1 step is listed as such"), "{page}");
        assert!(page.contains("<dt>model calls</dt><dd class=\"large\"><strong"), "{page}");
        assert_eq!(page.matches("4,711").count(), 1, "in the notice alone");
        assert_eq!(page.matches(">differs<").count(), 1);
    }
}
