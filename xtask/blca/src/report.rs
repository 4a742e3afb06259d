//! Findings as people and programs read them: sorted, relative paths, no time stamps.

use std::fmt::Write;

use serde_json::json;

use crate::rules;
use crate::{Coverage, Finding};




/// The outcome.
#[derive(Clone, Debug)]
pub struct Report {
    findings: Vec<Finding>,
    coverage: Coverage,
}

impl Report {
    /// Sorts and keeps one of equal findings.
    pub(crate) fn new(mut findings: Vec<Finding>, coverage: Coverage) -> Self {
        findings.sort();
        findings.dedup();
        Self { findings, coverage }
    }

    /// The breaches, sorted.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// 0 clean, 1 violations, 3 where a file could not be parsed.
    #[must_use]
    pub fn status(&self) -> u8 {
        if self.findings.iter().any(|f| f.rule == "G001") {
            3
        } else {
            u8::from(!self.findings.is_empty())
        }
    }

    /// The audit form, for people.
    #[must_use]
    pub fn human(&self) -> String {
        let mut out = String::from("LAYER TOPOLOGY AUDIT\n\n");
        for finding in &self.findings {
            finding.human(&mut out);
        }
        let n = self.findings.len();
        let Coverage { crates, files, rules_run, .. } = self.coverage.clone();
        let verdict = match self.status() {
            0 => "clean: no violations".to_owned(),
            3 => format!("INCOMPLETE: {n} findings, and not every file could be judged"),
            _ if n == 1 => "1 violation".to_owned(),
            _ => format!("{n} violations"),
        };
        let _ = writeln!(
            out,
            "{verdict}, 0 exceptions in force, {crates} crates, {files} files, {rules_run} rules"
        );
        out
    }

    /// One JSON document, `blca/1`.
    #[must_use]
    pub fn json(&self) -> String {
        let status = match self.status() {
            0 => "clean",
            1 => "violations",
            _ => "incomplete",
        };
        let violations: Vec<_> = self.findings.iter().map(Finding::json).collect();
        let report = json!({
            "schema": "blca/1",
            "status": status,
            "exceptions_in_force": 0,
            "violations": violations,
            "coverage": {
                "crates": self.coverage.crates,
                "files": self.coverage.files,
                "rules_run": self.coverage.rules_run,
                "rules_without_subject": [],
            },
        });
        format!("{report:#}\n")
    }
}

impl Finding {
    fn human(&self, out: &mut String) {
        let place = match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}", self.file),
        };
        let title = rules::find(&self.rule).map_or("", |r| r.title);
        let _ = writeln!(out, "File: {place}");
        let _ = writeln!(out, "Violation: {}", self.message);
        let _ = writeln!(out, "Rule: BLCA-{} ({title})", self.rule);
        let intent = if self.intent.is_empty() { "none" } else { &self.intent };
        let _ = writeln!(out, "Intent Classification: {intent}\n");
        if !self.frame.is_empty() {
            let _ = writeln!(out, "{:>4} | {}", self.line, self.frame.trim_end());
            if self.column > 0 {
                let _ = writeln!(out, "     | {}^", " ".repeat(self.column - 1));
            }
        }
        for (depth, step) in self.path.iter().enumerate() {
            match depth {
                0 => _ = writeln!(out, "Path:  {step}"),
                _ => _ = writeln!(out, "       {}└─ {step}", "   ".repeat(depth - 1)),
            }
        }
        out.push_str("Options:\n");
        for (letter, option) in ["A", "B", "C"].iter().zip(self.options()) {
            let _ = writeln!(out, "{letter}) {option}");
        }
        out.push('\n');
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "rule": format!("BLCA-{}", self.rule),
            "layer": self.layer,
            "crate": self.krate,
            "intent": self.intent,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "path": self.path,
            "options": self.options(),
            "fingerprint": format!("{}:{}:{}:{}", self.rule, self.krate, self.file, self.subject),
        })
    }

    fn options(&self) -> [&'static str; 3] {
        rules::find(&self.rule).map_or([""; 3], |r| r.options)
    }
}
