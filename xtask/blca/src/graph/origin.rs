//! D007 and X006: where crates come from, and settings that swap them or the compiler.

use super::House;
use crate::files::{Listing, normalised, read, relative};
use crate::{Finding, Stop};

impl House<'_> {
    /// Packages from elsewhere, `[patch]`, and cargo's settings.
    pub(super) fn check_origin(
        &self,
        listing: &Listing,
        out: &mut Vec<Finding>,
    ) -> Result<(), Stop> {
        self.packages(out);
        let manifest = self.manifest(&self.root.join("Cargo.toml"))?;
        for key in ["patch", "replace"] {
            if manifest.contains_key(key) {
                out.push(finding(
                    "D007",
                    "Cargo.toml",
                    key,
                    format!("`[{key}]` swaps crates for others"),
                ));
            }
        }
        let settings = listing.files.iter().filter(|path| {
            let folder = path.parent().and_then(std::path::Path::file_name);
            let name = path.file_name().unwrap_or_default();
            folder.is_some_and(|f| f == ".cargo") && (name == "config.toml" || name == "config")
        });
        for path in settings.filter(|path| self.governs(path)) {
            let shown = relative(self.root, path);
            let text = read(path).map_err(|why| Stop::Incomplete(format!("`{shown}`: {why}")))?;
            let table: toml::Table =
                toml::from_str(&text).map_err(|e| Stop::Incomplete(format!("`{shown}`: {e}")))?;
            self.settings(&shown, &table, out);
        }
        Ok(())
    }

    /// Whether cargo reads these settings when it builds a crate of the workspace.
    fn governs(&self, settings: &std::path::Path) -> bool {
        let home = settings.parent().and_then(std::path::Path::parent);
        home.is_some_and(|home| {
            home == self.root
                || self
                    .crates()
                    .any(|krate| krate.dir().starts_with(home) || home.starts_with(krate.dir()))
        })
    }

    fn packages(&self, out: &mut Vec<Finding>) {
        for package in self.graph.packages() {
            let source = package.source();
            if package.in_workspace() {
                let dir = package.manifest_path().as_std_path();
                let real = dir.canonicalize().unwrap_or_else(|_| normalised(dir));
                if !real.starts_with(self.root) {
                    let message =
                        format!("member `{}` lies outside the workspace's folder", package.name());
                    out.push(finding("D007", "Cargo.toml", package.name(), message));
                }
                continue;
            }
            if source.is_crates_io() {
                continue;
            }
            let name = package.name();
            let message = format!("`{name}` comes from outside the workspace and crates.io");
            let user = self.crates().find_map(|k| {
                k.package.direct_links().find(|l| l.to().id() == package.id()).map(|l| (k, l))
            });
            out.push(match user {
                Some((krate, link)) => self.at_link(&krate, link, "D007", message),
                None => finding("D007", "Cargo.toml", name, message),
            });
        }
    }

    fn settings(&self, file: &str, table: &toml::Table, out: &mut Vec<Finding>) {
        for key in ["paths", "patch"] {
            if table.contains_key(key) {
                out.push(finding("D007", file, key, format!("`{key}` swaps crates for others")));
            }
        }
        let sources = table.get("source").and_then(toml::Value::as_table);
        for (name, source) in sources.into_iter().flatten() {
            for key in ["git", "registry"] {
                let from = source.get(key).and_then(toml::Value::as_str);
                if from.is_some_and(|from| !from.contains("crates.io")) {
                    let message = format!("source `{name}` takes crates from elsewhere (`{key}`)");
                    out.push(finding("D007", file, name, message));
                }
            }
            for key in ["directory", "local-registry"] {
                let from = source.get(key).and_then(toml::Value::as_str).unwrap_or(".");
                // A mirror in the tree is under review with everything else, and has checksums.
                if !normalised(&self.root.join(from)).starts_with(self.root) {
                    let message = format!(
                        "source `{name}` takes crates from outside the workspace (`{from}`)"
                    );
                    out.push(finding("D007", file, name, message));
                }
            }
        }
        let build = table.get("build").and_then(toml::Value::as_table);
        for key in ["rustc", "rustc-wrapper", "rustc-workspace-wrapper", "rustflags"] {
            if let Some(value) = build.and_then(|b| b.get(key)) {
                self.compiler(file, "build", key, value, out);
            }
        }
        let targets = table.get("target").and_then(toml::Value::as_table);
        for (name, target) in targets.into_iter().flatten() {
            for key in ["rustflags", "runner", "linker"] {
                if let Some(value) = target.get(key) {
                    self.compiler(file, &format!("target.{name}"), key, value, out);
                }
            }
        }
        if let Some(env) = table.get("env").and_then(toml::Value::as_table) {
            for name in env.keys().filter(|name| name.contains("RUST") || name.contains("CARGO")) {
                let message = format!("`[env] {name}` steers the compiler from outside the code");
                out.push(finding("X006", file, name, message));
            }
        }
        if table.contains_key("include") {
            out.push(finding(
                "X006",
                file,
                "include",
                "`include` takes in settings from elsewhere".to_owned(),
            ));
        }
    }

    /// Flags that switch code on or off, and programs in the compiler's place.
    fn compiler(
        &self,
        file: &str,
        section: &str,
        key: &str,
        value: &toml::Value,
        out: &mut Vec<Finding>,
    ) {
        let text = value.to_string();
        let harmless = match key {
            "rustflags" => !["--cfg", "--cap-lints", "-A", "--allow", "-Z", "--extern", "-L", "-l"]
                .iter()
                .any(|flag| text.contains(flag)),
            "runner" | "linker" => true,
            _ => false,
        };
        if !harmless {
            let message = format!("`[{section}] {key}` changes what the compiler sees: {text}");
            out.push(finding("X006", file, &format!("{section}.{key}"), message));
        }
    }
}

fn finding(rule: &str, file: &str, subject: &str, message: String) -> Finding {
    Finding {
        rule: rule.to_owned(),
        file: file.to_owned(),
        subject: subject.to_owned(),
        message,
        ..Finding::default()
    }
}
