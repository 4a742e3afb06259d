//! Migrations: declared tables exist (T002) and refuse change (S005), numbers have no gap.

use std::path::Path;

use crate::Stop;
use crate::append_only;
use crate::Finding;
use crate::topology::Topology;

/// Judges every declared folder of migrations, and gives the names that fact tables go by.
pub(crate) fn check(
    root: &Path,
    topology: &Topology,
    out: &mut Vec<Finding>,
) -> Result<Vec<String>, Stop> {
    let mut tables: Vec<String> = topology.fact_tables.iter().map(|t| t.to_uppercase()).collect();
    for folder in &topology.migrations {
        let dir = root.join(folder);
        if !dir.is_dir() {
            out.push(declared(topology, folder, format!("the folder `{folder}` does not exist")));
            continue;
        }
        let (sql, names) = read(&dir)?;
        for (index, name) in names.iter().enumerate() {
            let number = name.split('_').next().and_then(|n| n.parse::<usize>().ok());
            if number != Some(index + 1) {
                let wanted = index + 1;
                out.push(Finding {
                    rule: "S005".to_owned(),
                    file: format!("{folder}/{name}"),
                    subject: name.clone(),
                    message: format!(
                        "migrations are numbered without a gap: {wanted:04} is due here"
                    ),
                    ..Finding::default()
                });
            }
        }
        let words = words(&sql);
        for table in &topology.fact_tables {
            if !creates(&words, table) {
                let what = format!("no migration in `{folder}` creates the fact table `{table}`");
                out.push(declared(topology, table, what));
                continue;
            }
            for verb in ["UPDATE", "DELETE"] {
                if !refuses(&words, table, verb) {
                    let (line, frame) = topology.mention("", table);
                    out.push(Finding {
                        rule: "S005".to_owned(),
                        file: "blca.toml".to_owned(),
                        line,
                        frame,
                        subject: format!("{table}:{verb}"),
                        message: format!(
                            "fact table `{table}` has no trigger before {verb} in `{folder}`"
                        ),
                        ..Finding::default()
                    });
                }
            }
        }
        tables.extend(append_only::names(&sql, &topology.fact_tables));
        for message in append_only::breaches(&sql, &tables) {
            out.push(Finding {
                rule: "S002".to_owned(),
                file: folder.clone(),
                subject: message.clone(),
                message: format!("{message} in a migration"),
                ..Finding::default()
            });
        }
    }
    tables.sort();
    tables.dedup();
    Ok(tables)
}

fn declared(topology: &Topology, name: &str, message: String) -> Finding {
    let (line, frame) = topology.mention("", name);
    Finding {
        rule: "T002".to_owned(),
        file: "blca.toml".to_owned(),
        line,
        frame,
        subject: name.to_owned(),
        message,
        ..Finding::default()
    }
}

/// All SQL of a folder without comments, and the file names in order.
fn read(dir: &Path) -> Result<(String, Vec<String>), Stop> {
    let unreadable = |e: std::io::Error| Stop::Incomplete(format!("`{}`: {e}", dir.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".sql") {
            names.push(name);
        }
    }
    names.sort();
    let mut sql = String::new();
    for name in &names {
        let text = std::fs::read_to_string(dir.join(name)).map_err(unreadable)?;
        for line in text.lines() {
            sql.push_str(line.split("--").next().unwrap_or(""));
            sql.push('\n');
        }
    }
    Ok((sql, names))
}

fn words(sql: &str) -> Vec<String> {
    let split = |c: char| !(c.is_alphanumeric() || c == '_' || c == ';');
    sql.replace(';', " ; ").split(split).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn is(word: Option<&String>, wanted: &str) -> bool {
    word.is_some_and(|w| w.eq_ignore_ascii_case(wanted))
}

fn creates(words: &[String], table: &str) -> bool {
    (0..words.len()).any(|at| {
        let head = is(words.get(at), "CREATE") && is(words.get(at + 1), "TABLE");
        let name = if is(words.get(at + 2), "IF") { at + 5 } else { at + 2 };
        head && is(words.get(name), table)
    })
}

/// A trigger before `verb` on `table`: the verb stands between BEFORE and ON.
fn refuses(words: &[String], table: &str, verb: &str) -> bool {
    (0..words.len()).any(|at| {
        if !(is(words.get(at), "CREATE") && is(words.get(at + 1), "TRIGGER")) {
            return false;
        }
        let head = words.get(at..).unwrap_or_default();
        let on = head.iter().position(|w| w.eq_ignore_ascii_case("ON")).unwrap_or(0);
        let events = head.get(..on).unwrap_or_default();
        events.iter().any(|w| w.eq_ignore_ascii_case("BEFORE"))
            && events.iter().any(|w| w.eq_ignore_ascii_case(verb))
            && is(head.get(on + 1), table)
    })
}
