//! Rows as the database gives them, and their conversion into snapshots.

use sqlx::FromRow;
use store_traits::{
    Checkpoint, Commit, Content, Digest, Head, StoreError, Subtree, TenantId, Timestamp,
};

use crate::error::corrupt;

/// A number as a database keeps it. Both count to 2^63 − 1; a larger bound of a range means "to the
/// end".
#[must_use]
pub fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A stored number, which is never negative; `what` names the row and column.
///
/// # Errors
/// [`StoreError::Corrupt`] for a negative number.
pub fn from_i64(number: i64, what: &str) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| corrupt(format!("{what}: {number} is negative")))
}

pub(crate) fn digest(bytes: &[u8], what: &str) -> Result<Digest, StoreError> {
    Digest::try_from(bytes).map_err(|error| corrupt(format!("{what}: {error}")))
}

#[derive(FromRow)]
pub(crate) struct HeadRow {
    size: i64,
    peaks: Vec<u8>,
    root: Vec<u8>,
}

impl HeadRow {
    /// The newest head, or the empty one where nothing was committed.
    pub(crate) fn head_or_empty(row: Option<Self>, tenant: &TenantId) -> Result<Head, StoreError> {
        row.map_or_else(|| Ok(Head::empty()), |row| row.into_head(tenant))
    }

    pub(crate) fn into_head(self, tenant: &TenantId) -> Result<Head, StoreError> {
        let Self { size, peaks, root } = self;
        let what = format!("commits of `{tenant}` at size {size}");
        let peaks = peaks.chunks(32).map(|peak| digest(peak, &what)).collect::<Result<_, _>>()?;
        Ok(Head { size: from_i64(size, &what)?, peaks, root: digest(&root, &what)? })
    }
}

#[derive(FromRow)]
pub(crate) struct CommitRow {
    on_size: i64,
    #[sqlx(flatten)]
    head: HeadRow,
}

impl CommitRow {
    pub(crate) fn into_commit(self, tenant: &TenantId) -> Result<Commit, StoreError> {
        let what = format!("commits of `{tenant}` at size {}", self.head.size);
        let on_size = from_i64(self.on_size, &what)?;
        Ok(Commit { on_size, head: self.head.into_head(tenant)? })
    }
}

#[derive(FromRow)]
pub(crate) struct ContentRow {
    seq: i64,
    // A text in SQLite, its bytes in PostgreSQL: it may hold U+0000.
    pointer: Vec<u8>,
    form: String,
    salt: Vec<u8>,
    bytes: Vec<u8>,
}

impl ContentRow {
    pub(crate) fn into_content(self) -> Result<Content, StoreError> {
        let Self { seq, pointer, form, salt, bytes } = self;
        let pointer = String::from_utf8(pointer)
            .map_err(|error| corrupt(format!("contents.{seq}: the pointer: {error}")))?;
        Ok(Content { seq: from_i64(seq, "contents.seq")?, pointer, form, salt, bytes })
    }
}

/// A hash with its number: of a subtree of one level.
#[derive(FromRow)]
pub(crate) struct HashRow {
    number: i64,
    hash: Vec<u8>,
}

impl HashRow {
    pub(crate) fn into_subtree(self, level: u8) -> Result<Subtree, StoreError> {
        let Self { number, hash } = self;
        let what = format!("hash {number} of level {level}");
        Ok(Subtree { level, index: from_i64(number, &what)?, root: digest(&hash, &what)? })
    }
}

#[derive(FromRow)]
pub(crate) struct CheckpointRow {
    size: i64,
    root: Vec<u8>,
    note: String,
    signed_at: String,
}

impl CheckpointRow {
    pub(crate) fn into_checkpoint(self) -> Result<Checkpoint, StoreError> {
        let Self { size, root, note, signed_at } = self;
        let what = format!("checkpoint at size {size}");
        Ok(Checkpoint {
            size: from_i64(size, &what)?,
            root: digest(&root, &what)?,
            note,
            signed_at: Timestamp::parse(&signed_at)
                .map_err(|error| corrupt(format!("{what}: {error}")))?,
        })
    }
}
