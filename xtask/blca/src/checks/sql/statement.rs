//! S003, S006 and S008: what a store gives its driver to run.

use std::collections::BTreeMap;

use sqlparser::dialect::{Dialect, GenericDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Expr, FnArg, Item, Lit, Pat, Type};

use crate::checks::{Context, Judge};
use crate::syntax::Source;
use crate::syntax::names::{bare, segments};

/// Functions of a driver that take a statement first.
const RUNNERS: &[&str] = &[
    "query",
    "query_as",
    "query_as_with",
    "query_scalar",
    "query_scalar_with",
    "query_with",
    "raw_sql",
    "sql_query",
];
/// Types that let a made-up text pass for a safe one.
const WAIVERS: &[&str] = &["AssertSqlSafe", "QueryBuilder"];

/// For one file of a store.
pub(super) fn check(judge: &mut Judge<'_>, source: &Source) {
    let mut constants = Constants::default();
    constants.visit_file(&source.tree);
    let mut calls =
        Calls { source, context: judge.context, constants, statics: Vec::new(), found: Vec::new() };
    calls.visit_file(&source.tree);
    let found = calls.found;
    for found in found {
        if !source.cut.holds(found.byte) {
            judge.report(found.rule, found.line, found.column, 0, &found.subject, found.message);
        }
    }
    for item in &source.tree.items {
        takes_sql(judge, source, item);
    }
}

/// Texts that have a name in this file.
#[derive(Default)]
struct Constants(BTreeMap<String, String>);

impl<'a> Visit<'a> for Constants {
    fn visit_item_const(&mut self, item: &'a syn::ItemConst) {
        if let Expr::Lit(literal) = &*item.expr
            && let Lit::Str(text) = &literal.lit
        {
            self.0.insert(bare(&item.ident), text.value());
        }
    }
}

struct Found {
    rule: &'static str,
    byte: usize,
    line: usize,
    column: usize,
    subject: String,
    message: String,
}

struct Calls<'c> {
    source: &'c Source,
    context: &'c Context,
    constants: Constants,
    /// Parameters and variables of the function around that are `&'static str`.
    statics: Vec<String>,
    found: Vec<Found>,
}

impl Calls<'_> {
    fn add(&mut self, rule: &'static str, place: &impl Spanned, subject: &str, message: String) {
        let span = place.span();
        let start = span.start();
        let (line, column) = (start.line, start.column + 1);
        let (byte, subject) = (span.byte_range().start, subject.to_owned());
        self.found.push(Found { rule, byte, line, column, subject, message });
    }

    /// Whether a text is fixed when the program is compiled.
    fn fixed(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Lit(literal) => matches!(literal.lit, Lit::Str(_)),
            Expr::Macro(call) => matches!(
                segments(&call.mac.path).pop().as_deref(),
                Some("concat" | "include_str" | "stringify")
            ),
            Expr::Path(path) => {
                let name = segments(&path.path).pop().unwrap_or_default();
                constant_name(&name) || self.statics.contains(&name)
            }
            Expr::Reference(inner) => self.fixed(&inner.expr),
            Expr::Paren(inner) => self.fixed(&inner.expr),
            Expr::Index(inner) => self.fixed(&inner.expr),
            Expr::Unary(inner) => {
                matches!(inner.op, syn::UnOp::Deref(_)) && self.fixed(&inner.expr)
            }
            Expr::If(choice) => {
                let last = |block: &syn::Block| match block.stmts.last() {
                    Some(syn::Stmt::Expr(e, None)) => self.fixed(e),
                    _ => false,
                };
                last(&choice.then_branch)
                    && choice.else_branch.as_ref().is_some_and(|(_, e)| self.fixed(e))
            }
            Expr::Block(block) => match block.block.stmts.as_slice() {
                [syn::Stmt::Expr(e, None)] => self.fixed(e),
                _ => false,
            },
            Expr::Match(choice) => choice.arms.iter().all(|arm| self.fixed(&arm.body)),
            _ => false,
        }
    }

    fn text(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            Expr::Path(path) => self.constants.0.get(&segments(&path.path).pop()?).cloned(),
            Expr::Reference(inner) => self.text(&inner.expr),
            _ => None,
        }
    }

    fn of_driver(&self, path: &syn::Path) -> Option<String> {
        let byte = path.span().byte_range().start;
        let resolved = self.source.names.resolve(&segments(path), byte);
        let ours = resolved
            .iter()
            .find(|p| p.first().is_some_and(|f| self.context.own_drivers.contains(f)))?;
        ours.last().cloned()
    }
}

fn constant_name(name: &str) -> bool {
    name.chars().any(char::is_alphabetic) && !name.chars().any(char::is_lowercase)
}

