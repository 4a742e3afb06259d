//! F001 and F002: a facade composes and computes nothing.
//!
//! Its bodies hold calls, `?`, `.await`, literals, struct expressions, references and `let`; its files
//! hold types and their methods. What its methods call is kept for F003.

use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Expr, ImplItem, Item};

use super::{Judge, Place};
use crate::pattern;
use crate::syntax::Source;
use crate::syntax::names::bare;

/// Methods that decide: they choose a value, a branch or an order.
const DECIDING: &[&str] = &[
    "all",
    "and",
    "any",
    "chunks",
    "clamp",
    "cmp",
    "contains",
    "count",
    "dedup",
    "drain",
    "eq",
    "expect",
    "filter",
    "filter_map",
    "find",
    "find_map",
    "fold",
    "ge",
    "get_or_insert",
    "get_or_insert_with",
    "gt",
    "is_empty",
    "is_err",
    "is_none",
    "is_none_or",
    "is_ok",
    "is_some",
    "is_some_and",
    "le",
    "lt",
    "map_or",
    "map_or_else",
    "max",
    "max_by",
    "max_by_key",
    "min",
    "min_by",
    "min_by_key",
    "ne",
    "nth",
    "or",
    "or_default",
    "or_else",
    "partial_cmp",
    "partition",
    "position",
    "product",
    "reduce",
    "retain",
    "scan",
    "skip",
    "skip_while",
    "sort",
    "sort_by",
    "sort_by_key",
    "sum",
    "take_while",
    "then",
    "then_some",
    "truncate",
    "unwrap",
    "unwrap_or",
    "unwrap_or_default",
    "unwrap_or_else",
    "xor",
];

/// Both, for a file that a facade pattern matches.
pub(super) fn check(judge: &mut Judge<'_>, source: &Source) {
    operations(judge, source);
    if !judge.context.facades.iter().any(|p| pattern::fits(p, judge.file.path)) {
        return;
    }
    judge.verdict.facts.facade = true;
    for named in &source.named {
        let names = named.paths.iter().flatten().cloned();
        judge.verdict.facts.mentions.extend(names);
    }
    items(judge, source, &source.tree.items);
}

fn items(judge: &mut Judge<'_>, source: &Source, items_of: &[Item]) {
    for item in items_of {
        if source.cut.holds(item.span().byte_range().start) {
            continue;
        }
        let extra = match item {
            Item::Use(_) | Item::Struct(_) | Item::Enum(_) => continue,
            Item::Mod(module) => {
                if let Some((_, inner)) = &module.content {
                    items(judge, source, inner);
                }
                continue;
            }
            Item::Impl(block) => {
                implementation(judge, block);
                continue;
            }
            Item::Type(_) => continue,
            Item::Fn(i) => ("a free function", bare(&i.sig.ident)),
            Item::Macro(i) => ("a macro", i.ident.as_ref().map(bare).unwrap_or_default()),
            Item::Const(i) => ("a constant", bare(&i.ident)),
            Item::Static(i) => ("a static", bare(&i.ident)),
            Item::Trait(i) => ("a trait", bare(&i.ident)),
            _ => ("an item that is no type and no method", String::new()),
        };
        let (what, name) = extra;
        let start = item.span().start();
        let message =
            format!("the facade holds {what} `{name}`: facades hold types and their methods");
        judge.report("F002", start.line, start.column + 1, 0, &name, message);
    }
}

fn implementation(judge: &mut Judge<'_>, block: &syn::ItemImpl) {
    for item in &block.items {
        match item {
            ImplItem::Fn(method) => {
                let name = bare(&method.sig.ident);
                let mut logic = Logic { found: Vec::new(), calls: 0 };
                logic.visit_block(&method.block);
                for (what, line, column) in logic.found {
                    let message =
                        format!("`{name}` {what}: a facade composes and computes nothing");
                    judge.report("F001", line, column, 0, &name, message);
                }
                let asks = method.sig.receiver().is_some() && block.trait_.is_none();
                let public = matches!(method.vis, syn::Visibility::Public(_));
                if asks
                    && public
                    && logic.calls == 0
                    && !method.block.stmts.is_empty()
                    && !gives_field(&method.block)
                {
                    let start = method.sig.ident.span().start();
                    let message = format!(
                        "facade method `{name}` calls no engine: its answer is made up here"
                    );
                    judge.report("F003", start.line, start.column + 1, 0, &name, message);
                }
            }
            ImplItem::Macro(_) => {
                let start = item.span().start();
                let message = "the facade's methods come out of a macro".to_owned();
                judge.report("F002", start.line, start.column + 1, 0, "macro", message);
            }
            _ => {}
        }
    }
}

