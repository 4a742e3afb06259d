//! The crate graph: who is a member, who may link whom, and what is reached.
//!
//! Everything that later rules need of the graph is in a [`GraphVerdict`], a value that depends on the
//! manifests, the lock file and the topology alone, so that it can be kept from one run to the next.

mod closure;
mod house;
mod lints;
mod load;
mod origin;
mod picture;
mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use guppy::graph::{BuildTargetId, PackageGraph, PackageMetadata};
use serde::{Deserialize, Serialize};

pub(crate) use house::{Crate, House};
pub(crate) use load::load;
pub use picture::Picture;
pub(crate) use picture::{draw, reached, why};

use crate::files::{Listing, normalised, relative};
use crate::topology::{Group, Topology};
use crate::{Finding, Stop};

/// Crates whose business is hashing.
pub(crate) const HASH_CRATES: &[&str] = &[
    "ahash",
    "blake2",
    "blake2b_simd",
    "blake3",
    "crypto-hash",
    "fnv",
    "foldhash",
    "fxhash",
    "gxhash",
    "highway",
    "hmac",
    "hmac-sha256",
    "k12",
    "md-5",
    "md4",
    "md5",
    "metrohash",
    "openssl",
    "ring",
    "ripemd",
    "rustc-hash",
    "seahash",
    "sha-1",
    "sha1",
    "sha1_smol",
    "sha2",
    "sha2-asm",
    "sha256",
    "sha3",
    "siphasher",
    "tiny-keccak",
    "twox-hash",
    "wyhash",
    "xxh3",
    "xxhash-rust",
    "zwohash",
];

/// What the graph says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GraphVerdict {
    /// Crates with a layer, in order of name.
    pub(crate) members: Vec<Member>,
    /// Breaches.
    pub(crate) findings: Vec<Finding>,
    /// Manifests outside the root that the graph was read from.
    pub(crate) outside: Vec<String>,
}

/// A crate with a layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Package name.
    pub(crate) name: String,
    /// Id of its layer.
    pub(crate) layer: String,
    /// Folder, relative to the root; empty for a package at the root itself.
    pub(crate) dir: String,
    /// Manifest, relative to the root.
    pub(crate) manifest: String,
    /// What the manifest claims.
    pub(crate) claims: BTreeMap<String, String>,
    /// Its targets.
    pub(crate) targets: Vec<Target>,
    /// Extern name → package name with underscores, where they differ.
    pub(crate) renames: BTreeMap<String, String>,
    /// Rule groups that hold here.
    pub(crate) forbid: BTreeSet<Group>,
    /// Whether a crate outside its layer links it.
    pub(crate) exposed: bool,
    /// Whether its driver takes nothing but `&'static str` as a statement.
    pub(crate) fixed_statements: bool,
}

/// A target of a crate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Target {
    /// Absolute path of its root file, as cargo gives it.
    pub(crate) path: String,
    /// Library, program or build script, and no test, example or benchmark.
    pub(crate) production: bool,
}

/// Reads the graph and applies every rule that needs nothing else.
pub(crate) fn judge(
    root: &Path,
    topology: &Topology,
    listing: &Listing,
    offline: bool,
) -> Result<GraphVerdict, Stop> {
    let graph = load(root, offline)?;
    let house = House::new(root, topology, &graph);
    let mut findings = Vec::new();
    house.check_membership(&mut findings);
    house.check_edges(&mut findings);
    house.check_tools(&mut findings)?;
    house.check_closure(&mut findings)?;
    house.check_origin(listing, &mut findings)?;
    house.check_stale_features(&mut findings);
    house.check_test_features(&mut findings);
    house.check_lints(&mut findings)?;
    house.check_targets(&mut findings);
    let mut members: Vec<Member> =
        house.crates().map(|krate| member(root, &house, &krate)).collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let outside = outside(root, &graph);
    Ok(GraphVerdict { members, findings, outside })
}

fn outside(root: &Path, graph: &PackageGraph) -> Vec<String> {
    let local = graph.packages().filter(|p| p.source().is_path() || p.in_workspace());
    let manifests = local.map(|p| p.manifest_path().as_std_path().to_path_buf());
    let mut out: Vec<String> = manifests
        .filter(|path| !path.starts_with(root))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    out.sort();
    out
}

