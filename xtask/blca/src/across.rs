//! Rules over several files: S007, X004 for included files, N004, C003, F003, T008 of the facades.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::audit::{Judged, JudgedFile, about};
use crate::checks::Include;
use crate::checks::sql::append_only::breaches;
use crate::checks::sql::recognise::is_sql;
use crate::files::{Listing, normalised, read, relative};
use crate::migrations::Tables;
use crate::topology::Topology;
use crate::{Finding, Stop};

/// All of them.
pub(crate) fn check(
    root: &Path,
    topology: &Topology,
    tables: &Tables,
    crates: &[Judged<'_>],
    listing: &Listing,
    out: &mut Vec<Finding>,
) -> Result<(), Stop> {
    let mut included = BTreeSet::new();
    for krate in crates {
        for (path, file) in krate.files.iter().filter(|(_, file)| !file.test) {
            for include in &file.verdict.facts.includes {
                let taken = Taken { root, topology, tables, krate, file, include };
                included.extend(taken.check(path, out));
            }
        }
    }
    for krate in crates {
        sql_files(root, topology, tables, krate, listing, &included, out)?;
    }
    stores(topology, crates, out);
    facades(topology, crates, out);
    Ok(())
}

struct Taken<'t> {
    root: &'t Path,
    topology: &'t Topology,
    tables: &'t Tables,
    krate: &'t Judged<'t>,
    file: &'t JudgedFile,
    include: &'t Include,
}

impl Taken<'_> {
    /// X004 and S007 for one included file; gives its path.
    fn check(&self, from: &Path, out: &mut Vec<Finding>) -> Option<PathBuf> {
        if self.include.path.is_empty() {
            // `concat!(env!("OUT_DIR"), …)`: what a build script made, and layers have none.
            out.push(self.finding("X004", "takes in a file whose name is put together".to_owned()));
            return None;
        }
        let target = normalised(&from.parent()?.join(&self.include.path));
        let real = target.canonicalize().unwrap_or_else(|_| target.clone());
        // Code belongs to the crate; data may lie elsewhere in the workspace.
        let home = self.root.join(&self.krate.member.dir);
        let home = home.canonicalize().unwrap_or(home);
        let fence = if self.include.by == "include" { home.as_path() } else { self.root };
        if !real.starts_with(fence) {
            let shown = relative(self.root, &real);
            let message = format!("`{}!` takes in `{shown}`, which lies outside", self.include.by);
            out.push(self.finding("X004", message));
        }
        let store = self.topology.owns_sql(&self.krate.member.layer);
        let sql = target.extension().is_some_and(|e| e == "sql")
            || read(&target).is_ok_and(|text| is_sql(&text, &self.tables.all));
        if sql && !store {
            let message =
                format!("`{}!` takes SQL into {}", self.include.by, self.krate.member.layer);
            out.push(self.finding("S007", message));
        }
        Some(target)
    }

    fn finding(&self, rule: &str, message: String) -> Finding {
        let Include { path, line, column, .. } = self.include;
        let place = about(self.krate.member, rule, &self.file.path, *line, path, message);
        Finding { column: *column, ..place }
    }
}

/// S007 and S002 for the `.sql` files of a crate.
fn sql_files(
    root: &Path,
    topology: &Topology,
    tables: &Tables,
    krate: &Judged<'_>,
    listing: &Listing,
    included: &BTreeSet<PathBuf>,
    out: &mut Vec<Finding>,
) -> Result<(), Stop> {
    let member = krate.member;
    let home = root.join(&member.dir);
    for path in listing.below(&home, "sql") {
        let file = relative(root, path);
        let inside = path.strip_prefix(&home).unwrap_or(path);
        let test = inside.starts_with("tests") || inside.starts_with("benches");
        if test || topology.migrations.iter().any(|m| file.starts_with(&format!("{m}/"))) {
            continue;
        }
        if !topology.owns_sql(&member.layer) {
            let message = format!("a file of SQL in {}", member.layer);
            out.push(about(member, "S007", &file, 0, &file, message));
            continue;
        }
        if !included.contains(path) {
            let message = "a file of SQL that no code takes in".to_owned();
            out.push(about(member, "S007", &file, 0, &file, message));
        }
        let text = read(path).map_err(|why| Stop::Incomplete(format!("`{file}`: {why}")))?;
        for message in breaches(&text, &tables.facts) {
            out.push(about(member, "S002", &file, 0, &message.clone(), message));
        }
    }
    Ok(())
}

