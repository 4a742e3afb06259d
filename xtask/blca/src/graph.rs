//! The crate graph: membership, edges between layers, outside crates, and what features reach.
//!
//! Edges are read from `cargo metadata --all-features`, by package name and not by dependency key.
//! Closures are read from guppy's feature graph, with every feature of the crate as a root and
//! without dev-only links: the package graph alone blames weak features and features that another
//! layer or a test switched on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Command;

use guppy::CargoMetadata;
use guppy::graph::feature::{FeatureId, FeatureLabel, StandardFeatures};
use guppy::graph::{DependencyDirection, PackageGraph, PackageLink, PackageMetadata};

use crate::Stop;
use crate::Finding;
use crate::topology::{Dev, Layer, Topology};

/// Crates whose business is hashing.
const HASH_CRATES: &[&str] = &[
    "ahash",
    "blake2",
    "blake3",
    "fnv",
    "fxhash",
    "hmac",
    "md-5",
    "md5",
    "metrohash",
    "ring",
    "rustc-hash",
    "seahash",
    "sha1",
    "sha1_smol",
    "sha2",
    "sha3",
    "siphasher",
    "twox-hash",
    "xxhash-rust",
];

/// Runs `cargo metadata`. The lock file is put back where cargo had to touch it: an audit never
/// writes.
pub(crate) fn load(root: &Path, offline: bool) -> Result<PackageGraph, Stop> {
    let lock = root.join("Cargo.lock");
    let before = std::fs::read(&lock).ok();
    let attempts: &[&[&str]] = if offline {
        &[&["--locked", "--offline"], &["--offline"]]
    } else {
        &[&["--locked", "--offline"], &["--offline"], &["--locked"], &[]]
    };
    let mut outcome = Err(Stop::Incomplete("cargo metadata was not run".to_owned()));
    for flags in attempts {
        outcome = metadata(root, flags);
        if outcome.is_ok() {
            break;
        }
    }
    let after = std::fs::read(&lock).ok();
    if before != after {
        let restored = match before {
            Some(bytes) => std::fs::write(&lock, bytes),
            None => std::fs::remove_file(&lock),
        };
        restored.map_err(|e| Stop::Incomplete(format!("cannot put `Cargo.lock` back: {e}")))?;
    }
    outcome
}

fn metadata(root: &Path, flags: &[&str]) -> Result<PackageGraph, Stop> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--all-features"])
        .args(flags)
        .output()
        .map_err(|e| Stop::Incomplete(format!("cannot run cargo: {e}")))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Stop::Incomplete(format!("cargo metadata failed: {}", why.trim())));
    }
    CargoMetadata::parse_json(String::from_utf8_lossy(&output.stdout))
        .and_then(CargoMetadata::build_graph)
        .map_err(|e| Stop::Incomplete(format!("cargo metadata makes no graph: {e}")))
}

/// A workspace crate with its place in the topology.
#[derive(Clone, Copy)]
pub(crate) struct Crate<'g> {
    /// The package.
    pub(crate) package: PackageMetadata<'g>,
    /// Id of its layer.
    pub(crate) layer_id: &'g str,
    /// Its layer.
    pub(crate) layer: &'g Layer,
}

impl<'g> Crate<'g> {
    /// Name of the package.
    pub(crate) fn name(&self) -> &'g str {
        self.package.name()
    }

    /// The folder of the manifest.
    pub(crate) fn dir(&self) -> PathBuf {
        let manifest = self.package.manifest_path().as_std_path();
        manifest.parent().unwrap_or(manifest).to_path_buf()
    }

    /// A member of `[package.metadata.blca]`.
    pub(crate) fn claim(&self, key: &str) -> Option<&'g str> {
        self.package.metadata_table().get("blca")?.get(key)?.as_str()
    }

    /// A finding about this crate, not placed yet.
    pub(crate) fn finding(&self, rule: &'static str, subject: &str, message: String) -> Finding {
        Finding {
            rule: rule.to_owned(),
            layer: self.layer_id.to_owned(),
            krate: self.name().to_owned(),
            intent: self.claim("intent").unwrap_or_default().to_owned(),
            subject: subject.to_owned(),
            message,
            ..Finding::default()
        }
    }

    fn label(&self) -> String {
        format!("{} ({})", self.name(), self.layer_id)
    }
}

