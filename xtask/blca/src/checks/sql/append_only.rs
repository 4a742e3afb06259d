//! S002: no statement changes, removes or opens a fact table to change.

use super::words::words;

/// What a text does to fact tables that it must not do, in words; empty where it does nothing.
/// `tables` are the fact tables with their partitions, views and other names.
pub(crate) fn breaches(sql: &str, tables: &[String]) -> Vec<String> {
    let words = words(sql);
    let mut out = Vec::new();
    for statement in words.split(|w| w == ";") {
        // What takes a right away, or says why, changes nothing.
        if matches!(statement.first().map(String::as_str), Some("REVOKE" | "COMMENT")) {
            continue;
        }
        let statement = Statement { words: statement, tables };
        for at in 0..statement.words.len() {
            out.extend(statement.breach(at));
        }
    }
    out
}

/// Every name that a fact table goes by: its own, and those of partitions, heirs, views and new names
/// that the migrations give it, in capitals.
pub(crate) fn names(migrations: &str, declared: &[String]) -> Vec<String> {
    let words = words(migrations);
    let mut tables: Vec<String> = declared.iter().map(|t| t.to_uppercase()).collect();
    // A view of a view needs a second round; each round finds at least one name or is the last.
    loop {
        let mut fresh: Vec<String> = words
            .split(|w| w == ";")
            .filter_map(|statement| other_name(statement, &tables))
            .filter(|name| !tables.contains(name))
            .collect();
        fresh.sort();
        fresh.dedup();
        if fresh.is_empty() {
            return tables;
        }
        tables.extend(fresh);
    }
}

fn other_name(statement: &[String], tables: &[String]) -> Option<String> {
    let at = |i: usize| statement.get(i).map_or("", String::as_str);
    let index = |word: &str| statement.iter().position(|w| w == word);
    let facts_from = |from: usize| statement.iter().skip(from).any(|w| tables.contains(w));
    match at(0) {
        "CREATE" => {
            let kind = index("TABLE").or_else(|| index("VIEW")).filter(|kind| *kind < 6)?;
            let name = if at(kind + 1) == "IF" { kind + 4 } else { kind + 1 };
            let of = if at(kind) == "VIEW" {
                index("AS")?
            } else {
                index("PARTITION").filter(|p| at(p + 1) == "OF").or_else(|| index("INHERITS"))?
            };
            facts_from(of).then(|| at(name).to_owned())
        }
        "ALTER" if at(1) == "TABLE" => {
            let rename = index("RENAME").filter(|r| at(r + 1) == "TO")?;
            let renames_fact = statement.iter().take(rename).any(|w| tables.contains(w));
            renames_fact.then(|| at(rename + 2).to_owned())
        }
        _ => None,
    }
}

/// Names of the triggers on fact tables and of the functions that they run, in capitals.
pub(crate) fn guards(migrations: &str, tables: &[String]) -> Vec<String> {
    let words = words(migrations);
    let mut out = Vec::new();
    for statement in words.split(|w| w == ";") {
        let at = |i: usize| statement.get(i).map_or("", String::as_str);
        let Some(trigger) = statement.iter().take(4).position(|w| w == "TRIGGER") else { continue };
        let on = statement.iter().position(|w| w == "ON").unwrap_or(0);
        if at(0) != "CREATE" || !tables.iter().any(|t| t == at(on + 1)) {
            continue;
        }
        let name = if at(trigger + 1) == "IF" { trigger + 4 } else { trigger + 1 };
        out.push(at(name).to_owned());
        if let Some(run) = statement.iter().position(|w| w == "EXECUTE") {
            out.push(at(run + 2).to_owned());
        }
    }
    out.sort();
    out.dedup();
    out
}

