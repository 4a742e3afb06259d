//! A JSON text as a tree that remembers where its parts stand, so that only what is replaced is
//! written anew and everything else keeps its spelling.
//!
//! The reader is lenient about scalars (`NaN`, as Python writes it): a text that almost is JSON
//! must not be a hiding place.

use std::borrow::Cow;
use std::ops::Range;

use crate::shape::work;

/// A value and where it stands, quotes included.
#[derive(Debug)]
pub(crate) enum Node<'t> {
    Text(Range<usize>, Cow<'t, str>),
    /// A number, or `true`, `false`, `null`, `NaN`.
    Scalar(Range<usize>),
    Array(Vec<Node<'t>>),
    Object(Vec<Member<'t>>),
}

/// A member of an object; duplicates are kept, each is looked at.
#[derive(Debug)]
pub(crate) struct Member<'t> {
    pub(crate) key_range: Range<usize>,
    pub(crate) key: Cow<'t, str>,
    pub(crate) value: Node<'t>,
}

/// Reads a whole text that is an object, an array or a string, at most `depth` containers deep.
pub(crate) fn parse(text: &str, depth: usize) -> Option<Node<'_>> {
    if !text.trim_start().starts_with(['{', '[', '"'])
        || !text.trim_end().ends_with(['}', ']', '"'])
    {
        return None;
    }
    let mut reader = Reader { text, at: 0 };
    let node = reader.value(depth)?;
    reader.space();
    (reader.at == text.len()).then_some(node)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
        work(length + 1);
        self.at += length;
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self, depth: usize) -> Option<Node<'t>> {
        match self.peek()? {
            b'"' => self.string().map(|(range, text)| Node::Text(range, text)),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            _ => self.scalar(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node<'t>> {
        self.take(b'{')?;
        let mut members = Vec::new();
        if self.take(b'}').is_some() {
            return Some(Node::Object(members));
        }
        loop {
            self.peek().filter(|b| *b == b'"')?;
            let (key_range, key) = self.string()?;
            self.take(b':')?;
            members.push(Member { key_range, key, value: self.value(depth)? });
            if self.take(b',').is_none() {
                self.take(b'}')?;
                return Some(Node::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Node<'t>> {
        self.take(b'[')?;
        let mut items = Vec::new();
        if self.take(b']').is_some() {
            return Some(Node::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(Node::Array(items));
            }
        }
    }

    fn scalar(&mut self) -> Option<Node<'t>> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..)?;
        let length = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            .count();
        self.at += length;
        (length > 0).then_some(Node::Scalar(start..self.at))
    }

    fn string(&mut self) -> Option<(Range<usize>, Cow<'t, str>)> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        let mut escaped = false;
        loop {
            let rest = bytes.get(at..)?;
            let Some(length) = memchr::memchr2(b'"', b'\\', rest) else {
                work(rest.len());
                return None;
            };
            work(length + 1);
            at += length;
            if bytes.get(at) == Some(&b'"') {
                break;
            }
            escaped = true;
            at += 2;
        }
        let inner = self.text.get(start + 1..at)?;
        self.at = at + 1;
        let text = if escaped { Cow::Owned(unescape(inner)?) } else { Cow::Borrowed(inner) };
        Some((start..self.at, text))
    }
}

/// Undoes the escapes of RFC 8259 §7; a lone surrogate becomes U+FFFD.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at)?);
        let escape = rest.get(at + 1..)?.chars().next()?;
        rest = rest.get(at + 1 + escape.len_utf8()..)?;
        match escape {
            '"' | '\\' | '/' => out.push(escape),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => {
                let unit = unit(rest)?;
                rest = rest.get(4..)?;
                let low = rest
                    .strip_prefix("\\u")
                    .and_then(unit_low)
                    .filter(|_| (0xD800..0xDC00).contains(&unit));
                let code = match low {
                    Some(low) => {
                        rest = rest.get(6..)?;
                        0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
                    }
                    None => unit,
                };
                out.push(char::from_u32(code).unwrap_or('\u{FFFD}'));
            }
            _ => return None,
        }
    }
    out.push_str(rest);
    Some(out)
}

fn unit(text: &str) -> Option<u32> {
    let digits = text.get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

fn unit_low(text: &str) -> Option<u32> {
    unit(text).filter(|low| (0xDC00..0xE000).contains(low))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_more_behind_it_is_not_json() {
        for text in
            ["", "plain", "[redacted:email]", "{\"a\":1} x", "[1,", "{\"a\"}", "\"a\" and \"b\""]
        {
            assert!(parse(text, 128).is_none(), "{text}");
        }
    }

    #[test]
    fn escapes_and_scalars_are_read() {
        let text = r#" {"a\u0041": ["\ud83d\ude42\ud83d", NaN, -1.5e3, null]} "#;
        let Some(Node::Object(members)) = parse(text, 128) else { panic!("no object") };
        assert_eq!(members[0].key, "aA");
        let Node::Array(items) = &members[0].value else { panic!("no array") };
        assert!(matches!(&items[0], Node::Text(_, t) if t == "🙂\u{FFFD}"));
        assert_eq!(items.len(), 4);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(parse(&deep(128), 128).is_some());
        assert!(parse(&deep(129), 128).is_none());
        assert!(parse(&deep(1_000_000), 128).is_none());
    }
}
