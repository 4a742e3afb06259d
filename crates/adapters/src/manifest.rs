//! `manifest.json`: what the bundle holds, file by file, and what it was asked for.

use std::collections::BTreeMap;

use store_traits::{Digest, Object, Value};

use crate::report::{as_u64, counts, object};

/// The first member that a reader looks at.
pub(crate) const FORMAT: &str = "factlog/bundle/1";

/// The manifest as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) generator: String,
    pub(crate) version: String,
    pub(crate) tenant: String,
    pub(crate) query: Object,
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) root: Digest,
    pub(crate) entries: u64,
    pub(crate) by_kind: BTreeMap<String, u64>,
    pub(crate) included: u64,
    pub(crate) withheld: u64,
    pub(crate) erased: u64,
    pub(crate) entry_files: Vec<EntryFile>,
    pub(crate) files: Vec<FileRecord>,
}

/// Which entries a file holds, a line each, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryFile {
    pub(crate) path: String,
    pub(crate) ranges: Vec<(u64, u64)>,
}

/// A member and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileRecord {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) sha256: Digest,
}

impl Manifest {
    pub(crate) fn to_value(&self) -> Value {
        let Self { generator, version, tenant, query, origin, size, root, .. } = self;
        let Self { entries, by_kind, included, withheld, erased, entry_files, files, .. } = self;
        let first = entry_files.first().and_then(|f| f.ranges.first()).map(|r| r.0);
        let last = entry_files.last().and_then(|f| f.ranges.last()).map(|r| r.1.saturating_sub(1));
        let number = |n: Option<u64>| n.map_or(Value::Null, Value::unsigned);
        let entry_file = |file: &EntryFile| {
            object([
                ("path", file.path.as_str().into()),
                ("ranges", file.ranges.iter().map(range).collect::<Vec<_>>().into()),
            ])
        };
        let file = |file: &FileRecord| {
            object([
                ("path", file.path.as_str().into()),
                ("size", Value::unsigned(file.size)),
                ("sha256", file.sha256.to_string().into()),
            ])
        };
        object([
            ("format", FORMAT.into()),
            (
                "generator",
                object([("name", generator.as_str().into()), ("version", version.as_str().into())]),
            ),
            ("tenant", tenant.as_str().into()),
            ("query", query.clone().into()),
            (
                "checkpoint",
                object([
                    ("origin", origin.as_str().into()),
                    ("size", Value::unsigned(*size)),
                    ("root", root.to_string().into()),
                ]),
            ),
            (
                "population",
                object([
                    ("entries", Value::unsigned(*entries)),
                    ("first_seq", number(first)),
                    ("last_seq", number(last)),
                    ("by_kind", counts(by_kind)),
                ]),
            ),
            (
                "contents",
                object([
                    ("included", Value::unsigned(*included)),
                    ("withheld", Value::unsigned(*withheld)),
                    ("erased", Value::unsigned(*erased)),
                ]),
            ),
            ("entry_files", entry_files.iter().map(entry_file).collect::<Vec<_>>().into()),
            ("files", files.iter().map(file).collect::<Vec<_>>().into()),
        ])
    }

    /// Reads a manifest; `None` if a member is missing or of another type. Whoever reads compares
    /// [`Manifest::to_value`] with what was read, so that no other member passes unseen.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let text = |path: &[&str]| value.at(path).and_then(Value::as_str).map(str::to_owned);
        let number = |path: &[&str]| as_u64(value.at(path));
        if text(&["format"])? != FORMAT {
            return None;
        }
        let by_kind = value.at(&["population", "by_kind"])?.as_object()?.iter();
        let by_kind = by_kind
            .map(|(kind, n)| Some((kind.to_string(), as_u64(Some(n))?)))
            .collect::<Option<_>>()?;
        let entry_files = value.member("entry_files")?.as_array()?.iter().map(|file| {
            let ranges =
                file.member("ranges")?.as_array()?.iter().map(|range| {
                    Some((as_u64(range.member("first"))?, as_u64(range.member("end"))?))
                });
            let path = file.member("path")?.as_str()?.to_owned();
            Some(EntryFile { path, ranges: ranges.collect::<Option<_>>()? })
        });
        let files = value.member("files")?.as_array()?.iter().map(|file| {
            Some(FileRecord {
                path: file.member("path")?.as_str()?.to_owned(),
                size: as_u64(file.member("size"))?,
                sha256: Digest::from_hex(file.member("sha256")?.as_str()?).ok()?,
            })
        });
        Some(Self {
            generator: text(&["generator", "name"])?,
            version: text(&["generator", "version"])?,
            tenant: text(&["tenant"])?,
            query: value.member("query")?.as_object()?.clone(),
            origin: text(&["checkpoint", "origin"])?,
            size: number(&["checkpoint", "size"])?,
            root: Digest::from_hex(&text(&["checkpoint", "root"])?).ok()?,
            entries: number(&["population", "entries"])?,
            by_kind,
            included: number(&["contents", "included"])?,
            withheld: number(&["contents", "withheld"])?,
            erased: number(&["contents", "erased"])?,
            entry_files: entry_files.collect::<Option<_>>()?,
            files: files.collect::<Option<_>>()?,
        })
    }
}

fn range((first, end): &(u64, u64)) -> Value {
    object([("first", Value::unsigned(*first)), ("end", Value::unsigned(*end))])
}
