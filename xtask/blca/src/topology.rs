//! `blca.toml`: the topology and the policy. An unknown key is an error, not a remark.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

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
    /// Files that only compose (declared for the facade rules).
    #[serde(default)]
    #[expect(dead_code, reason = "part of the declaration's schema; judged by the facade rules")]
    facades: Vec<String>,
    /// What a header may say.
    pub(crate) headers: Headers,
    /// The layers by id.
    pub(crate) layers: BTreeMap<String, Layer>,
    /// Rules on everything reachable.
    #[serde(default)]
    pub(crate) closure: Closure,
    #[serde(default)]
    exception: Vec<toml::Table>,
    /// The text, for line numbers.
    #[serde(skip)]
    text: String,
}

/// `[headers]`
#[derive(Deserialize)]
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

/// Which files carry a header.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
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
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the declaration")]
    name: String,
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
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
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
            .map_err(|e| Stop::Declaration(format!("cannot read `blca.toml`: {e}")))?;
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
        if !self.exception.is_empty() {
            return bad("`[[exception]]` is not honoured (mend the finding instead)".to_owned());
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
            for intent in layer.intents.iter().flatten() {
                if !self.headers.intents.contains(intent) {
                    return bad(format!("layer {id} has the intent `{intent}`, which is unknown"));
                }
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

    /// The layers that alone reach a database driver: SQL text is theirs.
    pub(crate) fn owns_sql(&self, layer: &str) -> bool {
        self.closure.only.contains_key(layer)
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