/// What a migration does to the guards of fact tables: drops, replaces or sleeps them.
pub(crate) fn weakened(sql: &str, guards: &[String], made_before: &[String]) -> Vec<String> {
    let words = words(sql);
    let mut out = Vec::new();
    for statement in words.split(|w| w == ";") {
        let at = |i: usize| statement.get(i).map_or("", String::as_str);
        let named = |list: &[String]| statement.iter().skip(1).find(|w| list.contains(w)).cloned();
        let verb = match at(0) {
            "DROP" if matches!(at(1), "TRIGGER" | "FUNCTION" | "ROUTINE") => named(guards),
            "ALTER" if matches!(at(1), "FUNCTION" | "ROUTINE") => named(guards),
            // The first definition makes the guard; a later one replaces it under the trigger.
            "CREATE" if at(1) == "OR" && at(3) == "FUNCTION" => {
                made_before.iter().find(|guard| *guard == at(4)).cloned()
            }
            _ => None,
        };
        if let Some(guard) = verb {
            out.push(format!("{} of the guard `{}`", at(0), guard.to_lowercase()));
        }
        let sleeps = statement.iter().any(|w| w == "SESSION_REPLICATION_ROLE")
            || (at(0) == "PRAGMA" && statement.iter().any(|w| w == "WRITABLE_SCHEMA"))
            || (at(0) == "PRAGMA"
                && at(1) == "RECURSIVE_TRIGGERS"
                && matches!(at(2), "OFF" | "0" | "FALSE"));
        if sleeps {
            out.push("a setting that puts the triggers of fact tables to sleep".to_owned());
        }
        if at(0) == "DROP" && matches!(at(1), "SCHEMA" | "OWNED" | "DATABASE") {
            out.push(format!("DROP {} takes the fact tables along", at(1)));
        }
    }
    out
}

struct Statement<'s> {
    words: &'s [String],
    tables: &'s [String],
}

