//! What a name stands for: imports, renames, type aliases and globs, scope by scope.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Item, UseTree};

use super::test_code::Cut;
use super::tokens::{Kind, Token};

/// How a name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// In an import.
    Import,
    /// In code, an attribute or a macro's arguments.
    Path,
    /// `.name(`: what the receiver is, only the compiler knows.
    Method,
}

/// A name with everything that it may stand for.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// How it is used.
    pub(crate) used: Use,
    /// As written.
    pub(crate) written: String,
    /// Full paths that it may stand for; more than one where a glob import leaves it open.
    pub(crate) paths: Vec<Vec<String>>,
    /// Index of its first token; `usize::MAX` for an import.
    pub(crate) token: usize,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
}

/// The scopes of a file.
#[derive(Default)]
pub(crate) struct Names {
    scopes: Vec<Scope>,
    imports: Vec<Import>,
    renames: BTreeMap<String, String>,
}

struct Scope {
    range: Range<usize>,
    aliases: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    locals: BTreeSet<String>,
}

struct Import {
    path: Vec<String>,
    glob: bool,
    range: Range<usize>,
    place: Span,
}

/// No chain of aliases is longer; a circle ends here.
const MAX_ALIASES: usize = 16;

impl Names {
    /// Reads the scopes. `renames`: extern name in this crate → the library's own name.
    pub(crate) fn of(tree: &syn::File, renames: &BTreeMap<String, String>) -> Self {
        let mut names = Self { renames: renames.clone(), ..Self::default() };
        names.open(0..usize::MAX, &tree.items);
        let mut finder = Finder { names };
        finder.visit_file(tree);
        // Innermost first: of two scopes around a byte the inner one starts later.
        finder.names.scopes.sort_by_key(|scope| std::cmp::Reverse(scope.range.start));
        finder.names
    }

    fn open<'i>(&mut self, range: Range<usize>, items: impl IntoIterator<Item = &'i Item>) {
        let mut scope =
            Scope { range, aliases: BTreeMap::new(), globs: Vec::new(), locals: BTreeSet::new() };
        for item in items {
            self.add(&mut scope, item);
        }
        self.scopes.push(scope);
    }

    fn add(&mut self, scope: &mut Scope, item: &Item) {
        match item {
            Item::Use(import) => {
                let range = import.span().byte_range();
                let mut leaves = Vec::new();
                leaves_of(&import.tree, &mut Vec::new(), &mut leaves);
                for leaf in leaves {
                    if leaf.glob {
                        scope.globs.push(leaf.path.clone());
                    } else if let Some(name) = leaf.name {
                        scope.aliases.insert(name, leaf.path.clone());
                    }
                    self.imports.push(Import {
                        path: leaf.path,
                        glob: leaf.glob,
                        range: range.clone(),
                        place: leaf.place,
                    });
                }
            }
            Item::ExternCrate(import) => {
                let path = vec![bare(&import.ident)];
                let name =
                    import.rename.as_ref().map_or_else(|| bare(&import.ident), |(_, n)| bare(n));
                let (range, place) = (import.span().byte_range(), import.ident.span());
                scope.aliases.insert(name, path.clone());
                self.imports.push(Import { path, glob: false, range, place });
            }
            Item::Type(alias) => {
                if let syn::Type::Path(target) = &*alias.ty
                    && target.qself.is_none()
                {
                    let path = segments(&target.path);
                    scope.aliases.insert(bare(&alias.ident), path);
                }
            }
            Item::Struct(i) => _ = scope.locals.insert(bare(&i.ident)),
            Item::Enum(i) => _ = scope.locals.insert(bare(&i.ident)),
            Item::Union(i) => _ = scope.locals.insert(bare(&i.ident)),
            Item::Trait(i) => _ = scope.locals.insert(bare(&i.ident)),
            Item::Fn(i) => _ = scope.locals.insert(bare(&i.sig.ident)),
            Item::Const(i) => _ = scope.locals.insert(bare(&i.ident)),
            Item::Static(i) => _ = scope.locals.insert(bare(&i.ident)),
            Item::Mod(i) => _ = scope.locals.insert(bare(&i.ident)),
            _ => {}
        }
    }

    /// Every full path that a written path at `byte` may stand for.
    pub(crate) fn resolve(&self, written: &[String], byte: usize) -> Vec<Vec<String>> {
        let mut path = written.to_vec();
        for _ in 0..MAX_ALIASES {
            let Some(first) = path.first() else { return Vec::new() };
            let around = self.scopes.iter().filter(|s| s.range.contains(&byte));
            let Some(target) = around.clone().find_map(|s| s.aliases.get(first)) else {
                if around.clone().any(|s| s.locals.contains(first)) {
                    // Defined here: no crate and no import of this name is meant.
                    path.insert(0, "self".to_owned());
                    return vec![path];
                }
                let globs = around.flat_map(|s| &s.globs);
                let through = globs.map(|g| self.renamed([g.as_slice(), &path].concat())).collect();
                return [vec![self.renamed(path)], through].concat();
            };
            if target.first() == Some(first) && target.len() == 1 {
                break;
            }
            let next = [target.as_slice(), path.get(1..).unwrap_or_default()].concat();
            if next == path || target.first() == Some(first) {
                path = next;
                break;
            }
            path = next;
        }
        vec![self.renamed(path)]
    }

    fn renamed(&self, mut path: Vec<String>) -> Vec<String> {
        if let Some(first) = path.first_mut()
            && let Some(real) = self.renames.get(first.as_str())
        {
            first.clone_from(real);
        }
        path
    }
}

