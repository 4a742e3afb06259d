//! The source: the module tree of each target, and the rules on its tokens.
//!
//! A file is parsed with syn (what does not parse is G001), items whose `cfg` implies `test` are
//! cut out, and what is left is judged as one flat stream of tokens: paths, macro arguments,
//! attributes and literals alike, so that nothing hides inside a macro call.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, Item, Meta, Token};

use crate::Stop;
use crate::append_only;
use crate::graph::{Crate, relative};
use crate::Finding;
use crate::sql::is_sql;
use crate::topology::{Group, Topology};

/// The files of one crate.
pub(crate) struct Tree {
    /// The manifest, relative.
    pub(crate) manifest: String,
    /// What the targets reach, sorted.
    pub(crate) files: Vec<File>,
    /// Files below `src` that no target reaches.
    orphans: Vec<String>,
}

/// One file.
pub(crate) struct File {
    /// Relative path.
    pub(crate) path: String,
    /// Its text, without a byte order mark.
    pub(crate) text: String,
    /// Root of a lib, bin or build target.
    pub(crate) root: bool,
    /// Reached by tests only.
    pub(crate) test: bool,
    parsed: Result<Parsed, (usize, String)>,
}

struct Parsed {
    tokens: TokenStream,
    tests: Vec<Range<usize>>,
}

impl File {
    /// Text of a line, from 1.
    pub(crate) fn line(&self, number: usize) -> String {
        let line = number.checked_sub(1).and_then(|n| self.text.lines().nth(n));
        line.unwrap_or_default().to_owned()
    }
}

impl Tree {
    /// Walks the module tree of every target of a crate.
    pub(crate) fn read(root: &Path, krate: &Crate<'_>) -> Result<Self, Stop> {
        use guppy::graph::BuildTargetId as Id;
        let mut files: BTreeMap<PathBuf, File> = BTreeMap::new();
        let mut targets: Vec<_> = krate.package.build_targets().collect();
        // Production first: a file that both reach is production code.
        targets.sort_by_key(|t| !matches!(t.id(), Id::Library | Id::Binary(_) | Id::BuildScript));
        for target in targets {
            let production = matches!(target.id(), Id::Library | Id::Binary(_) | Id::BuildScript);
            let path = target.path().as_std_path().to_path_buf();
            walk(root, path, !production, Some(production), &mut files)?;
        }
        let mut all = BTreeSet::new();
        list(&krate.dir().join("src"), "rs", &mut all)?;
        let orphans = all.iter().filter(|p| !files.contains_key(*p)).map(|p| relative(root, p));
        Ok(Self {
            manifest: relative(root, krate.package.manifest_path().as_std_path()),
            orphans: orphans.collect(),
            files: files.into_values().collect(),
        })
    }
}

fn list(dir: &Path, extension: &str, out: &mut BTreeSet<PathBuf>) -> Result<(), Stop> {
    let unreadable = |e: std::io::Error| Stop::Incomplete(format!("`{}`: {e}", dir.display()));
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            list(&path, extension, out)?;
        } else if path.extension().is_some_and(|e| e == extension) {
            out.insert(path);
        }
    }
    Ok(())
}

/// S007 outside the store layer, S002 in it, for every `.sql` file of a crate.
pub(crate) fn check_sql_files(
    root: &Path,
    topology: &Topology,
    tables: &[String],
    krate: &Crate<'_>,
    out: &mut Vec<Finding>,
) -> Result<(), Stop> {
    let mut files = BTreeSet::new();
    list(&krate.dir(), "sql", &mut files)?;
    for path in files {
        let file = relative(root, &path);
        if file.contains("/tests/") || topology.migrations.iter().any(|m| file.starts_with(m)) {
            continue;
        }
        if !topology.owns_sql(krate.layer_id) {
            let message = format!("a file of SQL in {}", krate.layer_id);
            out.push(Finding { file: file.clone(), ..krate.finding("S007", &file, message) });
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|e| Stop::Incomplete(format!("cannot read `{file}`: {e}")))?;
        for message in append_only::breaches(&text, tables) {
            out.push(Finding {
                file: file.clone(),
                ..krate.finding("S002", &message, message.clone())
            });
        }
    }
    Ok(())
}

