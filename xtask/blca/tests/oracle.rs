//! `cargo tree` as an independent oracle for what a crate reaches.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use blca::Request;
use serde_json::Value;
use support::{edit, sample};

/// Names of everything that cargo would build for a crate with all its features, tests left out.
fn tree(root: &Path, krate: &str) -> Option<BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["tree", "--offline", "-e", "normal,build", "--target", "all", "--all-features"])
        .args(["--prefix", "none", "--format", "{p}", "-p", krate])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned);
    output.status.success().then(|| names.filter(|n| n != krate && !n.is_empty()).collect())
}

#[test]
fn what_is_reached_is_what_cargo_would_build() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/cases.json");
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let all = ["mutations", "traps"].iter().flat_map(|part| cases[*part].as_array().unwrap());
    let in_graph = all.filter(|case| {
        let edits = case["edits"].as_array().unwrap();
        edits.iter().any(|e| e["file"].as_str().is_some_and(|f| f.ends_with("Cargo.toml")))
    });
    let mut compared = 0;
    for case in in_graph {
        let root = sample(&format!("oracle-{}", case["id"].as_str().unwrap()));
        for change in case["edits"].as_array().unwrap() {
            edit(&root, change);
        }
        for krate in ["ev-api", "ev-canon", "ev-engine", "ev-export", "ev-schema", "ev-store"] {
            let Some(wanted) = tree(&root, krate) else { continue };
            let request = Request { root: root.clone(), offline: true, ..Request::default() };
            let Ok(found) = blca::reached(&request, krate) else { continue };
            assert_eq!(found, wanted, "{krate} in {}", case["title"]);
            compared += 1;
        }
        std::fs::remove_dir_all(root).unwrap();
    }
    assert!(compared > 100, "only {compared} closures were compared");
}
