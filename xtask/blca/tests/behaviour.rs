//! What the auditor does whatever it finds: the same bytes from any folder, nothing written, and no
//! pass for what it could not read.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use blca::{Request, Stop};
use serde_json::{Value, json};
use support::{audit, edit, said, sample};

fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(tree(&path));
        } else {
            out.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    out
}

fn with(name: &str, edits: &[Value]) -> PathBuf {
    let root = sample(name);
    for change in edits {
        edit(&root, change);
    }
    root
}

#[test]
fn two_runs_and_two_folders_give_the_same_bytes_and_nothing_is_written() {
    let breach = json!({"op": "append", "file": "crates/ev-export/src/lib.rs",
        "text": "\npub fn t() { let _ = std::time::SystemTime::now(); }\n"});
    let here = with("here", std::slice::from_ref(&breach));
    let there = with("elsewhere/deeper", &[breach]);
    let before = tree(&here);
    let (first, second, other) = (audit(&here), audit(&here), audit(&there));
    assert_eq!(tree(&here), before);
    let text = said(&first).text;
    assert!(text.contains("R001"), "{text}");
    assert_eq!(text, said(&second).text);
    assert_eq!(text, said(&other).text);
    assert!(!text.contains("elsewhere"));
}

#[test]
fn a_cache_changes_no_verdict() {
    let root = sample("cached");
    fs::create_dir_all(root.join("target")).unwrap();
    let cold = said(&audit(&root));
    assert!(root.join("target/blca/verdicts.json").is_file());
    assert_eq!(cold.text, said(&audit(&root)).text);
    let breach = json!({"op": "append", "file": "crates/ev-engine/src/verify.rs",
        "text": "\nconst Q: &str = \"SELECT id FROM traces\";\n"});
    edit(&root, &breach);
    assert_eq!(said(&audit(&root)).rules, ["S001"]);
    // A new table makes an old text SQL: the verdict of an unchanged file changes with its context.
    fs::write(root.join("target/blca/verdicts.json"), "damaged").unwrap();
    assert_eq!(said(&audit(&root)).rules, ["S001"]);
    edit(
        &root,
        &json!({"op": "replace", "file": "crates/ev-engine/src/verify.rs",
        "from": "\nconst Q: &str = \"SELECT id FROM traces\";\n", "to": ""}),
    );
    assert_eq!(said(&audit(&root)).status, 0);
}

#[track_caller]
fn check(name: &str, edits: &[Value], status: u8, says: &str) {
    let root = with(name, edits);
    let said = said(&audit(&root));
    assert_eq!(said.status, status, "{}", said.text);
    assert!(said.text.contains(says), "`{says}` not in:\n{}", said.text);
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn what_cannot_be_read_is_never_a_pass() {
    let engine = "crates/ev-engine/src/verify.rs";
    check("no-declaration", &[json!({"op": "remove", "file": "blca.toml"})], 2, "blca.toml");
    check(
        "no-toml",
        &[json!({"op": "create", "file": "blca.toml", "text": "layers = ["})],
        2,
        "T007",
    );
    check(
        "broken-manifest",
        &[
            json!({"op": "append", "file": "crates/ev-engine/Cargo.toml", "text": "\n[dependencies\n"}),
        ],
        3,
        "ev-engine",
    );
    check(
        "missing-crate",
        &[json!({"op": "remove", "file": "vendor/serde/Cargo.toml"})],
        3,
        "serde",
    );
    check(
        "unparsable",
        &[json!({"op": "append", "file": engine, "text": "fn ( {"})],
        3,
        "verify.rs",
    );
    check(
        "not-utf8",
        &[json!({"op": "create_bytes", "file": engine, "bytes": [47, 47, 255, 10]})],
        3,
        "verify.rs",
    );
    check("module-gone", &[json!({"op": "remove", "file": engine})], 3, "verify.rs");
    check(
        "circle",
        &[json!({"op": "symlink", "file": "crates/ev-engine/src/again", "to": "../src"})],
        3,
        "circle",
    );
    check(
        "nowhere",
        &[json!({"op": "symlink", "file": "crates/ev-engine/src/gone.rs", "to": "missing.rs"})],
        3,
        "gone.rs",
    );
    check(
        "binary-migration",
        &[
            json!({"op": "create_bytes", "file": "crates/ev-store/migrations/0002_x.sql", "bytes": [255]}),
        ],
        3,
        "0002_x.sql",
    );
}

#[test]
fn a_folder_that_may_not_be_read_is_no_pass() {
    use std::os::unix::fs::PermissionsExt;
    let root = sample("forbidden");
    let folder = root.join("crates/ev-engine/src/secret");
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&folder).is_ok() {
        eprintln!("not tested: this user reads every folder");
    } else {
        let said = said(&audit(&root));
        assert_eq!(said.status, 3, "{}", said.text);
        assert!(said.text.contains("secret"), "{}", said.text);
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn exceptions_are_reasoned_expire_and_are_needed() {
    let breach = json!({"op": "append", "file": "crates/ev-export/src/lib.rs",
        "text": "\npub fn tz() -> bool { std::env::var(\"TZ\").is_ok() }\n"});
    let exception = |more: &str| {
        json!({"op": "append", "file": "blca.toml", "text": format!(
            "\n[[exception]]\nrule = \"R004\"\ncrate = \"ev-export\"\n{more}")})
    };
    let whole = "reason = \"r\"\nowner = \"o\"\nexpires = \"2027-01-31\"\n";
    let root = with("let-through", &[breach.clone(), exception(whole)]);
    let report = audit(&root).unwrap();
    assert_eq!(report.status(), 0, "{}", report.human());
    assert!(report.human().contains("1 exception"), "{}", report.human());
    let late =
        Request { root, offline: true, as_of: Some("2027-02-01".to_owned()), ..Request::default() };
    let rules = said(&blca::audit(&late)).rules;
    assert_eq!(rules, ["M002", "R004"]);
    let Err(Stop::Declaration(_)) =
        blca::audit(&Request { as_of: Some("soon".to_owned()), ..late })
    else {
        panic!("`soon` is no date");
    };
    check(
        "no-reason",
        &[breach.clone(), exception("owner = \"o\"\nexpires = \"2027-01-31\"\n")],
        1,
        "M002",
    );
    check("unneeded", &[exception(whole)], 1, "M002");
    check("wildcard", &[breach, exception(&format!("target = \"*\"\n{whole}"))], 1, "M002");
}

#[test]
fn only_what_changed_is_reported_when_asked() {
    let root = sample("changed");
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let status = std::process::Command::new("git")
            .current_dir(&root)
            .args(identity)
            .args(arguments)
            .output()
            .unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    };
    let debt =
        |file: &str| edit(&root, &json!({"op": "append", "file": file, "text": "\n// TODO: x\n"}));
    debt("crates/ev-api/src/lib.rs");
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "all"]);
    debt("crates/ev-export/src/lib.rs");
    let request =
        Request { root: root.clone(), offline: true, changed: true, ..Request::default() };
    let report = blca::audit(&request).unwrap();
    let files: Vec<_> = report.findings().iter().map(|f| f.file.as_str()).collect();
    assert_eq!(files, ["crates/ev-export/src/lib.rs"]);
    assert_eq!(audit(&root).unwrap().findings().len(), 2);
}
