//! M001: debt that the code itself admits.

use syn::visit::Visit;

use super::Judge;
use crate::syntax::Source;
use crate::syntax::comments::comments;
use crate::syntax::names::segments;

/// Marks, as whole words in capitals.
const MARKS: &[&str] = &["TODO", "FIXME", "XXX", "HACK", "WIP"];
/// Words that make "temporary" an admission.
const STOPGAPS: &[&str] =
    &["code", "fix", "hack", "implementation", "solution", "sql", "stub", "workaround"];

/// For one file, tests included.
pub(super) fn check(judge: &mut Judge<'_>, source: &Source) {
    for comment in comments(judge.file.text, &source.stream) {
        if let Some(mark) = admission(&comment.text) {
            let message = format!("a comment admits debt: `{mark}`");
            judge.report("M001", comment.line, 0, 0, &mark, message);
        }
    }
    let mut finder = Finder { found: Vec::new() };
    finder.visit_file(&source.tree);
    for (what, line, column) in finder.found {
        // A file of helpers is taken into several test programs, each of which uses its own part.
        if judge.file.test && what == "allow(dead_code)" {
            continue;
        }
        let message = format!("`{what}` is debt that somebody must remember");
        judge.report("M001", line, column, 0, what, message);
    }
}

/// The word by which a comment admits debt.
pub(crate) fn admission(comment: &str) -> Option<String> {
    let words: Vec<&str> = comment
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
        .collect();
    let mark = words.iter().enumerate().find(|(at, word)| {
        // In the middle of prose "TODO" is a word of Spanish or of an interface.
        MARKS.contains(word) && (*at == 0 || follows_with_colon(comment, word))
    });
    if let Some((_, mark)) = mark {
        return Some((*mark).to_owned());
    }
    let lower: Vec<String> = words.iter().map(|w| w.to_lowercase()).collect();
    let stopgap = lower.windows(2).find(|pair| {
        matches!(pair, [first, second] if first == "temporary" && STOPGAPS.contains(&second.as_str()))
    });
    stopgap.map(|pair| pair.join(" "))
}

fn follows_with_colon(comment: &str, word: &str) -> bool {
    let rest = comment.split(word).nth(1).unwrap_or("");
    rest.starts_with(':') || rest.starts_with('(')
}

struct Finder {
    found: Vec<(&'static str, usize, usize)>,
}

impl<'a> Visit<'a> for Finder {
    fn visit_attribute(&mut self, attribute: &'a syn::Attribute) {
        self.meta(&attribute.meta);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        let name = segments(&call.path).pop().unwrap_or_default();
        let what = match name.as_str() {
            "todo" => "todo!",
            "unimplemented" => "unimplemented!",
            _ => return,
        };
        self.add(what, &call.path);
    }
}

impl Finder {
    fn add(&mut self, what: &'static str, path: &syn::Path) {
        if let Some(first) = path.segments.first() {
            let start = first.ident.span().start();
            self.found.push((what, start.line, start.column + 1));
        }
    }

    fn meta(&mut self, meta: &syn::Meta) {
        use syn::punctuated::Punctuated;
        let path = meta.path();
        let name = segments(path).pop().unwrap_or_default();
        match (name.as_str(), meta) {
            ("ignore", _) => self.add("#[ignore]", path),
            ("deprecated", _) => self.add("#[deprecated]", path),
            ("allow" | "expect", syn::Meta::List(list)) => {
                let lints =
                    list.parse_args_with(Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated);
                for lint in lints.into_iter().flatten() {
                    if matches!(
                        segments(lint.path()).pop().as_deref(),
                        Some("dead_code" | "unused")
                    ) {
                        self.add("allow(dead_code)", path);
                    }
                }
            }
            ("cfg_attr", syn::Meta::List(list)) => {
                let parts =
                    list.parse_args_with(Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated);
                let parts: Vec<syn::Meta> = parts.into_iter().flatten().collect();
                // What holds in tests only is no debt of what ships.
                if parts.first().is_some_and(|condition| condition.path().is_ident("test")) {
                    return;
                }
                for part in parts.iter().skip(1) {
                    self.meta(part);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::admission;

    #[test]
    fn marks_are_seen_and_prose_is_not() {
        for text in [
            "// TODO: extract",
            "// TODO later",
            "/* FIXME */",
            "// Temporary SQL, see next",
            "//! XXX wrong",
            "// see below, HACK(me): x",
            "-- TODO drop",
            "* TODO x",
        ] {
            assert!(admission(text).is_some(), "{text}");
        }
        for text in [
            "/// Todo el mundo. Not a hackathon; a temporary file is fine.",
            "// the TODO column of the board",
            "// hacks",
            "// a temporary file",
            "// TEMPERATURE",
        ] {
            assert!(admission(text).is_none(), "{text}");
        }
    }
}