impl Statement<'_> {
    fn at(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }

    /// A fact table among the words `[from, from + within)`, before any of `stops`.
    fn table(&self, from: usize, within: usize, stops: &[&str]) -> Option<&str> {
        let words = self.words.iter().skip(from).take(within).map(String::as_str);
        let mut before = words.take_while(|w| !stops.contains(w));
        before.find(|w| self.tables.iter().any(|t| t == w))
    }

    fn later(&self, from: usize, words: &[&str]) -> bool {
        self.words.iter().skip(from).any(|w| words.contains(&w.as_str()))
    }

    fn breach(&self, at: usize) -> Option<String> {
        let before = at.checked_sub(1).map_or("", |i| self.at(i));
        let event = matches!(before, "BEFORE" | "OR" | "FOR" | "DO" | "ON" | "AFTER" | "OF");
        let (what, table) = match self.at(at) {
            "UPDATE" if !event && (2..8).any(|i| self.at(at + i) == "SET") => {
                ("UPDATE of", self.table(at + 1, 5, &["SET"])?)
            }
            "DELETE" if !event && self.at(at + 1) == "FROM" => {
                ("DELETE from", self.table(at + 2, 3, &["WHERE", "RETURNING", "USING"])?)
            }
            "TRUNCATE" if !event => ("TRUNCATE of", self.table(at + 1, usize::MAX, &[])?),
            "MERGE" => ("MERGE into", self.table(at + 1, 4, &["USING"])?),
            "REPLACE" if self.at(at + 1) == "INTO" => ("REPLACE into", self.table(at + 2, 2, &[])?),
            "INSERT" if self.words.windows(2).skip(at).any(|w| w == ["DO", "UPDATE"]) => {
                ("upsert into", self.table(at + 1, 4, &["SELECT", "VALUES"])?)
            }
            "ALTER"
                if self.at(at + 1) == "TABLE"
                    && (self.later(at, &["DROP", "DISABLE", "CASCADE", "DETACH", "REPLICA"])
                        // `ALTER COLUMN c TYPE t` rewrites every row; a new column may be called type.
                        || (self.later(at, &["TYPE"]) && self.later(at + 1, &["ALTER"]))
                        || self.words.windows(2).skip(at).any(|w| w == ["NO", "FORCE"])) =>
            {
                ("ALTER that opens", self.table(at + 2, 5, &["REFERENCES"])?)
            }
            "CREATE" if self.at(at + 1) == "TABLE" && self.later(at, &["CASCADE"]) => {
                ("cascade into", self.table(at + 2, 4, &["REFERENCES", "PARTITION"])?)
            }
            "CREATE" if self.words.iter().skip(at + 1).take(3).any(|w| w == "RULE") => {
                ("RULE on", self.table(at + 2, usize::MAX, &["DO"])?)
            }
            "DROP" if before.is_empty() => ("DROP on", self.table(at + 1, usize::MAX, &[])?),
            "GRANT" if self.later(at, &["ALL", "UPDATE", "DELETE", "TRUNCATE"]) => {
                ("GRANT to change", self.table(at + 1, usize::MAX, &["TO"])?)
            }
            _ => return None,
        };
        Some(format!("{what} the fact table `{}`", table.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_seen_and_reads_and_guards_are_not() {
        let tables = ["TRACES".to_owned()];
        for sql in [
            "UPDATE traces SET body = $1",
            "WITH d AS (DELETE FROM traces RETURNING *) SELECT 1",
            "UPDATE public.\"traces\" SET seq = 1",
            "DELETE /* x */ FROM\n traces",
            "INSERT INTO traces VALUES (1) ON CONFLICT DO UPDATE SET a = 1",
            "insert or replace into traces values (1)",
            "GRANT ALL ON traces TO app",
            "DROP TRIGGER traces_no_update ON traces",
            "UPDATE OR REPLACE traces SET a = 1",
            "ALTER TABLE traces NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE traces ALTER COLUMN body TYPE text",
            "CREATE RULE r AS ON UPDATE TO traces DO INSTEAD NOTHING",
        ] {
            assert!(!breaches(sql, &tables).is_empty(), "{sql}");
        }
        for sql in [
            "SELECT id FROM traces FOR UPDATE OF traces SKIP LOCKED",
            "CREATE TRIGGER t BEFORE UPDATE OR DELETE OR TRUNCATE ON traces FOR EACH ROW EXECUTE FUNCTION f()",
            "DELETE FROM upload_sessions WHERE id = $1",
            "CREATE TABLE notes (id text REFERENCES traces (id) ON DELETE CASCADE)",
            "INSERT INTO traces (id) VALUES ($1) ON CONFLICT DO NOTHING",
            "ALTER TABLE traces ADD COLUMN type text",
        ] {
            assert!(breaches(sql, &tables).is_empty(), "{sql}");
        }
    }

    #[test]
    fn other_names_and_guards_are_followed() {
        let sql = "CREATE TABLE public.traces_2026 PARTITION OF public.traces FOR VALUES IN (1);
            CREATE OR REPLACE VIEW v (a) AS SELECT a FROM traces; CREATE VIEW w AS SELECT 1 FROM v;
            ALTER TABLE IF EXISTS traces RENAME TO old_traces;
            CREATE TRIGGER t BEFORE UPDATE ON traces FOR EACH ROW EXECUTE FUNCTION f();";
        let tables = names(sql, &["traces".to_owned()]);
        for name in ["TRACES_2026", "V", "W", "OLD_TRACES"] {
            assert!(tables.contains(&name.to_owned()), "{name} not in {tables:?}");
        }
        let guards = guards(sql, &tables);
        assert_eq!(guards, ["F", "T"]);
        for sql in [
            "DROP TRIGGER t",
            "DROP FUNCTION f CASCADE",
            "CREATE OR REPLACE FUNCTION f() RETURNS x",
            "SET session_replication_role = replica",
            "PRAGMA writable_schema = ON",
        ] {
            assert!(!weakened(sql, &guards, &guards).is_empty(), "{sql}");
        }
        assert!(weakened("CREATE OR REPLACE FUNCTION f() RETURNS x", &guards, &[]).is_empty());
    }
}
