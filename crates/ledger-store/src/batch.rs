//! A sealed batch as rows, in the order in which they are written.

use std::collections::VecDeque;
use std::vec::IntoIter;

use store_traits::{Content, Head, SealedBatch, SealedEntry, StoreError, Subtree, TenantId};

use crate::given::{Fresh, Given};
use crate::projection::stored;
use crate::{FactAt, Insert, Projection, Row, Table, block, run_entries, sql};

/// Rows of one table.
pub(crate) struct Part<'a> {
    pub(crate) insert: &'static Insert,
    pub(crate) rows: Vec<Row<'a>>,
    /// Of a topic.
    table: Option<&'static Table>,
}

/// What is derived of so few facts is there at once. Of more, it is derived while the database writes the
/// facts themselves.
const FEW: usize = 64;

/// Everything of a batch but its head, one table after the other. Rows are made when they are asked
/// for, which is while the database works on those before; or all of them ahead of their turn.
pub(crate) struct Parts<'a> {
    made: VecDeque<Part<'a>>,
    facts: Vec<FactAt<'a>>,
    sources: IntoIter<Source<'a>>,
    tables: Vec<&'static Table>,
    given: Option<Knows<'a>>,
    derived: IntoIter<(&'static Table, Vec<Row<'a>>)>,
}

/// What is known to be there already, and where the rest is noted.
#[derive(Clone, Copy)]
pub(crate) struct Knows<'a> {
    pub(crate) given: &'a Given,
    pub(crate) fresh: &'a Fresh,
    pub(crate) tenant: &'a TenantId,
}

enum Source<'a> {
    Blocks(&'a SealedBatch),
    Contents(&'a SealedBatch),
    Subtrees(&'a SealedBatch),
}

impl<'a> Parts<'a> {
    pub(crate) fn of(
        batch: &'a SealedBatch,
        projections: &[&'static Projection],
        given: Option<Knows<'a>>,
    ) -> Self {
        let own = vec![Source::Blocks(batch), Source::Contents(batch), Source::Subtrees(batch)];
        let fact = |entry: &'a SealedEntry| FactAt::new(entry.seq, &entry.fact);
        let facts = batch.entries.iter().map(fact).collect();
        let tables = projections.iter().flat_map(|projection| projection.tables);
        Self { given, ..Self::new(facts, own, tables) }
    }

    /// Rows of some tables alone, of facts that were recorded before.
    pub(crate) fn of_tables(
        facts: Vec<FactAt<'a>>,
        tables: impl Iterator<Item = &'static Table>,
    ) -> Self {
        Self::new(facts, Vec::new(), tables)
    }

    fn new(
        facts: Vec<FactAt<'a>>,
        own: Vec<Source<'a>>,
        tables: impl Iterator<Item = &'static Table>,
    ) -> Self {
        let (sources, derived) = (own.into_iter(), Vec::new().into_iter());
        let made = VecDeque::new();
        Self { made, facts, sources, tables: tables.collect(), given: None, derived }
    }

    /// Makes all that can be made before it is known whether the batch will be written. Another one is
    /// being written meanwhile, so that the processors have enough to do.
    pub(crate) fn make_ready(&mut self) {
        while let Some(part) = self.make(usize::MAX) {
            self.made.push_back(part);
        }
    }

    /// Rows that are written before the others.
    pub(crate) fn put_first(&mut self, insert: &'static Insert, rows: Vec<Row<'a>>) {
        self.made.push_front(Part { insert, rows, table: None });
    }

    /// What the ledger itself keeps, before that which is derived; of a few facts also which entries speak
    /// of which run, the first of what is derived.
    pub(crate) fn own(&mut self) -> Vec<Part<'a>> {
        let more = |parts: &Self| match parts.made.front() {
            Some(part) => part.table.is_none(),
            None => !parts.sources.as_slice().is_empty(),
        };
        let mut own = Vec::new();
        while more(self) {
            own.extend(self.next());
        }
        if self.facts.len() <= FEW {
            match self.next() {
                Some(part) if std::ptr::eq(part.insert, run_entries::insert()) => own.push(part),
                other => other.into_iter().for_each(|part| self.made.push_front(part)),
            }
        }
        own
    }

    fn make(&mut self, worth: usize) -> Option<Part<'a>> {
        if let Some(source) = self.sources.next() {
            let (insert, rows) = match source {
                Source::Blocks(batch) => (&sql::INSERT_BLOCKS, block::rows(&batch.entries)),
                Source::Contents(batch) => {
                    (&sql::INSERT_CONTENTS, batch.contents.iter().map(content).collect())
                }
                Source::Subtrees(batch) => {
                    (&sql::INSERT_SUBTREES, batch.subtrees.iter().map(subtree).collect())
                }
            };
            return Some(Part { insert, rows, table: None });
        }
        // Those of all tables at once.
        let tables = std::mem::take(&mut self.tables);
        if !tables.is_empty() {
            self.derived = stored(&tables, &self.facts, worth).into_iter();
        }
        let (table, rows) = self.derived.next()?;
        Some(Part { insert: &table.insert, rows, table: Some(table) })
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        // A thread is worth starting for a stretch of facts, and for the few on either side of a border it
        // is not.
        let worth = if self.facts.len() <= FEW { usize::MAX } else { 1 };
        let mut part = self.made.pop_front().or_else(|| self.make(worth))?;
        if let (Some(table), Some(Knows { given, fresh, tenant })) = (part.table, self.given) {
            given.drop_known(fresh, tenant, table, &mut part.rows);
        }
        Some(part)
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
