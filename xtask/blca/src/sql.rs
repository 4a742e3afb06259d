//! Does a text look like SQL?
//!
//! Capitals decide at once. In lower case a sentence of English looks the same, so there a known
//! table or a placeholder must occur as well.

/// Whether `text` is SQL or the start of it. `tables` are the known ones.
pub(crate) fn is_sql(text: &str, tables: &[String]) -> bool {
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '?' | '*' | '=' | '(')))
        .filter(|w| !w.is_empty())
        .collect();
    if shaped(&words, text.len()) {
        return true;
    }
    let upper: Vec<String> = words.iter().map(|w| w.to_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let named = words.iter().any(|w| {
        tables.iter().any(|t| w.eq_ignore_ascii_case(t))
            || w.strip_prefix('$').is_some_and(|d| d.starts_with(|c: char| c.is_ascii_digit()))
    });
    named && lower_shaped(&upper)
}

fn shaped(words: &[&str], length: usize) -> bool {
    let at = |i: usize| words.get(i).copied().unwrap_or("");
    let has = |w: &str| words.contains(&w);
    match at(0) {
        "SELECT" => length > "SELECT".len(),
        "INSERT" => at(1) == "INTO" || at(1) == "OR",
        "UPDATE" => has("SET"),
        "DELETE" => at(1) == "FROM",
        "CREATE" | "DROP" | "ALTER" => (1..4).any(|i| {
            matches!(at(i), "TABLE" | "INDEX" | "TRIGGER" | "VIEW" | "FUNCTION" | "SCHEMA" | "ROLE")
        }),
        "TRUNCATE" | "PRAGMA" | "ATTACH" => words.len() > 1,
        "COPY" => has("FROM") || has("TO"),
        "SET" => words.iter().any(|w| w.contains('=')) || has("TO"),
        "GRANT" | "REVOKE" => has("ON"),
        "WITH" => has("AS") && has("SELECT"),
        "MERGE" => at(1) == "INTO",
        _ => words.windows(2).any(|w| matches!(w, ["INSERT", "INTO"] | ["DELETE", "FROM"])),
    }
}

fn lower_shaped(upper: &[&str]) -> bool {
    let at = |i: usize| upper.get(i).copied().unwrap_or("");
    let has = |w: &str| upper.contains(&w);
    match at(0) {
        "SELECT" => has("FROM") && at(1) != "THE" && at(1) != "A",
        "INSERT" => at(1) == "INTO" && has("VALUES"),
        "UPDATE" => at(2) == "SET",
        "DELETE" => at(1) == "FROM" && (upper.len() == 3 || has("WHERE")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::is_sql;

    #[test]
    fn statements_are_seen_and_sentences_are_not() {
        let tables = ["traces".to_owned()];
        for text in [
            "SELECT id FROM traces",
            "SELECT ",
            "COPY traces TO STDOUT",
            "CREATE TABLE tmp (id text)",
            "SET statement_timeout = 5",
            "select id from traces",
            "update traces set body = $1",
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
            "SET",
            "Vacuum cleaner",
            "(?i)select|from|where",
            "Select a trace from the list, then update the selection.",
        ] {
            assert!(!is_sql(text, &tables), "{text}");
        }
    }
}
