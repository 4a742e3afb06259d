//! The audit form.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

use super::Report;
use crate::{Coverage, Finding, catalogue};

pub(super) fn render(report: &Report) -> String {
    let mut out = String::from("LAYER TOPOLOGY AUDIT\n\n");
    for finding in &report.findings {
        form(finding, &mut out);
    }
    let verdict = match (report.status(), report.findings.len()) {
        (0, _) => "clean".to_owned(),
        (3, n) => format!("incomplete, which is never a pass: {}", count(n, "finding")),
        (_, n) => count(n, "violation"),
    };
    let Coverage { crates, files, rules_run, rules_without_subject, exceptions_in_force } =
        &report.coverage;
    let _ = writeln!(
        out,
        "{verdict}, {} in force, {}, {}, {}, {} matched nothing",
        count(*exceptions_in_force, "exception"),
        count(*crates, "crate"),
        count(*files, "file"),
        count(*rules_run, "rule"),
        count(rules_without_subject.len(), "rule"),
    );
    out
}

fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn form(finding: &Finding, out: &mut String) {
    let place = match (finding.line, finding.column) {
        (0, _) => finding.file.clone(),
        (line, 0) => format!("{}:{line}", finding.file),
        (line, column) => format!("{}:{line}:{column}", finding.file),
    };
    let rule = catalogue::find(&finding.rule);
    let title = rule.map_or("", |rule| rule.title.as_str());
    let intent = if finding.intent.is_empty() { "none" } else { &finding.intent };
    let _ = writeln!(out, "File: {place}");
    let _ = writeln!(out, "Violation: {}", finding.message);
    let _ = writeln!(out, "Rule: BLCA-{} ({title})", finding.rule);
    let _ = writeln!(out, "Intent Classification: {intent}\n");
    frame(finding, out);
    for (depth, step) in finding.path.iter().enumerate() {
        match depth {
            0 => _ = writeln!(out, "Path:  {step}"),
            _ => _ = writeln!(out, "       {}└─ {step}", "   ".repeat(depth - 1)),
        }
    }
    if !finding.path_note.is_empty() {
        let _ = writeln!(out, "       {}", finding.path_note);
    }
    out.push_str("Options:\n");
    for (letter, option) in ["A", "B", "C"].iter().zip(rule.iter().flat_map(|rule| &rule.options)) {
        let _ = writeln!(out, "{letter}) {option}");
    }
    out.push('\n');
}

/// The line, and below it what is meant. A tab takes the same place in both.
fn frame(finding: &Finding, out: &mut String) {
    if finding.frame.trim().is_empty() {
        return;
    }
    let number = finding.line.to_string();
    let line = finding.frame.trim_end();
    let _ = writeln!(out, "{number} | {line}");
    if finding.column > 0 {
        let columns = |c: char| c.width().unwrap_or(0);
        let mut signs = line.chars();
        let before = signs.by_ref().take(finding.column - 1);
        let pad: String = before
            .map(|c| if c == '\t' { "\t".to_owned() } else { " ".repeat(columns(c)) })
            .collect();
        let meant: usize = signs.take(finding.width).map(columns).sum();
        let marks = "^".repeat(meant.max(1));
        let _ = writeln!(out, "{} | {pad}{marks}", " ".repeat(number.len()));
    }
}
