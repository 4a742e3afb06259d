//! The quick reading of texts that are canonical, as stored entries are.
//!
//! It knows a part of the language alone: no white space, members in ascending order, no `\u`
//! escapes, integers. Whatever else it meets it leaves to the full reader, which judges it and says
//! what is wrong; so this one refuses nothing and has no errors of its own.

use store_traits::{Object, SafeInt, Text, Value};

use super::parse::MAX_DEPTH;

/// The value, or `None` where the full reader must look.
pub(super) fn parse(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader { text, at: 0, members: Vec::new(), items: Vec::new() };
    let value = reader.value(0)?;
    (reader.at == bytes.len()).then_some(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Members of objects and items of arrays that are not closed yet: each takes memory once, when it is
    /// known how many it has.
    members: Vec<(Text, Value)>,
    items: Vec<Value>,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &[u8], value: Value) -> Option<Value> {
        self.rest().starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        match self.peek()? {
            b'"' => Some(Value::String(self.string()?)),
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b't' => self.word(b"true", Value::Bool(true)),
            b'f' => self.word(b"false", Value::Bool(false)),
            b'n' => self.word(b"null", Value::Null),
            _ => self.integer(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.take(b'{')?;
        if self.take(b'}').is_some() {
            return Some(Value::Object(Object::new()));
        }
        let first = self.members.len();
        loop {
            let name = self.string()?;
            self.take(b':')?;
            let value = self.value(depth)?;
            self.members.push((name, value));
            if self.take(b',').is_none() {
                self.take(b'}')?;
                let own = self.members.drain(first..).collect();
                return Object::of_ascending(own).map(Value::Object);
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(Value::Array(Vec::new()));
        }
        let first = self.items.len();
        loop {
            let item = self.value(depth)?;
            self.items.push(item);
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(Value::Array(self.items.drain(first..).collect()));
            }
        }
    }

    /// The text of a string or a name: mostly short and without escapes.
    fn string(&mut self) -> Option<Text> {
        self.take(b'"')?;
        let from = self.at;
        self.at += plain(self.rest());
        let run = self.text.get(from..self.at)?;
        if self.take(b'"').is_some() {
            return Some(Text::from(run));
        }
        let mut text = run.to_owned();
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(Text::from(text));
                }
                b'\\' => {
                    let escaped = *self.rest().get(1)?;
                    text.push(match escaped {
                        b'"' | b'\\' => char::from(escaped),
                        b'b' => '\u{8}',
                        b't' => '\t',
                        b'n' => '\n',
                        b'f' => '\u{c}',
                        b'r' => '\r',
                        _ => return None,
                    });
                    self.at += 2;
                }
                _ => return None,
            }
            let from = self.at;
            self.at += plain(self.rest());
            text.push_str(self.text.get(from..self.at)?);
        }
    }

    fn integer(&mut self) -> Option<Value> {
        let negative = self.take(b'-').is_some();
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        // 16 digits hold 2^53 − 1 and fit any 64-bit integer.
        if digits > 16 || matches!(self.rest().get(digits), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        let text = self.text.get(self.at..self.at + digits)?;
        if text.starts_with('0') && (digits > 1 || negative) {
            return None;
        }
        let number: i64 = text.parse().ok()?;
        self.at += digits;
        SafeInt::try_from(if negative { -number } else { number }).ok().map(Value::Int)
    }
}

/// How many bytes from the first on stand for themselves in a string.
pub(crate) fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let ends = ends(u64::from_le_bytes(*word));
        if ends != 0 {
            return at * 8 + (ends.trailing_zeros() / 8) as usize;
        }
    }
    let mut last = [b'"'; 8];
    last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    let ends = ends(u64::from_le_bytes(last));
    words.len() * 8 + rest.len().min((ends.trailing_zeros() / 8) as usize)
}

/// Marks the first of eight bytes that does not stand for itself with its highest bit; above it, others may be
/// marked too.
fn ends(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    // A byte below `n` borrows from its highest bit, which was not set.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word;
    let same = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | same(b'"') | same(b'\\')) & HIGHEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{parse::parse_fully, write};
    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (-SafeInt::MAX..=SafeInt::MAX).prop_map(Value::integer),
            "[a-z\"\\\\\n\t\u{1}é\u{10000} ]{0,80}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::btree_map("[a-c\"é\u{e000}\u{10000}]{0,4}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_it_reads_the_full_reader_reads_alike(value in values(), at in any::<usize>(), byte in any::<u8>()) {
            let mut bytes = write(&value);
            if let Some(read) = parse(&bytes) {
                prop_assert_eq!(&read, &value);
            }
            // Any byte may be another one.
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Some(read) = parse(&bytes) {
                prop_assert_eq!(Ok(read), parse_fully(&bytes));
            }
        }

        #[test]
        fn any_text_of_json_characters_is_read_alike_or_left(text in r#"[\[\]{}:,"\\0-9eE.+\-truefalsn ]{0,24}"#) {
            if let Some(read) = parse(text.as_bytes()) {
                prop_assert_eq!(Ok(read), parse_fully(text.as_bytes()));
            }
        }
    }

    #[test]
    fn canonical_texts_are_read_here() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "-1",
            "9007199254740991",
            "-9007199254740991",
            "\"\"",
            "[]",
            "{}",
            r#"{"a":[1,"x\n\"\\"],"b":{"c":null}}"#,
            "\"é\u{10000}\"",
        ] {
            assert!(parse(text.as_bytes()).is_some(), "{text}");
        }
        for text in [
            "-0",
            "01",
            "1.0",
            "1e2",
            "9007199254740992",
            "00000000000000000",
            "-",
            "",
            " 1",
            "1 ",
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,"a":2}"#,
            r#""\u0041""#,
            r#""\/""#,
            "\"\n\"",
            "[1,]",
            "{\"a\"}",
            "\"",
            "\"\\",
            "tru",
        ] {
            assert!(parse(text.as_bytes()).is_none(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_none());
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_some());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).is_none());
    }
}
