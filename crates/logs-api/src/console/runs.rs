//! `/`: the runs, newest first, and beside them the state of the ledger.

use std::sync::Arc;

use axum::extract::State;
use logs_domain::{Page, RunFilter, RunStatus, RunSummary, Unreadable};
use maud::{Markup, html};
use serde::Deserialize;

use super::agree;
use super::form::{self, Field, Takes, form};
use super::ledger::{self, State as Ledger};
use super::page::{Head, Shown, page};
use super::said::{Said, address, nothing, said, short, time};
use crate::api::answered::Disclosed;
use crate::api::query::{Asked, Part, period};
use crate::api::runs::Status;
use crate::app::App;
use crate::callers::Reader;
use crate::problem::Problem;
use crate::text::{duration, tokens};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Runs {
    agent: Option<String>,
    status: Option<Status>,
    since: Option<String>,
    until: Option<String>,
    cursor: Option<String>,
}

impl Runs {
    fn filter(&self) -> Result<RunFilter, Problem> {
        let (since, until) = (form::time(self.since.as_deref()), form::time(self.until.as_deref()));
        Ok(RunFilter {
            agent: self.agent.clone(),
            status: self.status.map(RunStatus::from),
            period: period(since.as_deref(), until.as_deref())?,
            ..RunFilter::default()
        })
    }

    fn status(&self) -> Option<&'static str> {
        self.status.map(|status| RunStatus::from(status).as_str())
    }

    fn next<'r>(&'r self, cursor: Option<&'r str>) -> [(&'r str, Option<&'r str>); 5] {
        [
            ("agent", self.agent.as_deref()),
            ("status", self.status()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("cursor", cursor),
        ]
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<Runs>,
) -> Result<Shown, Problem> {
    let part = Part { limit: None, cursor: asked.cursor.clone() };
    let request = part.of(&tenant, asked.filter()?)?;
    let signed = app.domain.newest_checkpoint(&tenant).await?;
    let answer = app.domain.logs().runs(&request).await?;
    let (listed, as_of_size) = (answer.value, answer.evidence.as_of_size);
    let state = Ledger::later(&app, &tenant, signed, as_of_size).await?;
    let head = Head { title: "Runs", below: "/", tenant: &tenant, as_of_size };
    let items = (listed.items.len() + listed.unreadable.len()) as u64;
    let disclosed = Disclosed { items, as_of_size };
    Ok(Shown { disclosed, page: page(&head, &body(&asked, &listed, &state)) })
}

fn body(asked: &Runs, listed: &Page<RunSummary>, state: &Ledger) -> Markup {
    let differences = state.differences().and(agree::runs(&listed.items, state.later));
    html! {
        h1 { "Runs" }
        (differences.notice())
        (unreadable(&listed.unreadable))
        div.beside {
            (ledger::panel(state, &differences, &html! { p { a href="/integrity" { "Verify it" } } }))
            section aria-label="Runs" {
                (filters(asked))
                (table(listed))
                @if let Some(next) = &listed.next {
                    p.next { a rel="next" href={ "/" (address(&[], &asked.next(Some(next)))) } { "Older runs" } }
                }
            }
        }
    }
}

/// Runs that would be on this page.
fn unreadable(runs: &[Unreadable]) -> Markup {
    html! {
        @if !runs.is_empty() {
            section.notice role="alert" {
                h2 { "Runs are missing here" }
                p {
                    "An entry of theirs is not there as it was recorded. "
                    a href="/integrity" { "Verify the ledger" } " to see what is wrong."
                }
                ul {
                    @for Unreadable { run_id, seq } in runs {
                        li { "run " code { (Said(&short(run_id))) } ", entry " (tokens(*seq)) }
                    }
                }
            }
        }
    }
}

fn filters(asked: &Runs) -> Markup {
    let statuses =
        [RunStatus::Running, RunStatus::Completed, RunStatus::Failed, RunStatus::Aborted];
    let statuses = statuses.map(RunStatus::as_str);
    let field = |name, label, value, takes| Field { name, label, value, takes };
    let fields = [
        field("agent", "Agent", asked.agent.as_deref(), Takes::Text { like: "name" }),
        field("status", "Status", asked.status(), Takes::OneOf(&statuses)),
        field("since", "Since (UTC)", asked.since.as_deref(), Takes::Time),
        field("until", "Before (UTC)", asked.until.as_deref(), Takes::Time),
    ];
    form("/", &fields)
}

fn table(listed: &Page<RunSummary>) -> Markup {
    if listed.items.is_empty() {
        let more = listed.next.is_some();
        return html! {
            p.empty {
                @if more { "None on this page; there may be older ones." }
                @else if !listed.unreadable.is_empty() { "None that can be shown." }
                @else { "Not recorded: there are no runs here." }
            }
        };
    }
    html! {
        table.cards role="table" {
            caption.heard { "Runs, newest first" }
            thead role="rowgroup" {
                tr role="row" {
                    @for (name, class) in [
                        ("run", ""), ("started", ""), ("took", "n"), ("status", ""), ("model calls", "n"),
                        ("tool calls", "n"), ("tokens in", "n"), ("out", "n"), ("errors", "n"),
                    ] { th role="columnheader" scope="col" class=(class) { (name) } }
                }
            }
            tbody role="rowgroup" { @for run in &listed.items { (row(run)) } }
        }
    }
}

fn row(run: &RunSummary) -> Markup {
    let took = run.ended_at.map(|end| duration(end.nanos_since(run.started_at)));
    let number = |label: &str, n: u64| {
        html! { td.n.zero[n == 0] role="cell" data-label=(label) { (tokens(n)) } }
    };
    html! {
        tr role="row" {
            th.name role="rowheader" scope="row" {
                span.who { (who(run.agent.as_deref())) }
                a href=(address(&["runs", &run.run_id], &[])) {
                    span.heard { "run " } code { (Said(&short(&run.run_id))) }
                }
            }
            td role="cell" data-label="started" { (time(run.started_at)) }
            td.n role="cell" data-label="took" {
                @match took { Some(took) => (took), None => (nothing()) }
            }
            td role="cell" data-label="status" { (status(run.status)) }
            (number("model calls", run.llm_calls))
            (number("tool calls", run.tool_calls))
            (number("tokens in", run.input_tokens))
            (number("tokens out", run.output_tokens))
            td.n.bad[run.errors > 0].zero[run.errors == 0] role="cell" data-label="errors" { (tokens(run.errors)) }
        }
    }
}

pub(super) fn who(agent: Option<&str>) -> Markup {
    html! { @match agent { Some(_) => (said(agent)), None => span.none { "agent not recorded" } } }
}

pub(super) fn status(status: RunStatus) -> Markup {
    html! { span class={ "status " (status.as_str()) } { (status.as_str()) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_its_runs_does_not_say_that_there_are_none() {
        let lost = Unreadable { run_id: "run-<b>".into(), seq: 1_234 };
        let listed = Page { items: Vec::new(), unreadable: vec![lost], next: None };
        let notice = unreadable(&listed.unreadable).into_string();
        assert!(notice.contains("Runs are missing here"), "{notice}");
        assert!(notice.contains("run-&lt;b&gt;") && notice.contains("1,234"), "{notice}");
        assert_eq!(unreadable(&[]).into_string(), "");
        let table = table(&listed).into_string();
        assert!(table.contains("None that can be shown."), "{table}");
    }
}
