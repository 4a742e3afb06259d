//! A text as a reader would see it, with the way back to its bytes.
//!
//! Escapes and look-alike characters hide data from a scanner of bytes: `\u7530`, `\\n`, `%40`,
//! full-width digits, zero-width spaces. The detectors look at the view; what they find is cut out
//! of the original.

use std::borrow::Cow;
use std::ops::Range;

use crate::shape::work;

/// Where a stretch of the view comes from.
#[derive(Debug, Clone, Copy)]
struct Segment {
    view: usize,
    source: usize,
}

/// A text with escapes undone.
#[derive(Debug)]
pub(crate) struct View<'t> {
    text: Cow<'t, str>,
    /// Ascending in both columns; empty when the view is the text itself.
    segments: Vec<Segment>,
}

impl<'t> View<'t> {
    pub(crate) fn of(source: &'t str) -> Self {
        if source.is_ascii() && memchr::memchr2(b'\\', b'%', source.as_bytes()).is_none() {
            return Self { text: Cow::Borrowed(source), segments: Vec::new() };
        }
        let mut text = String::new();
        let mut segments = Vec::new();
        let mut copied = 0;
        let mut at = 0;
        while let Some((at_next, first, after)) = next_char(source, at) {
            at = at_next;
            work(1);
            let Some((replacement, end)) = substitute(source, at, first) else {
                at = after;
                continue;
            };
            // A run of backslashes that escapes nothing is passed over whole, so that no run is
            // walked more than once.
            let Some(replacement) = replacement else {
                at = end;
                continue;
            };
            text.push_str(source.get(copied..at).unwrap_or_default());
            segments.push(Segment { view: text.len(), source: at });
            if replacement != '\0' {
                text.push(replacement);
            }
            segments.push(Segment { view: text.len(), source: end });
            copied = end;
            at = end;
        }
        if segments.is_empty() {
            return Self { text: Cow::Borrowed(source), segments };
        }
        text.push_str(source.get(copied..).unwrap_or_default());
        Self { text: Cow::Owned(text), segments }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original behind a range of the view.
    pub(crate) fn source(&self, range: &Range<usize>) -> Range<usize> {
        self.source_of(range.start, Edge::Start)..self.source_of(range.end, Edge::End)
    }

    fn source_of(&self, offset: usize, edge: Edge) -> usize {
        // A removed character leaves two segments at one offset: a range that starts there starts
        // after it, and one that ends there ends before it.
        let after = match edge {
            Edge::Start => self.segments.partition_point(|s| s.view <= offset),
            Edge::End => {
                let first = self.segments.partition_point(|s| s.view < offset);
                match self.segments.get(first) {
                    Some(s) if s.view == offset => first + 1,
                    _ => first,
                }
            }
        };
        match after.checked_sub(1).and_then(|at| self.segments.get(at)) {
            Some(segment) => segment.source + (offset - segment.view),
            None => offset,
        }
    }
}

#[derive(Clone, Copy)]
enum Edge {
    Start,
    End,
}

/// The next character that may stand for another one: where it is, what it is, where it ends.
fn next_char(text: &str, at: usize) -> Option<(usize, char, usize)> {
    // The backslash, `%`, and the lead bytes of the characters in `plain`.
    let may = |b: &u8| matches!(b, b'\\' | b'%' | 0xC2 | 0xD9 | 0xDB | 0xE0 | 0xE2 | 0xE3 | 0xEF);
    let at = at + text.as_bytes().get(at..)?.iter().position(may)?;
    let first = text.get(at..)?.chars().next()?;
    Some((at, first, at + first.len_utf8()))
}

/// What stands for the text at `at`, and where that text ends; NUL stands for nothing at all.
fn substitute(text: &str, at: usize, first: char) -> Option<(Option<char>, usize)> {
    match first {
        '\\' => Some(unescape(text, at)),
        '%' => percent(text, at).map(|(c, end)| (Some(c), end)),
        _ if first.is_ascii() => None,
        _ => plain(first).map(|c| (Some(c), at + first.len_utf8())),
    }
}

/// `\n`, `\"`, `\uXXXX` behind any number of backslashes (JSON within JSON within text).
fn unescape(text: &str, at: usize) -> (Option<char>, usize) {
    let (unit, end) = match escape(text, at) {
        Escape::Char(c, end) => return (Some(c), end),
        Escape::None(end) => return (None, end),
        Escape::Unit(unit, end) => (unit, end),
    };
    if (0xD800..0xDC00).contains(&unit)
        && text.get(end..).is_some_and(|rest| rest.starts_with('\\'))
        && let Escape::Unit(low, low_end) = escape(text, end)
        && (0xDC00..0xE000).contains(&low)
    {
        let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        return (Some(char::from_u32(code).unwrap_or('\u{FFFD}')), low_end);
    }
    let c = char::from_u32(unit).unwrap_or('\u{FFFD}');
    (Some(plain(c).unwrap_or(c)), end)
}

enum Escape {
    Char(char, usize),
    Unit(u32, usize),
    None(usize),
}

fn escape(text: &str, at: usize) -> Escape {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let slashes = rest.iter().take_while(|b| **b == b'\\').count();
    work(slashes);
    let end = at + slashes;
    match rest.get(slashes) {
        Some(b'n' | b'r') => Escape::Char('\n', end + 1),
        Some(b't' | b'b' | b'f') => Escape::Char(' ', end + 1),
        Some(b'"') => Escape::Char('"', end + 1),
        Some(b'\'') => Escape::Char('\'', end + 1),
        Some(b'/') => Escape::Char('/', end + 1),
        Some(b'u') => {
            let digits =
                text.get(end + 1..end + 5).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
            match digits.and_then(|d| u32::from_str_radix(d, 16).ok()) {
                Some(unit) => Escape::Unit(unit, end + 5),
                None => Escape::None(end),
            }
        }
        _ => Escape::None(end),
    }
}

/// A percent-encoded printable ASCII character (RFC 3986 §2.1).
fn percent(text: &str, at: usize) -> Option<(char, usize)> {
    let digits = text.get(at + 1..at + 3).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let byte = u8::from_str_radix(digits, 16).ok()?;
    (0x20..0x7F).contains(&byte).then_some((char::from(byte), at + 3))
}

/// The ASCII character that another one is written for.
fn plain(c: char) -> Option<char> {
    let code = u32::from(c);
    let shifted = |base: u32, to: u32| char::from_u32(code - base + to);
    match code {
        0xFF01..=0xFF5E => shifted(0xFF01, 0x21),
        0x0660..=0x0669 => shifted(0x0660, 0x30),
        0x06F0..=0x06F9 => shifted(0x06F0, 0x30),
        0x0966..=0x096F => shifted(0x0966, 0x30),
        0x00A0 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => Some(' '),
        0x2010..=0x2015 | 0x2212 => Some('-'),
        0x00AD | 0x200B..=0x200D | 0x2060 | 0xFEFF => Some('\0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, view: &str) {
        assert_eq!(View::of(source).text(), view);
    }

    #[test]
    fn escapes_are_undone() {
        check("plain", "plain");
        check(r"\u7530\u4e2d", "田中");
        check(r"\\\u7530", "田");
        check(r"\ud83d\ude42.", "🙂.");
        check(r"\ud83d.", "\u{FFFD}.");
        check(r#"a\n\"b\""#, "a\n\"b\"");
        check("dana%40example.com 100%", "dana@example.com 100%");
        check(r"\x \\", r"\x \\");
    }

    #[test]
    fn look_alikes_become_ascii() {
        check("４１１１　１", "4111 1");
        check("a\u{200B}b", "ab");
        check("١٤", "14");
    }

    #[test]
    fn no_character_that_stands_for_another_is_passed_over() {
        for c in ('\0'..=char::MAX).filter(|c| plain(*c).is_some()) {
            let source = format!("é田{c}😀");
            let view = View::of(&source);
            assert!(!view.text().contains(c), "{c:?}");
        }
    }

    #[test]
    fn a_range_of_the_view_maps_to_the_bytes_that_made_it() {
        let source = r"x\u7530y１z";
        let view = View::of(source);
        assert_eq!(view.text(), "x田y1z");
        let range = |r: Range<usize>| source.get(view.source(&r)).map(str::to_owned);
        assert_eq!(range(1..4).as_deref(), Some(r"\u7530"));
        assert_eq!(range(4..5).as_deref(), Some("y"));
        assert_eq!(range(5..6).as_deref(), Some("１"));
        assert_eq!(range(0..7).as_deref(), Some(source));
    }
}
