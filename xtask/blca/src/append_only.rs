//! S002: no statement changes, removes or opens a fact table to change.

/// What a text does to fact tables that it must not do, in words; empty where it does nothing.
/// `tables` are the fact tables with their partitions, views and other names.
pub(crate) fn breaches(sql: &str, tables: &[String]) -> Vec<String> {
    let words = words(sql);
    let mut out = Vec::new();
    for statement in words.split(|w| w == ";") {
        let statement = Statement { words: statement, tables };
        for at in 0..statement.words.len() {
            out.extend(statement.breach(at));
        }
    }
    out
}

/// The fact tables, and every partition, heir, view or new name that a migration gives them.
pub(crate) fn names(migrations: &str, declared: &[String]) -> Vec<String> {
    let words = words(migrations);
    let mut tables: Vec<String> = declared.iter().map(|t| t.to_uppercase()).collect();
    for statement in words.split(|w| w == ";") {
        let at = |i: usize| statement.get(i).map_or("", String::as_str);
        let fact = |word: &String| tables.contains(word);
        let made = match (at(0), at(1)) {
            ("CREATE", "TABLE")
                if at(3) == "PARTITION" || statement.iter().any(|w| w == "INHERITS") =>
            {
                statement.iter().skip(3).any(fact).then(|| at(2).to_owned())
            }
            ("CREATE", "VIEW") => statement.iter().skip(3).any(fact).then(|| at(2).to_owned()),
            ("ALTER", "TABLE") if at(3) == "RENAME" => {
                statement.get(2).is_some_and(fact).then(|| at(5).to_owned())
            }
            _ => None,
        };
        tables.extend(made);
    }
    tables
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
            "UPDATE" if !event && (2..6).any(|i| self.at(at + i) == "SET") => {
                ("UPDATE of", self.table(at + 1, 4, &["SET"])?)
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
                    && self.later(at, &["DROP", "DISABLE", "CASCADE"]) =>
            {
                ("ALTER that opens", self.table(at + 2, 5, &["REFERENCES"])?)
            }
            "CREATE" if self.at(at + 1) == "TABLE" && self.later(at, &["CASCADE"]) => {
                ("cascade into", self.table(at + 2, 4, &["REFERENCES", "PARTITION"])?)
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

/// Upper-case words without comments and quotes; a dot parts words, a semicolon is one.
fn words(sql: &str) -> Vec<String> {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("/*") {
        text.push_str(before);
        text.push(' ');
        rest = after.split_once("*/").map_or("", |(_, behind)| behind);
    }
    text.push_str(rest);
    let lines: Vec<&str> = text.lines().map(|l| l.split("--").next().unwrap_or("")).collect();
    let text = lines.join("\n").replace(';', " ; ").to_uppercase();
    let between = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | ';'));
    text.split(between).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use crate::*;

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
        ] {
            assert!(!breaches(sql, &tables).is_empty(), "{sql}");
        }
        for sql in [
            "SELECT id FROM traces FOR UPDATE OF traces SKIP LOCKED",
            "CREATE TRIGGER t BEFORE UPDATE OR DELETE OR TRUNCATE ON traces FOR EACH ROW EXECUTE FUNCTION f()",
            "DELETE FROM upload_sessions WHERE id = $1",
            "CREATE TABLE notes (id text REFERENCES traces (id) ON DELETE CASCADE)",
            "INSERT INTO traces (id) VALUES ($1) ON CONFLICT DO NOTHING",
        ] {
            assert!(breaches(sql, &tables).is_empty(), "{sql}");
        }
    }
}
