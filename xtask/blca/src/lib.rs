//! BLCA, the Bidirectional Layer Consistency Auditor.
//!
//! It asks two questions: does the code keep what is declared, and does what is declared still
//! exist. The crate graph is the proof (an engine that can reach no driver cannot run SQL, whatever
//! strings it holds); the rules on source text are the readable second line.
//!
//! Nothing that could not be read is a pass: `Err(Stop::Incomplete)` ends with status 3.

mod append_only;
mod finding;
mod graph;
mod headers;
mod migrations;
mod report;
mod rules;
mod source;
mod sql;
mod topology;

use std::path::PathBuf;

pub use finding::{Coverage, Finding};
pub use report::Report;

/// What to audit.
#[derive(Clone, Debug)]
pub struct Request {
    /// Folder with `blca.toml` and `Cargo.toml`.
    pub root: PathBuf,
    /// Only this rule's findings.
    pub rule: Option<String>,
    /// No network at all.
    pub offline: bool,
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The declaration or the request makes no sense: status 2.
    Declaration(String),
    /// Something could not be read: status 3.
    Incomplete(String),
}

/// Audits a workspace.
///
/// # Errors
/// [`Stop`]: there is no verdict, which is never a pass.
pub fn audit(request: &Request) -> Result<Report, Stop> {
    let only = match &request.rule {
        None => None,
        Some(id) => {
            Some(rules::find(id).ok_or_else(|| Stop::Declaration(format!("no rule `{id}`")))?.id)
        }
    };
    let root = request.root.canonicalize().map_err(|e| {
        Stop::Declaration(format!("cannot open the folder `{}`: {e}", request.root.display()))
    })?;
    let topology = topology::Topology::read(&root)?;
    let packages = graph::load(&root, request.offline)?;
    let house = graph::House::new(&root, &topology, &packages);

    let mut findings = Vec::new();
    house.check_membership(&mut findings);
    house.check_edges(&mut findings);
    house.check_closure(&mut findings)?;
    house.check_sources(&mut findings)?;
    let tables = migrations::check(&root, &topology, &mut findings)?;

    let mut files = 0;
    for krate in house.crates() {
        let tree = source::Tree::read(&root, &krate)?;
        files += tree.files.len();
        headers::check(&topology, &krate, &tree, &mut findings);
        source::check(&topology, &tables, &krate, &tree, &mut findings);
        source::check_sql_files(&root, &topology, &tables, &krate, &mut findings)?;
    }
    if let Some(id) = only {
        // A file that does not parse hides what the rule would say: it stays.
        findings.retain(|f: &Finding| f.rule == id || f.rule == "G001");
    }
    let coverage = Coverage { crates: house.crates().count(), files, rules_run: rules::ALL.len(), ..Coverage::default() };
    Ok(Report::new(findings, coverage))
}
