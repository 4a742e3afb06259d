//! D008: a store crate that hands its driver's types to the crates above.
//!
//! Public is what is `pub` in a crate that another layer links. A crate that only its own layer links
//! may share the driver there.

use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{ImplItem, Item, ReturnType, TraitItem, Type, Visibility};

use super::Judge;
use crate::syntax::Source;
use crate::syntax::names::{Named, Use, bare, segments};

/// For one file.
pub(super) fn check(judge: &mut Judge<'_>, source: &Source) {
    if judge.context.own_drivers.is_empty() || !judge.context.exposed {
        return;
    }
    let drivers = &judge.context.own_drivers;
    let private = private_types(&source.tree.items);
    let mut leaks = Leaks { source, drivers, private, found: Vec::new() };
    leaks.items(&source.tree.items);
    for (line, column, subject, message) in leaks.found {
        judge.report("D008", line, column, 0, &subject, message);
    }
}

/// Types of this file that nobody outside the crate can name.
fn private_types(items: &[Item]) -> Vec<String> {
    let hidden = items.iter().filter_map(|item| match item {
        Item::Struct(i) if !public(&i.vis) => Some(bare(&i.ident)),
        Item::Enum(i) if !public(&i.vis) => Some(bare(&i.ident)),
        _ => None,
    });
    hidden.collect()
}

struct Leaks<'l> {
    source: &'l Source,
    drivers: &'l [String],
    private: Vec<String>,
    found: Vec<(usize, usize, String, String)>,
}

impl Leaks<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            if !self.source.cut.holds(item.span().byte_range().start) {
                self.item(item);
            }
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Use(i) if public(&i.vis) => self.import(i.span(), "pub use"),
            Item::ExternCrate(i) if public(&i.vis) => self.import(i.span(), "pub extern crate"),
            Item::Type(i) if public(&i.vis) => {
                self.ty(&i.ty, &bare(&i.ident), "is a public name for");
            }
            Item::Const(i) if public(&i.vis) => {
                self.ty(&i.ty, &bare(&i.ident), "is public and has")
            }
            Item::Static(i) if public(&i.vis) => {
                self.ty(&i.ty, &bare(&i.ident), "is public and has")
            }
            Item::Fn(i) if public(&i.vis) => self.signature(&i.sig),
            Item::Struct(i) if public(&i.vis) => {
                self.generics(&i.generics, &bare(&i.ident));
                for field in i.fields.iter().filter(|f| public(&f.vis)) {
                    self.ty(&field.ty, &bare(&i.ident), "has a public field with");
                }
            }
            Item::Enum(i) if public(&i.vis) => {
                self.generics(&i.generics, &bare(&i.ident));
                for field in i.variants.iter().flat_map(|v| &v.fields) {
                    self.ty(&field.ty, &bare(&i.ident), "has a variant with");
                }
            }
            Item::Trait(i) if public(&i.vis) => {
                self.generics(&i.generics, &bare(&i.ident));
                for item in &i.items {
                    match item {
                        TraitItem::Fn(f) => self.signature(&f.sig),
                        TraitItem::Type(t) => {
                            if let Some((_, ty)) = &t.default {
                                self.ty(ty, &bare(&t.ident), "is by default");
                            }
                        }
                        _ => {}
                    }
                }
            }
            Item::Impl(i) => self.implementation(i),
            Item::Mod(i) => {
                if let Some((_, items)) = &i.content {
                    self.items(items);
                }
            }
            _ => {}
        }
    }

    fn implementation(&mut self, block: &syn::ItemImpl) {
        if let Type::Path(own) = &*block.self_ty
            && segments(&own.path).pop().is_some_and(|name| self.private.contains(&name))
        {
            return;
        }
        for item in &block.items {
            match item {
                ImplItem::Fn(f) if block.trait_.is_none() && public(&f.vis) => {
                    self.signature(&f.sig);
                }
                ImplItem::Const(c) if block.trait_.is_none() && public(&c.vis) => {
                    self.ty(&c.ty, &bare(&c.ident), "is public and has");
                }
                // `Deref::Target` and its like hand the type out without naming a public item.
                ImplItem::Type(t) if block.trait_.is_some() => {
                    self.ty(&t.ty, &bare(&t.ident), "of a trait is");
                }
                _ => {}
            }
        }
        if let Some((path, _)) = &block.trait_ {
            let hands_out = matches!(
                segments(path).pop().as_deref(),
                Some("AsRef" | "AsMut" | "Borrow" | "From" | "Into")
            );
            let last = path.segments.last();
            if hands_out
                && let Some(syn::PathArguments::AngleBracketed(list)) = last.map(|s| &s.arguments)
            {
                for argument in &list.args {
                    if let syn::GenericArgument::Type(ty) = argument
                        && segments(path).pop().as_deref() != Some("From")
                    {
                        self.ty(ty, "impl", "of a conversion gives");
                    }
                }
            }
            // `impl From<Store> for sqlx::PgPool` hands the driver out as well.
            if segments(path).pop().as_deref() == Some("From") {
                self.ty(&block.self_ty, "From", "of a conversion gives");
            }
        }
    }

    fn signature(&mut self, signature: &syn::Signature) {
        let name = bare(&signature.ident);
        self.generics(&signature.generics, &name);
        for input in &signature.inputs {
            if let syn::FnArg::Typed(argument) = input {
                self.ty(&argument.ty, &name, "is public and takes");
            }
        }
        if let ReturnType::Type(_, ty) = &signature.output {
            self.ty(ty, &name, "is public and returns");
        }
    }

    fn generics(&mut self, generics: &syn::Generics, name: &str) {
        let mut paths = Paths(Vec::new());
        paths.visit_generics(generics);
        self.paths(paths, name, "is public and is bounded by");
    }

    fn ty(&mut self, ty: &Type, name: &str, how: &str) {
        let mut paths = Paths(Vec::new());
        paths.visit_type(ty);
        self.paths(paths, name, how);
    }

    fn paths(&mut self, paths: Paths, name: &str, how: &str) {
        for path in paths.0 {
            let written = segments(&path);
            let byte = path.span().byte_range().start;
            let resolved = self.source.names.resolve(&written, byte);
            let driver =
                resolved.iter().find(|p| p.first().is_some_and(|f| self.drivers.contains(f)));
            if let Some(driver) = driver {
                let message = format!("`{name}` {how} the driver's type `{}`", driver.join("::"));
                let start = path.span().start();
                self.found.push((start.line, start.column + 1, name.to_owned(), message));
            }
        }
    }

    fn import(&mut self, span: proc_macro2::Span, how: &str) {
        let (from, to) = (span.start().line, span.end().line);
        let inside = |n: &&Named| n.used == Use::Import && (from..=to).contains(&n.line);
        for named in self.source.named.iter().filter(inside) {
            let driver = named
                .paths
                .iter()
                .find(|p| p.first().is_some_and(|first| self.drivers.contains(first)));
            if let Some(driver) = driver {
                let message = format!("`{how} {}` hands the driver on", driver.join("::"));
                self.found.push((named.line, named.column, named.written.clone(), message));
            }
        }
    }
}

struct Paths(Vec<syn::Path>);

impl<'a> Visit<'a> for Paths {
    fn visit_path(&mut self, path: &'a syn::Path) {
        self.0.push(path.clone());
        syn::visit::visit_path(self, path);
    }
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
