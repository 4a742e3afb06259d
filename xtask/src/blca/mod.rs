//! BLCA, the Bidirectional Layer Consistency Auditor.
//!
//! It asks two questions: does the code keep what is declared, and does what is declared still
//! exist. The crate graph is the proof (an engine that can reach no driver cannot run SQL, whatever
//! strings it holds); the rules on source text are the readable second line.
//!
//! Nothing that could not be read is a pass: `Err(Stop::Incomplete)` ends with status 3.

mod append_only;
mod graph;
mod headers;
mod migrations;
mod report;
mod rules;
mod source;
mod sql;
mod topology;

use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) use report::Format;
use report::{Coverage, Finding, Report};

/// What to audit and how to say it.
pub(crate) struct Request {
    /// Folder with `blca.toml` and `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Form of the report.
    pub(crate) format: Format,
    /// Only this rule's findings.
    pub(crate) rule: Option<String>,
    /// No network at all.
    pub(crate) offline: bool,
}

/// Why there is no verdict.
pub(crate) enum Stop {
    /// The declaration or the request makes no sense: status 2.
    Declaration(String),
    /// Something could not be read: status 3.
    Incomplete(String),
}

/// Audits, prints, and gives the exit status.
pub(crate) fn run(request: &Request) -> ExitCode {
    match audit(request) {
        Ok(report) => {
            print!("{}", report.render(request.format));
            ExitCode::from(report.status())
        }
        Err(Stop::Declaration(why)) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
        Err(Stop::Incomplete(why)) => {
            eprintln!("error: the analysis is incomplete, which is never a pass: {why}");
            ExitCode::from(3)
        }
    }
}

/// Prints what a rule is for.
pub(crate) fn explain(id: &str) -> ExitCode {
    match rules::find(id) {
        Some(rule) => {
            println!("BLCA-{} ({})\n\n{}\n\nOptions:", rule.id, rule.title, rule.why);
            for (letter, option) in ["A", "B", "C"].iter().zip(rule.options) {
                println!("{letter}) {option}");
            }
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("error: no rule `{id}` (rules: {})", rules::ids().join(", "));
            ExitCode::from(2)
        }
    }
}

fn audit(request: &Request) -> Result<Report, Stop> {
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
    let coverage = Coverage { crates: house.crates().count(), files, rules_run: rules::ALL.len() };
    Ok(Report::new(findings, coverage))
}
