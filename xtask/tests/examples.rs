//! Every public function of the engines' layer is shown by an example that runs: its own, or that of
//! its type or crate.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

/// The crates of L4.
const ENGINES: [&str; 5] =
    ["replay-determinism", "completeness", "audit-evidence", "redaction", "logs-facade"];

/// A public function, and whether its own documentation has an example.
struct Function {
    name: String,
    line: usize,
    shown: bool,
}

/// What a file says: its public functions, and the code of its examples.
#[derive(Default)]
struct Source {
    path: PathBuf,
    functions: Vec<Function>,
    examples: String,
}

/// Where a line of documentation stands.
enum Block {
    None,
    /// In an example that is built and run.
    Example,
    /// In a drawing, or in an example that is not run.
    Other,
}

fn sources(folder: &Path, into: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(source(path));
        }
    }
}

fn source(path: PathBuf) -> Source {
    let text = std::fs::read_to_string(&path).unwrap();
    let mut source = Source { path, ..Source::default() };
    let (mut block, mut shown) = (Block::None, false);
    // Unit tests stand last in a file, and are nobody's to call.
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    for (at, line) in code.lines().enumerate() {
        let line = line.trim_start();
        if let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) {
            match (doc.trim().strip_prefix("```"), &block) {
                (Some(""), Block::None) => (block, shown) = (Block::Example, true),
                (Some(_), Block::None) => block = Block::Other,
                (Some(_), Block::Example | Block::Other) => block = Block::None,
                (None, Block::Example) => source.examples.extend([doc, "\n"]),
                (None, Block::None | Block::Other) => {}
            }
            continue;
        }
        let called = ["pub fn ", "pub async fn ", "pub const fn "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        if let Some(rest) = called {
            let name = rest.split(['(', '<']).next().unwrap_or_default().to_owned();
            source.functions.push(Function { name, line: at + 1, shown });
        }
        if !line.starts_with("#[") {
            shown = false;
        }
    }
    source
}

#[test]
fn every_public_function_of_the_engines_is_shown_by_an_example() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let (mut all, mut unshown) = (0, Vec::new());
    for engine in ENGINES {
        let mut files = Vec::new();
        sources(&crates.join(engine).join("src"), &mut files);
        let whole: String = files.iter().map(|file| file.examples.as_str()).collect();
        for file in &files {
            all += file.functions.len();
            for function in file.functions.iter().filter(|function| !function.shown) {
                // A type's example calls its methods; a crate's calls what it is about.
                let Function { name, line, .. } = function;
                let of_type = [format!(".{name}("), format!("::{name}(")];
                let by_type = of_type.iter().any(|call| file.examples.contains(call));
                let by_crate = name.len() > 8 && whole.contains(&format!("({name}("));
                if !by_type && !by_crate {
                    unshown.push(format!("{}:{line} {name}", file.path.display()));
                }
            }
        }
    }
    assert!(all > 200, "only {all} public functions were found: is the layer somewhere else?");
    assert!(unshown.is_empty(), "no example shows these:\n{}", unshown.join("\n"));
}
