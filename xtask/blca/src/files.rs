//! The files of a workspace: one walk that follows no circle and hides no trouble.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// Folders that hold no source: what cargo builds, and what git keeps.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// What lies below a folder.
#[derive(Default)]
pub(crate) struct Listing {
    /// Files that an audit may read, absolute, sorted.
    pub(crate) files: BTreeSet<PathBuf>,
    /// What could not be read, and why.
    pub(crate) troubles: Vec<(PathBuf, String)>,
}

impl Listing {
    /// Walks a folder.
    pub(crate) fn of(root: &Path) -> Self {
        let mut listing = Self::default();
        let mut around = Vec::new();
        listing.walk(root, &mut around);
        listing
    }

    fn walk(&mut self, dir: &Path, around: &mut Vec<PathBuf>) {
        let real = match dir.canonicalize() {
            Ok(real) if around.contains(&real) => {
                let why = format!("a symbolic link leads in a circle to `{}`", real.display());
                return self.troubles.push((dir.to_path_buf(), why));
            }
            Ok(real) => real,
            Err(error) => return self.troubles.push((dir.to_path_buf(), error.to_string())),
        };
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => return self.troubles.push((dir.to_path_buf(), error.to_string())),
        };
        around.push(real);
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                Ok((path, kind)) => self.entry(path, kind, around),
                Err(error) => self.troubles.push((dir.to_path_buf(), error.to_string())),
            }
        }
        around.pop();
    }

    fn entry(&mut self, path: PathBuf, kind: std::fs::FileType, around: &mut Vec<PathBuf>) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let directory = if kind.is_symlink() {
            match path.metadata() {
                Ok(behind) => behind.is_dir(),
                Err(error) if interesting(&name) || path.extension().is_none() => {
                    return self
                        .troubles
                        .push((path, format!("a symbolic link leads nowhere: {error}")));
                }
                Err(_) => return,
            }
        } else {
            kind.is_dir()
        };
        if directory {
            if !SKIPPED.contains(&name.as_str()) {
                self.walk(&path, around);
            }
        } else if interesting(&name) || in_cargo_folder(&path) {
            self.files.insert(path);
        }
    }

    /// The listed files below a folder with an extension.
    pub(crate) fn below<'l>(
        &'l self,
        dir: &'l Path,
        extension: &'l str,
    ) -> impl Iterator<Item = &'l Path> {
        let from = self.files.range::<Path, _>((Bound::Included(dir), Bound::Unbounded));
        let inside = from.take_while(move |path| path.starts_with(dir)).map(PathBuf::as_path);
        inside.filter(move |path| path.extension().is_some_and(|e| e == extension))
    }
}

fn interesting(name: &str) -> bool {
    [".rs", ".sql", ".toml"].iter().any(|end| name.ends_with(end)) || name == "Cargo.lock"
}

fn in_cargo_folder(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|folder| folder == ".cargo")
}

/// A file's text without its byte order mark, or why there is none.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("is not UTF-8 (byte {})", error.utf8_error().valid_up_to()))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// A path as the report shows it: relative to the root, with `/` between folders.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = path.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    parts.join("/").replace("//", "/")
}

/// A path without `.` and `..`, as the text says and whatever links lie on it.
pub(crate) fn normalised(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => _ = out.pop(),
            other => out.push(other),
        }
    }
    out
}
