//! SQL as words, for rules that hold in every dialect.

/// Upper-case words without comments and quotes. Of `schema.table` the last part stays; a semicolon
/// is a word of its own.
pub(crate) fn words(sql: &str) -> Vec<String> {
    let text = uncommented(sql).replace(';', " ; ").to_uppercase();
    let between =
        |c: char| !(c.is_alphanumeric() || matches!(c, '_' | ';' | '.' | '"' | '`' | '[' | ']'));
    let words = text.split(between).map(|word| {
        let word: String = word.chars().filter(|c| !matches!(c, '"' | '`' | '[' | ']')).collect();
        word.rsplit('.').next().unwrap_or("").to_owned()
    });
    words.filter(|word| !word.is_empty()).collect()
}

/// The text without comments, and with pieces that `||` joins put together: `'DEL' || 'ETE …'`.
pub(crate) fn uncommented(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(['-', '/', '\'']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(line) = from.strip_prefix("--") {
            out.push(' ');
            rest = line.find('\n').and_then(|end| line.get(end..)).unwrap_or("");
        } else if let Some(block) = from.strip_prefix("/*") {
            out.push(' ');
            rest = after_block(block);
        } else if let Some(quoted) = from.strip_prefix('\'') {
            let end = quoted.find('\'').unwrap_or(quoted.len());
            let inside = quoted.get(..end).unwrap_or("");
            rest = quoted.get(end..).and_then(|r| r.strip_prefix('\'')).unwrap_or("");
            // What a guard says when it refuses is not a statement.
            let says = last_word(&out);
            if !matches!(
                says.as_str(),
                "ABORT" | "FAIL" | "ROLLBACK" | "EXCEPTION" | "IS" | "NOTICE"
            ) {
                out.push('\'');
                out.push_str(inside);
                let joined = rest.trim_start().strip_prefix("||").map(str::trim_start);
                if let Some(next) = joined.and_then(|next| next.strip_prefix('\'')) {
                    // Go on inside the next piece, as if it had been one.
                    let end = next.find('\'').unwrap_or(next.len());
                    out.push_str(next.get(..end).unwrap_or(""));
                    rest = next.get(end..).and_then(|r| r.strip_prefix('\'')).unwrap_or("");
                }
                out.push('\'');
            }
        } else {
            out.push_str(from.get(..1).unwrap_or(""));
            rest = from.get(1..).unwrap_or("");
        }
    }
    out.push_str(rest);
    out
}

/// Behind the end of a block comment; PostgreSQL nests them.
fn after_block(mut rest: &str) -> &str {
    let mut depth = 1_usize;
    while depth > 0 {
        let Some(at) = rest.find(['*', '/']) else { return "" };
        let from = rest.get(at..).unwrap_or("");
        if let Some(tail) = from.strip_prefix("*/") {
            depth -= 1;
            rest = tail;
        } else if let Some(tail) = from.strip_prefix("/*") {
            depth += 1;
            rest = tail;
        } else {
            rest = from.get(1..).unwrap_or("");
        }
    }
    rest
}

fn last_word(text: &str) -> String {
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '('));
    let word = text.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    word.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn comments_quotes_and_schemas_are_left_out() {
        assert_eq!(
            words("delete /* x /* y */ */ from\n -- z\n public.\"traces\";"),
            ["DELETE", "FROM", "TRACES", ";"]
        );
        assert_eq!(
            words("EXECUTE 'DEL' || 'ETE FROM traces'"),
            ["EXECUTE", "DELETE", "FROM", "TRACES"]
        );
        assert_eq!(words("RAISE(ABORT, 'no DELETE FROM traces')"), ["RAISE", "ABORT"]);
        assert_eq!(words("a - b / c"), ["A", "B", "C"]);
    }
}