/// The workspace as its topology sees it.
pub(crate) struct House<'g> {
    root: &'g Path,
    topology: &'g Topology,
    graph: &'g PackageGraph,
}

impl<'g> House<'g> {
    /// Binds the three.
    pub(crate) fn new(root: &'g Path, topology: &'g Topology, graph: &'g PackageGraph) -> Self {
        Self { root, topology, graph }
    }

    /// The members that have a layer.
    pub(crate) fn crates(&self) -> impl Iterator<Item = Crate<'g>> + use<'g> {
        let topology = self.topology;
        self.graph.workspace().iter().filter_map(move |package| {
            let (layer_id, layer) = topology.layer_of(package.name())?;
            Some(Crate { package, layer_id, layer })
        })
    }

    /// T001, T002, T009.
    pub(crate) fn check_membership(&self, out: &mut Vec<Finding>) {
        let tools = &self.topology.tools;
        let mut members = BTreeSet::new();
        for package in self.graph.workspace().iter() {
            let name = package.name();
            members.insert(name);
            if tools.iter().any(|t| t == name) {
                if !package.publish().is_never() {
                    let message = format!("tool `{name}` can be published");
                    out.push(self.at_manifest(package, "name", "T009", message));
                }
            } else if self.topology.layer_of(name).is_none() {
                let message = format!("workspace member `{name}` is in no layer");
                out.push(self.at_manifest(package, "name", "T001", message));
            }
        }
        for (id, layer) in &self.topology.layers {
            for name in layer.crates.iter().filter(|c| !members.contains(c.as_str())) {
                let message = format!("crate `{name}` is declared in {id} and does not exist");
                out.push(self.at_declaration(id, "T002", name, message));
            }
        }
        for name in tools.iter().filter(|t| !members.contains(t.as_str())) {
            let message = format!("tool `{name}` is declared and does not exist");
            out.push(self.at_declaration("", "T002", name, message));
        }
        if !members.contains(self.topology.canon_crate.as_str()) {
            let name = &self.topology.canon_crate;
            let message = format!("canon crate `{name}` is declared and does not exist");
            out.push(self.at_declaration("", "T002", name, message));
        }
    }

    /// D001, D002, D005, H001, the graph side of T009, and T006 for what no edge uses.
    pub(crate) fn check_edges(&self, out: &mut Vec<Finding>) {
        let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for krate in self.crates() {
            let used = used.entry(krate.layer_id).or_default();
            for link in krate.package.direct_links() {
                let normal = link.normal().is_present();
                let build = link.build().is_present();
                if link.to().in_workspace() {
                    self.check_inside(&krate, link, out);
                    if (normal || build)
                        && let Some((target, _)) = self.topology.layer_of(link.to().name())
                    {
                        used.insert(format!("layer {target}"));
                    }
                    continue;
                }
                let name = link.to().name();
                let listed = |list: &[String]| list.iter().any(|n| n == name);
                if normal {
                    used.insert(format!("crate {name}"));
                    if !listed(&krate.layer.external) {
                        let message = format!(
                            "{} crate `{}` names `{name}`, which its layer does not list",
                            krate.layer_id,
                            krate.name()
                        );
                        out.push(self.at_link(&krate, link, "D002", message));
                    }
                    if HASH_CRATES.contains(&name) && krate.name() != self.topology.canon_crate {
                        let message = format!(
                            "`{}` names the hash crate `{name}`; hashing lives in `{}`",
                            krate.name(),
                            self.topology.canon_crate
                        );
                        out.push(self.at_link(&krate, link, "H001", message));
                    }
                }
                if build {
                    used.insert(format!("build {name}"));
                    if !listed(&krate.layer.build) {
                        let message = format!(
                            "`{}` builds with `{name}`, which its layer does not list under `build`",
                            krate.name()
                        );
                        out.push(self.at_link(&krate, link, "D005", message));
                    }
                }
            }
        }
        self.check_unused(&used, out);
    }

