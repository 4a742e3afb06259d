//! All that a range of entries is verified with, read over one connection.

use std::collections::BTreeSet;
use std::ops::Range;

use store_traits::{Content, Differences, EntryRef, StoreError, StoredRange, TenantId, Value};

use crate::block::BlockRow;
use crate::cell::StoredRow;
use crate::compare::{self, Compared, Stored};
use crate::row::ContentRow;
use crate::{FactAt, KeyTag, Reader, STRETCH, Table, keys, sql};

/// The rows of a range of entries as they were read.
pub(crate) struct ReadRange {
    range: Range<u64>,
    blocks: Vec<BlockRow>,
    contents: Vec<ContentRow>,
    tag: KeyTag,
    tags: Vec<(i64, Vec<u8>)>,
    tables: Vec<(&'static Table, Stored)>,
}

impl ReadRange {
    pub(crate) async fn read(
        reader: &Reader,
        tables: &[&'static Table],
        tag: KeyTag,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Self, StoreError> {
        let doing = "reading what is verified";
        let mut reading = reader.reading(doing, tenant).await?;
        let bounds = [range.start.into(), range.end.into()];
        let blocks = reading.rows(&sql::SELECT_BLOCKS, tenant, &bounds).await?;
        let contents = reading.rows(&sql::SELECT_CONTENTS, tenant, &bounds).await?;
        let tags = keys::read_tags(&mut reading, tenant, &range).await?;
        let mut read = Vec::with_capacity(tables.len());
        for table in tables {
            read.push((*table, compare::read(&mut reading, table, tenant, &range).await?));
        }
        reading.end(doing).await?;
        Ok(Self { range, blocks, contents, tag, tags, tables: read })
    }

    fn keys(&self) -> Result<Vec<(u64, &str)>, StoreError> {
        let mut keys = Vec::new();
        for block in &self.blocks {
            keys.extend(block.keys(&self.range)?);
        }
        Ok(keys)
    }
}

impl StoredRange for ReadRange {
    fn contents(&mut self) -> Result<Vec<Content>, StoreError> {
        std::mem::take(&mut self.contents).into_iter().map(ContentRow::into_content).collect()
    }

    fn compare(
        &self,
        fact: &mut dyn FnMut(EntryRef<'_>) -> Option<Value>,
    ) -> Result<Differences, StoreError> {
        let mut found = keys::differences(self.tag, self.keys()?.into_iter(), &self.tags)?;
        for block in &self.blocks {
            found.extend(block.uneven()?.filter(|(first, _)| self.range.contains(first)));
        }
        let mut tables = Vec::with_capacity(self.tables.len());
        for (table, stored) in &self.tables {
            tables.push((*table, stored.rows(table)?));
        }
        let mut comparison = Comparison {
            range: &self.range,
            tables,
            compared: BTreeSet::new(),
            differences: Differences { found, lacking: Vec::new() },
        };
        let (mut facts, mut room): (Vec<(u64, Value)>, _) = (Vec::new(), Vec::new());
        for block in &self.blocks {
            block.each_entry(&self.range, &mut room, &mut |entry| {
                let seq = entry.seq;
                if facts.last().is_some_and(|(last, _)| last / STRETCH != seq / STRETCH) {
                    comparison.stretch(&facts);
                    facts.clear();
                }
                facts.extend(fact(entry).map(|fact| (seq, fact)));
            })?;
        }
        comparison.stretch(&facts);
        let mut differences = comparison.end();
        for (table, stored) in &self.tables {
            differences.found.extend(stored.lost(table));
        }
        Ok(differences)
    }
}

/// A stretch of facts after the other, beside the rows of each.
struct Comparison<'r> {
    range: &'r Range<u64>,
    tables: Vec<(&'static Table, Vec<StoredRow<'r>>)>,
    compared: BTreeSet<u64>,
    differences: Differences,
}

impl Comparison<'_> {
    /// Compares facts of one stretch. Entries of one that was compared already lie where others lie: they are
    /// found as being there twice.
    fn stretch(&mut self, facts: &[(u64, Value)]) {
        let Some(stretch) = facts.first().map(|(seq, _)| seq / STRETCH) else { return };
        if !self.compared.insert(stretch) {
            return;
        }
        let facts: Vec<_> = facts.iter().map(|(seq, fact)| FactAt::new(*seq, fact)).collect();
        for (table, rows) in &self.tables {
            let (rows, expected) = (compare::of_stretch(rows, stretch), (table.rows)(&facts));
            let Compared { found, lacking } =
                compare::differences(table, rows, self.range, expected);
            self.differences.found.extend(found);
            self.differences.lacking.extend(lacking);
        }
    }

    /// Also rows of stretches without a fact.
    fn end(self) -> Differences {
        let Self { range, tables, compared, mut differences } = self;
        for (table, rows) in tables {
            for rows in rows.chunk_by(|one, next| one.seq / STRETCH == next.seq / STRETCH) {
                if rows.first().is_some_and(|row| !compared.contains(&(row.seq / STRETCH))) {
                    let Compared { found, .. } =
                        compare::differences(table, rows, range, Vec::new());
                    differences.found.extend(found);
                }
            }
        }
        differences
    }
}
