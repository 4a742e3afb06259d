//! The rules on one source file: a pure function of the file and its context, so that its verdict can
//! be kept from one run to the next.

mod debt;
mod driver;
mod facade;
mod hashing;
pub(crate) mod headers;
mod naming;
mod reach;
pub(crate) mod sql;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Finding;
use crate::syntax::Source;
use crate::syntax::modules::{Declared, declared};
use crate::topology::{Group, Headers, Scope};

/// Everything that a file's verdict depends on besides the file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Context {
    /// Package name.
    pub(crate) krate: String,
    /// Id of its layer.
    pub(crate) layer: String,
    /// What the manifest claims: layer, audience, intent, role.
    pub(crate) claims: BTreeMap<String, String>,
    /// Intents that fit the layer.
    pub(crate) intents: Option<Vec<String>>,
    /// What headers may say.
    pub(crate) headers: Headers,
    /// Which files of a store layer are named `*_store`: all, or those that implement a store trait.
    pub(crate) naming: Scope,
    /// Whether the driver takes nothing but fixed texts, so that only waivers are left to judge.
    pub(crate) fixed_statements: bool,
    /// Rule groups that hold here: the layer's own and those of every crate that links this one.
    pub(crate) forbid: BTreeSet<Group>,
    /// Whether SQL text belongs here.
    pub(crate) owns_sql: bool,
    /// Whether this layer is the vocabulary, the one home of store traits.
    pub(crate) vocabulary: bool,
    /// Whether this is the canon crate.
    pub(crate) canon: bool,
    /// Library names of drivers that only other layers may reach.
    pub(crate) foreign_drivers: Vec<String>,
    /// Library names of this layer's own drivers.
    pub(crate) own_drivers: Vec<String>,
    /// Whether a crate outside the layer links this one, so that its public items are seen there.
    pub(crate) exposed: bool,
    /// Extern name → library name, where they differ.
    pub(crate) renames: BTreeMap<String, String>,
    /// Every name of a fact table, in capitals.
    pub(crate) fact_names: Vec<String>,
    /// Every table of the migrations.
    pub(crate) tables: Vec<String>,
    /// Features of tests.
    pub(crate) test_features: Vec<String>,
    /// Patterns of facade files.
    pub(crate) facades: Vec<String>,
}

/// A file as the walk found it.
pub(crate) struct FileIn<'f> {
    /// Relative path.
    pub(crate) path: &'f str,
    /// Its text without a byte order mark.
    pub(crate) text: &'f str,
    /// Root of a library, program or build script.
    pub(crate) root: bool,
    /// Reached by tests only.
    pub(crate) test: bool,
    /// Whether its modules lie beside it.
    pub(crate) owns_folder: bool,
}

/// What one file says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Verdict {
    /// Files that it declares.
    pub(crate) modules: Vec<Declared>,
    /// Breaches.
    pub(crate) findings: Vec<Finding>,
    /// What rules over several files need.
    pub(crate) facts: Facts,
}

/// What rules over several files need.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Store traits that it declares.
    pub(crate) store_traits: Vec<Place>,
    /// Traits that it implements.
    pub(crate) impls: Vec<Place>,
    /// Files that it takes in with `include!` and the like.
    pub(crate) includes: Vec<Include>,
    /// Public free functions that work on a store.
    pub(crate) operations: Vec<Place>,
    /// Whether it is a facade, and what its methods call.
    pub(crate) facade: bool,
    /// Names that a facade's paths mention.
    pub(crate) mentions: BTreeSet<String>,
}

/// A name with its line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The name.
    pub(crate) name: String,
    /// Line, from 1.
    pub(crate) line: usize,
}

/// A file that a macro takes in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Include {
    /// `include`, `include_str` or `include_bytes`.
    pub(crate) by: String,
    /// As written, relative to the including file.
    pub(crate) path: String,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column, from 1.
    pub(crate) column: usize,
}

/// Judges one file.
pub(crate) fn judge(context: &Context, file: &FileIn<'_>) -> Verdict {
    let mut judge = Judge { context, file, verdict: Verdict::default() };
    text::check(&mut judge);
    match Source::parse(file.text, &context.renames, &context.test_features, reach::asks_for) {
        Err(error) => {
            let message = format!("does not parse: {}", error.why);
            judge.report("G001", error.line, error.column, 0, file.path, message);
        }
        Ok(source) => {
            let stem = file.path.rsplit('/').next().unwrap_or("").trim_end_matches(".rs");
            judge.verdict.modules =
                declared(&source.tree, stem, file.owns_folder, &context.test_features);
            debt::check(&mut judge, &source);
            if !file.test {
                judge.production(&source);
            }
        }
    }
    // What the parser keeps of each text would grow with every file.
    proc_macro2::extra::invalidate_current_thread_spans();
    judge.verdict
}

/// The verdict while it is being made.
pub(crate) struct Judge<'j> {
    /// The crate.
    pub(crate) context: &'j Context,
    /// The file.
    pub(crate) file: &'j FileIn<'j>,
    /// So far.
    pub(crate) verdict: Verdict,
}

impl Judge<'_> {
    fn production(&mut self, source: &Source) {
        let headers = &self.context.headers;
        if self.file.root || headers.scope == Scope::EveryFile {
            headers::check_file(self);
        }
        reach::check(self, source);
        hashing::check(self, source);
        sql::check(self, source);
        driver::check(self, source);
        naming::check(self, source);
        facade::check(self, source);
    }

    /// Text of a line, from 1.
    pub(crate) fn line(&self, number: usize) -> String {
        let line = number.checked_sub(1).and_then(|n| self.file.text.lines().nth(n));
        line.unwrap_or_default().to_owned()
    }

    /// Adds a finding.
    pub(crate) fn report(
        &mut self,
        rule: &str,
        line: usize,
        column: usize,
        width: usize,
        subject: &str,
        message: String,
    ) {
        let finding = Finding {
            file: self.file.path.to_owned(),
            line,
            column,
            rule: rule.to_owned(),
            layer: self.context.layer.clone(),
            krate: self.context.krate.clone(),
            intent: self.context.claims.get("intent").cloned().unwrap_or_default(),
            subject: subject.to_owned(),
            message,
            frame: self.line(line),
            width,
            ..Finding::default()
        };
        self.verdict.findings.push(finding);
    }
}
