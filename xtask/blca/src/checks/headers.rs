//! C001–C005: what a crate and a file say of themselves, against each other and the topology.

use super::{Context, Judge};
use crate::Finding;
use crate::topology::Headers;

const KEYS: [&str; 4] = ["Layer", "Audience", "Intent", "Role"];

/// A crate's claims in its manifest.
pub(crate) fn check_manifest(context: &Context, manifest: &str, out: &mut Vec<Finding>) {
    let mut report = |rule: &str, subject: &str, message: String| {
        out.push(Finding {
            file: manifest.to_owned(),
            rule: rule.to_owned(),
            layer: context.layer.clone(),
            krate: context.krate.clone(),
            intent: context.claims.get("intent").cloned().unwrap_or_default(),
            subject: subject.to_owned(),
            message,
            ..Finding::default()
        });
    };
    for key in KEYS {
        let name = key.to_lowercase();
        let Some(value) = context.claims.get(&name) else {
            let message = format!("`[package.metadata.blca]` lacks `{name}`");
            report("C001", &name, message);
            continue;
        };
        if key == "Layer" && *value != context.layer {
            let message =
                format!("the manifest says layer {value}, `blca.toml` says {}", context.layer);
            report("C002", &name, message);
        }
        if let Some(message) = unknown(&context.headers, key, value) {
            report("C004", &name, message);
        }
        if key == "Intent" && !fits(context, value) {
            let message =
                format!("the manifest's intent `{value}` is not one of {}'s", context.layer);
            report("C003", &name, message);
        }
    }
}

/// A file's header.
pub(super) fn check_file(judge: &mut Judge<'_>) {
    let context = judge.context;
    for key in KEYS {
        let said: Vec<(usize, &str)> = lines(judge.file.text, key).collect();
        let Some((line, value)) = said.last().copied() else {
            judge.report("C001", 1, 0, 0, key, format!("the header lacks `{key}:`"));
            continue;
        };
        if value.is_empty() {
            judge.report("C001", line, 0, 0, key, format!("the header's `{key}:` says nothing"));
            continue;
        }
        if let [(first, _), _, ..] = said.as_slice() {
            let message = format!("the header gives `{key}:` {} times", said.len());
            judge.report("C005", *first, 0, 0, key, message);
        }
        if key == "Layer" && value != context.layer {
            let message = format!("the header says {value}, `blca.toml` says {}", context.layer);
            judge.report("C002", line, 0, 0, key, message);
        }
        if let Some(message) = unknown(&context.headers, key, value) {
            judge.report("C004", line, 0, 0, key, message);
        }
        if key == "Intent" && !fits(context, value) {
            let message = format!("intent `{value}` is not one of {}'s", context.layer);
            judge.report("C003", line, 0, 0, key, message);
        }
        let claim = context.claims.get(&key.to_lowercase());
        if let Some(claim) = claim.filter(|c| judge.file.root && key != "Layer" && *c != value) {
            let message = format!("the header says `{value}`, the manifest `{claim}`");
            judge.report("C002", line, 0, 0, key, message);
        }
    }
}

/// The `//! Key: value` lines at the head of the file, with their numbers. What an inner module says
/// further down is said of that module.
fn lines<'t>(text: &'t str, key: &str) -> impl Iterator<Item = (usize, &'t str)> {
    let prefix = format!("{key}:");
    let head = text.lines().enumerate().take_while(|(_, line)| {
        let line = line.trim();
        line.is_empty() || line.starts_with("//") || line.starts_with("#!")
    });
    head.filter_map(move |(index, line)| {
        let said = line.trim().strip_prefix("//!")?.trim().strip_prefix(&prefix)?;
        Some((index + 1, said.trim()))
    })
}

fn unknown(headers: &Headers, key: &str, value: &str) -> Option<String> {
    let (set, word) = match key {
        "Audience" => (&headers.audiences, value),
        "Intent" => (&headers.intents, value),
        "Role" => (headers.roles.as_ref()?, value.split_whitespace().next().unwrap_or("")),
        _ => return None,
    };
    let known = set.iter().any(|v| v == word);
    (!known).then(|| format!("`{key}: {value}` is not one of {}", set.join(", ")))
}

fn fits(context: &Context, intent: &str) -> bool {
    context.intents.as_ref().is_none_or(|set| set.iter().any(|i| i == intent))
}
