//! The layers as a picture, and the ways from one crate to another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::reach::Through;
use super::{Crate, House};
use crate::Stop;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// For Markdown pages.
    Mermaid,
    /// For Graphviz.
    Dot,
}

/// Crates in their layers, with the edges that ship.
pub(crate) fn draw(house: &House<'_>, form: Picture) -> String {
    let mut layers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut edges: Vec<(&str, &str)> = Vec::new();
    for krate in house.crates() {
        layers.entry(krate.layer_id).or_default().push(krate.name());
        for link in krate.package.direct_links().filter(|l| l.to().in_workspace() && !l.dev_only())
        {
            if house.topology.layer_of(link.to().name()).is_some() {
                edges.push((krate.name(), link.to().name()));
            }
        }
    }
    edges.sort_unstable();
    let mut out = match form {
        Picture::Mermaid => "flowchart TD\n".to_owned(),
        Picture::Dot => "digraph layers {\n  rankdir=TB;\n  node [shape=box];\n".to_owned(),
    };
    for (id, mut crates) in layers {
        crates.sort_unstable();
        let name = house.topology.layers.get(id).map_or("", |layer| layer.name.as_str());
        let title = if name.is_empty() { id.to_owned() } else { format!("{id} {name}") };
        let _ = match form {
            Picture::Mermaid => writeln!(out, "  subgraph {id}[\"{title}\"]"),
            Picture::Dot => writeln!(out, "  subgraph \"cluster_{id}\" {{\n    label=\"{title}\";"),
        };
        for krate in crates {
            let _ = match form {
                Picture::Mermaid => writeln!(out, "    {}[{krate}]", krate.replace('-', "_")),
                Picture::Dot => writeln!(out, "    \"{krate}\";"),
            };
        }
        out.push_str(if form == Picture::Mermaid { "  end\n" } else { "  }\n" });
    }
    for (from, to) in edges {
        let _ = match form {
            Picture::Mermaid => {
                writeln!(out, "  {} --> {}", from.replace('-', "_"), to.replace('-', "_"))
            }
            Picture::Dot => writeln!(out, "  \"{from}\" -> \"{to}\";"),
        };
    }
    if form == Picture::Dot {
        out.push_str("}\n");
    }
    out
}

/// Every way from a crate with a layer to a package, one for each package that leads into it.
pub(crate) fn why(house: &House<'_>, from: &str, to: &str) -> Result<String, Stop> {
    let krate = named(house, from)?;
    let reach = house.reach(&krate, Through::Everything)?;
    let ways = reach.ways_into(to);
    if ways.is_empty() {
        let known = house.graph.packages().any(|p| p.name() == to);
        return Ok(if known {
            format!("`{from}` does not reach `{to}` with any of its features.\n")
        } else {
            format!("`{to}` is not in the graph at all.\n")
        });
    }
    let mut out = String::new();
    for way in &ways {
        for (depth, step) in way.iter().enumerate() {
            let _ = match depth {
                0 => writeln!(out, "{step} ({})", krate.layer_id),
                _ => writeln!(out, "{}└─ {step}", "   ".repeat(depth - 1)),
            };
        }
        out.push('\n');
    }
    let count = ways.len();
    let _ = writeln!(out, "{count} {} into `{to}`", if count == 1 { "way" } else { "ways" });
    Ok(out)
}

/// Names of all packages that a crate reaches.
pub(crate) fn reached(house: &House<'_>, krate: &str) -> Result<BTreeSet<String>, Stop> {
    let krate = named(house, krate)?;
    let names = house.reach(&krate, Through::Everything)?.names();
    Ok(names.into_iter().filter(|name| *name != krate.name()).map(str::to_owned).collect())
}

fn named<'g>(house: &House<'g>, name: &str) -> Result<Crate<'g>, Stop> {
    house
        .crates()
        .find(|k| k.name() == name)
        .ok_or_else(|| Stop::Declaration(format!("`{name}` is no crate with a layer")))
}
