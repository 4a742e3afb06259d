//! The flat stream of tokens.

use std::borrow::Cow;

use proc_macro2::{Delimiter, LineColumn, Spacing, TokenStream, TokenTree};

use super::test_code::Cut;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name, without `r#`.
    Ident,
    /// One character, or `::` and `=>` as one token.
    Punct,
    /// Opens or closes a group.
    Bracket,
    /// A literal.
    Literal,
}

/// A token with its place.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// Its text; a name without `r#`.
    pub(crate) text: Cow<'static, str>,
    /// What it is.
    pub(crate) kind: Kind,
    /// A literal as it was lexed.
    literal: Option<proc_macro2::Literal>,
    /// Offset in the file.
    pub(crate) byte: usize,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
}

impl Token {
    /// The text that a string, byte string or C string stands for.
    pub(crate) fn string(&self) -> Option<String> {
        // Most literals are numbers: only what has quotes is worth decoding.
        if !self.text.contains('"') {
            return None;
        }
        match self.value()? {
            syn::Lit::Str(text) => Some(text.value()),
            syn::Lit::ByteStr(bytes) => String::from_utf8(bytes.value()).ok(),
            syn::Lit::CStr(text) => text.value().into_string().ok(),
            _ => None,
        }
    }

    /// A literal's value.
    pub(crate) fn value(&self) -> Option<syn::Lit> {
        self.literal.clone().map(syn::Lit::new)
    }

    /// Whether it is this name, bracket or punctuation, and no literal.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }
}

/// Where lines begin, to turn a line and a column into an offset. (`Span::byte_range` asks a tree of
/// all characters, which costs more than everything else that is done with a token.)
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Finds them.
    pub(crate) fn of(text: &'t str) -> Self {
        let behind = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(behind).collect() }
    }

    /// The offset of a place.
    pub(crate) fn byte(&self, place: LineColumn) -> usize {
        let start = place.line.checked_sub(1).and_then(|line| self.starts.get(line));
        let start = start.copied().unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or("");
        let ascii = rest.as_bytes().get(..place.column).is_some_and(<[u8]>::is_ascii);
        if ascii {
            return start + place.column;
        }
        start + rest.char_indices().nth(place.column).map_or(rest.len(), |(at, _)| at)
    }

    /// The line of an offset, from 1.
    pub(crate) fn line(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte)
    }
}

/// Opens all groups, leaving out test code and doc comments.
pub(crate) fn flatten(stream: &TokenStream, lines: &Lines<'_>, cut: &Cut, out: &mut Vec<Token>) {
    let mut after_hash = false;
    let mut joint = false;
    for token in stream.clone() {
        let start = match &token {
            TokenTree::Group(group) => group.span_open().start(),
            other => other.span().start(),
        };
        let byte = lines.byte(start);
        if cut.holds(byte) {
            continue;
        }
        let make = |text: Cow<'static, str>, kind, literal| Token {
            text,
            kind,
            literal,
            byte,
            line: start.line,
            column: start.column + 1,
        };
        match token {
            TokenTree::Group(group) => {
                let doc = after_hash
                    && group.delimiter() == Delimiter::Bracket
                    && is_doc(&group.stream());
                if !doc {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    out.push(make(open.into(), Kind::Bracket, None));
                    flatten(&group.stream(), lines, cut, out);
                    let end = group.span_close().start();
                    out.push(Token {
                        text: close.into(),
                        kind: Kind::Bracket,
                        literal: None,
                        byte: lines.byte(end),
                        line: end.line,
                        column: end.column + 1,
                    });
                }
                (after_hash, joint) = (false, false);
            }
            TokenTree::Literal(literal) => {
                out.push(make(literal.to_string().into(), Kind::Literal, Some(literal)));
                (after_hash, joint) = (false, false);
            }
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let bare = name.strip_prefix("r#").map(str::to_owned).unwrap_or(name);
                out.push(make(bare.into(), Kind::Ident, None));
                (after_hash, joint) = (false, false);
            }
            TokenTree::Punct(punct) => {
                let sign = punct.as_char();
                after_hash = sign == '#' || (after_hash && sign == '!');
                let pair = out.last().filter(|_| joint).and_then(|last| pair(&last.text, sign));
                match (pair, out.last_mut()) {
                    (Some(pair), Some(last)) => last.text = pair.into(),
                    _ => out.push(make(sign_text(sign), Kind::Punct, None)),
                }
                joint = punct.spacing() == Spacing::Joint;
            }
        }
    }
}

fn pair(first: &str, second: char) -> Option<&'static str> {
    match (first, second) {
        (":", ':') => Some("::"),
        ("=", '>') => Some("=>"),
        ("-", '>') => Some("->"),
        _ => None,
    }
}

fn sign_text(sign: char) -> Cow<'static, str> {
    const SIGNS: &str = "!#$%&'*+,-./:;<=>?@^_|~";
    let known = SIGNS.find(sign).and_then(|at| SIGNS.get(at..at + 1));
    known.map_or_else(|| sign.to_string().into(), Cow::Borrowed)
}

/// `doc = "…"`: a doc comment arrives like this and is prose.
fn is_doc(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    let name = tokens.next().is_some_and(|t| t.to_string() == "doc");
    name && tokens.next().is_some_and(|t| t.to_string() == "=")
}
