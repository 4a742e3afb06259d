//! The auditor on a compliant sample workspace: every breach must be found by its rule, every trap
//! must pass.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const CASES: &str = include_str!("../blca/tests/cases/cases.json");

/// A fresh copy of the sample, in a folder of its own.
fn sample(name: &str) -> PathBuf {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("blca").join(name);
    let _ = fs::remove_dir_all(&to);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("blca/tests/cases/sample"), &to);
    to
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn edit(root: &Path, edit: &Value) {
    let member = |name: &str| edit[name].as_str().unwrap_or_default();
    let path = root.join(member("file"));
    match member("op") {
        "replace" => {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(member("from")), "nothing to replace: {edit}");
            fs::write(&path, text.replacen(member("from"), member("to"), 1)).unwrap();
        }
        "append" => {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text + member("text")).unwrap();
        }
        "create" => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, member("text")).unwrap();
        }
        "remove" => fs::remove_file(&path).unwrap(),
        "crlf_bom" => {
            let text = fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
            fs::write(&path, format!("\u{feff}{text}")).unwrap();
        }
        other => panic!("unknown operation `{other}`"),
    }
}

fn blca(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["blca", "--offline", "--root"])
        .arg(root)
        .args(arguments)
        .output()
        .unwrap()
}

fn prepared(case: &Value) -> PathBuf {
    let root = sample(case["id"].as_str().unwrap());
    for change in case["edits"].as_array().unwrap() {
        edit(&root, change);
    }
    root
}

/// What is wrong with the outcome of a breach, or nothing.
fn judge_breach(case: &Value, output: &Output) -> Option<String> {
    let rule = case["rule"].as_str().unwrap();
    let (status, text) = (output.status.code(), String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = match rule {
        "T007" => 2,
        "G001" => 3,
        _ => 1,
    };
    let named = match rule {
        "T007" => said.contains("BLCA-T007"),
        _ => text.contains(&format!("Rule: BLCA-{rule} ")),
    };
    (status != Some(expected) || !named).then(|| {
        format!("{}: wanted {expected} and {rule}, got {status:?}\n{text}{said}", case["title"])
    })
}

#[test]
fn every_breach_is_found_by_its_rule() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let mut missed = Vec::new();
    for case in cases["mutations"].as_array().unwrap() {
        let root = prepared(case);
        missed.extend(judge_breach(case, &blca(&root, &[])));
        fs::remove_dir_all(root).unwrap();
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn every_legal_edit_passes() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let mut blamed = Vec::new();
    for case in cases["traps"].as_array().unwrap() {
        let root = prepared(case);
        let output = blca(&root, &[]);
        if output.status.code() != Some(0) {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            blamed.push(format!("{}\n{text}{said}", case["title"]));
        }
        fs::remove_dir_all(root).unwrap();
    }
    assert!(blamed.is_empty(), "{} blamed:\n{}", blamed.len(), blamed.join("\n"));
}

#[test]
fn two_folders_give_the_same_bytes_and_nothing_is_written() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let change = &cases["mutations"][0]["edits"][0];
    let (here, there) = (sample("here"), sample("elsewhere/deeper"));
    let mut reports = Vec::new();
    for root in [&here, &there] {
        edit(root, change);
        let lock = fs::read(root.join("Cargo.lock")).unwrap();
        for format in ["human", "json"] {
            reports.push(blca(root, &["--format", format]).stdout);
        }
        assert_eq!(fs::read(root.join("Cargo.lock")).unwrap(), lock);
        assert!(!root.join("target").exists());
    }
    assert_eq!(reports[..2], reports[2..]);
    let json: Value = serde_json::from_slice(&reports[1]).unwrap();
    assert_eq!(json["schema"], "blca/1");
    assert_eq!(json["status"], "violations");
    assert_eq!(json["violations"][0]["options"].as_array().unwrap().len(), 3);
}

#[test]
fn a_missing_registry_crate_is_incomplete_and_an_unknown_key_a_bad_declaration() {
    let root = sample("gone");
    fs::remove_dir_all(root.join("vendor/sqlx")).unwrap();
    assert_eq!(blca(&root, &[]).status.code(), Some(3));

    let root = sample("unknown-key");
    let text = fs::read_to_string(root.join("blca.toml")).unwrap();
    fs::write(root.join("blca.toml"), format!("bypass = true\n{text}")).unwrap();
    assert_eq!(blca(&root, &[]).status.code(), Some(2));
}

#[test]
fn a_rule_that_cases_name_can_be_explained() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    for case in cases["mutations"].as_array().unwrap() {
        let rule = case["rule"].as_str().unwrap();
        if rule == "T007" {
            continue;
        }
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["blca", "--explain", rule])
            .output()
            .unwrap();
        assert!(output.status.success(), "{rule}");
    }
}

#[test]
fn this_workspace_keeps_its_own_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = blca(&root, &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stdout));
}
