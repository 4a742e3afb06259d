//! Does a text look like SQL?
//!
//! Capitals and the shape of a statement decide at once. In lower case a sentence of English looks the
//! same: there the text must parse as SQL, and a known table or a placeholder must stand where SQL
//! would have it. A sentence (`Select a file from the list.`) is neither.

use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

/// Whether `text` is SQL, or a piece of a statement. `tables` are the known ones.
pub(crate) fn is_sql(text: &str, tables: &[String]) -> bool {
    if text.len() < 6 || !text.contains(' ') && !text.contains('\n') {
        return false;
    }
    let text = statement_start(text);
    let words = words(text);
    let known = Known { words: &words, tables };
    capitals(&known, text) || piece(&known) || lower_case(&known, text)
}

/// The text behind leading comments, brackets and `EXPLAIN`.
fn statement_start(text: &str) -> &str {
    let mut text = text;
    loop {
        let trimmed =
            text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ';'));
        let next = if let Some(rest) = trimmed.strip_prefix("/*") {
            rest.split_once("*/").map_or("", |(_, rest)| rest)
        } else if let Some(rest) = trimmed.strip_prefix("--") {
            rest.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(rest) = trimmed.strip_prefix("EXPLAIN ") {
            let rest = rest.strip_prefix("QUERY PLAN ").unwrap_or(rest);
            rest.strip_prefix("ANALYZE ").unwrap_or(rest)
        } else {
            return trimmed;
        };
        text = next;
    }
}

fn words(text: &str) -> Vec<&str> {
    let between = |c: char| {
        !(c.is_alphanumeric() || matches!(c, '_' | '$' | '?' | '*' | '=' | '(' | '\'' | ';'))
    };
    text.split(between).filter(|word| !word.is_empty()).collect()
}

struct Known<'k> {
    words: &'k [&'k str],
    tables: &'k [String],
}

impl Known<'_> {
    fn at(&self, index: usize) -> &str {
        self.words.get(index).copied().unwrap_or("")
    }

    fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    fn table(&self, word: &str) -> bool {
        let word = word.trim_start_matches('(').split('(').next().unwrap_or("");
        !word.is_empty() && self.tables.iter().any(|t| t.eq_ignore_ascii_case(word))
    }

    /// Something that a label in capitals does not have: a name in lower case, a number, a sign.
    fn concrete(&self) -> bool {
        self.words.iter().skip(1).any(|w| is_name(w) || self.table(w))
    }
}

/// An identifier, number, placeholder or sign, and no word in capitals.
fn is_name(word: &str) -> bool {
    word.chars().any(|c| {
        c.is_lowercase()
            || c.is_ascii_digit()
            || matches!(c, '$' | '?' | '*' | '=' | '(' | '\'' | '_')
    })
}

fn capitals(known: &Known<'_>, text: &str) -> bool {
    const OBJECTS: [&str; 16] = [
        "TABLE",
        "INDEX",
        "TRIGGER",
        "VIEW",
        "FUNCTION",
        "SCHEMA",
        "ROLE",
        "POLICY",
        "SEQUENCE",
        "TYPE",
        "EXTENSION",
        "DATABASE",
        "PROCEDURE",
        "RULE",
        "USER",
        "DOMAIN",
    ];
    let (has, at) = (|w: &str| known.has(w), |i: usize| known.at(i));
    match at(0) {
        "SELECT" => {
            // The fragment `SELECT ` waits for the rest of a statement.
            let alone = known.words.len() == 1 && text.ends_with(' ');
            let value = at(1).contains(|c: char| {
                c.is_ascii_digit() || matches!(c, '*' | '$' | '?' | '(' | '\'')
            });
            alone || value || (has("FROM") && known.concrete())
        }
        "INSERT" | "REPLACE" => (at(1) == "INTO" || at(1) == "OR") && known.concrete(),
        "UPDATE" => has("SET") && known.concrete(),
        "DELETE" => at(1) == "FROM" && known.concrete(),
        "CREATE" | "DROP" | "ALTER" => (1..5).any(|i| OBJECTS.contains(&at(i))) && known.concrete(),
        "TRUNCATE" => at(1) == "TABLE" && known.concrete() || is_name(at(1)) || known.table(at(1)),
        "PRAGMA" | "ATTACH" | "DETACH" | "REINDEX" | "LISTEN" | "NOTIFY" | "UNLISTEN"
        | "SAVEPOINT" | "CALL" | "EXECUTE" | "PREPARE" | "DEALLOCATE" | "SHOW" | "ANALYZE" => {
            is_name(at(1)) || known.table(at(1)) || (at(1) == "DATABASE" && is_name(at(2)))
        }
        "COPY" => {
            (has("FROM") || has("TO"))
                && (has("STDIN") || has("STDOUT") || is_name(at(1)) || known.table(at(1)))
        }
        "SET" => {
            let scope = matches!(at(1), "LOCAL" | "SESSION");
            let name = if scope { at(2) } else { at(1) };
            let gives = known.words.iter().any(|w| w.contains('=')) || has("TO");
            (name.contains(|c: char| c.is_lowercase()) && gives)
                || (matches!(at(1), "ROLE" | "TRANSACTION" | "CONSTRAINTS") && !at(2).is_empty())
        }
        "GRANT" | "REVOKE" => has("ON") && (has("TO") || has("FROM")) && known.concrete(),
        "WITH" => {
            has("AS")
                && known.words.iter().any(|w| {
                    matches!(
                        w.trim_start_matches('('),
                        "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "VALUES"
                    )
                })
        }
        "MERGE" => at(1) == "INTO",
        "LOCK" => at(1) == "TABLE",
        "VACUUM" => matches!(at(1), "INTO" | "FULL" | "ANALYZE") || known.table(at(1)),
        "BEGIN" => {
            matches!(at(1), "IMMEDIATE" | "EXCLUSIVE" | "DEFERRED" | "TRANSACTION" | "ISOLATION")
        }
        "ROLLBACK" => at(1) == "TO",
        "RELEASE" => at(1) == "SAVEPOINT",
        "DECLARE" => has("CURSOR"),
        "DO" => at(1).starts_with("$$"),
        "VALUES" => text.get(6..).is_some_and(|rest| rest.trim_start().starts_with('(')),
        "REFRESH" => at(1) == "MATERIALIZED",
        "COMMENT" => at(1) == "ON" && OBJECTS.contains(&at(2)),
        _ => false,
    }
}

