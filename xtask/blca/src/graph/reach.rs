//! What a crate reaches through features and transitive dependencies.
//!
//! Read from guppy's feature graph, with every feature of the crate as a root and without dev-only
//! links: the package graph alone blames weak features and features that another layer or a test
//! switched on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use guppy::graph::feature::{FeatureId, FeatureLabel, StandardFeatures};
use guppy::graph::{DependencyDirection, PackageGraph, PackageMetadata};

use super::Crate;
use crate::Stop;

/// Which crates a walk passes through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Through {
    /// Outside crates only.
    Outside,
    /// Other workspace crates as well.
    Everything,
}

/// What one crate reaches with all its features, and by which links.
pub(super) struct Reach<'g> {
    graph: &'g PackageGraph,
    start: Vec<FeatureId<'g>>,
    links: BTreeMap<FeatureId<'g>, Vec<FeatureId<'g>>>,
}

impl<'g> Reach<'g> {
    pub(super) fn of(
        graph: &'g PackageGraph,
        krate: &Crate<'g>,
        through: Through,
        test_features: &[String],
    ) -> Result<Self, Stop> {
        let own = krate.package.id();
        let roots = graph
            .resolve_ids([own])
            .map_err(|e| Stop::Incomplete(format!("feature graph of `{}`: {e}", krate.name())))?
            .to_feature_set(StandardFeatures::All);
        let mut links: BTreeMap<_, Vec<_>> = BTreeMap::new();
        roots.to_feature_query(DependencyDirection::Forward).resolve_with_fn(|_, link| {
            let (from, to) = link.endpoints();
            let enters = to.package_id() != own && to.package().in_workspace();
            let for_tests = from.package_id() == own
                && matches!(from.label(), FeatureLabel::Named(name) if test_features.iter().any(|t| t == name));
            let follow = !for_tests && !link.dev_only() && (through == Through::Everything || !enters);
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

    /// How many packages lead to the wanted one: the ways in, of which a finding shows the shortest.
    pub(super) fn ways_to(&self, name: &str) -> usize {
        let into = |id: &FeatureId<'g>| {
            self.graph.metadata(id.package_id()).is_ok_and(|p| p.name() == name)
        };
        let mut from = BTreeSet::new();
        for (source, targets) in &self.links {
            let leads = targets.iter().any(into) && !into(source);
            if let Ok(package) = self.graph.metadata(source.package_id())
                && leads
            {
                from.insert((package.name(), package.version().to_string()));
            }
        }
        from.len()
    }

    /// Names of everything that is reached.
    pub(super) fn names(&self) -> BTreeSet<&'g str> {
        let ids = self.links.values().flatten();
        ids.filter_map(|id| Some(self.graph.metadata(id.package_id()).ok()?.name())).collect()
    }

    /// The shortest way through each package that leads into the wanted one.
    pub(super) fn ways_into(&self, name: &str) -> Vec<Vec<String>> {
        let named =
            |id: &FeatureId<'g>| self.graph.metadata(id.package_id()).map_or("", |p| p.name());
        let mut into: BTreeMap<&str, (FeatureId<'g>, FeatureId<'g>)> = BTreeMap::new();
        for (from, targets) in &self.links {
            if named(from) != name
                && let Some(target) = targets.iter().find(|id| named(id) == name)
            {
                into.entry(named(from)).or_insert((*from, *target));
            }
        }
        let steps = into.values().filter_map(|(from, target)| {
            let from_package = from.package_id();
            let mut way = self.path_to(|package, _| package.id() == from_package)?;
            let package = self.graph.metadata(target.package_id()).ok()?;
            way.push((
                package.name().to_owned(),
                format!("{} {}", package.name(), package.version()),
            ));
            Some(way.into_iter().map(|(_, text)| text).collect())
        });
        steps.collect()
    }

    /// The shortest way to the first feature that `wanted` accepts, as crate names and steps.
    pub(super) fn path_to(
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
