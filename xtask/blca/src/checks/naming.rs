//! N001–N004 as far as one file tells: names of files, modules and types, and where store traits live.

use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Item, ItemImpl};

use super::{Judge, Place};
use crate::syntax::Source;
use crate::syntax::names::{bare, segments};
use crate::topology::Scope;

/// A name in a store that says that it reasons.
const REASONING: &[&str] = &[
    "analyse",
    "analyser",
    "analysis",
    "analyze",
    "analyzer",
    "anomalies",
    "anomaly",
    "assess",
    "assessor",
    "classifier",
    "classify",
    "decide",
    "decider",
    "detect",
    "detection",
    "detector",
    "engine",
    "evaluate",
    "evaluation",
    "evaluator",
    "infer",
    "inference",
    "insight",
    "insights",
    "predict",
    "prediction",
    "predictor",
    "recommend",
    "recommendation",
    "recommender",
    "score",
    "scorer",
    "scoring",
    "verdict",
];

/// Words that say a decision is made, in whatever layer (a record keeps decisions, it makes none).
const DECIDING: &[&str] = &["anomalies", "anomaly", "decider", "anomalous"];

/// Suffixes that say nothing.
const EMPTY: &[&str] = &["helper", "helpers", "manager", "service", "util", "utils"];

/// For one file.
pub(super) fn check(judge: &mut Judge<'_>, source: &Source) {
    let mut names = Declared(Vec::new());
    names.visit_file(&source.tree);
    for (kind, name, at) in names.0 {
        if source.cut.holds(at.byte_range().start) {
            continue;
        }
        let start = at.start();
        let place = (start.line, start.column + 1);
        item_name(judge, kind, &name, place);
        if kind == Kind::Trait && name.ends_with("Store") {
            judge.verdict.facts.store_traits.push(Place { name, line: start.line });
        }
    }
    let mut implemented = Implemented(Vec::new());
    implemented.visit_file(&source.tree);
    for (path, at) in implemented.0 {
        let byte = at.byte_range().start;
        // By its own name, whatever the import calls it.
        let name = source.names.resolve(&path, byte).pop().and_then(|mut path| path.pop());
        if let Some(name) = name.filter(|_| !source.cut.holds(byte)) {
            // Feeding a hasher is what `Hash` asks of a type; being one is a hash function.
            if matches!(name.as_str(), "Hasher" | "BuildHasher") && !judge.context.canon {
                let start = at.start();
                let message =
                    format!("an implementation of `{name}` hashes outside the canon crate");
                judge.report("H001", start.line, start.column + 1, 0, &name, message);
            }
            judge.verdict.facts.impls.push(Place { name, line: at.start().line });
        }
    }
    let implements_store = judge.verdict.facts.impls.iter().any(|i| i.name.ends_with("Store"));
    file_name(judge, implements_store);
}

fn file_name(judge: &mut Judge<'_>, implements_store: bool) {
    let path = judge.file.path;
    let Some((_, inside)) = path.split_once("/src/") else { return };
    let stem = inside.rsplit('/').next().unwrap_or("").trim_end_matches(".rs");
    let store = stem == "store" || stem.ends_with("_store");
    let part = inside.split('/').rev().skip(1).any(|folder| folder.ends_with("_store"));
    let judged = match judge.context.naming {
        Scope::EveryFile => !matches!(stem, "mod" | "lib" | "main"),
        Scope::CrateRoot => implements_store,
    };
    if judge.context.owns_sql && !judge.file.root && judged && !store && !part {
        let message = format!(
            "`{stem}.rs` is in a store layer and not named `*_store` (nor in a folder of a store)"
        );
        judge.report("N001", 0, 0, 0, stem, message);
    }
    if judge.context.owns_sql
        && let Some(word) = words(stem).iter().find(|w| REASONING.contains(&w.as_str()))
    {
        let message = format!("the store file `{stem}.rs` is named after reasoning (`{word}`)");
        judge.report("N002", 0, 0, 0, stem, message);
    }
    empty_suffix(judge, "file", stem, (0, 0));
}

