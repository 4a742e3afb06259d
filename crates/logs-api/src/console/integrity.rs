//! `/integrity`: whether the ledger holds, recomputed from the stored bytes when somebody says so.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use logs_domain::{Finding, LedgerReport};
use maud::{Markup, html};
use serde::Deserialize;

use super::agree::{self, Differences, Number};
use super::ledger::{self, State as Ledger};
use super::page::{Head, Shown, page};
use super::said::Said;
use crate::api::answered::Disclosed;
use crate::api::query::Asked;
use crate::app::App;
use crate::callers::Reader;
use crate::drawn_in::is_led_here;
use crate::problem::Problem;
use crate::text::{count, tokens};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    verify: Option<Now>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Now {
    Now,
}

/// Never by itself: it reads all of the ledger. Nor because another site's page led here.
pub(super) async fn look(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    headers: HeaderMap,
    Asked(Verify { verify }): Asked<Verify>,
) -> Result<Shown, Problem> {
    let signed = app.domain.newest_checkpoint(&tenant).await?;
    let size = app.domain.size(&tenant).await?;
    let report = match verify.filter(|Now::Now| !is_led_here(&headers)) {
        None => None,
        Some(Now::Now) => {
            // One at a time, for whoever asks, here or by the API.
            let busy = |_| Problem::unavailable("the ledger is being verified already (ask again)");
            let _permit = app.verifying.try_acquire().map_err(busy)?;
            Some(app.domain.verify(&tenant, &[], &|_| {}).await?)
        }
    };
    let (items, as_of_size) = report.as_ref().map_or((0, size), |report| (1, report.entries));
    let state = Ledger::later(&app, &tenant, signed, size).await?;
    let head = Head { title: "Integrity", below: "/integrity", tenant: &tenant, as_of_size };
    let page = page(&head, &body(&state, report.as_ref()));
    Ok(Shown { disclosed: Disclosed { items, as_of_size }, page })
}

fn body(state: &Ledger, report: Option<&LedgerReport>) -> Markup {
    let signed = state.signed.as_ref().map(|signed| signed.size);
    let checked = report.map(|report| agree::verification(report, signed, state.later));
    let differences = state.differences().and(checked.unwrap_or_default());
    html! {
        h1 { "Integrity" }
        (differences.notice())
        div.beside {
            (ledger::panel(state, &differences, &html! {}))
            section aria-label="Verification" {
                @match report {
                    Some(report) => (found(report, &differences)),
                    None => p.lead {
                        "Every entry is read and hashed again, the root is recomputed, and each signed \
                         checkpoint is checked against it."
                    },
                }
                form.verify method="get" action="/integrity" {
                    button type="submit" name="verify" value="now" {
                        @if report.is_some() { "Verify again" } @else { "Verify now" }
                    }
                    p { "It takes as long as the ledger is large, and one is done at a time." }
                }
            }
        }
    }
}

fn found(report: &LedgerReport, differences: &Differences) -> Markup {
    let LedgerReport { entries, bytes, root, checkpoints, signed_size, findings, .. } = report;
    let root = root.map(|root| root.to_string());
    html! {
        section.verified.broken[!findings.is_empty()] role="status" aria-labelledby="found" {
            h2 id="found" {
                @if findings.is_empty() { "No findings" }
                @else { (count(all(report), "finding", "findings")) }
            }
            dl.facts.wide {
                div {
                    dt { "entries recomputed" }
                    dd { (differences.unless(Number::LedgerEntries, html! { (tokens(*entries)) })) }
                }
                div { dt { "bytes" } dd { (tokens(*bytes)) } }
                div { dt { "checkpoints checked" } dd { (tokens(*checkpoints)) } }
                div {
                    dt { "signed up to" }
                    dd { (differences.unless(Number::Signed, html! { (tokens(*signed_size)) })) }
                }
                div.whole {
                    dt { "root" }
                    dd {
                        @match root {
                            Some(root) => code { (root) },
                            None => span.none { "none: entries are missing or were changed" },
                        }
                    }
                }
            }
            @if !findings.is_empty() { ol.findings { @for one in findings { (finding(one)) } } }
            @if report.more_findings > 0 { p { (tokens(report.more_findings)) " more are not listed." } }
            p.limits {
                @if findings.is_empty() {
                    "What is stored is what was recorded, as far as it was signed. That what was recorded is \
                     true, or that everything was, nothing here says."
                } @else {
                    "This is what differs. Who did it, and why, nothing here says. Keep the database and the \
                     key as they are, and compare with a copy, a bundle or a checkpoint from before."
                }
            }
        }
    }
}

fn all(report: &LedgerReport) -> u64 {
    report.more_findings.saturating_add(report.findings.len() as u64)
}

fn finding(finding: &Finding) -> Markup {
    let Finding { tenant: _, seq, what, meaning } = finding;
    html! {
        li {
            p.what { @if let Some(seq) = seq { "Entry " (seq) ": " } (Said(what)) }
            p { (Said(meaning)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use logs_domain::TenantId;

    use super::*;

    fn made_up_report(findings: Vec<Finding>) -> LedgerReport {
        LedgerReport {
            tenant: TenantId::parse("acme").unwrap(),
            since: 0,
            entries: 9,
            bytes: 900,
            root: None,
            checkpoints: 1,
            signed_size: 8,
            findings,
            more_findings: 0,
        }
    }

    fn state(size: u64, later: u64) -> Ledger {
        Ledger { signed: None, size, later }
    }

    #[test]
    fn what_was_found_is_said_with_what_it_means() {
        let tenant = TenantId::parse("acme").unwrap();
        let (what, meaning) = ("the <leaf> differs".to_owned(), "it was changed".to_owned());
        let report = made_up_report(vec![Finding { tenant, seq: Some(7), what, meaning }]);
        let page = body(&state(9, 9), Some(&report)).into_string();
        assert!(page.contains("1 finding") && page.contains("Entry 7: <bdi>the &lt;leaf&gt;"));
        assert!(page.contains("it was changed") && page.contains("Keep the database"));
        assert!(page.contains("none: entries are missing or were changed"), "{page}");
        assert!(!page.contains("Answers differ") && !page.contains("No findings"), "{page}");
    }

    #[test]
    fn a_verification_and_a_ledger_that_differ_are_no_two_truths() {
        let report = made_up_report(Vec::new());
        let page = body(&state(9, 12), Some(&report)).into_string();
        assert!(!page.contains("Answers differ"), "a ledger may grow meanwhile: {page}");
        let page = body(&state(5, 5), Some(&report)).into_string();
        assert!(page.contains("9 entries were checked, and the ledger has 5"), "{page}");
        assert_eq!(page.matches(">differs<").count(), 2, "in both panels: {page}");
    }
}
