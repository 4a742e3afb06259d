//! All that a range of entries is verified with, read over one connection.

use std::ops::Range;

use store_traits::{Content, Differences, Entry, StoreError, StoredRange, TenantId, Value};

use crate::block::BlockRow;
use crate::compare::{self, Compared, Stored};
use crate::projection::derived;
use crate::row::ContentRow;
use crate::{FactAt, KeyTag, Reader, Table, keys, sql};

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
    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for block in &self.blocks {
            entries.extend(block.entries(&self.range)?);
        }
        Ok(entries)
    }

    fn contents(&mut self) -> Result<Vec<Content>, StoreError> {
        std::mem::take(&mut self.contents).into_iter().map(ContentRow::into_content).collect()
    }

    fn differences(&self, facts: &[(u64, Value)]) -> Result<Differences, StoreError> {
        let facts: Vec<_> = facts.iter().map(|(seq, fact)| FactAt { seq: *seq, fact }).collect();
        let found = keys::differences(self.tag, self.keys()?.into_iter(), &self.tags)?;
        let mut differences = Differences { found, lacking: Vec::new() };
        for (table, stored) in &self.tables {
            let expected = derived(table, &facts);
            let Compared { found, lacking } =
                compare::differences(table, stored, &self.range, expected)?;
            differences.found.extend(found);
            differences.lacking.extend(lacking);
        }
        Ok(differences)
    }
}