fn item_name(judge: &mut Judge<'_>, kind: Kind, name: &str, place: (usize, usize)) {
    let words = words(name);
    let width = name.chars().count();
    let reasoning = words.iter().find(|w| {
        DECIDING.contains(&w.as_str())
            || (judge.context.owns_sql && REASONING.contains(&w.as_str()))
    });
    if let Some(word) = reasoning {
        let message = format!("`{name}` says that it reasons (`{word}`)");
        judge.report("N002", place.0, place.1, width, name, message);
    }
    if kind != Kind::Fn {
        empty_suffix(judge, kind.word(), name, place);
    }
}

fn empty_suffix(judge: &mut Judge<'_>, kind: &str, name: &str, place: (usize, usize)) {
    let words = words(name);
    if let Some(word) = words.last().filter(|w| EMPTY.contains(&w.as_str())) {
        let message = format!("the {kind} `{name}` ends in `{word}`, which names no thing");
        judge.report("N003", place.0, place.1, name.chars().count(), name, message);
    }
}

/// `CostAnomalyStore`, `cost_anomaly_store`, `HTTPStore` → their words in lower case.
pub(crate) fn words(name: &str) -> Vec<String> {
    let signs: Vec<char> = name.chars().collect();
    let mut out: Vec<String> = vec![String::new()];
    for (at, sign) in signs.iter().enumerate() {
        if matches!(sign, '_' | '-' | '.') {
            out.push(String::new());
            continue;
        }
        let before = at.checked_sub(1).and_then(|b| signs.get(b));
        let small = |c: Option<&char>| c.is_some_and(|c| c.is_lowercase());
        let begins = sign.is_uppercase()
            && (small(before) || (before.is_some() && small(signs.get(at + 1))));
        if begins {
            out.push(String::new());
        }
        if let Some(word) = out.last_mut() {
            word.extend(sign.to_lowercase());
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Type,
    Trait,
    Mod,
    Fn,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Trait => "trait",
            Self::Mod => "module",
            Self::Fn => "function",
        }
    }
}

struct Declared(Vec<(Kind, String, proc_macro2::Span)>);

impl<'a> Visit<'a> for Declared {
    fn visit_item(&mut self, item: &'a Item) {
        let (kind, name) = match item {
            Item::Struct(i) => (Kind::Type, &i.ident),
            Item::Enum(i) => (Kind::Type, &i.ident),
            Item::Union(i) => (Kind::Type, &i.ident),
            Item::Type(i) => (Kind::Type, &i.ident),
            Item::Trait(i) => (Kind::Trait, &i.ident),
            Item::Mod(i) => (Kind::Mod, &i.ident),
            Item::Fn(i) => (Kind::Fn, &i.sig.ident),
            other => return syn::visit::visit_item(self, other),
        };
        self.0.push((kind, bare(name), name.span()));
        syn::visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, method: &'a syn::ImplItemFn) {
        self.0.push((Kind::Fn, bare(&method.sig.ident), method.sig.ident.span()));
        syn::visit::visit_impl_item_fn(self, method);
    }
}

struct Implemented(Vec<(Vec<String>, proc_macro2::Span)>);

impl<'a> Visit<'a> for Implemented {
    fn visit_item_impl(&mut self, block: &'a ItemImpl) {
        if let Some((path, _)) = &block.trait_ {
            self.0.push((segments(path), block.span()));
        }
        syn::visit::visit_item_impl(self, block);
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_are_split_at_capitals_and_underscores() {
        assert_eq!(words("CostAnomalyStore"), ["cost", "anomaly", "store"]);
        assert_eq!(words("HTTPServer"), ["http", "server"]);
        assert_eq!(words("scoreboard_store"), ["scoreboard", "store"]);
        assert_eq!(words("engineering_note"), ["engineering", "note"]);
    }
}