/// Clauses in capitals with a name behind them: `FROM traces`, `ORDER BY seq`, `ON CONFLICT (id)`.
fn piece(known: &Known<'_>) -> bool {
    known.words.windows(3).any(|w| match w {
        ["ORDER" | "GROUP", "BY", name]
        | ["INSERT", "INTO", name]
        | ["DELETE", "FROM", name]
        | ["ON", "CONFLICT", name]
        | ["LEFT" | "INNER" | "CROSS", "JOIN", name]
        | ["UNION", "ALL" | "SELECT", name] => is_name(name) || known.table(name),
        _ => false,
    }) || known.words.windows(2).any(|w| match w {
        ["FROM" | "INTO" | "JOIN" | "UPDATE" | "TABLE", name] => known.table(name),
        _ => false,
    }) || (known.has("WHERE") && known.words.iter().any(|w| w.contains('=')) && known.concrete())
}

fn lower_case(known: &Known<'_>, text: &str) -> bool {
    let upper: Vec<String> = known.words.iter().map(|w| w.to_uppercase()).collect();
    let at = |i: usize| upper.get(i).map_or("", String::as_str);
    let has = |word: &str| upper.iter().any(|w| w == word);
    let behind = |word: &str| {
        let index = upper.iter().position(|w| w == word);
        index.and_then(|i| known.words.get(i + 1)).copied().unwrap_or("")
    };
    let placeholder = known.words.iter().any(|w| {
        let digits = w.trim_start_matches('(').strip_prefix('$').unwrap_or("");
        digits.starts_with(|c: char| c.is_ascii_digit()) || *w == "?"
    });
    let sign = known.words.iter().any(|w| w.contains(['*', '=']));
    let shaped = match at(0) {
        "SELECT" => {
            has("FROM")
                && (known.table(behind("FROM"))
                    || placeholder
                    || at(1).starts_with('*')
                    || at(1).starts_with("COUNT(")
                    || (has("WHERE") && sign))
        }
        "INSERT" => at(1) == "INTO" && (known.table(at(2)) || text.contains('(') && has("VALUES")),
        "UPDATE" => has("SET") && sign && !at(1).is_empty(),
        "DELETE" => at(1) == "FROM" && (known.table(at(2)) || (has("WHERE") && sign)),
        "CREATE" => at(1) == "TABLE" && text.contains('('),
        "DROP" | "TRUNCATE" => at(1) == "TABLE" && known.table(at(2)) || known.table(at(1)),
        "ALTER" => at(1) == "TABLE" && known.table(at(2)),
        "WITH" => text.contains('(') && has("SELECT"),
        _ => false,
    };
    let sentence = text.trim_end().ends_with(['.', '?', '!', ':', '…']);
    shaped && !sentence && parses(text)
}

/// Whether a general SQL parser takes the text.
fn parses(text: &str) -> bool {
    Parser::parse_sql(&GenericDialect {}, text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_sql;

    #[test]
    fn statements_are_seen_and_sentences_are_not() {
        let tables = ["traces".to_owned()];
        for text in [
            "SELECT id FROM traces",
            "SELECT ",
            "SELECT 1",
            "SELECT pg_sleep(1)",
            "SELECT ID FROM TRACES",
            "COPY traces TO STDOUT",
            "CREATE TABLE tmp (id text)",
            "SET statement_timeout = 5",
            "select id from traces",
            "sElEcT id FrOm traces",
            "update traces set body = $1",
            "/* x */ SELECT id FROM t",
            "-- x\nDELETE FROM t",
            "(SELECT id FROM t)",
            "WITH x AS (SELECT 1) SELECT a FROM x",
            "PRAGMA journal_mode = WAL",
            "EXPLAIN QUERY PLAN SELECT id FROM t",
            " FROM traces WHERE ",
            " ORDER BY seq",
            "id FROM traces",
            "select * from anything",
            "delete from anything where id = 1",
            "BEGIN IMMEDIATE",
            "SAVEPOINT s1",
            "LOCK TABLE traces",
        ] {
            assert!(is_sql(text, &tables), "{text}");
        }
        for text in [
            "Select a file from the disk",
            "Update the selection",
            "Delete this from the cart?",
            "Insert coin into slot",
            "Create table of contents",
            "Drop table reservations",
            "With regards, from our table",
            "SET",
            "SET PATH",
            "Vacuum cleaner",
            "VACUUM CLEANER",
            "Begin here",
            "(?i)select|from|where",
            "Select a trace from the list, then update the selection.",
            "select traces from the list on the left",
            "SELECT ALL",
            "SELECT A FILE FROM THE LIST",
            "CREATE ACCOUNT",
            "DROP FILES HERE",
            "UPDATE AVAILABLE",
            "COPY TO CLIPBOARD",
            "ORDER BY DATE",
            "INSERT COIN INTO SLOT",
            "<select name=\"from\"><option>where</option></select>",
            "Grant access on request to the auditor",
            "Values are shown in the table",
        ] {
            assert!(!is_sql(text, &tables), "{text}");
        }
    }
}
