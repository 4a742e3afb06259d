//! `blca.toml`: the topology and the policy. An unknown key is an error, not a remark.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Stop;

/// The declaration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topology {
    version: u32,
    /// The one home of hashing and canonical form.
    pub(crate) canon_crate: String,
    /// Folders of migrations.
    pub(crate) migrations: Vec<String>,
    /// Tables that hold facts: each needs its append-only triggers.
    pub(crate) fact_tables: Vec<String>,
    /// Crates outside the layers.
    pub(crate) tools: Vec<String>,
    /// Files that only compose, as patterns with `*` (within a folder) and `**`.
    #[serde(default)]
    pub(crate) facades: Vec<String>,
    /// Features that exist for tests: what they switch on is test code, and no shipped edge may
    /// switch them on.
    #[serde(default)]
    pub(crate) test_features: Vec<String>,
    /// Domains that `blca.lock` must hold.
    #[serde(default)]
    pub(crate) locked: Vec<String>,
    /// What a header may say.
    pub(crate) headers: Headers,
    /// How stores are named.
    #[serde(default)]
    pub(crate) naming: Naming,
    /// The layers by id.
    pub(crate) layers: BTreeMap<String, Layer>,
    /// Rules on everything reachable.
    #[serde(default)]
    pub(crate) closure: Closure,
    /// Findings that are let through, each for a reason.
    #[serde(default, rename = "exception")]
    pub(crate) exceptions: Vec<Exception>,
    /// The text, for line numbers.
    #[serde(skip)]
    pub(crate) text: String,
}

/// `[headers]`
#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Headers {
    /// Which files carry a header.
    pub(crate) scope: Scope,
    /// Closed set.
    pub(crate) audiences: Vec<String>,
    /// Closed set.
    pub(crate) intents: Vec<String>,
    /// Closed set of the first word of Role; free where left out.
    pub(crate) roles: Option<Vec<String>>,
}

/// `[naming]`
#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
pub(crate) struct Naming {
    /// Which files of a store layer are named `*_store`: `every-file`, or with `crate-root` those that
    /// implement a store trait.
    pub(crate) stores: Scope,
}

impl Default for Naming {
    fn default() -> Self {
        Self { stores: Scope::EveryFile }
    }
}

/// Which files a rule speaks of.
#[derive(Deserialize, Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    /// `lib.rs` or `main.rs`.
    CrateRoot,
    /// Every production file.
    EveryFile,
}

/// `[layers.X]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Layer {
    /// What it is called, for pictures.
    #[serde(default)]
    pub(crate) name: String,
    /// Its crates.
    pub(crate) crates: Vec<String>,
    /// Layers that its crates may depend on.
    pub(crate) may_depend_on: Vec<String>,
    /// Outside crates that its crates may name.
    pub(crate) external: Vec<String>,
    /// Outside crates for build scripts.
    #[serde(default)]
    pub(crate) build: Vec<String>,
    /// Whether dev-dependencies are free.
    #[serde(default)]
    pub(crate) dev: Dev,
    /// Intents that fit here; all where left out.
    pub(crate) intents: Option<Vec<String>>,
    /// Groups of source rules.
    #[serde(default)]
    pub(crate) forbid: Vec<Group>,
}

/// Whether dev-dependencies keep the layer order.
#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dev {
    /// They do not.
    #[default]
    Free,
    /// They do.
    Strict,
}

/// A group of source rules.
#[derive(Deserialize, Serialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    /// R001
    Clock,
    /// R002
    Rng,
    /// R003
    Unordered,
    /// R004
    Environment,
    /// R005
    Io,
}

/// `[[exception]]`. What it lacks is M002, not a syntax error, so everything is optional here.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    /// Rule id.
    pub(crate) rule: Option<String>,
    /// Crate.
    #[serde(rename = "crate")]
    pub(crate) krate: Option<String>,
    /// Crate, file or name that the finding is about.
    pub(crate) target: Option<String>,
    /// Why it is let through.
    pub(crate) reason: Option<String>,
    /// Who answers for it.
    pub(crate) owner: Option<String>,
    /// `YYYY-MM-DD`.
    pub(crate) expires: Option<String>,
}

/// `[closure]`
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closure {
    /// Reached from that layer alone.
    #[serde(default)]
    pub(crate) only: BTreeMap<String, Vec<String>>,
    /// Never reached from that layer.
    #[serde(default)]
    pub(crate) deny: BTreeMap<String, Vec<String>>,
    /// `crate/feature` never on for that layer.
    #[serde(default)]
    pub(crate) features_deny: BTreeMap<String, Vec<String>>,
}

