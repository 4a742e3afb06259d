//! The lock as a page for people.

use std::fmt::Write;
use std::path::Path;

use super::Lock;
use crate::topology::Topology;

/// Renders the page. The same lock gives the same bytes.
#[must_use]
pub fn page(root: &Path, lock: &Lock) -> String {
    let mut out = String::from(
        "# Domain lock\n\n\
         Written by `cargo xtask lock`; checked by every `cargo xtask blca` and by `cargo xtask lock --check`.\n\
         A locked file that changes is a finding until its domain is unlocked with a reason, an approver, the\n\
         change and a date (`cargo xtask unlock PATH --because … --approver … --change … --expires …`).\n\n\
         ## What is locked\n\n\
         | domain | root | files | digest | because |\n|---|---|---|---|---|\n",
    );
    for (name, domain) in &lock.domain {
        let because = domain.because.as_deref().unwrap_or("");
        let state = if domain.unlocked { " (unlocked)" } else { "" };
        let digest = domain.digest.get(..16).unwrap_or(&domain.digest);
        let _ = writeln!(
            out,
            "| `{name}`{state} | `{}` | {} | `{digest}…` | {} |",
            domain.root,
            domain.files.len(),
            cell(because)
        );
    }
    let open: Vec<_> = lock.domain.iter().filter(|(_, domain)| domain.unlocked).collect();
    if !open.is_empty() {
        out.push_str("\n## What is unlocked, and why\n\n| domain | reason | approver | change | until |\n|---|---|---|---|---|\n");
        for (name, domain) in open {
            let field = |value: &Option<String>| cell(value.as_deref().unwrap_or(""));
            let _ = writeln!(
                out,
                "| `{name}` | {} | {} | {} | {} |",
                field(&domain.reason),
                field(&domain.approver),
                field(&domain.change),
                field(&domain.expires)
            );
        }
    }
    debt(root, &mut out);
    gray_zones(lock, &mut out);
    out.push_str("\n## Files\n");
    for (name, domain) in &lock.domain {
        let _ = writeln!(
            out,
            "\n### {name}\n\nSHA-256 over the lines `<path> <sha256>`: `{}`\n\n```text",
            domain.digest
        );
        for (path, hash) in &domain.files {
            let _ = writeln!(out, "{hash}  {path}");
        }
        out.push_str("```\n");
    }
    out
}

fn debt(root: &Path, out: &mut String) {
    let exceptions = Topology::read(root).map_or(0, |topology| topology.exceptions.len());
    out.push_str("\n## Zero-debt registry\n\n| debt | allowed | held by |\n|---|---|---|\n");
    let rows = [
        (
            "marks in comments (`TODO`, `FIXME`, …), `todo!`, ignored tests, `allow(dead_code)`",
            "none",
            "BLCA-M001",
        ),
        ("temporary SQL, SQL outside the stores", "none", "BLCA-M001, BLCA-S001"),
        (
            "permissions that nobody uses, declarations of what is gone",
            "none",
            "BLCA-T002, BLCA-T006, BLCA-T008",
        ),
        ("exceptions without reason, owner and expiry, or without need", "none", "BLCA-M002"),
    ];
    for (debt, allowed, rule) in rows {
        let _ = writeln!(out, "| {debt} | {allowed} | {rule} |");
    }
    let _ = writeln!(out, "\nExceptions declared in `blca.toml`: {exceptions}.");
}

fn gray_zones(lock: &Lock, out: &mut String) {
    out.push_str("\n## Reviewed gray zones\n\n");
    if lock.gray_zone.is_empty() {
        out.push_str("None.\n");
        return;
    }
    out.push_str("Places that look like a breach, were looked at, and stay. Each is in `blca.lock` as `[gray_zone.NAME]`.\n\n| place | what is unusual | why it stays |\n|---|---|---|\n");
    for (name, zone) in &lock.gray_zone {
        let _ = writeln!(out, "| `{name}` | {} | {} |", cell(&zone.what), cell(&zone.why));
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