fn walk(
    root: &Path,
    path: PathBuf,
    test: bool,
    target: Option<bool>,
    files: &mut BTreeMap<PathBuf, File>,
) -> Result<(), Stop> {
    if files.get(&path).is_some_and(|f| test || !f.test) {
        return Ok(());
    }
    let shown = relative(root, &path);
    let text = std::fs::read_to_string(&path)
        .map_err(|e| Stop::Incomplete(format!("cannot read `{shown}`: {e}")))?;
    let text = text.trim_start_matches('\u{feff}').to_owned();
    let mut children = Vec::new();
    let parsed = parse(&text).map(|(file, tokens)| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let here = path.parent().unwrap_or(root).to_path_buf();
        let below = if target.is_some() || stem == "mod" { here.clone() } else { here.join(stem) };
        modules(&file.items, &here, &below, test, &mut children);
        let mut tests = Tests::default();
        tests.visit_file(&file);
        Parsed { tokens, tests: tests.ranges }
    });
    let production_root = target == Some(true);
    let file = File { path: shown.clone(), text, root: production_root, test, parsed };
    files.insert(path, file);
    for (candidates, test) in children {
        match candidates.iter().find(|c| c.is_file()) {
            Some(child) => walk(root, child.clone(), test, None, files)?,
            None => {
                let missing = candidates.first().map(|c| relative(root, c)).unwrap_or_default();
                return Err(Stop::Incomplete(format!(
                    "`{shown}` declares `{missing}`, which is not there"
                )));
            }
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<(syn::File, TokenStream), (usize, String)> {
    let tokens: TokenStream =
        text.parse().map_err(|e: proc_macro2::LexError| (e.span().start().line, e.to_string()))?;
    let file = syn::parse2(tokens.clone()).map_err(|e| (e.span().start().line, e.to_string()))?;
    Ok((file, tokens))
}

/// The files that `mod x;` may mean, in cargo's order, and whether only tests reach them.
fn modules(
    items: &[Item],
    here: &Path,
    below: &Path,
    test: bool,
    out: &mut Vec<(Vec<PathBuf>, bool)>,
) {
    for item in items {
        let Item::Mod(module) = item else { continue };
        let name = module.ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        let test = test || module.attrs.iter().any(implies_test);
        match (&module.content, path_attribute(&module.attrs)) {
            (Some((_, inner)), _) => modules(inner, below, &below.join(name), test, out),
            (None, Some(path)) => out.push((vec![here.join(path)], test)),
            (None, None) => {
                let flat = below.join(format!("{name}.rs"));
                out.push((vec![flat, below.join(name).join("mod.rs")], test));
            }
        }
    }
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find(|a| a.path().is_ident("path")).and_then(|a| {
        let value = &a.meta.require_name_value().ok()?.value;
        let syn::Expr::Lit(literal) = value else { return None };
        let syn::Lit::Str(text) = &literal.lit else { return None };
        Some(text.value())
    })
}

/// Byte ranges of items that exist in tests only.
#[derive(Default)]
struct Tests {
    ranges: Vec<Range<usize>>,
}

impl Tests {
    fn cut(&mut self, attributes: &[Attribute], item: &impl Spanned) -> bool {
        let test = attributes.iter().any(implies_test);
        if test {
            self.ranges.push(item.span().byte_range());
        }
        test
    }
}

impl<'a> Visit<'a> for Tests {
    fn visit_item(&mut self, item: &'a Item) {
        if !self.cut(attributes(item), item) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        if !self.cut(&item.attrs, item) {
            syn::visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_local(&mut self, local: &'a syn::Local) {
        if !self.cut(&local.attrs, local) {
            syn::visit::visit_local(self, local);
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::ExternCrate(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::ForeignMod(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        // Without attributes nothing is cut out: what is not known is judged.
        _ => &[],
    }
}

fn implies_test(attribute: &Attribute) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    let Meta::List(list) = &attribute.meta else { return false };
    attribute.path().is_ident("cfg") && list.parse_args::<Meta>().is_ok_and(|p| predicate(&p))
}

/// Whether a `cfg` predicate holds in tests only.
fn predicate(meta: &Meta) -> bool {
    let Meta::List(list) = meta else { return meta.path().is_ident("test") };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let parts: Vec<Meta> = parts.into_iter().flatten().collect();
    if list.path.is_ident("all") {
        parts.iter().any(predicate)
    } else {
        list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(predicate)
    }
}

/// T005, G001, S001, H001–H003, R001–R006 for one crate.
pub(crate) fn check(
    topology: &Topology,
    tables: &[String],
    krate: &Crate<'_>,
    tree: &Tree,
    out: &mut Vec<Finding>,
) {
    for target in krate.package.build_targets() {
        let script = target.id() == guppy::graph::BuildTargetId::BuildScript;
        let what = if script { "a build script" } else { "a macro crate" };
        let macros = krate.package.is_proc_macro();
        if script || macros {
            let message = format!("`{}` is or has {what}", krate.name());
            let file = tree.manifest.clone();
            out.push(Finding { file, ..krate.finding("X005", what, message) });
        }
    }
    for orphan in &tree.orphans {
        let message = format!("`{orphan}` is in no target's module tree");
        out.push(Finding { file: orphan.clone(), ..krate.finding("T005", orphan, message) });
    }
    for file in &tree.files {
        match &file.parsed {
            Err((line, why)) => out.push(Finding {
                file: file.path.clone(),
                line: *line,
                frame: file.line(*line),
                ..krate.finding("G001", &file.path, format!("does not parse: {why}"))
            }),
            Ok(parsed) if !file.test => {
                let mut flat = Vec::new();
                flatten(&parsed.tokens, &parsed.tests, &mut flat);
                Judge { topology, tables, krate, file, flat: &flat, out }.judge();
            }
            Ok(_) => {}
        }
    }
}

/// A token with its place; groups are opened.
struct Flat {
    text: String,
    literal: Option<syn::Lit>,
    line: usize,
    column: usize,
}

fn flatten(tokens: &TokenStream, cut: &[Range<usize>], out: &mut Vec<Flat>) {
    let mut after_hash = false;
    for token in tokens.clone() {
        let span = token.span();
        let at = span.byte_range().start;
        let is_hash = matches!(&token, TokenTree::Punct(p) if matches!(p.as_char(), '#' | '!'));
        if cut.iter().any(|r| r.contains(&at)) {
            continue;
        }
        let mut push = |text: String, literal| {
            let start = span.start();
            out.push(Flat { text, literal, line: start.line, column: start.column + 1 });
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
                    push(open.to_owned(), None);
                    flatten(&group.stream(), cut, out);
                    let end = group.span_close().start();
                    let (line, column) = (end.line, end.column + 1);
                    out.push(Flat { text: close.to_owned(), literal: None, line, column });
                }
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                push(text, Some(syn::Lit::new(literal)));
            }
            other => push(other.to_string(), None),
        }
        after_hash = is_hash;
    }
}

/// `doc = "…"`: a doc comment arrives like this and is prose.
fn is_doc(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    let name = tokens.next().is_some_and(|t| t.to_string() == "doc");
    name && tokens.next().is_some_and(|t| t.to_string() == "=")
}

struct Judge<'a, 'g> {
    topology: &'a Topology,
    tables: &'a [String],
    krate: &'a Crate<'g>,
    file: &'a File,
    flat: &'a [Flat],
    out: &'a mut Vec<Finding>,
}

const CLOCKS: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "OffsetDateTime::now_utc",
    "OffsetDateTime::now_local",
    "Timestamp::now",
    "Zoned::now",
    ".elapsed(",
];
const RANDOM: &[&str] = &[
    "Uuid::new_v4",
    "Uuid::now_v7",
    "rand::",
    "getrandom::",
    "thread_rng",
    "OsRng",
    "RandomState",
];
const ENVIRONMENT: &[&str] = &[
    "env::var",
    "env::vars",
    "env::var_os",
    "env::vars_os",
    "env::args",
    "env::current_dir",
    "process::id",
    "thread::current",
];
const MACHINE_ORDER: &[&str] = &["read_dir", "par_iter", "into_par_iter", "par_bridge"];
const HASH_CONSTANTS: &[u128] = &[
    0xcbf2_9ce4_8422_2325,
    0x0100_0000_01b3,
    0x6a09_e667,
    0x6745_2301,
    0x6a09_e667_f3bc_c908,
    0x811c_9dc5,
];

impl Judge<'_, '_> {
    fn judge(&mut self) {
        let canon = self.krate.name() == self.topology.canon_crate;
        for at in 0..self.flat.len() {
            self.group(at, Group::Clock, "R001", CLOCKS, "reads the clock");
            self.group(at, Group::Rng, "R002", RANDOM, "asks for randomness");
            self.group(
                at,
                Group::Unordered,
                "R003",
                &["HashMap", "HashSet"],
                "is a collection without order",
            );
            self.group(at, Group::Environment, "R004", ENVIRONMENT, "reads the environment");
            self.group(
                at,
                Group::Io,
                "R005",
                MACHINE_ORDER,
                "comes in an order that the machine decides",
            );
            if self.forbids(Group::Io) {
                self.escapes(at);
            }
            self.renamed_clock(at);
            self.allowed_lint(at);
            if !canon {
                self.hashing(at);
            }
        }
        if self.topology.owns_sql(self.krate.layer_id) {
            self.changes();
        } else {
            self.sql();
        }
    }

    fn forbids(&self, group: Group) -> bool {
        self.krate.layer.forbid.contains(&group)
    }

    fn text(&self, at: usize) -> &str {
        self.flat.get(at).map_or("", |t| t.text.as_str())
    }

    /// Whether the tokens from `at` spell `pattern`.
    fn spells(&self, at: usize, pattern: &str) -> bool {
        let mut rest = pattern;
        let mut index = at;
        while !rest.is_empty() {
            let text = self.text(index);
            if text.is_empty() || self.flat.get(index).is_some_and(|t| t.literal.is_some()) {
                return false;
            }
            let Some(next) = rest.strip_prefix(text) else { return false };
            rest = next;
            index += 1;
        }
        true
    }

    fn group(
        &mut self,
        at: usize,
        group: Group,
        rule: &'static str,
        patterns: &[&str],
        what: &str,
    ) {
        if !self.forbids(group) {
            return;
        }
        if let Some(found) = patterns.iter().find(|p| self.spells(at, p)) {
            self.report(at, rule, found, format!("`{found}` {what}"));
        }
    }

    fn escapes(&mut self, at: usize) {
        if self.spells(at, "process::Command") {
            self.report(at, "X001", "Command", "starts another program".to_owned());
        }
        let io = ["std::net::", "TcpStream", "UdpSocket", "UnixStream", "File::open", "std::fs::"];
        if let Some(found) = io.iter().find(|p| self.spells(at, p)) {
            self.report(at, "X002", found, format!("`{found}` opens a socket or a file"));
        }
        let abi = self.flat.get(at + 1).is_some_and(|t| t.literal.is_some());
        if self.spells(at, "extern") && (abi || self.text(at + 1) == "{") {
            self.report(at, "X003", "extern", "declares or gives a foreign function".to_owned());
        }
    }

    fn renamed_clock(&mut self, at: usize) {
        let clock = self.spells(at, "SystemTime") || self.spells(at, "Instant");
        if self.forbids(Group::Clock) && clock && self.text(at + 1) == "as" {
            let name = self.text(at).to_owned();
            self.report(at, "R001", &name, format!("`{name}` is taken in under another name"));
        }
    }

    fn allowed_lint(&mut self, at: usize) {
        let lint = self.spells(at, "clippy::disallowed_methods")
            || self.spells(at, "clippy::disallowed_types");
        if !self.krate.layer.forbid.is_empty() && lint {
            self.report(at, "R006", "disallowed", "switches the lint fence off".to_owned());
        }
    }

    fn hashing(&mut self, at: usize) {
        if self.spells(at, "DefaultHasher") {
            self.report(
                at,
                "H001",
                "DefaultHasher",
                "`DefaultHasher` hashes outside the canon crate".to_owned(),
            );
        }
        let name = self.text(at + 1).to_owned();
        let canonical =
            ["canonical_json", "canonical_bytes", "canonical_form", "canonicalize", "to_canonical"];
        if self.spells(at, "fn") && canonical.iter().any(|c| name.starts_with(c)) {
            self.report(
                at,
                "H002",
                &name,
                format!("`fn {name}` reads like a second canonical form"),
            );
        }
        let number = match self.flat.get(at).and_then(|t| t.literal.as_ref()) {
            Some(syn::Lit::Int(int)) => int.base10_digits().parse::<u128>().ok(),
            _ => None,
        };
        if number.is_some_and(|n| HASH_CONSTANTS.contains(&n)) {
            let text = self.text(at).to_owned();
            self.report(at, "H003", &text, format!("`{text}` is the constant of a hash function"));
        }
    }

    /// Every literal, and neighbours that one `concat!` joins.
    fn sql(&mut self) {
        let mut hits = Vec::new();
        for (at, token) in self.flat.iter().enumerate() {
            if let Some(text) = token.literal.as_ref().and_then(literal_text)
                && is_sql(&text, &self.topology.fact_tables)
            {
                hits.push((at, text));
            }
            if self.spells(at, "concat!(") {
                let joined = self.joined(at);
                if is_sql(&joined, &self.topology.fact_tables) {
                    hits.push((at, joined));
                }
            }
        }
        for (at, text) in hits {
            let start: String = text.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
            let layer = self.krate.layer_id.to_owned();
            self.report(at, "S001", &start, format!("SQL text in {layer}: `{start} …`"));
        }
    }

    /// S002 in the literals of a store.
    fn changes(&mut self) {
        for at in 0..self.flat.len() {
            let text = self.flat.get(at).and_then(|t| t.literal.as_ref()).and_then(literal_text);
            for message in append_only::breaches(&text.unwrap_or_default(), self.tables) {
                self.report(at, "S002", &message.clone(), message);
            }
        }
    }

    fn joined(&self, at: usize) -> String {
        let end = |t: &&Flat| t.text != ")" || t.literal.is_some();
        let arguments = self.flat.iter().skip(at + 3).take_while(end);
        arguments.filter_map(|t| t.literal.as_ref().and_then(literal_text)).collect()
    }

    fn report(&mut self, at: usize, rule: &'static str, subject: &str, message: String) {
        let Some(token) = self.flat.get(at) else { return };
        let (line, column) = (token.line, token.column);
        let path = vec![
            format!("{} ({})", self.krate.name(), self.krate.layer_id),
            format!("{}:{line}", self.file.path),
        ];
        self.out.push(Finding {
            file: self.file.path.clone(),
            line,
            column,
            frame: self.file.line(line),
            path,
            ..self.krate.finding(rule, subject, message)
        });
    }
}

fn literal_text(literal: &syn::Lit) -> Option<String> {
    match literal {
        syn::Lit::Str(text) => Some(text.value()),
        syn::Lit::ByteStr(bytes) => String::from_utf8(bytes.value()).ok(),
        syn::Lit::CStr(text) => text.value().into_string().ok(),
        _ => None,
    }
}