struct Finder {
    names: Names,
}

impl<'a> Visit<'a> for Finder {
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        if let Some((_, items)) = &module.content {
            self.names.open(module.span().byte_range(), items);
        }
        syn::visit::visit_item_mod(self, module);
    }

    fn visit_block(&mut self, block: &'a syn::Block) {
        let items = block.stmts.iter().filter_map(|statement| match statement {
            syn::Stmt::Item(item) => Some(item),
            _ => None,
        });
        if items.clone().next().is_some() {
            self.names.open(block.span().byte_range(), items);
        }
        syn::visit::visit_block(self, block);
    }
}

struct Leaf {
    path: Vec<String>,
    name: Option<String>,
    glob: bool,
    place: Span,
}

fn leaves_of(tree: &UseTree, prefix: &mut Vec<String>, out: &mut Vec<Leaf>) {
    let leaf = |prefix: &[String], name: Option<&syn::Ident>, place: Span| {
        let mut path = prefix.to_vec();
        match name {
            Some(name) if name != "self" => path.push(bare(name)),
            _ => {}
        }
        Leaf { path, name: None, glob: false, place }
    };
    match tree {
        UseTree::Path(part) => {
            prefix.push(bare(&part.ident));
            leaves_of(&part.tree, prefix, out);
            prefix.pop();
        }
        UseTree::Name(part) => {
            let leaf = leaf(prefix, Some(&part.ident), part.ident.span());
            out.push(Leaf { name: leaf.path.last().cloned(), ..leaf });
        }
        UseTree::Rename(part) => {
            let leaf = leaf(prefix, Some(&part.ident), part.ident.span());
            let name = (part.rename != "_").then(|| bare(&part.rename));
            out.push(Leaf { name, ..leaf });
        }
        UseTree::Glob(part) => {
            out.push(Leaf { glob: true, ..leaf(prefix, None, part.star_token.span()) });
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                leaves_of(tree, prefix, out);
            }
        }
    }
}

/// An identifier without `r#`.
pub(crate) fn bare(name: &syn::Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

/// The names of a path, without generic arguments.
pub(crate) fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| bare(&segment.ident)).collect()
}

/// All names of production code that a rule may ask for: a name that stands alone, begins small and was
/// not imported is a variable or a function of the file, and so is left out; of the methods only
/// those that `methods` wants.
pub(crate) fn named(
    tokens: &[Token],
    names: &Names,
    cut: &Cut,
    methods: fn(&str) -> bool,
) -> Vec<Named> {
    let mut out = Vec::new();
    for import in names.imports.iter().filter(|import| !cut.holds(import.range.start)) {
        let start = import.place.start();
        let mut paths = names.resolve_import(&import.path, import.range.start);
        if import.glob {
            for path in &mut paths {
                path.push("*".to_owned());
            }
        }
        out.push(Named {
            used: Use::Import,
            written: import.path.join("::"),
            paths,
            token: usize::MAX,
            line: start.line,
            column: start.column + 1,
        });
    }
    let imports: Vec<&Range<usize>> = names.imports.iter().map(|import| &import.range).collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.kind != Kind::Ident || imports.iter().any(|range| range.contains(&token.byte)) {
            at += 1;
            continue;
        }
        let before = at.checked_sub(1).and_then(|b| tokens.get(b));
        let method = before.is_some_and(|t| t.is("."));
        let alone = !tokens.get(at + 1).is_some_and(|t| t.is("::"));
        let idle = if method {
            !methods(&token.text)
        } else {
            alone && !before.is_some_and(|t| t.is("<")) && names.is_idle(&token.text, token.byte)
        };
        if idle {
            at += 1;
            continue;
        }
        let (mut written, mut end) = (vec![token.text.to_string()], at + 1);
        while tokens.get(end).is_some_and(|t| t.is("::"))
            && let Some(next) = tokens.get(end + 1).filter(|t| t.kind == Kind::Ident)
        {
            written.push(next.text.to_string());
            end += 2;
        }
        if before.is_some_and(|t| t.is("<"))
            && let Some(tail) = qualified_tail(tokens, end)
        {
            written.push(tail);
        }
        let used = if method { Use::Method } else { Use::Path };
        let paths = match used {
            Use::Method => vec![written.clone()],
            _ => names.resolve(&written, token.byte),
        };
        out.push(Named {
            used,
            written: written.join("::"),
            paths,
            token: at,
            line: token.line,
            column: token.column,
        });
        at = end;
    }
    out
}

