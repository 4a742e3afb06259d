//! Items that exist in tests only.

use std::ops::Range;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, Item, Meta, Token};

/// Byte ranges of items whose `cfg` implies a test.
#[derive(Default)]
pub(crate) struct Cut {
    ranges: Vec<Range<usize>>,
    whole: bool,
}

impl Cut {
    /// Finds them.
    pub(crate) fn of(tree: &syn::File, test_features: &[String]) -> Self {
        let whole = tree.attrs.iter().any(|a| implies_test(a, test_features));
        let mut finder = Finder { ranges: Vec::new(), test_features };
        finder.visit_file(tree);
        Self { ranges: finder.ranges, whole }
    }

    /// Whether a byte lies in test code.
    pub(crate) fn holds(&self, byte: usize) -> bool {
        self.whole || self.ranges.iter().any(|range| range.contains(&byte))
    }
}

struct Finder<'f> {
    ranges: Vec<Range<usize>>,
    test_features: &'f [String],
}

impl Finder<'_> {
    fn cut(&mut self, attributes: &[Attribute], item: &impl Spanned) -> bool {
        let test = attributes.iter().any(|a| implies_test(a, self.test_features));
        if test {
            self.ranges.push(item.span().byte_range());
        }
        test
    }
}

impl<'a> Visit<'a> for Finder<'_> {
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

    fn visit_trait_item_fn(&mut self, item: &'a syn::TraitItemFn) {
        if !self.cut(&item.attrs, item) {
            syn::visit::visit_trait_item_fn(self, item);
        }
    }

    fn visit_local(&mut self, local: &'a syn::Local) {
        if !self.cut(&local.attrs, local) {
            syn::visit::visit_local(self, local);
        }
    }

    fn visit_field(&mut self, field: &'a syn::Field) {
        if !self.cut(&field.attrs, field) {
            syn::visit::visit_field(self, field);
        }
    }
}

/// The attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
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
        Item::TraitAlias(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Union(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        // Without attributes nothing is cut out: what is not known is judged.
        _ => &[],
    }
}

/// Whether an attribute lets its item exist in tests only.
pub(crate) fn implies_test(attribute: &Attribute, test_features: &[String]) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    let Meta::List(list) = &attribute.meta else { return false };
    attribute.path().is_ident("cfg")
        && list.parse_args::<Meta>().is_ok_and(|p| predicate(&p, test_features))
}

/// Whether a `cfg` predicate holds in tests only.
fn predicate(meta: &Meta, test_features: &[String]) -> bool {
    let list = match meta {
        Meta::Path(path) => return path.is_ident("test"),
        Meta::NameValue(pair) => return is_test_feature(pair, test_features),
        Meta::List(list) => list,
    };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let parts: Vec<Meta> = parts.into_iter().flatten().collect();
    let holds = |part: &Meta| predicate(part, test_features);
    if list.path.is_ident("all") {
        parts.iter().any(holds)
    } else {
        list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(holds)
    }
}

fn is_test_feature(pair: &syn::MetaNameValue, test_features: &[String]) -> bool {
    let syn::Expr::Lit(literal) = &pair.value else { return false };
    let syn::Lit::Str(name) = &literal.lit else { return false };
    pair.path.is_ident("feature") && test_features.contains(&name.value())
}
