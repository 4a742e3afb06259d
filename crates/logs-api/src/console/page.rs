//! What every page has: its head, the way to the others, and on what it rests.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use logs_domain::TenantId;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::said::Said;
use crate::api::answered::Disclosed;
use crate::text::tokens;

pub(super) const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = include_str!("style.css");
const PAGES: [(&str, &str); 3] = [("/", "Runs"), ("/audit", "Audit"), ("/integrity", "Integrity")];

/// A page, and what it gives away.
pub(super) struct Shown {
    pub(super) disclosed: Disclosed,
    pub(super) page: Markup,
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        let mut response = ([(CONTENT_TYPE, HTML)], self.page.into_string()).into_response();
        response.extensions_mut().insert(self.disclosed);
        response
    }
}

/// What a page is about.
pub(super) struct Head<'h> {
    pub(super) title: &'h str,
    /// The page of the three that it is, or lies below.
    pub(super) below: &'h str,
    pub(super) tenant: &'h TenantId,
    pub(super) as_of_size: u64,
}

pub(super) fn page(head: &Head<'_>, body: &Markup) -> Markup {
    let Head { title, below, tenant, as_of_size } = head;
    let foot = html! {
        p {
            "Read at " (tokens(*as_of_size)) " entries of the ledger. Facts as they were recorded, \
             all times in UTC; what they mean is for whoever reads them. That this page was read is \
             recorded too."
        }
    };
    framed(title, Some(below), Some(tenant.as_str()), body, &foot)
}

/// A page for what is not answered as asked.
pub(super) fn refused(status: StatusCode, detail: &str) -> Markup {
    let (title, more) = match status.as_u16() {
        400 => ("This was not understood", "Go back and ask otherwise."),
        401 => (
            "A key is wanted",
            "Give an API key of a reader or an auditor as the password; any name will do as the \
             user. Reload the page to be asked again.",
        ),
        403 => (
            "This may not be read with that",
            "The console is for API keys of readers and auditors. A writer's key is for posting.",
        ),
        404 => ("Nothing is here", "What is recorded is reached from the list of runs."),
        421 => ("This is another host", "Open the address that `factlog serve` printed."),
        503 => ("Not now", "Nothing is lost. Reload the page in a moment."),
        _ => ("It could not be answered", "The operator is told why, on standard error."),
    };
    let body = html! {
        h1 { (title) }
        @if status != StatusCode::UNAUTHORIZED { p.lead { (sentence(detail)) } }
        p { (more) }
        p { a href="/" { "To the runs" } }
    };
    let foot = html! { p { "Status " (status.as_u16()) "." } };
    framed(title, None, None, &body, &foot)
}

fn sentence(detail: &str) -> Markup {
    let mut letters = detail.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    html! { (Said(&format!("{first}{}.", letters.as_str()))) }
}

fn framed(
    title: &str,
    below: Option<&str>,
    tenant: Option<&str>,
    body: &Markup,
    foot: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                title { (title) " · factlog" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    a.mark href="/" { "factlog" }
                    nav aria-label="Pages" {
                        @for (address, name) in PAGES {
                            @let here = below == Some(address);
                            a href=(address) aria-current=[here.then_some("page")] { (name) }
                        }
                    }
                    @if let Some(tenant) = tenant {
                        p.tenant { span { "tenant " } (Said(tenant)) }
                    }
                }
                main id="main" tabindex="-1" { (body) }
                footer { (foot) }
            }
        }
    }
}