    fn check_inside(&self, krate: &Crate<'g>, link: PackageLink<'g>, out: &mut Vec<Finding>) {
        let name = link.to().name();
        let counts = link.normal().is_present() || link.build().is_present();
        if self.topology.tools.iter().any(|t| t == name) {
            let message = format!("layer crate `{}` depends on the tool `{name}`", krate.name());
            out.push(self.at_link(krate, link, "T009", message));
            return;
        }
        let Some((target, _)) = self.topology.layer_of(name) else { return };
        let allowed = krate.layer.may_depend_on.iter().any(|l| l == target);
        if allowed || !(counts || krate.layer.dev == Dev::Strict) {
            return;
        }
        let message = format!(
            "{} crate `{}` depends on {target} crate `{name}` (may depend on {})",
            krate.layer_id,
            krate.name(),
            krate.layer.may_depend_on.join(", ")
        );
        let mut finding = self.at_link(krate, link, "D001", message);
        if let Some(step) = finding.path.last_mut() {
            *step = format!("{name} ({target})  {}  <- against the order", kinds(link));
        }
        out.push(finding);
    }

    fn check_unused(&self, used: &BTreeMap<&str, BTreeSet<String>>, out: &mut Vec<Finding>) {
        let empty = BTreeSet::new();
        for (id, layer) in &self.topology.layers {
            let used = used.get(id.as_str()).unwrap_or(&empty);
            let others = layer.may_depend_on.iter().filter(|l| *l != id);
            let permissions = (others.map(|l| ("layer", l)))
                .chain(layer.external.iter().map(|n| ("crate", n)))
                .chain(layer.build.iter().map(|n| ("build", n)));
            for (what, name) in permissions {
                if !used.contains(&format!("{what} {name}")) {
                    let message = format!("{id} permits {what} `{name}`, and no crate uses it");
                    out.push(self.at_declaration(id, "T006", name, message));
                }
            }
        }
    }

    /// D003 and D004.
    pub(crate) fn check_closure(&self, out: &mut Vec<Finding>) -> Result<(), Stop> {
        for krate in self.crates() {
            let id = krate.layer_id;
            // What a crate brings in itself: other workspace crates are judged on their own.
            let own = Reach::of(self.graph, &krate, Through::Outside)?;
            for (owner, names) in self.topology.closure.only.iter().filter(|(o, _)| *o != id) {
                for name in names {
                    if let Some(path) = own.path_to(|p, _| p.name() == name) {
                        let message = format!(
                            "{id} crate `{}` reaches `{name}`, which only {owner} may reach",
                            krate.name()
                        );
                        out.push(self.at_path(&krate, "D003", name, message, path));
                    }
                }
            }
            let denied = self.topology.closure.deny.get(id);
            let features = self.topology.closure.features_deny.get(id);
            if denied.is_none() && features.is_none() {
                continue;
            }
            let all = Reach::of(self.graph, &krate, Through::Everything)?;
            for name in denied.into_iter().flatten() {
                if let Some(path) = all.path_to(|p, _| p.name() == name) {
                    let message = format!(
                        "{id} crate `{}` reaches `{name}`, which {id} must not reach",
                        krate.name()
                    );
                    out.push(self.at_path(&krate, "D003", name, message, path));
                }
            }
            for wanted in features.into_iter().flatten() {
                let Some((name, feature)) = wanted.split_once('/') else { continue };
                let path = all
                    .path_to(|p, label| p.name() == name && label == FeatureLabel::Named(feature));
                if let Some(path) = path {
                    let message = format!("{id} crate `{}` switches on `{wanted}`", krate.name());
                    out.push(self.at_path(&krate, "D004", wanted, message, path));
                }
            }
        }
        Ok(())
    }

