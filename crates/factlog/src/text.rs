//! Tables, and texts that are safe to print.

use logs_api::text::is_unseen;
pub(crate) use logs_api::text::{count, dollars, duration, moment, tokens};
use unicode_width::UnicodeWidthStr as _;

/// A text as it may be printed, or a dash for none; long ones are cut.
pub(crate) fn or_dash(text: Option<&str>) -> String {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return "–".into() };
    let cut: String = text.chars().take(40).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    printable(&format!("{cut}{dots}"))
}

/// Which side a column leans to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// An aligned table with two spaces between columns; no trailing spaces.
pub(crate) fn table(heads: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heads.iter().map(|(head, _)| head.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let head: Vec<String> = heads.iter().map(|(head, _)| (*head).to_owned()).collect();
    let mut out = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(heads)
            .zip(&widths)
            .map(|((cell, (_, align)), width)| {
                let pad = " ".repeat(width.saturating_sub(cell.width()));
                match align {
                    Align::Left => format!("{cell}{pad}"),
                    Align::Right => format!("{pad}{cell}"),
                }
            })
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// Makes a text of unknown origin safe to print: control characters (terminal escapes), and those that
/// turn the reading order or cannot be seen, are written out.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if is_unseen(c) { c.escape_unicode().to_string() } else { c.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_are_shown_and_not_sent() {
        assert_eq!(printable("a\u{1b}[31m"), "a\\u{1b}[31m");
    }
}
