//! SARIF 2.1.0 (OASIS Standard, 27 March 2020).
//!
//! Places are relative to `%SRCROOT%` (§3.4.4), the way through the graph is a code flow (§3.36), and
//! partial fingerprints (§3.27.17) stay the same when lines shift.

use serde::Serialize;

use super::Report;
use crate::{Finding, catalogue};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    tool: Tool<'r>,
    invocations: [Invocation; 1],
    results: Vec<Outcome<'r>>,
    column_kind: &'static str,
}

#[derive(Serialize)]
struct Tool<'r> {
    driver: Driver<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'r> {
    name: &'static str,
    full_name: &'static str,
    version: &'static str,
    rules: Vec<Descriptor<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'r> {
    id: String,
    name: &'r str,
    short_description: Text<'r>,
    full_description: Text<'r>,
    help: Text<'r>,
    default_configuration: Level,
}

#[derive(Serialize)]
struct Level {
    level: &'static str,
}

#[derive(Serialize)]
struct Text<'r> {
    text: std::borrow::Cow<'r, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'r> {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Text<'r>,
    locations: [Location<'r>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow<'r>>,
    partial_fingerprints: Fingerprints,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "blca/v1")]
    blca: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'r> {
    physical_location: Physical<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical<'r> {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region<'r> {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Text<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow<'r> {
    thread_flows: [ThreadFlow<'r>; 1],
}

#[derive(Serialize)]
struct ThreadFlow<'r> {
    locations: Vec<Step<'r>>,
}

#[derive(Serialize)]
struct Step<'r> {
    location: Location<'r>,
}

pub(super) fn render(report: &Report) -> String {
    let rules = catalogue::all().iter().map(|rule| Descriptor {
        id: format!("BLCA-{}", rule.id),
        name: &rule.title,
        short_description: text(&rule.title),
        full_description: text(&rule.why),
        help: Text { text: catalogue::explain(&rule.id).unwrap_or_default().into() },
        default_configuration: Level { level: "error" },
    });
    let driver = Driver {
        name: "blca",
        full_name: "Bidirectional Layer Consistency Auditor",
        version: env!("CARGO_PKG_VERSION"),
        rules: rules.collect(),
    };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver },
            invocations: [Invocation { execution_successful: report.status() < 2 }],
            results: report.findings.iter().map(outcome).collect(),
            column_kind: "unicodeCodePoints",
        }],
    };
    let mut out = serde_json::to_string_pretty(&log).unwrap_or_default();
    out.push('\n');
    out
}

fn text(text: &str) -> Text<'_> {
    Text { text: text.into() }
}

fn outcome(finding: &Finding) -> Outcome<'_> {
    let steps: Vec<Step<'_>> = finding
        .path
        .iter()
        .map(|step| Step { location: Location { message: Some(text(step)), ..location(finding) } })
        .collect();
    let flow =
        (!steps.is_empty()).then_some(CodeFlow { thread_flows: [ThreadFlow { locations: steps }] });
    Outcome {
        rule_id: format!("BLCA-{}", finding.rule),
        rule_index: catalogue::all().iter().position(|r| r.id == finding.rule).unwrap_or_default(),
        level: "error",
        message: text(&finding.message),
        locations: [location(finding)],
        code_flows: flow.into_iter().collect(),
        partial_fingerprints: Fingerprints { blca: finding.fingerprint() },
    }
}

fn location(finding: &Finding) -> Location<'_> {
    let region = (finding.line > 0).then(|| Region {
        start_line: finding.line,
        start_column: (finding.column > 0).then_some(finding.column),
        // One past the last character (§3.30.8).
        end_column: (finding.column > 0 && finding.width > 0)
            .then_some(finding.column + finding.width),
        snippet: (!finding.frame.is_empty()).then(|| text(&finding.frame)),
    });
    let artifact_location = Artifact { uri: uri(&finding.file), uri_base_id: "%SRCROOT%" };
    Location { physical_location: Physical { artifact_location, region }, message: None }
}

/// A relative reference (RFC 3986 §4.2): everything but unreserved signs and `/` as `%XX`.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        let plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
