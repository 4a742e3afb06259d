//! Rows of tags in the database.

use std::ops::Range;

use store_traits::{StoreError, TenantId};

use crate::block::KeysRow;
use crate::row::from_i64;
use crate::{Cell, Reader, Row, sql};

/// Which rows of tags: one a commit, or one a complete span.
#[derive(Clone, Copy)]
pub(super) enum Rows {
    Commit,
    Span,
}

impl Rows {
    pub(super) fn column(self) -> u64 {
        match self {
            Self::Commit => 0,
            Self::Span => 1,
        }
    }
}

/// Rows of tags from an entry on, each with its first entry.
pub(super) async fn read(
    reader: &Reader,
    tenant: &TenantId,
    which: Rows,
    from: u64,
    limit: u64,
) -> Result<Vec<(u64, Vec<u64>)>, StoreError> {
    let values = [which.column().into(), from.into(), limit.into()];
    let rows: Vec<(i64, Vec<u8>)> = reader.rows(&sql::SELECT_KEY_TAGS, tenant, &values).await?;
    rows.iter().map(tags_of).collect()
}

/// The keys of entries as they are stored, each with its entry, in order.
pub(super) async fn keys(
    reader: &Reader,
    tenant: &TenantId,
    range: &Range<u64>,
) -> Result<Vec<(u64, String)>, StoreError> {
    let bounds = [range.start.into(), range.end.into()];
    let rows: Vec<KeysRow> = reader.rows(&sql::SELECT_KEYS, tenant, &bounds).await?;
    let mut keys = Vec::new();
    for row in &rows {
        keys.extend(row.keys(range)?.map(|(seq, key)| (seq, key.to_owned())));
    }
    Ok(keys)
}

pub(super) fn tags_of((first, bytes): &(i64, Vec<u8>)) -> Result<(u64, Vec<u64>), StoreError> {
    let (tags, _) = bytes.as_chunks::<8>();
    let tags = tags.iter().map(|tag| u64::from_be_bytes(*tag)).collect();
    Ok((from_i64(*first, "key_tags.first_seq")?, tags))
}

pub(super) fn row(which: Rows, first: u64, tags: &[u64]) -> Row<'static> {
    let bytes: Vec<u8> = tags.iter().flat_map(|tag| tag.to_be_bytes()).collect();
    Row { seq: first, cells: vec![which.column().into(), Cell::Bytes(bytes.into())] }
}
