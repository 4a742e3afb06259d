//! A sealed batch as rows, in the order in which they are written.

use std::vec::IntoIter;

use store_traits::{Content, Head, SealedBatch, SealedEntry, StoreError, Subtree};

use crate::{FactAt, Insert, Projection, Row, Table, block, sql};

/// Rows of one table.
pub(crate) struct Part<'a> {
    pub(crate) insert: &'static Insert,
    pub(crate) rows: Vec<Row<'a>>,
}

/// Everything of a batch but its head, one table after the other. Rows are made when they are asked
/// for, which is while the database works on those before.
pub(crate) struct Parts<'a> {
    facts: Vec<FactAt<'a>>,
    sources: IntoIter<Source<'a>>,
}

enum Source<'a> {
    Blocks(&'a SealedBatch),
    KeyTags(Vec<Row<'a>>),
    Contents(&'a SealedBatch),
    Subtrees(&'a SealedBatch),
    Table(&'static Table),
}

impl<'a> Parts<'a> {
    /// `tags` are the rows of the batch's keys.
    pub(crate) fn of(
        batch: &'a SealedBatch,
        tags: Vec<Row<'a>>,
        projections: &[&'static Projection],
    ) -> Self {
        let own = [
            Source::Blocks(batch),
            Source::KeyTags(tags),
            Source::Contents(batch),
            Source::Subtrees(batch),
        ];
        let tables = projections.iter().flat_map(|projection| projection.tables);
        let sources: Vec<_> = own.into_iter().chain(tables.map(Source::Table)).collect();
        let fact = |entry: &'a SealedEntry| FactAt { seq: entry.seq, fact: &entry.fact };
        let facts = batch.entries.iter().map(fact).collect();
        Self { facts, sources: sources.into_iter() }
    }

    /// Rows of some tables alone, of facts that were recorded before.
    pub(crate) fn of_tables(
        facts: Vec<FactAt<'a>>,
        tables: impl Iterator<Item = &'static Table>,
    ) -> Self {
        let sources: Vec<_> = tables.map(Source::Table).collect();
        Self { facts, sources: sources.into_iter() }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        Some(match self.sources.next()? {
            Source::Blocks(batch) => {
                Part { insert: &sql::INSERT_BLOCKS, rows: block::rows(&batch.entries) }
            }
            Source::KeyTags(rows) => Part { insert: &sql::INSERT_KEY_TAGS, rows },
            Source::Contents(batch) => Part {
                insert: &sql::INSERT_CONTENTS,
                rows: batch.contents.iter().map(content).collect(),
            },
            Source::Subtrees(batch) => Part {
                insert: &sql::INSERT_SUBTREES,
                rows: batch.subtrees.iter().map(subtree).collect(),
            },
            Source::Table(table) => {
                Part { insert: &table.insert, rows: table.rows_of(&self.facts) }
            }
        })
    }
}

/// A gap would be refused by nobody else: the keys only say that a number is not taken twice.
pub(crate) fn fits_together(batch: &SealedBatch) -> Result<(), StoreError> {
    let refuse = |why: String| Err(StoreError::Database { doing: "committing a batch", why });
    let numbered = (batch.on_size..batch.head.size).eq(batch.entries.iter().map(|entry| entry.seq));
    if !numbered || batch.entries.is_empty() {
        return refuse(format!(
            "the batch on {} does not number its {} entries up to {}",
            batch.on_size,
            batch.entries.len(),
            batch.head.size
        ));
    }
    Ok(())
}

/// The roots of a head's perfect subtrees, one behind the other.
pub(crate) fn peaks(head: &Head) -> Vec<u8> {
    head.peaks.iter().flat_map(|peak| *peak.as_bytes()).collect()
}

fn content(content: &Content) -> Row<'_> {
    Row {
        seq: content.seq,
        cells: vec![
            content.pointer.as_str().into(),
            content.form.as_str().into(),
            content.salt[..].into(),
            content.bytes[..].into(),
        ],
    }
}

fn subtree(subtree: &Subtree) -> Row<'_> {
    let cells = vec![u64::from(subtree.level).into(), subtree.root.as_bytes()[..].into()];
    Row { seq: subtree.index, cells }
}