/// `&self.field`: an accessor.
fn gives_field(block: &syn::Block) -> bool {
    let [syn::Stmt::Expr(expression, None)] = block.stmts.as_slice() else { return false };
    let inner = match expression {
        Expr::Reference(reference) => &*reference.expr,
        other => other,
    };
    matches!(inner, Expr::Field(_))
}

struct Logic {
    found: Vec<(String, usize, usize)>,
    calls: usize,
}

impl Logic {
    fn add(&mut self, what: impl Into<String>, place: &impl Spanned) {
        let start = place.span().start();
        self.found.push((what.into(), start.line, start.column + 1));
    }
}

impl<'a> Visit<'a> for Logic {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::If(e) => self.add("branches with `if`", &e.if_token),
            Expr::Match(e) => self.add("branches with `match`", &e.match_token),
            Expr::While(e) => self.add("loops", &e.while_token),
            Expr::ForLoop(e) => self.add("loops", &e.for_token),
            Expr::Loop(e) => self.add("loops", &e.loop_token),
            Expr::Binary(e) => self.add("calculates or compares", &e.op),
            Expr::Unary(e) if !matches!(e.op, syn::UnOp::Deref(_)) => self.add("negates", &e.op),
            Expr::Closure(e) => self.add("holds a closure", &e.inputs_begin),
            Expr::Assign(e) => self.add("assigns", &e.eq_token),
            Expr::Index(e) => self.add("indexes", expression_start(&e.expr)),
            Expr::Cast(e) => self.add("casts", &e.as_token),
            Expr::Range(e) => self.add("makes a range", &e.limits),
            Expr::Return(e) => self.add("returns early", &e.return_token),
            Expr::Let(e) => self.add("matches a pattern", &e.let_token),
            Expr::Unsafe(e) => self.add("is unsafe", &e.unsafe_token),
            Expr::Macro(e) => self.add("calls a macro", &e.mac.path),
            Expr::MethodCall(call) => {
                self.calls += 1;
                let name = bare(&call.method);
                if DECIDING.contains(&name.as_str()) {
                    self.add(format!("decides with `.{name}()`"), &call.method);
                }
            }
            Expr::Call(call) => {
                let wraps = matches!(&*call.func, Expr::Path(p)
                    if matches!(p.path.segments.last().map(|s| s.ident.to_string()).as_deref(),
                        Some("Ok" | "Err" | "Some")));
                self.calls += usize::from(!wraps);
            }
            _ => {}
        }
        syn::visit::visit_expr(self, expression);
    }

    fn visit_stmt_macro(&mut self, call: &'a syn::StmtMacro) {
        self.add("calls a macro", &call.mac.path);
    }

    fn visit_local(&mut self, local: &'a syn::Local) {
        if local.init.as_ref().is_some_and(|init| init.diverge.is_some()) {
            self.add("branches with `let … else`", local);
        }
        syn::visit::visit_local(self, local);
    }
}

fn expression_start(expression: &Expr) -> &Expr {
    expression
}

/// Public free functions that work on a store: the operations that a facade of the same crate offers.
fn operations(judge: &mut Judge<'_>, source: &Source) {
    for item in &source.tree.items {
        let Item::Fn(function) = item else { continue };
        if !matches!(function.vis, syn::Visibility::Public(_))
            || source.cut.holds(function.span().byte_range().start)
        {
            continue;
        }
        let mut bounds = Stores(false);
        bounds.visit_signature(&function.sig);
        if bounds.0 {
            let name = bare(&function.sig.ident);
            let line = function.sig.ident.span().start().line;
            judge.verdict.facts.operations.push(Place { name, line });
        }
    }
}

struct Stores(bool);

impl<'a> Visit<'a> for Stores {
    fn visit_trait_bound(&mut self, bound: &'a syn::TraitBound) {
        let last = bound.path.segments.last().map(|s| s.ident.to_string());
        self.0 |= last.is_some_and(|name| name.ends_with("Store"));
        syn::visit::visit_trait_bound(self, bound);
    }
}
