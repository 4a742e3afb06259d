//! R006: the compiler's own fence, where a workspace has one.
//!
//! `clippy.toml` names calls that clippy refuses; `[workspace.lints]` is what each crate must take
//! over. A workspace without them has only BLCA's own rules.

use super::House;
use crate::files::{read, relative};
use crate::topology::Group;
use crate::{Finding, Stop};

/// What a `clippy.toml` must refuse where a group is forbidden somewhere.
const REFUSED: &[(Group, &str)] =
    &[(Group::Clock, "std::time::SystemTime::now"), (Group::Environment, "std::env::var")];

impl House<'_> {
    /// The fence stands, and every crate is inside it.
    pub(super) fn check_lints(&self, out: &mut Vec<Finding>) -> Result<(), Stop> {
        let clippy = ["clippy.toml", ".clippy.toml"].iter().find(|f| self.root.join(f).is_file());
        if let Some(file) = clippy {
            let text = read(&self.root.join(file))
                .map_err(|why| Stop::Incomplete(format!("`{file}`: {why}")))?;
            for (group, path) in REFUSED {
                let forbidden = self.topology.layers.values().any(|l| l.forbid.contains(group));
                if forbidden && !text.contains(path) {
                    out.push(Finding {
                        rule: "R006".to_owned(),
                        file: (*file).to_owned(),
                        subject: (*path).to_owned(),
                        message: format!("`disallowed-methods` does not list `{path}`"),
                        ..Finding::default()
                    });
                }
            }
        }
        let manifest = self.manifest(&self.root.join("Cargo.toml"))?;
        let shared = manifest.get("workspace").and_then(|w| w.get("lints")).is_some();
        for krate in self.crates().filter(|krate| !krate.layer.forbid.is_empty()) {
            let path = krate.package.manifest_path().as_std_path();
            let manifest = self.manifest(path)?;
            let takes = manifest.get("lints").and_then(|l| l.get("workspace"));
            if shared && takes.and_then(toml::Value::as_bool) != Some(true) {
                let message =
                    format!("`{}` does not take over the workspace's lints", krate.name());
                let file = relative(self.root, path);
                out.push(Finding { file, ..krate.finding("R006", "lints.workspace", message) });
            }
        }
        Ok(())
    }

    /// A parsed manifest.
    pub(super) fn manifest(&self, path: &std::path::Path) -> Result<toml::Table, Stop> {
        let shown = relative(self.root, path);
        let text = read(path).map_err(|why| Stop::Incomplete(format!("`{shown}`: {why}")))?;
        toml::from_str(&text).map_err(|e| Stop::Incomplete(format!("`{shown}`: {e}")))
    }
}