    /// D007: packages from elsewhere, and settings that could bring them.
    pub(crate) fn check_sources(&self, out: &mut Vec<Finding>) -> Result<(), Stop> {
        for package in self.graph.packages() {
            let source = package.source();
            if package.in_workspace() || source.is_crates_io() {
                continue;
            }
            let name = package.name();
            let message = format!("`{name}` comes from outside the workspace and crates.io");
            let user = self.crates().find_map(|k| {
                k.package.direct_links().find(|l| l.to().id() == package.id()).map(|l| (k, l))
            });
            out.push(match user {
                Some((krate, link)) => self.at_link(&krate, link, "D007", message),
                None => Finding {
                    rule: "D007".to_owned(),
                    file: "Cargo.toml".to_owned(),
                    subject: name.to_owned(),
                    message,
                    ..Finding::default()
                },
            });
        }
        let text = std::fs::read_to_string(self.root.join("Cargo.toml"))
            .map_err(|e| Stop::Incomplete(format!("`Cargo.toml`: {e}")))?;
        let manifest: toml::Table =
            toml::from_str(&text).map_err(|e| Stop::Incomplete(format!("`Cargo.toml`: {e}")))?;
        for key in ["patch", "replace"] {
            if manifest.contains_key(key) {
                out.push(Finding {
                    rule: "D007".to_owned(),
                    file: "Cargo.toml".to_owned(),
                    subject: key.to_owned(),
                    message: format!("`[{key}]` swaps crates for others"),
                    ..Finding::default()
                });
            }
        }
        Ok(())
    }

    fn at_manifest(
        &self,
        package: PackageMetadata<'g>,
        key: &str,
        rule: &'static str,
        message: String,
    ) -> Finding {
        let (file, line, frame) = self.manifest_line(package, key);
        let name = package.name().to_owned();
        Finding {
            rule: rule.to_owned(),
            file,
            line,
            frame,
            krate: name.clone(),
            subject: name,
            message,
            ..Finding::default()
        }
    }

    fn at_declaration(
        &self,
        layer: &str,
        rule: &'static str,
        name: &str,
        message: String,
    ) -> Finding {
        let after = if layer.is_empty() { String::new() } else { format!("[layers.{layer}]") };
        let (line, frame) = self.topology.mention(&after, name);
        Finding {
            rule: rule.to_owned(),
            file: "blca.toml".to_owned(),
            line,
            frame,
            layer: layer.to_owned(),
            subject: name.to_owned(),
            message,
            ..Finding::default()
        }
    }

    fn at_link(
        &self,
        krate: &Crate<'g>,
        link: PackageLink<'g>,
        rule: &'static str,
        message: String,
    ) -> Finding {
        let (file, line, frame) = self.manifest_line(krate.package, link.dep_name());
        let to = link.to();
        let path = vec![krate.label(), format!("{} {}  {}", to.name(), to.version(), kinds(link))];
        Finding { file, line, frame, path, ..krate.finding(rule, to.name(), message) }
    }

    fn at_path(
        &self,
        krate: &Crate<'g>,
        rule: &'static str,
        subject: &str,
        message: String,
        path: Vec<(String, String)>,
    ) -> Finding {
        let first = path.get(1).map_or("", |(name, _)| name.as_str());
        let key = krate.package.direct_links().find(|l| l.to().name() == first);
        let key = key.map_or(first, |link| link.dep_name());
        let (file, line, frame) = self.manifest_line(krate.package, key);
        let mut path: Vec<_> = path.into_iter().map(|(_, text)| text).collect();
        if let Some(root) = path.first_mut() {
            let features = root.find("  [").map_or("", |at| root.get(at..).unwrap_or_default());
            *root = format!("{}{features}", krate.label());
        }
        Finding { file, line, frame, path, ..krate.finding(rule, subject, message) }
    }

    /// The first line of a manifest that starts with `key`, as a dependency or a package member.
    fn manifest_line(&self, package: PackageMetadata<'g>, key: &str) -> (String, usize, String) {
        let path = package.manifest_path().as_std_path();
        let file = relative(self.root, path);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        for (index, line) in text.lines().enumerate() {
            let rest = line.trim_start().strip_prefix(key).map(str::trim_start);
            if rest.is_some_and(|r| r.starts_with(['=', '.'])) {
                return (file, index + 1, line.to_owned());
            }
        }
        (file, 0, String::new())
    }
}

/// A path as the report shows it.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

