//! The forms of a report, on one finding of each shape.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use blca::{Coverage, Finding, Report};
use serde_json::Value;

fn report() -> Report {
    let edge = Finding {
        file: "crates/completeness/Cargo.toml".into(),
        line: 12,
        column: 41,
        width: 4,
        rule: "D003".into(),
        layer: "L4".into(),
        krate: "completeness".into(),
        intent: "compliance".into(),
        subject: "sqlx".into(),
        message: "L4 crate `completeness` reaches `sqlx`, which only L6 may reach".into(),
        path: vec![
            "completeness (L4)".into(),
            "featurey 1.0.0  [feature db]".into(),
            "sqlx 0.9.0  ← L6 only".into(),
        ],
        path_note: "(2 further paths: --why completeness sqlx)".into(),
        frame: "featurey = { version = \"1\", features = [\"db\"] }".into(),
    };
    let tabbed = Finding {
        file: "crates/a b/src/lib.rs".into(),
        line: 3,
        column: 5,
        width: 99,
        rule: "R001".into(),
        subject: "now".into(),
        message: "`now` reads the clock, 100% of the time".into(),
        frame: "\t数据 now();".into(),
        ..Finding::default()
    };
    let whole = Finding {
        file: "blca.toml".into(),
        rule: "T002".into(),
        subject: "gone".into(),
        message: "crate `gone` is declared\nand does not exist".into(),
        ..Finding::default()
    };
    let coverage = Coverage { crates: 15, files: 210, rules_run: 58, ..Coverage::default() };
    Report::new(vec![tabbed.clone(), whole, edge, tabbed], coverage)
}

#[test]
fn people_read_the_audit_form() {
    insta::assert_snapshot!(report().human());
}

#[test]
fn a_clean_report_is_two_lines() {
    let coverage = Coverage {
        crates: 1,
        files: 2,
        rules_run: 58,
        exceptions_in_force: 1,
        ..Coverage::default()
    };
    let report = Report::new(Vec::new(), coverage);
    assert_eq!(report.status(), 0);
    assert_eq!(
        report.human(),
        "LAYER TOPOLOGY AUDIT\n\nclean, 1 exception in force, 1 crate, 2 files, 58 rules, 0 rules matched nothing\n"
    );
}

#[test]
fn programs_read_json() {
    insta::assert_snapshot!(report().json());
}

#[test]
fn github_reads_commands() {
    insta::assert_snapshot!(report().github());
}

/// The types of `serde-sarif` are made from the schema of the standard.
#[test]
fn sarif_readers_read_sarif() {
    let text = report().sarif();
    let sarif: serde_sarif::sarif::Sarif = serde_json::from_str(&text).unwrap();
    let run = &sarif.runs[0];
    assert_eq!(run.tool.driver.rules.as_ref().unwrap().len(), blca::catalogue::all().len());
    let results = run.results.as_ref().unwrap();
    assert_eq!(results.len(), 3);
    let json: Value = serde_json::from_str(&text).unwrap();
    for result in json["runs"][0]["results"].as_array().unwrap() {
        let rule = &json["runs"][0]["tool"]["driver"]["rules"]
            [result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let uri =
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.starts_with('/') && !uri.contains(' '), "{uri}");
    }
    let flow = &json["runs"][0]["results"][2]["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!(flow.as_array().unwrap().len(), 3);
    assert!(!text.contains("Utc"), "no time stamps");
}

#[test]
fn a_fingerprint_survives_a_shift_of_lines() {
    let report = report();
    let finding = report.findings().iter().find(|f| f.rule == "D003").unwrap();
    let shifted = Finding { line: 40, frame: String::new(), ..finding.clone() };
    assert_eq!(finding.fingerprint(), shifted.fingerprint());
    let other = Finding { subject: "rusqlite".into(), ..finding.clone() };
    assert_ne!(finding.fingerprint(), other.fingerprint());
}
