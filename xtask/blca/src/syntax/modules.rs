//! The files that a file declares with `mod x;`.

use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use serde::{Deserialize, Serialize};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Item, Lit, Meta, Token};

use super::test_code::implies_test;

/// One declaration, as far as the file alone can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Declared {
    /// Files that it may mean, relative to the folder of the declaring file, in rustc's order.
    pub(crate) candidates: Vec<PathBuf>,
    /// Whether the module exists in tests only.
    pub(crate) test: bool,
    /// Whether a `#[path]` attribute names the file.
    pub(crate) by_path: bool,
    /// Whether another `cfg` may leave it out, so that its file may be missing.
    pub(crate) conditional: bool,
    /// Line of the declaration.
    pub(crate) line: usize,
}

/// All declarations of a file. `owns_folder` is true where the file's modules lie beside it (a target
/// root or `mod.rs`); `stem` is its name without `.rs`.
pub(crate) fn declared(
    tree: &syn::File,
    stem: &str,
    owns_folder: bool,
    test_features: &[String],
) -> Vec<Declared> {
    let below = if owns_folder { PathBuf::new() } else { PathBuf::from(stem) };
    let mut out = Vec::new();
    collect(&tree.items, Path::new(""), &below, false, test_features, &mut out);
    out
}

fn collect(
    items: &[Item],
    here: &Path,
    below: &Path,
    test: bool,
    test_features: &[String],
    out: &mut Vec<Declared>,
) {
    for item in items {
        if let Item::Macro(call) = item {
            let place = Place { here, below, test };
            place.in_macro(&call.mac.tokens, out);
        }
        let Item::Mod(module) = item else { continue };
        let name = module.ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        let test = test || module.attrs.iter().any(|a| implies_test(a, test_features));
        let conditional = module.attrs.iter().any(|a| a.path().is_ident("cfg"));
        let line = module.ident.span().start().line;
        let mut paths = module.attrs.iter().flat_map(paths_of).peekable();
        match &module.content {
            Some((_, inner)) => {
                let folder = paths.next().map_or_else(|| below.join(name), |path| here.join(path));
                collect(inner, &folder, &folder, test, test_features, out);
            }
            None if paths.peek().is_some() => {
                for path in paths {
                    let candidates = vec![here.join(path)];
                    out.push(Declared { candidates, test, by_path: true, conditional, line });
                }
            }
            None => {
                let candidates =
                    vec![below.join(format!("{name}.rs")), below.join(name).join("mod.rs")];
                out.push(Declared { candidates, test, by_path: false, conditional, line });
            }
        }
    }
}

struct Place<'p> {
    here: &'p Path,
    below: &'p Path,
    test: bool,
}

impl Place<'_> {
    /// `mod x;` among the arguments of a macro (`cfg_if!` and its like), with the `#[path]` before it.
    /// Which of them exist is the macro's business, so a missing file is no fault.
    fn in_macro(&self, tokens: &TokenStream, out: &mut Vec<Declared>) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut path = None;
        for (at, token) in tokens.iter().enumerate() {
            match (token, tokens.get(at + 1), tokens.get(at + 2)) {
                (TokenTree::Punct(hash), Some(TokenTree::Group(attribute)), _)
                    if hash.as_char() == '#' =>
                {
                    path = path.or_else(|| path_in(&attribute.stream()));
                }
                (
                    TokenTree::Ident(word),
                    Some(TokenTree::Ident(name)),
                    Some(TokenTree::Punct(end)),
                ) if word == "mod" && end.as_char() == ';' => {
                    let name = name.to_string();
                    let by_path = path.is_some();
                    let candidates = match path.take() {
                        Some(path) => vec![self.here.join(path)],
                        None => vec![
                            self.below.join(format!("{name}.rs")),
                            self.below.join(name).join("mod.rs"),
                        ],
                    };
                    let line = word.span().start().line;
                    let test = self.test;
                    out.push(Declared { candidates, test, by_path, conditional: true, line });
                }
                (TokenTree::Group(group), _, _) => self.in_macro(&group.stream(), out),
                _ => {}
            }
        }
    }
}

fn path_in(attribute: &TokenStream) -> Option<String> {
    let meta: Meta = syn::parse2(attribute.clone()).ok()?;
    let mut paths = Vec::new();
    of_meta(&meta, &mut paths);
    paths.pop()
}

/// What `#[path = "…"]` names, also inside `cfg_attr`.
fn paths_of(attribute: &Attribute) -> Vec<String> {
    let mut out = Vec::new();
    of_meta(&attribute.meta, &mut out);
    out
}

fn of_meta(meta: &Meta, out: &mut Vec<String>) {
    match meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => {
            if let Expr::Lit(literal) = &pair.value
                && let Lit::Str(text) = &literal.lit
            {
                out.push(text.value());
            }
        }
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            for part in parts.into_iter().flatten().skip(1) {
                of_meta(&part, out);
            }
        }
        _ => {}
    }
}
