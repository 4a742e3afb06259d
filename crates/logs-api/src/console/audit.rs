//! `/audit`: who did, decided, read and exported what.

use std::sync::Arc;

use axum::extract::State;
use logs_domain::{AuditFilter, AuditRecord, Page};
use maud::{Markup, html};
use serde::Deserialize;
use store_traits::FactKind;

use super::form::{self, Field, Takes, form};
use super::page::{Head, Shown, page};
use super::said::{Said, address, cell, nothing, short, time};
use crate::api::answered::Disclosed;
use crate::api::query::{Asked, Part, period};
use crate::app::App;
use crate::callers::Reader;
use crate::problem::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facts {
    kind: Option<String>,
    actor: Option<String>,
    event: Option<String>,
    outcome: Option<String>,
    run: Option<String>,
    incident: Option<String>,
    since: Option<String>,
    until: Option<String>,
    cursor: Option<String>,
}

impl Facts {
    fn filter(&self) -> Result<AuditFilter, Problem> {
        let (since, until) = (form::time(self.since.as_deref()), form::time(self.until.as_deref()));
        Ok(AuditFilter {
            kind: self.kind.clone(),
            actor: self.actor.clone(),
            event: self.event.clone(),
            outcome: self.outcome.clone(),
            run: self.run.clone(),
            incident: self.incident.clone(),
            period: period(since.as_deref(), until.as_deref())?,
            ..AuditFilter::default()
        })
    }

    fn next<'r>(&'r self, cursor: &'r str) -> [(&'r str, Option<&'r str>); 9] {
        [
            ("kind", self.kind.as_deref()),
            ("actor", self.actor.as_deref()),
            ("event", self.event.as_deref()),
            ("outcome", self.outcome.as_deref()),
            ("run", self.run.as_deref()),
            ("incident", self.incident.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("cursor", Some(cursor)),
        ]
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<Facts>,
) -> Result<Shown, Problem> {
    let part = Part { limit: None, cursor: asked.cursor.clone() };
    let answer = app.domain.logs().audit(&part.of(&tenant, asked.filter()?)?).await?;
    let (listed, as_of_size) = (answer.value, answer.evidence.as_of_size);
    let head = Head { title: "Audit", below: "/audit", tenant: &tenant, as_of_size };
    let disclosed = Disclosed { items: listed.items.len() as u64, as_of_size };
    Ok(Shown { disclosed, page: page(&head, &body(&asked, &listed)) })
}

fn body(asked: &Facts, listed: &Page<AuditRecord>) -> Markup {
    html! {
        h1 { "Audit" }
        p.lead { "Who did, decided, read and exported what, newest first." }
        (filters(asked))
        @if !listed.items.is_empty() { (table(&listed.items, Of::AnyRun)) }
        @else if listed.next.is_some() { p.empty { "None on this page; there may be older ones." } }
        @else { p.empty { "Not recorded: there are no such audit facts." } }
        @if let Some(next) = &listed.next {
            p.next { a rel="next" href=(address(&["audit"], &asked.next(next))) { "Older facts" } }
        }
    }
}

fn filters(asked: &Facts) -> Markup {
    let kinds = [
        FactKind::AuditEvent,
        FactKind::AuditTool,
        FactKind::AuditAuthorization,
        FactKind::AuditAccess,
        FactKind::AuditExpectation,
        FactKind::AuditAck,
        FactKind::AuditHold,
        FactKind::AuditCaptureFailure,
    ];
    let kinds: Vec<&str> = kinds.iter().map(FactKind::as_str).collect();
    let field = |name, label, value, takes| Field { name, label, value, takes };
    let fields = [
        field("kind", "Kind", asked.kind.as_deref(), Takes::Usually(&kinds)),
        field("actor", "Actor", asked.actor.as_deref(), Takes::Text { like: "name" }),
        field("event", "Event", asked.event.as_deref(), Takes::Text { like: "word" }),
        field("outcome", "Outcome", asked.outcome.as_deref(), Takes::Text { like: "word" }),
        field("run", "Run", asked.run.as_deref(), Takes::Text { like: "id" }),
        field("incident", "Incident", asked.incident.as_deref(), Takes::Text { like: "id" }),
        field("since", "Since (UTC)", asked.since.as_deref(), Takes::Time),
        field("until", "Before (UTC)", asked.until.as_deref(), Takes::Time),
    ];
    form("/audit", &fields)
}

/// Whose facts a table lists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    AnyRun,
    OneRun,
}

/// Audit facts, as the list and the page of a run show them.
pub(super) fn table(facts: &[AuditRecord], of: Of) -> Markup {
    let heads = ["entry", "when", "kind", "event", "actor", "tool", "outcome", "policy", "run"];
    let heads = heads.iter().filter(|head| of == Of::AnyRun || **head != "run");
    html! {
        table.cards role="table" {
            caption.heard { "Audit facts, each with the number of its entry" }
            thead role="rowgroup" {
                tr role="row" { @for head in heads { th role="columnheader" scope="col" { (head) } } }
            }
            tbody role="rowgroup" { @for fact in facts { (row(fact, of)) } }
        }
    }
}

fn row(fact: &AuditRecord, of: Of) -> Markup {
    let kind = fact.kind.strip_prefix("audit.").unwrap_or(&fact.kind);
    let word = |label: &str, text: Option<&str>| {
        html! { td role="cell" data-label=(label) { (cell(text)) } }
    };
    html! {
        tr role="row" {
            th.entry role="rowheader" scope="row" { span.only-card { "entry " } (fact.seq) }
            td role="cell" data-label="when" { (time(fact.occurred_at)) }
            td.kind role="cell" data-label="kind" { (cell(Some(kind))) }
            (word("event", fact.event.as_deref()))
            (word("actor", fact.actor.as_deref()))
            (word("tool", fact.tool.as_deref()))
            (word("outcome", fact.outcome.as_deref()))
            (word("policy", fact.policy_id.as_deref()))
            @if of == Of::AnyRun {
                td role="cell" data-label="run" {
                    @match &fact.run_id {
                        Some(run) => a href=(address(&["runs", run], &[])) { code { (Said(&short(run))) } },
                        None => (nothing()),
                    }
                }
            }
        }
    }
}
