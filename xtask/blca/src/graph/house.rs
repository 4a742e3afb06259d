//! Membership, and edges between crates, by package name and not by dependency key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use guppy::graph::{PackageGraph, PackageLink, PackageMetadata};

use super::HASH_CRATES;
use crate::files::relative;
use crate::topology::{Dev, Layer, Topology};
use crate::{Finding, Stop};

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
    pub(crate) fn finding(&self, rule: &str, subject: &str, message: String) -> Finding {
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

    pub(super) fn label(&self) -> String {
        format!("{} ({})", self.name(), self.layer_id)
    }
}

/// The workspace as its topology sees it.
pub(crate) struct House<'g> {
    pub(super) root: &'g Path,
    pub(super) topology: &'g Topology,
    pub(super) graph: &'g PackageGraph,
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
    pub(super) fn check_membership(&self, out: &mut Vec<Finding>) {
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
                out.push(self.at_declaration(&section(id), id, "T002", name, message));
            }
        }
        for (id, _) in self.topology.layers.iter().filter(|(_, layer)| layer.crates.is_empty()) {
            let message = format!("layer {id} has no crate: its rules can match nothing");
            let (line, frame) = self.topology.heading(id);
            out.push(Finding { line, frame, ..self.at_declaration("", id, "T008", id, message) });
        }
        for name in tools.iter().filter(|t| !members.contains(t.as_str())) {
            let message = format!("tool `{name}` is declared and does not exist");
            out.push(self.at_declaration("", "", "T002", name, message));
        }
        let canon = &self.topology.canon_crate;
        let user = self.crates().find(|krate| {
            krate.package.direct_links().any(|l| l.normal().is_present() && l.to().name() == canon)
        });
        if members.contains(canon.as_str()) && user.is_none() {
            let message = format!(
                "no crate links the canon crate `{canon}`: canonical form has another home"
            );
            out.push(self.at_declaration("", "", "H002", canon, message));
        }
        if !members.contains(self.topology.canon_crate.as_str()) {
            let name = &self.topology.canon_crate;
            let message = format!("canon crate `{name}` is declared and does not exist");
            out.push(self.at_declaration("", "", "T002", name, message));
        }
    }

    /// T009 by the manifests' own words: cargo leaves a dependency on a package without a library out
    /// of its graph.
    pub(super) fn check_tools(&self, out: &mut Vec<Finding>) -> Result<(), Stop> {
        for krate in self.crates() {
            let manifest = self.manifest(krate.package.manifest_path().as_std_path())?;
            let mut named = BTreeSet::new();
            dependencies(&manifest, &mut named);
            let linked =
                |tool: &String| krate.package.direct_links().any(|link| link.to().name() == tool);
            for tool in self.topology.tools.iter().filter(|t| named.contains(*t) && !linked(t)) {
                let message =
                    format!("layer crate `{}` depends on the tool `{tool}`", krate.name());
                out.push(self.at_manifest(krate.package, tool, "T009", message));
            }
        }
        Ok(())
    }

    /// D001, D002, D005, H001, the graph side of T009, and T006 for what no edge uses.
    pub(super) fn check_edges(&self, out: &mut Vec<Finding>) {
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
                    out.push(self.at_declaration(&section(id), id, "T006", name, message));
                }
            }
        }
    }

    fn at_manifest(
        &self,
        package: PackageMetadata<'g>,
        key: &str,
        rule: &str,
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

    /// A finding about the declaration: the first mention of `"name"` behind the line `section`.
    pub(super) fn at_declaration(
        &self,
        section: &str,
        layer: &str,
        rule: &str,
        name: &str,
        message: String,
    ) -> Finding {
        let (line, frame) = self.topology.mention(section, name);
        let column = frame.find(&format!("\"{name}\"")).map_or(0, |at| at + 1);
        Finding {
            rule: rule.to_owned(),
            file: "blca.toml".to_owned(),
            line,
            column,
            width: if column == 0 { 0 } else { name.chars().count() + 2 },
            frame,
            layer: layer.to_owned(),
            subject: name.to_owned(),
            message,
            ..Finding::default()
        }
    }

    pub(super) fn at_link(
        &self,
        krate: &Crate<'g>,
        link: PackageLink<'g>,
        rule: &str,
        message: String,
    ) -> Finding {
        let (file, line, frame) = self.manifest_line(krate.package, link.dep_name());
        let to = link.to();
        let path = vec![krate.label(), format!("{} {}  {}", to.name(), to.version(), kinds(link))];
        let (column, width) = marked(&frame, link.dep_name());
        Finding {
            file,
            line,
            column,
            width,
            frame,
            path,
            ..krate.finding(rule, to.name(), message)
        }
    }

    pub(super) fn at_path(
        &self,
        krate: &Crate<'g>,
        rule: &str,
        subject: &str,
        message: String,
        path: Vec<(String, String)>,
    ) -> Finding {
        let first = path.get(1).map_or("", |(name, _)| name.as_str());
        let key = krate.package.direct_links().find(|l| l.to().name() == first);
        let key = key.map_or(first, |link| link.dep_name());
        let (file, line, frame) = self.manifest_line(krate.package, key);
        // Where the manifest's own line switches a feature of the first step on, point at it.
        let switched = path.get(1).and_then(|(_, text)| text.split("[feature ").nth(1));
        let switched =
            switched.and_then(|rest| rest.split(']').next()).unwrap_or_default().to_owned();
        let quoted = format!("\"{switched}\"");
        let (column, width) = match frame.find(&quoted).filter(|_| !switched.is_empty()) {
            Some(at) => (at + 1, quoted.len()),
            None => marked(&frame, key),
        };
        let mut path: Vec<_> = path.into_iter().map(|(_, text)| text).collect();
        if let Some(root) = path.first_mut() {
            let features = root.find("  [").map_or("", |at| root.get(at..).unwrap_or_default());
            *root = format!("{}{features}", krate.label());
        }
        Finding { file, line, column, width, frame, path, ..krate.finding(rule, subject, message) }
    }

    /// The first line of a manifest that starts with `key`, as a dependency or a package member.
    fn manifest_line(&self, package: PackageMetadata<'g>, key: &str) -> (String, usize, String) {
        let path = package.manifest_path().as_std_path();
        let file = relative(self.root, path);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        for (index, line) in text.lines().enumerate() {
            let bare = line.trim_start();
            let rest = bare.strip_prefix(key).map(str::trim_start);
            let member = rest.is_some_and(|r| r.starts_with(['=', '.']));
            // `[dependencies.key]` and `[target.….dependencies.key]`
            let table = bare.strip_prefix('[').and_then(|r| r.split(']').next());
            let table = table.is_some_and(|t| t.rsplit('.').next() == Some(key) && t != key);
            if member || table {
                return (file, index + 1, line.to_owned());
            }
        }
        (file, 0, String::new())
    }
}

/// Package names in every table of dependencies that ships.
fn dependencies(table: &toml::Table, out: &mut BTreeSet<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        match key.as_str() {
            "dependencies" | "build-dependencies" => {
                for (name, spec) in inner {
                    let package = spec.get("package").and_then(toml::Value::as_str);
                    out.insert(package.unwrap_or(name).to_owned());
                }
            }
            "target" => {
                inner.values().filter_map(toml::Value::as_table).for_each(|t| dependencies(t, out))
            }
            _ => {}
        }
    }
}

/// Column and width of a name in a line.
fn marked(frame: &str, name: &str) -> (usize, usize) {
    frame.find(name).map_or((0, 0), |at| (at + 1, name.len()))
}

fn section(layer: &str) -> String {
    format!("[layers.{layer}]")
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