impl Names {
    /// Whether a name that stands alone can only be something of the file itself.
    fn is_idle(&self, name: &str, byte: usize) -> bool {
        let small = name.starts_with(|c: char| c.is_lowercase() || c == '_');
        let macros = matches!(name, "env" | "option_env");
        let mut around = self.scopes.iter().filter(|s| s.range.contains(&byte));
        small && !macros && !around.any(|s| s.aliases.contains_key(name) || !s.globs.is_empty())
    }

    /// An import's path: its first name is never the import itself.
    fn resolve_import(&self, path: &[String], byte: usize) -> Vec<Vec<String>> {
        match path {
            [only] => vec![self.renamed(vec![only.clone()])],
            [first, ..] if self.names_itself(first, path, byte) => {
                vec![self.renamed(path.to_vec())]
            }
            _ => self.resolve(path, byte),
        }
    }

    fn names_itself(&self, first: &str, path: &[String], byte: usize) -> bool {
        let mut around = self.scopes.iter().filter(|s| s.range.contains(&byte));
        around.any(|s| s.aliases.get(first).is_some_and(|target| target == path))
    }
}

/// `<T>::name` and `<T as Trait>::name`: the name after the bracket that opened before the path.
fn qualified_tail(tokens: &[Token], from: usize) -> Option<String> {
    const FAR: usize = 64;
    let mut depth = 1_u32;
    for (offset, token) in tokens.iter().skip(from).take(FAR).enumerate() {
        match &*token.text {
            "<" if token.kind == Kind::Punct => depth += 1,
            ">" if token.kind == Kind::Punct => depth -= 1,
            ";" | "{" => return None,
            _ => {}
        }
        if depth == 0 {
            let after = from + offset + 1;
            let name = tokens.get(after).filter(|t| t.is("::")).and_then(|_| tokens.get(after + 1));
            return name.filter(|t| t.kind == Kind::Ident).map(|t| t.text.to_string());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use std::collections::BTreeMap;

    #[track_caller]
    fn check(code: &str, wanted: &str) {
        let renames = BTreeMap::from([("db".to_owned(), "sqlx".to_owned())]);
        let source = Source::parse(code, &renames, &[], |_| true);
        let source = source.unwrap_or_else(|e| panic!("{}", e.why));
        let all: Vec<String> =
            source.named.iter().flat_map(|n| n.paths.iter().map(|p| p.join("::"))).collect();
        assert!(all.iter().any(|path| path == wanted), "{wanted} not in {all:?}");
    }

    #[test]
    fn whatever_a_thing_is_called_here_it_is_found() {
        let now = "std::time::SystemTime::now";
        check("fn f() { std::time::SystemTime::now(); }", now);
        check("use std::time::SystemTime as S; fn f() { S::now(); }", now);
        check("use std::time; fn f() { time::SystemTime::now(); }", now);
        check("use std::{time::{self as t}}; fn f() { t::SystemTime::now(); }", now);
        check("use std::time as t; use t::SystemTime; fn f() { SystemTime::now(); }", now);
        check("use std::time::*; fn f() { SystemTime::now(); }", now);
        check("fn f() { use std::time::SystemTime as S; let g = S::now; }", now);
        check("type C = std::time::SystemTime; fn f() { C::now(); }", now);
        check("fn f() { <std::time::SystemTime>::now(); }", now);
        check("fn f() { <std::time::SystemTime as Tr<u8>>::now(); }", now);
        check("fn f() { x!(a, std::time::SystemTime::now()); }", now);
        check("mod m { use std::time::SystemTime as S; fn f() { S::now(); } }", now);
        check("fn f() { r#std::r#time::SystemTime::now(); }", now);
        check("fn f() { db::query(); }", "sqlx::query");
        check("extern crate db as d; fn f() { d::query(); }", "sqlx::query");
        check("use db::{self, query as q}; fn f() { q(); }", "sqlx::query");
    }
}
