//! The flat stream of tokens.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

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
    pub(crate) text: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// A literal's value.
    pub(crate) literal: Option<syn::Lit>,
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
        match self.literal.as_ref()? {
            syn::Lit::Str(text) => Some(text.value()),
            syn::Lit::ByteStr(bytes) => String::from_utf8(bytes.value()).ok(),
            syn::Lit::CStr(text) => text.value().into_string().ok(),
            _ => None,
        }
    }

    /// Whether it is this name, bracket or punctuation, and no literal.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }
}

/// Opens all groups, leaving out test code and doc comments.
pub(crate) fn flatten(stream: &TokenStream, cut: &Cut, out: &mut Vec<Token>) {
    let mut after_hash = false;
    let mut joint = false;
    for token in stream.clone() {
        let span = token.span();
        let start = span.start();
        let byte = span.byte_range().start;
        if cut.holds(byte) {
            continue;
        }
        let make = |text: String, kind, literal| Token {
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
                    out.push(make(open.to_owned(), Kind::Bracket, None));
                    flatten(&group.stream(), cut, out);
                    let end = group.span_close();
                    out.push(Token {
                        text: close.to_owned(),
                        kind: Kind::Bracket,
                        literal: None,
                        byte: end.byte_range().start,
                        line: end.start().line,
                        column: end.start().column + 1,
                    });
                }
                (after_hash, joint) = (false, false);
            }
            TokenTree::Literal(literal) => {
                let value = syn::Lit::new(literal.clone());
                out.push(make(literal.to_string(), Kind::Literal, Some(value)));
                (after_hash, joint) = (false, false);
            }
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let bare = name.strip_prefix("r#").unwrap_or(&name).to_owned();
                out.push(make(bare, Kind::Ident, None));
                (after_hash, joint) = (false, false);
            }
            TokenTree::Punct(punct) => {
                let sign = punct.as_char();
                after_hash = sign == '#' || (after_hash && sign == '!');
                let pair = joint
                    && out.last().is_some_and(|last| {
                        matches!((last.text.as_str(), sign), (":", ':') | ("=" | "-", '>'))
                    });
                if pair && let Some(last) = out.last_mut() {
                    last.text.push(sign);
                } else {
                    out.push(make(sign.to_string(), Kind::Punct, None));
                }
                joint = punct.spacing() == Spacing::Joint;
            }
        }
    }
}

/// `doc = "…"`: a doc comment arrives like this and is prose.
fn is_doc(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    let name = tokens.next().is_some_and(|t| t.to_string() == "doc");
    name && tokens.next().is_some_and(|t| t.to_string() == "=")
}
