//! Findings as people and programs read them: sorted, relative paths, no time stamps.

mod human;
mod json;
mod sarif;

use std::fmt::Write;

use crate::{Coverage, Finding};

/// The outcome of an audit.
#[derive(Clone, Debug)]
pub struct Report {
    findings: Vec<Finding>,
    coverage: Coverage,
}

impl Report {
    /// Sorts, and keeps one of equal findings.
    #[must_use]
    pub fn new(mut findings: Vec<Finding>, coverage: Coverage) -> Self {
        findings.sort();
        findings.dedup();
        Self { findings, coverage }
    }

    /// The breaches, sorted.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Exit status: 0 clean, 1 violations, 3 where a file could not be judged.
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
        human::render(self)
    }

    /// One JSON document, `blca/1`.
    #[must_use]
    pub fn json(&self) -> String {
        json::render(self)
    }

    /// SARIF 2.1.0.
    #[must_use]
    pub fn sarif(&self) -> String {
        sarif::render(self)
    }

    /// Workflow commands of GitHub, one line a finding.
    #[must_use]
    pub fn github(&self) -> String {
        let mut out = String::new();
        for finding in &self.findings {
            let _ = write!(out, "::error file={}", property(&finding.file));
            for (name, number) in [("line", finding.line), ("col", finding.column)] {
                if number > 0 {
                    let _ = write!(out, ",{name}={number}");
                }
            }
            let (rule, message) = (&finding.rule, escaped(&finding.message));
            let _ = writeln!(out, ",title=BLCA-{rule}::{message}");
        }
        out
    }
}

/// The escapes of a command's text.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The escapes of a command's property.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
