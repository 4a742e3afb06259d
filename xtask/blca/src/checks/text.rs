//! G002: control characters, which make a reader see another program than the compiler.

use super::Judge;

/// Reports the first such character of each line.
pub(super) fn check(judge: &mut Judge<'_>) {
    let text = judge.file.text;
    for (line, column, sign) in control_characters(text) {
        let message =
            format!("U+{:04X} stands here, which an editor does not show", u32::from(sign));
        judge.report("G002", line, column, 1, &format!("U+{:04X}", u32::from(sign)), message);
    }
}

/// Line, column and character of the first control or direction character of each line.
pub(crate) fn control_characters(text: &str) -> Vec<(usize, usize, char)> {
    if text.bytes().all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\n' | b'\t' | b'\r')) {
        return Vec::new();
    }
    let lines = text.split('\n').enumerate();
    let found = lines.filter_map(|(index, line)| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let at = line.chars().position(is_hidden)?;
        Some((index + 1, at + 1, line.chars().nth(at)?))
    });
    found.collect()
}

/// C0 and C1 controls, direction overrides (UAX #9), the zero-width space and tag characters. Joiners are a
/// part of how Persian and emoji are written.
fn is_hidden(sign: char) -> bool {
    (sign.is_control() && sign != '\t')
        || matches!(sign,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::control_characters;

    #[test]
    fn what_an_editor_hides_is_found_and_other_scripts_are_not() {
        assert_eq!(control_characters("a\nb \u{202e}c"), [(2, 3, '\u{202e}')]);
        assert_eq!(control_characters("\u{1}"), [(1, 1, '\u{1}')]);
        assert!(
            control_characters("αβγ\r\n\tשלום 数 é — ✓ می\u{200c}خواهم 👩\u{200d}💻").is_empty()
        );
    }
}
