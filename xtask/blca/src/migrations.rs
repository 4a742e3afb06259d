//! Migrations: declared tables exist (T002) and refuse change (S005), numbers have no gap, and no
//! statement changes a fact or weakens a guard (S002).

use std::path::Path;

use crate::checks::sql::append_only::{breaches, guards, names, weakened};
use crate::checks::sql::words::words;
use crate::files::{Listing, read, relative};
use crate::topology::Topology;
use crate::{Finding, Stop};

/// What the migrations tell the rules on code.
#[derive(Default)]
pub(crate) struct Tables {
    /// Every name that a fact table goes by, in capitals.
    pub(crate) facts: Vec<String>,
    /// Every table, as written.
    pub(crate) all: Vec<String>,
}

/// Judges every declared folder of migrations.
pub(crate) fn check(
    root: &Path,
    topology: &Topology,
    listing: &Listing,
    out: &mut Vec<Finding>,
) -> Result<Tables, Stop> {
    let mut tables = Tables {
        facts: topology.fact_tables.iter().map(|t| t.to_uppercase()).collect(),
        all: topology.fact_tables.clone(),
    };
    for folder in &topology.migrations {
        let dir = root.join(folder);
        if !dir.is_dir() {
            out.push(declared(
                "T002",
                topology,
                folder,
                format!("the folder `{folder}` does not exist"),
            ));
            continue;
        }
        let mut files = Vec::new();
        for path in listing.below(&dir, "sql") {
            let name = relative(root, path);
            let text = read(path).map_err(|why| Stop::Incomplete(format!("`{name}`: {why}")))?;
            files.push((name, text));
        }
        if files.is_empty() {
            out.push(declared(
                "T008",
                topology,
                folder,
                format!("the folder `{folder}` holds no migration"),
            ));
            continue;
        }
        numbers(folder, &files, out);
        let folder = Folder::of(files, topology);
        folder.guarded(topology, out);
        folder.unchanged(out);
        tables.facts.extend(folder.facts);
        tables.all.extend(folder.tables);
    }
    tables.facts.sort();
    tables.facts.dedup();
    tables.all.sort();
    tables.all.dedup();
    Ok(tables)
}

fn declared(rule: &str, topology: &Topology, name: &str, message: String) -> Finding {
    let (line, frame) = topology.mention("", name);
    Finding {
        rule: rule.to_owned(),
        file: "blca.toml".to_owned(),
        line,
        frame,
        subject: name.to_owned(),
        message,
        ..Finding::default()
    }
}

/// Migrations are numbered 1, 2, 3 … so that none can be slipped in or left out.
fn numbers(folder: &str, files: &[(String, String)], out: &mut Vec<Finding>) {
    for (index, (file, _)) in files.iter().enumerate() {
        let name = file.rsplit('/').next().unwrap_or(file);
        let number = name.split(['_', '-', '.']).next().and_then(|n| n.parse::<usize>().ok());
        if number != Some(index + 1) {
            let wanted = index + 1;
            out.push(Finding {
                rule: "S005".to_owned(),
                file: file.clone(),
                subject: name.to_owned(),
                message: format!(
                    "migrations in `{folder}` are numbered without a gap: {wanted:04} is due here"
                ),
                ..Finding::default()
            });
        }
    }
}

struct Folder {
    files: Vec<(String, String)>,
    words: Vec<String>,
    facts: Vec<String>,
    tables: Vec<String>,
    guards: Vec<String>,
    postgres: bool,
}

impl Folder {
    fn of(files: Vec<(String, String)>, topology: &Topology) -> Self {
        let sql: String = files.iter().map(|(_, text)| format!("{text}\n;\n")).collect();
        let words = words(&sql);
        let facts = names(&sql, &topology.fact_tables);
        let guards = guards(&sql, &facts);
        let postgres = words.iter().any(|w| {
            matches!(
                w.as_str(),
                "PLPGSQL" | "BYTEA" | "TIMESTAMPTZ" | "JSONB" | "BIGSERIAL" | "LANGUAGE"
            )
        });
        let lower = |i: usize| words.get(i).map(|w| w.to_lowercase());
        let tables = (0..words.len())
            .filter(|at| created(&words, *at).is_some())
            .filter_map(|at| lower(created(&words, at)?))
            .collect();
        Self { files, words, facts, tables, guards, postgres }
    }