impl<'a> Visit<'a> for Calls<'_> {
    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        let outer = self.statics.len();
        self.statics.extend(statics(&function.sig));
        syn::visit::visit_item_fn(self, function);
        self.statics.truncate(outer);
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        let outer = self.statics.len();
        self.statics.extend(statics(&function.sig));
        syn::visit::visit_impl_item_fn(self, function);
        self.statics.truncate(outer);
    }

    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        let whole = self.of_driver(&path.path);
        let names = segments(&path.path);
        if self.context.fixed_statements && names.ends_with(&["Box".to_owned(), "leak".to_owned()])
        {
            self.add(
                "S003",
                &path.path,
                "leak",
                "a leaked text can pass for a fixed statement".to_owned(),
            );
        }
        let waiver =
            WAIVERS.iter().find(|w| whole.as_deref() == Some(**w) || names.iter().any(|n| n == *w));
        if let Some(waiver) = waiver {
            let message = format!(
                "`{waiver}` lets a text pass for a statement that nobody can read in the code"
            );
            self.add("S003", &path.path, waiver, message);
        }
        syn::visit::visit_expr_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        // A leaked text is `&'static str` as well.
        if self.context.fixed_statements && call.method == "leak" {
            self.add(
                "S003",
                &call.method,
                "leak",
                "a leaked text can pass for a fixed statement".to_owned(),
            );
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
        if let Expr::Path(function) = &*call.func
            && let Some(name) = self.of_driver(&function.path)
            && RUNNERS.contains(&name.as_str())
            && let Some(first) = call.args.first()
        {
            if !self.fixed(first) && !self.context.fixed_statements {
                let message =
                    format!("`{name}` gets a statement that is no literal and no constant");
                self.add("S003", first, &name, message);
            } else if let Some(text) = self.text(first)
                && let Err(why) = parses(&text)
            {
                let start: String = text.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
                let message = format!("`{start} …` does not parse as SQL: {why}");
                self.add("S006", first, &start, message);
            }
        }
        syn::visit::visit_expr_call(self, call);
    }
}

fn statics(signature: &syn::Signature) -> Vec<String> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    });
    let fixed = typed.filter(|argument| match &*argument.ty {
        Type::Reference(r) => {
            r.lifetime.as_ref().is_some_and(|l| l.ident == "static") && is_text(&r.elem)
        }
        _ => false,
    });
    let names = fixed.filter_map(|argument| match &*argument.pat {
        Pat::Ident(name) => Some(bare(&name.ident)),
        _ => None,
    });
    names.collect()
}

fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("str"))
}

/// Whether one of the dialects in use takes the text. Placeholders are a part of each.
fn parses(text: &str) -> Result<(), String> {
    let dialects: [&dyn Dialect; 3] =
        [&PostgreSqlDialect {}, &SQLiteDialect {}, &GenericDialect {}];
    let mut first = None;
    for dialect in dialects {
        match Parser::parse_sql(dialect, text) {
            Ok(_) => return Ok(()),
            Err(error) => _ = first.get_or_insert(error.to_string()),
        }
    }
    Err(first.unwrap_or_default())
}

/// S008 for the public functions and methods of an item.
fn takes_sql(judge: &mut Judge<'_>, source: &Source, item: &Item) {
    let mut functions: Vec<(&syn::Visibility, &syn::Signature)> = Vec::new();
    match item {
        Item::Fn(function) => functions.push((&function.vis, &function.sig)),
        Item::Impl(block) if block.trait_.is_none() => {
            for item in &block.items {
                if let syn::ImplItem::Fn(function) = item {
                    functions.push((&function.vis, &function.sig));
                }
            }
        }
        Item::Mod(module) => {
            for item in module.content.iter().flat_map(|(_, items)| items) {
                takes_sql(judge, source, item);
            }
        }
        _ => {}
    }
    for (visibility, signature) in functions {
        let cut = source.cut.holds(signature.span().byte_range().start);
        if !matches!(visibility, syn::Visibility::Public(_)) || cut {
            continue;
        }
        for input in &signature.inputs {
            let FnArg::Typed(argument) = input else { continue };
            let Pat::Ident(name) = &*argument.pat else { continue };
            let parameter = bare(&name.ident);
            if says_sql(&parameter) && carries_text(&argument.ty) || safe_text(&argument.ty) {
                let function = bare(&signature.ident);
                let start = name.ident.span().start();
                let message = format!(
                    "public `{function}` runs a statement that its caller gives (`{parameter}`)"
                );
                judge.report(
                    "S008",
                    start.line,
                    start.column + 1,
                    parameter.len(),
                    &function,
                    message,
                );
            }
        }
    }
}

fn says_sql(parameter: &str) -> bool {
    matches!(
        parameter,
        "sql"
            | "query"
            | "statement"
            | "statements"
            | "stmt"
            | "where_clause"
            | "clause"
            | "filter_sql"
    ) || parameter.split('_').any(|word| word == "sql")
}

struct Words(Vec<String>);

impl<'a> Visit<'a> for Words {
    fn visit_path_segment(&mut self, segment: &'a syn::PathSegment) {
        self.0.push(bare(&segment.ident));
        syn::visit::visit_path_segment(self, segment);
    }
}

fn carries_text(ty: &Type) -> bool {
    let mut words = Words(Vec::new());
    words.visit_type(ty);
    words.0.iter().any(|w| matches!(w.as_str(), "str" | "String" | "Cow"))
}

fn safe_text(ty: &Type) -> bool {
    let mut words = Words(Vec::new());
    words.visit_type(ty);
    words.0.iter().any(|w| matches!(w.as_str(), "SqlSafeStr" | "SqlStr" | "AssertSqlSafe"))
}