/// N004 in both directions, and C003 for store crates that store nothing.
fn stores(topology: &Topology, crates: &[Judged<'_>], out: &mut Vec<Finding>) {
    let mut traits: BTreeSet<&str> = BTreeSet::new();
    let production = |krate: &'_ Judged<'_>| {
        krate
            .files
            .values()
            .filter(|file| !file.test)
            .map(|f| (f.path.clone(), f.verdict.facts.clone()))
            .collect::<Vec<_>>()
    };
    for krate in crates {
        let vocabulary = topology.is_vocabulary(&krate.member.layer);
        for file in krate.files.values().filter(|file| !file.test) {
            for place in &file.verdict.facts.store_traits {
                if vocabulary {
                    traits.insert(&place.name);
                } else {
                    let message = format!(
                        "the store trait `{}` is declared outside the vocabulary",
                        place.name
                    );
                    out.push(about(
                        krate.member,
                        "N004",
                        &file.path,
                        place.line,
                        &place.name,
                        message,
                    ));
                }
            }
        }
    }
    let mut implemented = BTreeSet::new();
    for krate in crates {
        let store = topology.owns_sql(&krate.member.layer);
        let mut any = false;
        for (path, facts) in production(krate) {
            for place in &facts.impls {
                any |= store;
                if !traits.contains(place.name.as_str()) {
                    continue;
                }
                if store {
                    implemented.insert(place.name.clone());
                } else {
                    let message =
                        format!("`{}` is implemented outside the store layer", place.name);
                    out.push(about(krate.member, "N004", &path, place.line, &place.name, message));
                }
            }
        }
        if store && !any {
            let message = format!(
                "store crate `{}` implements no trait: it stores nothing that others can ask for",
                krate.member.name
            );
            out.push(about(krate.member, "C003", &krate.member.manifest, 0, "store", message));
        }
    }
    let has_stores = crates.iter().any(|krate| topology.owns_sql(&krate.member.layer));
    for krate in crates.iter().filter(|_| has_stores) {
        for file in krate.files.values().filter(|file| !file.test) {
            for place in &file.verdict.facts.store_traits {
                let ours = traits.contains(place.name.as_str())
                    && topology.is_vocabulary(&krate.member.layer);
                if ours && !implemented.contains(&place.name) {
                    let message = format!("no store implements `{}`", place.name);
                    out.push(about(
                        krate.member,
                        "N004",
                        &file.path,
                        place.line,
                        &place.name,
                        message,
                    ));
                }
            }
        }
    }
}

/// F003 from the engine's side, and T008 for facade patterns.
fn facades(topology: &Topology, crates: &[Judged<'_>], out: &mut Vec<Finding>) {
    for pattern in &topology.facades {
        let files = crates.iter().flat_map(|krate| krate.files.values());
        if !files.clone().any(|file| !file.test && crate::pattern::fits(pattern, &file.path)) {
            let (line, frame) = topology.mention("", pattern);
            out.push(Finding {
                rule: "T008".to_owned(),
                file: "blca.toml".to_owned(),
                line,
                frame,
                subject: pattern.clone(),
                message: format!("the facade pattern `{pattern}` fits no file"),
                ..Finding::default()
            });
        }
    }
    for krate in crates {
        let files: Vec<&JudgedFile> = krate.files.values().filter(|file| !file.test).collect();
        let facade = files.iter().filter(|file| file.verdict.facts.facade);
        let mentioned: BTreeSet<&str> = facade
            .clone()
            .flat_map(|file| file.verdict.facts.mentions.iter().map(String::as_str))
            .collect();
        if facade.count() == 0 {
            continue;
        }
        for file in files.iter().filter(|file| !file.verdict.facts.facade) {
            for place in &file.verdict.facts.operations {
                if !mentioned.contains(place.name.as_str()) {
                    let message = format!("the operation `{}` has no facade method", place.name);
                    out.push(about(
                        krate.member,
                        "F003",
                        &file.path,
                        place.line,
                        &place.name,
                        message,
                    ));
                }
            }
        }
    }
}
