//! Filters as a plain form: what was asked stands in it, and in the address.

use maud::{Markup, html};

/// A field of a filter.
pub(super) struct Field<'f> {
    pub(super) name: &'f str,
    pub(super) label: &'f str,
    pub(super) value: Option<&'f str>,
    pub(super) takes: Takes<'f>,
}

/// What a field takes.
pub(super) enum Takes<'f> {
    Text {
        like: &'f str,
    },
    /// Any text, of which these are usual.
    Usually(&'f [&'f str]),
    /// One of these, or all.
    OneOf(&'f [&'f str]),
    /// A day, or a time as the API takes it.
    Time,
}

pub(super) fn form(action: &str, fields: &[Field<'_>]) -> Markup {
    let filtered = fields.iter().any(|field| field.value.is_some());
    html! {
        form.filters method="get" action=(action) role="search" {
            @for field in fields {
                div { label for=(field.name) { (field.label) } (input(field)) }
            }
            div.do {
                button type="submit" { "Show" }
                @if filtered { a href=(action) { "Show all" } }
            }
        }
    }
}

fn input(field: &Field<'_>) -> Markup {
    let Field { name, label: _, value, takes } = field;
    let text = |kind: &str, like: Option<&str>| {
        html! {
            input type=(kind) id=(name) name=(name) value=[*value] placeholder=[like]
                autocomplete="off" autocapitalize="none" spellcheck="false";
        }
    };
    match takes {
        Takes::Text { like } => text("text", Some(like)),
        Takes::Usually(usual) => html! {
            input type="text" id=(name) name=(name) value=[*value] list={ (name) "-usual" }
                autocomplete="off" autocapitalize="none" spellcheck="false";
            datalist id={ (name) "-usual" } { @for one in *usual { option value=(one); } }
        },
        Takes::OneOf(choices) => html! {
            select id=(name) name=(name) {
                option value="" { "any" }
                @for one in *choices { option value=(one) selected[*value == Some(*one)] { (one) } }
            }
        },
        // A browser empties a field of days that holds something else.
        Takes::Time if value.is_none_or(is_day) => text("date", None),
        Takes::Time => text("text", None),
    }
}

fn is_day(text: &str) -> bool {
    text.len() == "2026-01-01".len()
}

/// The time that a field stands for: a day begins at midnight UTC.
pub(super) fn time(field: Option<&str>) -> Option<String> {
    field.map(|text| if is_day(text) { format!("{text}T00:00:00Z") } else { text.to_owned() })
}
