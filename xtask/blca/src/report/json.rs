//! `blca/1`.

use serde::Serialize;

use super::Report;
use crate::{Finding, catalogue};

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    status: &'static str,
    exceptions_in_force: usize,
    violations: Vec<Violation<'r>>,
    coverage: Coverage<'r>,
}

#[derive(Serialize)]
struct Violation<'r> {
    rule: String,
    layer: &'r str,
    #[serde(rename = "crate")]
    krate: &'r str,
    intent: &'r str,
    file: &'r str,
    line: usize,
    column: usize,
    message: &'r str,
    path: &'r [String],
    options: &'r [String],
    fingerprint: String,
}

#[derive(Serialize)]
struct Coverage<'r> {
    crates: usize,
    files: usize,
    rules_run: usize,
    rules_without_subject: &'r [String],
}

pub(super) fn render(report: &Report) -> String {
    let document = Document {
        schema: "blca/1",
        status: match report.status() {
            0 => "clean",
            1 => "violations",
            _ => "incomplete",
        },
        exceptions_in_force: report.coverage.exceptions_in_force,
        violations: report.findings.iter().map(violation).collect(),
        coverage: Coverage {
            crates: report.coverage.crates,
            files: report.coverage.files,
            rules_run: report.coverage.rules_run,
            rules_without_subject: &report.coverage.rules_without_subject,
        },
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn violation(finding: &Finding) -> Violation<'_> {
    Violation {
        rule: format!("BLCA-{}", finding.rule),
        layer: &finding.layer,
        krate: &finding.krate,
        intent: &finding.intent,
        file: &finding.file,
        line: finding.line,
        column: finding.column,
        message: &finding.message,
        path: &finding.path,
        options: catalogue::find(&finding.rule).map_or(&[], |rule| &rule.options),
        fingerprint: finding.fingerprint(),
    }
}
