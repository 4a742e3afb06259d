//! A fresh copy of the compliant sample workspace, and the edits of the case files.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use blca::{Report, Request, Stop};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A fresh copy of the sample, in a folder of its own.
pub(crate) fn sample(name: &str) -> PathBuf {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("blca").join(name);
    let _ = fs::remove_dir_all(&to);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/sample"), &to);
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

/// Applies one edit of a case file.
pub(crate) fn edit(root: &Path, edit: &Value) {
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
        "create_bytes" => {
            let bytes: Vec<u8> = edit["bytes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|b| b.as_u64().unwrap() as u8)
                .collect();
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
        }
        "remove" => fs::remove_file(&path).unwrap(),
        "move" => {
            let to = root.join(member("to"));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::rename(&path, to).unwrap();
        }
        "symlink" => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(member("to"), &path).unwrap();
        }
        "crlf_bom" => {
            let text = fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
            fs::write(&path, format!("\u{feff}{text}")).unwrap();
        }
        "lock" => lock(root),
        "relock" => {
            let text = fs::read_to_string(&path).unwrap();
            let old = sha256(text.as_bytes());
            let new = format!("{text}z");
            fs::write(&path, &new).unwrap();
            let lock = fs::read_to_string(root.join("blca.lock")).unwrap();
            assert!(lock.contains(&old));
            fs::write(root.join("blca.lock"), lock.replace(&old, &sha256(new.as_bytes()))).unwrap();
        }
        other => panic!("unknown operation `{other}`"),
    }
}

/// A lock of the canon crate's folder and of a new folder with two files.
fn lock(root: &Path) {
    fs::create_dir_all(root.join("locked")).unwrap();
    fs::write(root.join("locked/a.txt"), "a").unwrap();
    fs::write(root.join("locked/b.txt"), "b").unwrap();
    let mut text = String::new();
    for (name, folder) in [("canon", "crates/ev-canon"), ("docs", "locked")] {
        let mut files = BTreeMap::new();
        hashes(root, &root.join(folder), &mut files);
        let lines: String = files.iter().map(|(path, hash)| format!("{path} {hash}\n")).collect();
        let digest = sha256(lines.as_bytes());
        text += &format!("[domain.{name}]\nroot = \"{folder}\"\ndigest = \"{digest}\"\n\n");
        text += &format!("[domain.{name}.files]\n");
        for (path, hash) in files {
            text += &format!("\"{path}\" = \"{hash}\"\n");
        }
        text += "\n";
    }
    fs::write(root.join("blca.lock"), text).unwrap();
}

fn hashes(root: &Path, dir: &Path, out: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            hashes(root, &path, out);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            out.insert(name, sha256(&fs::read(&path).unwrap()));
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Audits without a network.
pub(crate) fn audit(root: &Path) -> Result<Report, Stop> {
    blca::audit(&Request { root: root.to_path_buf(), offline: true, ..Request::default() })
}

/// Status, rules that fired, and everything that was said.
pub(crate) struct Said {
    pub(crate) status: u8,
    pub(crate) rules: Vec<String>,
    pub(crate) text: String,
}

/// What the command line would say.
pub(crate) fn said(outcome: &Result<Report, Stop>) -> Said {
    match outcome {
        Ok(report) => Said {
            status: report.status(),
            rules: report.findings().iter().map(|f| f.rule.clone()).collect(),
            text: report.human(),
        },
        Err(Stop::Declaration(why)) => {
            let rules = why.contains("BLCA-T007").then(|| "T007".to_owned());
            Said { status: 2, rules: rules.into_iter().collect(), text: why.clone() }
        }
        Err(Stop::Incomplete(why)) => {
            Said { status: 3, rules: vec!["G001".to_owned()], text: why.clone() }
        }
    }
}

/// Applies `judge` to each case on a fresh sample, on all processors, and gives what it complains of.
pub(crate) fn over(
    cases: &[Value],
    judge: impl Fn(&Value, &Said) -> Option<String> + Sync,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let root = sample(case["id"].as_str().unwrap());
                    for change in case["edits"].as_array().unwrap() {
                        edit(&root, change);
                    }
                    let complaint = judge(case, &said(&audit(&root)));
                    complaints.lock().unwrap().extend(complaint);
                    fs::remove_dir_all(root).unwrap();
                }
            });
        }
    });
    let mut complaints = complaints.into_inner().unwrap();
    complaints.sort();
    complaints
}
