//! A folder with a database, and the real binary run in it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]

#[cfg(unix)]
pub mod serving;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub struct Place {
    pub folder: tempfile::TempDir,
}

/// What a run of the binary gave.
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(
            self.status, status,
            "exit status\nstdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "wanted `{text}` in: {}", self.stderr);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }
}

/// The captured telemetry that the tests import.
pub fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/tests/data/otel")
}

/// The captured bodies of a folder in the order in which they arrived.
pub fn bodies(folder: &str) -> Vec<PathBuf> {
    let folder = captures().join(folder);
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    manifest
        .lines()
        .map(|line| {
            let post: Value = serde_json::from_str(line).unwrap();
            folder.join(post["file"].as_str().unwrap())
        })
        .collect()
}

impl Place {
    /// A fresh folder without a database.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A fresh folder with a database and a key.
    pub fn new() -> Self {
        let place = Self::empty();
        place.run(&["init", "--origin", "logs.test"]).expect(0);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    pub fn run_with(&self, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_factlog"));
        command.args(arguments).current_dir(self.folder.path());
        command.env_remove("DATABASE_URL").env_remove("FACTLOG_KEY_FILE").env("NO_COLOR", "1");
        for (name, value) in env {
            command.env(name, value);
        }
        let Output { status, stdout, stderr } = command.output().unwrap();
        Ran {
            status: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    pub fn import(&self, files: &[PathBuf]) -> Ran {
        let mut arguments = vec!["import", "--json", "--tenant", "acme"];
        arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
        self.run(&arguments)
    }

    /// All runs, with the totals over them.
    pub fn totals(&self) -> Totals {
        let runs = self.run(&["runs", "--json", "--limit", "500"]).expect(0).json();
        let items = runs["items"].as_array().unwrap().clone();
        let sum = |member: &str| items.iter().map(|run| run[member].as_u64().unwrap()).sum();
        Totals {
            llm_calls: sum("llm_calls"),
            tool_calls: sum("tool_calls"),
            input_tokens: sum("input_tokens"),
            output_tokens: sum("output_tokens"),
            runs: items.len(),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Totals {
    pub llm_calls: u64,
    pub tool_calls: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub runs: usize,
}
