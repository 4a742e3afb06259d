//! The steps of a run as a time line: nesting as indents, durations as bars on one scale.

use logs_domain::{Nested, Step, StepClass, Timestamp, nest};
use maud::{Markup, html};

use super::run::{MOST_SHOWN, not_shown};
use super::said::{Said, nothing};
use crate::text::{duration, tokens};

/// The time that all steps lie in.
#[derive(Clone, Copy)]
struct Scale {
    start: Timestamp,
    total: i128,
}

impl Scale {
    fn of(rows: &[Nested<'_>]) -> Option<Self> {
        let start = rows.iter().map(|row| row.step.started_at).min()?;
        let end = rows.iter().map(|row| row.step.ended_at.unwrap_or(row.step.started_at)).max()?;
        Some(Self { start, total: end.nanos_since(start).max(1) })
    }

    /// Where a step begins and how long it is, in percent of the scale; of one without an end, where
    /// it began.
    fn bar(self, step: &Step) -> (String, Option<String>) {
        let offset = step.started_at.nanos_since(self.start);
        let length = step.ended_at.map(|end| end.nanos_since(step.started_at));
        (self.percent(offset), length.map(|length| self.percent(length)))
    }

    fn percent(self, ns: i128) -> String {
        let hundredths = ns.clamp(0, self.total).saturating_mul(10_000) / self.total;
        format!("{}.{:02}%", hundredths / 100, hundredths % 100)
    }
}

pub(super) fn table(steps: &[Step], address: &str) -> Markup {
    let rows = nest(steps);
    let Some(scale) = Scale::of(&rows) else {
        return html! { p.empty { "Not recorded: this run has no steps." } };
    };
    let (shown, rest) = rows.split_at(rows.len().min(MOST_SHOWN));
    html! {
        table.line role="table" {
            caption.heard { "Steps: parents before what they caused, bars on one scale of time" }
            thead role="rowgroup" {
                tr role="row" {
                    th role="columnheader" scope="col" { "step" }
                    th.scale role="columnheader" scope="col" {
                        span.heard { "when, from " } span { "0" } span { (duration(scale.total)) }
                    }
                    th.n role="columnheader" scope="col" { "took" }
                    th.n role="columnheader" scope="col" { "tokens in" }
                    th.n role="columnheader" scope="col" { "out" }
                }
            }
            tbody role="rowgroup" { @for row in shown { (line(row, scale)) } }
        }
        (not_shown(rest.len(), address))
    }
}

fn line(row: &Nested<'_>, scale: Scale) -> Markup {
    let (step, depth) = (row.step, row.last.len());
    let (at, length) = scale.bar(step);
    let offset = duration(step.started_at.nanos_since(scale.start));
    let took = match (step.ended_at, step.class) {
        (Some(end), _) => duration(end.nanos_since(step.started_at)),
        (None, StepClass::Event) => "event".to_owned(),
        (None, _) => "no end".to_owned(),
    };
    let used = |label: &str, n: Option<u64>| {
        html! {
            td.n.used role="cell" data-label=(label) {
                @match n { Some(n) => (tokens(n)), None => (nothing()) }
            }
        }
    };
    html! {
        tr role="row" class={ (hue(step.class)) @if step.error.is_some() { " failed" } } {
            th role="rowheader" scope="row" style={ "--depth:" (depth) } {
                @if depth > 0 { span.heard { "level " (depth) ": " } }
                span.step { (Said(label(step))) }
                span.of {
                    (step.class.as_str())
                    @if let Some(model) = &step.model { " · " (Said(model)) }
                    " · entry " (step.seq)
                }
                @if let Some(error) = &step.error { span.error { "error: " (Said(error)) } }
            }
            td.bar role="cell" {
                span.heard { "after " (offset) }
                div.track aria-hidden="true" {
                    @match length {
                        Some(length) => span.run style={ "left:" (at) ";width:" (length) } {},
                        None => span.run.dot style={ "left:" (at) } {},
                    }
                }
            }
            td.n role="cell" data-label="took" { (took) }
            (used("tokens in", step.input_tokens))
            (used("out", step.output_tokens))
        }
    }
}

fn hue(class: StepClass) -> &'static str {
    match class {
        StepClass::Llm | StepClass::Embedding => "model",
        StepClass::Tool | StepClass::McpTool | StepClass::Mcp => "tool",
        StepClass::Agent => "agent",
        StepClass::Retrieval | StepClass::Event | StepClass::Other => "other",
    }
}

fn label(step: &Step) -> &str {
    match (step.class, &step.tool) {
        (StepClass::Tool, Some(tool)) => tool,
        _ => &step.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_lies_in_its_scale_whatever_the_times_are() {
        let start = Timestamp::UNIX_EPOCH;
        let scale = Scale { start, total: 3 };
        for (ns, expect) in [(0, "0.00%"), (1, "33.33%"), (3, "100.00%"), (9, "100.00%")] {
            assert_eq!(scale.percent(ns), expect);
        }
        assert_eq!(scale.percent(-5), "0.00%");
        let scale = Scale { start, total: i128::MAX };
        assert!(scale.percent(i128::MAX).ends_with('%'), "absurd, and no panic");
    }
}