    /// S005: every fact table is made, and refuses each kind of change.
    fn guarded(&self, topology: &Topology, out: &mut Vec<Finding>) {
        let folder =
            self.files.first().map_or("", |(file, _)| file.rsplit_once('/').map_or("", |f| f.0));
        for table in &topology.fact_tables {
            if !self.tables.iter().any(|t| t.eq_ignore_ascii_case(table)) {
                let what = format!("no migration in `{folder}` creates the fact table `{table}`");
                out.push(declared("T002", topology, table, what));
                continue;
            }
            let verbs: &[&str] = if self.postgres {
                &["UPDATE", "DELETE", "TRUNCATE"]
            } else {
                &["UPDATE", "DELETE"]
            };
            for verb in verbs {
                if !self.refuses(table, verb) {
                    let message =
                        format!("fact table `{table}` has no trigger before {verb} in `{folder}`");
                    let subject = format!("{table}:{verb}:{folder}");
                    out.push(Finding { subject, ..declared("S005", topology, table, message) });
                }
            }
        }
    }

    /// A trigger before `verb` on `table` that fires for every row and column and raises an error.
    fn refuses(&self, table: &str, verb: &str) -> bool {
        let statements: Vec<&[String]> = self.words.split(|w| w == ";").collect();
        statements.iter().enumerate().any(|(number, statement)| {
            let has = |word: &str| statement.iter().any(|w| w == word);
            let Some(on) = statement.iter().position(|w| w == "ON") else { return false };
            let head = statement.get(..on).unwrap_or_default();
            let trigger = head.first().is_some_and(|w| w == "CREATE")
                && head.iter().take(5).any(|w| w == "TRIGGER")
                && head.iter().any(|w| w == "BEFORE")
                && head.iter().any(|w| w == verb)
                && statement.get(on + 1).is_some_and(|w| w.eq_ignore_ascii_case(table));
            // `WHEN` and `UPDATE OF column` let some changes through.
            let whole = !has("WHEN") && !head.windows(2).any(|w| w == ["UPDATE", "OF"]);
            trigger && whole && self.raises(statement, statements.get(number + 1).copied())
        })
    }

    /// Whether a trigger's own body (SQLite) or the function that it runs (PostgreSQL) raises.
    fn raises(&self, statement: &[String], next: Option<&[String]>) -> bool {
        let raise = |words: &[String]| words.iter().any(|w| w == "RAISE");
        let Some(run) = statement.iter().position(|w| w == "EXECUTE") else {
            return raise(statement) || next.is_some_and(raise);
        };
        let Some(function) = statement.get(run + 2) else { return false };
        let made = self
            .words
            .windows(2)
            .position(|w| matches!(w, [kind, name] if kind == "FUNCTION" && name == function));
        // Up to where the next function is made.
        let body = made.and_then(|at| self.words.get(at + 1..)).unwrap_or_default();
        let end = body.iter().skip(1).position(|w| w == "CREATE").map_or(body.len(), |at| at + 1);
        body.get(..end).is_some_and(raise)
    }

    /// S002, file by file, so that a guard may be made once and not replaced.
    fn unchanged(&self, out: &mut Vec<Finding>) {
        let mut made: Vec<String> = Vec::new();
        for (file, text) in &self.files {
            let found = [breaches(text, &self.facts), weakened(text, &self.guards, &made)].concat();
            for message in found {
                out.push(Finding {
                    rule: "S002".to_owned(),
                    file: file.clone(),
                    subject: message.clone(),
                    message: format!("{message} in a migration"),
                    ..Finding::default()
                });
            }
            let words = words(text);
            made.extend(self.guards.iter().filter(|g| words.contains(g)).cloned());
        }
    }
}

/// Index of the name in `CREATE … TABLE [IF NOT EXISTS] name` that begins at `at`.
fn created(words: &[String], at: usize) -> Option<usize> {
    let is = |i: usize, text: &str| words.get(i).is_some_and(|w| w == text);
    if !is(at, "CREATE") {
        return None;
    }
    let table = (at + 1..at + 4).find(|i| is(*i, "TABLE"))?;
    Some(if is(table + 1, "IF") { table + 4 } else { table + 1 })
}
