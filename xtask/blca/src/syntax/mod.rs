//! A source file: its tokens, names, comments, test code and modules.
//!
//! A file is parsed with syn (what does not parse has not been judged). Rules on names then read one
//! flat stream of tokens in which code, macro arguments and attributes look alike, so that nothing
//! hides inside a macro call; the syntax tree tells what each name stands for and which items exist
//! in tests only.

pub(crate) mod comments;
pub(crate) mod modules;
pub(crate) mod names;
pub(crate) mod test_code;
pub(crate) mod tokens;

use proc_macro2::TokenStream;

use names::{Named, Names};
use test_code::Cut;
use tokens::{Lines, Token};

/// A parsed file.
pub(crate) struct Source {
    /// The tree.
    pub(crate) tree: syn::File,
    /// All tokens of production code, groups opened, doc comments left out.
    pub(crate) tokens: Vec<Token>,
    /// Every path, import and called method of production code, with what it stands for.
    pub(crate) named: Vec<Named>,
    /// Scopes and imports.
    pub(crate) names: Names,
    /// Byte ranges of items that exist in tests only.
    pub(crate) cut: Cut,
    /// The stream, for comments.
    pub(crate) stream: TokenStream,
}

/// Why a file was not parsed.
pub(crate) struct Unparsed {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column, from 1.
    pub(crate) column: usize,
    /// What the parser said.
    pub(crate) why: String,
}

impl Source {
    /// Parses a text without a byte order mark. `renames` gives what a dependency is called in its
    /// manifest, where that is not the library's name; `test_features` are features of tests; `methods` says which methods a rule
    /// asks for.
    pub(crate) fn parse(
        text: &str,
        renames: &std::collections::BTreeMap<String, String>,
        test_features: &[String],
        methods: fn(&str) -> bool,
    ) -> Result<Self, Unparsed> {
        let at = |span: proc_macro2::Span, why: String| {
            let start = span.start();
            Unparsed { line: start.line, column: start.column + 1, why }
        };
        // A `#!` line is for the shell; syn's own entry point skips it as well.
        let shell = text.strip_prefix("#!").is_some_and(|rest| !rest.trim_start().starts_with('['));
        // A comment of the same length keeps every place.
        let text = if shell { &text.replacen("#!", "//", 1) } else { text };
        let stream: TokenStream =
            text.parse().map_err(|e: proc_macro2::LexError| at(e.span(), e.to_string()))?;
        let tree: syn::File =
            syn::parse2(stream.clone()).map_err(|e| at(e.span(), e.to_string()))?;
        let cut = Cut::of(&tree, test_features);
        let names = Names::of(&tree, renames);
        let mut tokens = Vec::new();
        tokens::flatten(&stream, &Lines::of(text), &cut, &mut tokens);
        let named = names::named(&tokens, &names, &cut, methods);
        Ok(Self { tree, tokens, named, names, cut, stream })
    }
}