fn member(root: &Path, house: &House<'_>, krate: &Crate<'_>) -> Member {
    let claim = |key: &str| Some((key.to_owned(), krate.claim(key)?.to_owned()));
    let targets = krate.package.build_targets().map(|target| Target {
        path: target.path().to_string(),
        production: matches!(
            target.id(),
            BuildTargetId::Library | BuildTargetId::Binary(_) | BuildTargetId::BuildScript
        ),
    });
    Member {
        name: krate.name().to_owned(),
        layer: krate.layer_id.to_owned(),
        dir: relative(root, &krate.dir()),
        manifest: relative(root, krate.package.manifest_path().as_std_path()),
        claims: ["layer", "audience", "intent", "role"]
            .iter()
            .filter_map(|key| claim(key))
            .collect(),
        targets: targets.collect(),
        renames: renames(krate.package),
        forbid: house.forbidden_in(krate),
        exposed: house.is_linked_from_outside(krate),
        fixed_statements: takes_fixed_statements(krate.package),
    }
}

/// From 0.9 on sqlx asks for `&'static str`, or for an explicit waiver (`AssertSqlSafe`).
fn takes_fixed_statements(package: PackageMetadata<'_>) -> bool {
    let sqlx = package.direct_links().map(|l| l.to()).find(|p| p.name() == "sqlx");
    sqlx.is_some_and(|p| (p.version().major, p.version().minor) >= (0, 9))
}

fn renames(package: PackageMetadata<'_>) -> BTreeMap<String, String> {
    let links = package.direct_links();
    let names = links.map(|l| (l.resolved_name().to_owned(), l.to().name().replace('-', "_")));
    names.filter(|(here, there)| here != there).collect()
}

impl House<'_> {
    /// X004 and X005 for the targets of each crate.
    fn check_targets(&self, out: &mut Vec<Finding>) {
        for krate in self.crates() {
            let manifest = relative(self.root, krate.package.manifest_path().as_std_path());
            for target in krate.package.build_targets() {
                let path = target.path().as_std_path();
                let real = path.canonicalize().unwrap_or_else(|_| normalised(path));
                let dir = krate.dir();
                let home = dir.canonicalize().unwrap_or(dir);
                if !real.starts_with(&home) {
                    let shown = relative(self.root, &normalised(path));
                    let message = format!(
                        "a target of `{}` lies outside its folder: `{shown}`",
                        krate.name()
                    );
                    out.push(Finding {
                        file: manifest.clone(),
                        ..krate.finding("X004", &shown, message)
                    });
                }
                let what = if target.id() == BuildTargetId::BuildScript {
                    "has a build script"
                } else if krate.package.is_proc_macro() {
                    "is a macro crate"
                } else {
                    continue;
                };
                let message = format!("`{}` {what}", krate.name());
                out.push(Finding {
                    file: manifest.clone(),
                    ..krate.finding("X005", what, message)
                });
            }
        }
    }

    /// The layer's own groups and those of every crate that links this one: what is forbidden to an
    /// exporter is forbidden to what it calls.
    fn forbidden_in(&self, krate: &Crate<'_>) -> BTreeSet<Group> {
        let mut groups: BTreeSet<Group> = krate.layer.forbid.iter().copied().collect();
        for other in self.crates().filter(|other| !other.layer.forbid.is_empty()) {
            if self.links(other.package, krate.name(), &mut BTreeSet::new()) {
                groups.extend(other.layer.forbid.iter().copied());
            }
        }
        groups
    }

    fn links(&self, from: PackageMetadata<'_>, wanted: &str, seen: &mut BTreeSet<String>) -> bool {
        from.direct_links().filter(|l| l.to().in_workspace() && !l.dev_only()).any(|link| {
            let name = link.to().name();
            name == wanted || (seen.insert(name.to_owned()) && self.links(link.to(), wanted, seen))
        })
    }

    fn is_linked_from_outside(&self, krate: &Crate<'_>) -> bool {
        self.crates().filter(|other| other.layer_id != krate.layer_id).any(|other| {
            let mut links = other.package.direct_links();
            links.any(|l| !l.dev_only() && l.to().name() == krate.name())
        })
    }
}