fn kinds(link: PackageLink<'_>) -> String {
    let kinds = [
        (link.normal().is_present(), "normal"),
        (link.build().is_present(), "build"),
        (link.dev().is_present(), "dev"),
    ];
    let present: Vec<_> = kinds.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    format!("[{}]", present.join(", "))
}

/// Which crates a walk passes through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Through {
    /// Outside crates only.
    Outside,
    /// Other workspace crates as well.
    Everything,
}

/// What one crate reaches with all its features, and by which links.
struct Reach<'g> {
    graph: &'g PackageGraph,
    start: Vec<FeatureId<'g>>,
    links: BTreeMap<FeatureId<'g>, Vec<FeatureId<'g>>>,
}

impl<'g> Reach<'g> {
    fn of(graph: &'g PackageGraph, krate: &Crate<'g>, through: Through) -> Result<Self, Stop> {
        let own = krate.package.id();
        let roots = graph
            .resolve_ids([own])
            .map_err(|e| Stop::Incomplete(format!("feature graph of `{}`: {e}", krate.name())))?
            .to_feature_set(StandardFeatures::All);
        let mut links: BTreeMap<_, Vec<_>> = BTreeMap::new();
        roots.to_feature_query(DependencyDirection::Forward).resolve_with_fn(|_, link| {
            let (from, to) = link.endpoints();
            let enters = to.package_id() != own && to.package().in_workspace();
            let follow = !link.dev_only() && (through == Through::Everything || !enters);
            if follow {
                links.entry(from.feature_id()).or_default().push(to.feature_id());
            }
            follow
        });
        // By name, not by package id: an id holds the folder, and a report must not depend on it.
        let name = |id: &FeatureId<'g>| {
            let package = graph.metadata(id.package_id()).ok();
            (package.map(|p| (p.name(), p.version())), id.label())
        };
        let mut start: Vec<_> = links.keys().copied().filter(|id| id.package_id() == own).collect();
        start.sort_by(|a, b| name(a).cmp(&name(b)));
        for targets in links.values_mut() {
            targets.sort_by(|a, b| name(a).cmp(&name(b)));
        }
        Ok(Self { graph, start, links })
    }

    /// The shortest way to the first feature that `wanted` accepts, as crate names and steps.
    fn path_to(
        &self,
        wanted: impl Fn(PackageMetadata<'g>, FeatureLabel<'g>) -> bool,
    ) -> Option<Vec<(String, String)>> {
        let mut came: BTreeMap<FeatureId<'g>, Option<FeatureId<'g>>> =
            self.start.iter().map(|id| (*id, None)).collect();
        let mut queue: VecDeque<_> = self.start.iter().copied().collect();
        while let Some(id) = queue.pop_front() {
            let package = self.graph.metadata(id.package_id()).ok()?;
            if wanted(package, id.label()) {
                return Some(self.steps(id, &came));
            }
            for next in self.links.get(&id).into_iter().flatten() {
                came.entry(*next).or_insert_with(|| {
                    queue.push_back(*next);
                    Some(id)
                });
            }
        }
        None
    }

    fn steps(
        &self,
        end: FeatureId<'g>,
        came: &BTreeMap<FeatureId<'g>, Option<FeatureId<'g>>>,
    ) -> Vec<(String, String)> {
        let mut features = vec![end];
        let mut at = end;
        while let Some(Some(previous)) = came.get(&at) {
            features.push(*previous);
            at = *previous;
        }
        features.reverse();
        let mut steps: Vec<(String, String)> = Vec::new();
        for id in features {
            let Ok(package) = self.graph.metadata(id.package_id()) else { continue };
            let name = package.name().to_owned();
            let label = match id.label() {
                FeatureLabel::Base => String::new(),
                FeatureLabel::Named(feature) => format!("  [feature {feature}]"),
                FeatureLabel::OptionalDependency(dep) => format!("  [optional {dep}]"),
            };
            match steps.last_mut() {
                Some((last, text)) if *last == name => text.push_str(&label),
                _ => steps.push((name.clone(), format!("{name} {}{label}", package.version()))),
            }
        }
        steps
    }
}
