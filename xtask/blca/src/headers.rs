//! Headers: what a file says of itself, against the manifest and the topology.

use crate::graph::Crate;
use crate::Finding;
use crate::source::{File, Tree};
use crate::topology::{Scope, Topology};

const KEYS: [&str; 4] = ["Layer", "Audience", "Intent", "Role"];

/// C001–C005 for one crate.
pub(crate) fn check(topology: &Topology, krate: &Crate<'_>, tree: &Tree, out: &mut Vec<Finding>) {
    check_manifest(topology, krate, tree, out);
    for file in tree.files.iter().filter(|f| !f.test) {
        if file.root || topology.headers.scope == Scope::EveryFile {
            check_file(topology, krate, file, out);
        }
    }
}

fn check_manifest(topology: &Topology, krate: &Crate<'_>, tree: &Tree, out: &mut Vec<Finding>) {
    let mut report = |rule, subject: &str, message: String| {
        out.push(Finding { file: tree.manifest.clone(), ..krate.finding(rule, subject, message) });
    };
    for key in KEYS {
        let name = key.to_lowercase();
        let Some(value) = krate.claim(&name) else {
            let message = format!("`[package.metadata.blca]` lacks `{name}`");
            report("C001", &name, message);
            continue;
        };
        if key == "Layer" && value != krate.layer_id {
            let message =
                format!("the manifest says layer {value}, `blca.toml` says {}", krate.layer_id);
            report("C002", &name, message);
        }
        if let Some(message) = unknown(topology, key, value) {
            report("C004", &name, message);
        }
        if key == "Intent" && !fits(krate, value) {
            let message =
                format!("the manifest's intent `{value}` is not one of {}'s", krate.layer_id);
            report("C003", &name, message);
        }
    }
}

fn check_file(topology: &Topology, krate: &Crate<'_>, file: &File, out: &mut Vec<Finding>) {
    let mut report = |rule, line: usize, subject: &str, message: String| {
        let frame = file.line(line);
        let place = Finding {
            file: file.path.clone(),
            line,
            frame,
            ..krate.finding(rule, subject, message)
        };
        out.push(place);
    };
    for key in KEYS {
        let said: Vec<_> = lines(&file.text, key).collect();
        let Some((line, value)) = said.last().copied() else {
            report("C001", 1, key, format!("the header lacks `{key}:`"));
            continue;
        };
        if let [(first, _), _, ..] = said.as_slice() {
            report("C005", *first, key, format!("the header gives `{key}:` {} times", said.len()));
        }
        if key == "Layer" && value != krate.layer_id {
            let message = format!("the header says {value}, `blca.toml` says {}", krate.layer_id);
            report("C002", line, key, message);
        }
        if let Some(message) = unknown(topology, key, value) {
            report("C004", line, key, message);
        }
        if key == "Intent" && !fits(krate, value) {
            report(
                "C003",
                line,
                key,
                format!("intent `{value}` is not one of {}'s", krate.layer_id),
            );
        }
        let claim = krate.claim(&key.to_lowercase());
        if file.root && key != "Layer" && claim.is_some_and(|c| c != value) {
            let message =
                format!("the header says `{value}`, the manifest `{}`", claim.unwrap_or(""));
            report("C002", line, key, message);
        }
    }
}

/// The `//! Key: value` lines, with their numbers.
fn lines<'t>(text: &'t str, key: &str) -> impl Iterator<Item = (usize, &'t str)> {
    let prefix = format!("{key}:");
    text.lines().enumerate().filter_map(move |(index, line)| {
        let said = line.trim().strip_prefix("//!")?.trim().strip_prefix(&prefix)?;
        Some((index + 1, said.trim()))
    })
}

fn unknown(topology: &Topology, key: &str, value: &str) -> Option<String> {
    let headers = &topology.headers;
    let (set, word) = match key {
        "Audience" => (&headers.audiences, value),
        "Intent" => (&headers.intents, value),
        "Role" => (headers.roles.as_ref()?, value.split_whitespace().next().unwrap_or("")),
        _ => return None,
    };
    let known = set.iter().any(|v| v == word);
    (!known).then(|| format!("`{key}: {value}` is not one of {}", set.join(", ")))
}

fn fits(krate: &Crate<'_>, intent: &str) -> bool {
    krate.layer.intents.as_ref().is_none_or(|set| set.iter().any(|i| i == intent))
}