impl Topology {
    /// Reads and checks `blca.toml`.
    pub(crate) fn read(root: &Path) -> Result<Self, Stop> {
        let path = root.join("blca.toml");
        let text = std::fs::read_to_string(&path)
            .map_err(|e| Stop::Declaration(format!("cannot read `blca.toml` in `{}`: {e} (it declares the layers; see BLCA's `--explain T007`)", root.display())))?;
        let mut topology: Self = toml::from_str(&text)
            .map_err(|e| Stop::Declaration(format!("BLCA-T007 in `blca.toml`: {e}")))?;
        topology.text = text;
        topology.check()?;
        Ok(topology)
    }

    fn check(&self) -> Result<(), Stop> {
        let bad = |why: String| Err(Stop::Declaration(format!("BLCA-T007 in `blca.toml`: {why}")));
        if self.version != 1 {
            return bad(format!("version {} is unknown (this tool reads 1)", self.version));
        }
        let known = |id: &String| self.layers.contains_key(id);
        let mut seen = BTreeSet::new();
        for (id, layer) in &self.layers {
            for target in &layer.may_depend_on {
                if !known(target) {
                    return bad(format!("layer {id} may depend on `{target}`, which is no layer"));
                }
            }
            for krate in &layer.crates {
                if !seen.insert(krate) {
                    return bad(format!("crate `{krate}` is in two layers"));
                }
                if self.tools.contains(krate) {
                    return bad(format!("crate `{krate}` is in layer {id} and listed as a tool"));
                }
            }
            for (what, list) in [
                ("may_depend_on", &layer.may_depend_on),
                ("external", &layer.external),
                ("build", &layer.build),
            ] {
                let mut names = BTreeSet::new();
                if let Some(twice) = list.iter().find(|name| !names.insert(*name)) {
                    return bad(format!("layer {id} gives `{twice}` twice in `{what}`"));
                }
            }
            for intent in layer.intents.iter().flatten() {
                if !self.headers.intents.contains(intent) {
                    return bad(format!("layer {id} has the intent `{intent}`, which is unknown"));
                }
            }
        }
        for wanted in self.closure.features_deny.values().flatten() {
            if !wanted.split_once('/').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty()) {
                return bad(format!("`{wanted}` in features_deny is not `crate/feature`"));
            }
        }
        let closure = [&self.closure.only, &self.closure.deny, &self.closure.features_deny];
        match closure.iter().flat_map(|map| map.keys()).find(|id| !known(id)) {
            Some(id) => bad(format!("[closure] names `{id}`, which is no layer")),
            None => Ok(()),
        }
    }

    /// The layer that a crate is declared in.
    pub(crate) fn layer_of(&self, krate: &str) -> Option<(&str, &Layer)> {
        let mut layers = self.layers.iter();
        layers
            .find(|(_, layer)| layer.crates.iter().any(|c| c == krate))
            .map(|(id, layer)| (id.as_str(), layer))
    }

    /// Crates that are reached from `layer` alone: its drivers.
    pub(crate) fn drivers_of(&self, layer: &str) -> &[String] {
        self.closure.only.get(layer).map_or(&[], Vec::as_slice)
    }

    /// Crates that are reached from other layers alone, and not from `layer`.
    pub(crate) fn foreign_drivers(&self, layer: &str) -> Vec<String> {
        let others = self.closure.only.iter().filter(|(id, _)| *id != layer);
        others.flat_map(|(_, names)| names.iter().cloned()).collect()
    }

    /// Whether a layer holds the vocabulary: a store layer may depend on it, and it depends on no
    /// other layer.
    pub(crate) fn is_vocabulary(&self, layer: &str) -> bool {
        let of_stores = self
            .closure
            .only
            .keys()
            .filter_map(|id| self.layers.get(id))
            .any(|stores| stores.may_depend_on.iter().any(|l| l == layer));
        of_stores
            && !self.owns_sql(layer)
            && self.layers.get(layer).is_some_and(|l| l.may_depend_on.iter().all(|d| d == layer))
    }

    /// The layers that alone reach a database driver: SQL text is theirs.
    pub(crate) fn owns_sql(&self, layer: &str) -> bool {
        self.closure.only.contains_key(layer)
    }

    /// Line and text of a layer's heading.
    pub(crate) fn heading(&self, layer: &str) -> (usize, String) {
        let wanted = format!("[layers.{layer}]");
        let mut lines = self.text.lines().enumerate();
        let found = lines.find(|(_, line)| line.trim() == wanted);
        found.map_or((0, String::new()), |(index, line)| (index + 1, line.to_owned()))
    }

    /// Line and text of the first mention of `"name"`, looked for after `after`.
    pub(crate) fn mention(&self, after: &str, name: &str) -> (usize, String) {
        let quoted = format!("\"{name}\"");
        let mut inside = after.is_empty();
        for (index, line) in self.text.lines().enumerate() {
            inside |= line.trim() == after;
            if inside && line.contains(&quoted) {
                return (index + 1, line.to_owned());
            }
        }
        (0, String::new())
    }
}
