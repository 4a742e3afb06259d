//! `cargo xtask blca`, `lock` and `unlock` as somebody types them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn sample(name: &str) -> PathBuf {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("xtask").join(name);
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

fn xtask(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .arg("--root")
        .arg(root)
        .output()
        .unwrap()
}

#[track_caller]
fn check(root: &Path, arguments: &[&str], status: i32, says: &str) {
    let output = xtask(root, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert!(text.contains(says), "`{says}` not in:\n{text}");
}

fn append(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    let before = fs::read_to_string(&path).unwrap();
    fs::write(path, before + text).unwrap();
}

#[test]
fn each_outcome_has_its_exit_status() {
    let root = sample("status");
    check(&root, &["blca", "--offline"], 0, "clean");
    check(&root, &["blca", "check", "--offline"], 0, "clean");
    append(
        &root,
        "crates/ev-export/src/lib.rs",
        "\npub fn t() { let _ = std::time::SystemTime::now(); }\n",
    );
    check(&root, &["blca", "--offline"], 1, "BLCA-R001");
    check(
        &root,
        &["blca", "--offline", "--format", "github"],
        1,
        "::error file=crates/ev-export/src/lib.rs",
    );
    check(&root, &["blca", "--offline", "--format", "sarif"], 1, "\"2.1.0\"");
    check(&root, &["blca", "--offline", "--format", "json"], 1, "\"blca/1\"");
    check(&root, &["blca", "--offline", "--rule", "T001"], 0, "clean");
    check(&root, &["blca", "--offline", "--rule", "Z999"], 2, "Z999");
    check(&root, &["blca", "--offline", "--as-of", "tomorrow"], 2, "tomorrow");
    append(&root, "blca.toml", "\nbypass = true\n");
    check(&root, &["blca", "--offline"], 2, "BLCA-T007");
    fs::remove_dir_all(root.join("vendor/sqlx")).unwrap();
    fs::write(
        root.join("blca.toml"),
        fs::read_to_string(root.join("blca.toml")).unwrap().replace("bypass = true\n", ""),
    )
    .unwrap();
    check(&root, &["blca", "--offline"], 3, "never a pass");
    check(&root, &["blca", "--offline", "--format", "json"], 3, "\"incomplete\"");
    check(&root.join("nowhere"), &["blca"], 2, "nowhere");
}

#[test]
fn every_rule_is_explained() {
    for rule in blca::catalogue::all() {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["blca", "--explain", &rule.id])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success());
        assert!(text.starts_with(&format!("BLCA-{}  ", rule.id)), "{text}");
        assert!(text.contains("Bad:") && text.contains("Good:"), "{text}");
    }
}

#[test]
fn the_layers_are_drawn_and_ways_are_shown() {
    let root = sample("picture");
    check(&root, &["blca", "--offline", "--graph", "mermaid"], 0, "ev_engine --> ev_canon");
    check(&root, &["blca", "--offline", "--graph", "dot"], 0, "\"ev-engine\" -> \"ev-canon\"");
    check(&root, &["blca", "--offline", "--why", "ev-store", "sqlx-core"], 0, "└─ sqlx");
    check(&root, &["blca", "--offline", "--why", "ev-engine", "sqlx"], 0, "does not reach");
    check(&root, &["blca", "--offline", "--why", "nobody", "sqlx"], 2, "nobody");
}

#[test]
fn a_domain_is_locked_found_changed_unlocked_and_locked_again() {
    let root = sample("lock");
    check(&root, &["lock"], 2, "no `blca.lock`");
    check(
        &root,
        &["lock", "canon=crates/ev-canon", "--because", "hashes rest on it"],
        0,
        "+ crates/ev-canon",
    );
    check(&root, &["lock", "canon=crates/ev-canon", "--because", "again"], 2, "locked already");
    check(&root, &["lock", "none=crates/none", "--because", "x"], 2, "no file");
    check(&root, &["lock", "--check"], 0, "up to date");
    check(&root, &["blca", "--offline"], 0, "clean");
    let page = fs::read_to_string(root.join("docs/LOGS_DOMAIN_LOCK.md")).unwrap();
    assert!(page.contains("hashes rest on it"), "{page}");

    append(&root, "crates/ev-canon/src/lib.rs", "\n// more\n");
    check(&root, &["blca", "--offline"], 1, "BLCA-K001");
    check(&root, &["lock", "--check"], 1, "not up to date");
    let unlock = [
        "unlock",
        "crates/ev-canon/src/lib.rs",
        "--because",
        "a faster hash",
        "--approver",
        "the owner of the format",
        "--change",
        "C-1",
        "--expires",
    ];
    check(&root, &[&unlock[..], &["soon"]].concat(), 2, "no date");
    check(&root, &[&unlock[..], &["2027-01-31"]].concat(), 0, "`canon` is unlocked");
    check(&root, &["blca", "--offline"], 0, "clean");
    check(&root, &["blca", "--offline", "--as-of", "2027-02-01"], 1, "BLCA-K005");
    check(&root, &["lock"], 0, "~ crates/ev-canon/src/lib.rs");
    check(&root, &["blca", "--offline", "--as-of", "2027-02-01"], 0, "clean");
    check(&root, &["lock"], 0, "nothing changed");
    check(
        &root,
        &[
            "unlock",
            "crates/ev-api",
            "--because",
            "x",
            "--approver",
            "y",
            "--change",
            "z",
            "--expires",
            "2027-01-31",
        ],
        2,
        "no locked domain",
    );
}

#[test]
fn this_workspace_keeps_its_own_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // Not offline: a fresh machine has fetched the crates of its own platform, and the graph has all.
    check(&root, &["blca"], 0, "clean");
    check(&root, &["lock", "--check"], 0, "up to date");
}
