//! D003 and D004: what each crate reaches.

use guppy::graph::PackageMetadata;
use guppy::graph::feature::FeatureLabel;

use super::reach::{Reach, Through};
use super::{Crate, House};
use crate::{Finding, Stop};

impl<'g> House<'g> {
    /// D003 and D004.
    pub(super) fn check_closure(&self, out: &mut Vec<Finding>) -> Result<(), Stop> {
        for krate in self.crates() {
            let id = krate.layer_id;
            // What a crate brings in itself: other workspace crates are judged on their own.
            let own = self.reach(&krate, Through::Outside)?;
            for (owner, names) in self.topology.closure.only.iter().filter(|(o, _)| *o != id) {
                let whose = format!("which only {owner} may reach");
                self.check_fenced(&krate, &own, names, &whose, &format!("{owner} only"), out);
            }
            let denied = self.topology.closure.deny.get(id);
            let features = self.topology.closure.features_deny.get(id);
            if denied.is_none() && features.is_none() {
                continue;
            }
            let all = self.reach(&krate, Through::Everything)?;
            if let Some(names) = denied {
                let whose = format!("which {id} must not reach");
                self.check_fenced(&krate, &all, names, &whose, &format!("not from {id}"), out);
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

    /// D003 for the crates behind one fence. What lies behind another of them on the way is not said
    /// twice.
    fn check_fenced(
        &self,
        krate: &Crate<'g>,
        reach: &Reach<'g>,
        names: &[String],
        whose: &str,
        mark: &str,
        out: &mut Vec<Finding>,
    ) {
        for name in names {
            let Some(mut path) = reach.path_to(|p, _| p.name() == name) else { continue };
            let (on_the_way, last) = (path.len().saturating_sub(1), path.last_mut());
            if let Some((_, text)) = last {
                text.push_str(&format!("  ← {mark}"));
            }
            if path.iter().take(on_the_way).any(|(step, _)| names.contains(step)) {
                continue;
            }
            let message =
                format!("{} crate `{}` reaches `{name}`, {whose}", krate.layer_id, krate.name());
            let path_note = further(krate.name(), name, reach.ways_to(name));
            out.push(Finding { path_note, ..self.at_path(krate, "D003", name, message, path) });
        }
    }

    /// T006: a forbidden feature that its crate does not have (any more) guards nothing.
    pub(super) fn check_stale_features(&self, out: &mut Vec<Finding>) {
        for (id, wanted) in self
            .topology
            .closure
            .features_deny
            .iter()
            .flat_map(|(id, list)| list.iter().map(move |w| (id, w)))
        {
            let Some((name, feature)) = wanted.split_once('/') else { continue };
            let mut packages = self.graph.packages().filter(|p| p.name() == name).peekable();
            let known = packages.peek().is_none() || packages.any(|p| has_feature(&p, feature));
            if !known {
                let message = format!(
                    "features_deny of {id} names `{wanted}`, and `{name}` has no such feature"
                );
                out.push(self.at_declaration(
                    "[closure.features_deny]",
                    id,
                    "T006",
                    wanted,
                    message,
                ));
            }
        }
    }

    /// D004 for features that exist for tests: no shipped edge switches them on.
    pub(super) fn check_test_features(&self, out: &mut Vec<Finding>) {
        for krate in self.crates() {
            for link in krate.package.direct_links().filter(|l| l.to().in_workspace()) {
                let on = |request: guppy::graph::DependencyReq<'_>| {
                    request.is_present()
                        && self.topology.test_features.iter().any(|f| requests(&request, f))
                };
                if on(link.normal()) || on(link.build()) {
                    let message = format!(
                        "`{}` switches on a feature of `{}` that exists for tests",
                        krate.name(),
                        link.to().name()
                    );
                    out.push(self.at_link(&krate, link, "D004", message));
                }
            }
        }
    }

    pub(super) fn reach(&self, krate: &Crate<'g>, through: Through) -> Result<Reach<'g>, Stop> {
        Reach::of(self.graph, krate, through, &self.topology.test_features)
    }
}

fn has_feature(package: &PackageMetadata<'_>, feature: &str) -> bool {
    package.named_features().any(|name| name == feature)
        || package.direct_links().any(|l| l.dep_name() == feature)
}

fn requests(request: &guppy::graph::DependencyReq<'_>, feature: &str) -> bool {
    !request.feature_status(feature).is_never()
}

fn further(from: &str, to: &str, ways: usize) -> String {
    match ways.saturating_sub(1) {
        0 => String::new(),
        1 => format!("(1 further path: --why {from} {to})"),
        more => format!("({more} further paths: --why {from} {to})"),
    }
}
