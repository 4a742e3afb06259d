//! What was committed, as whoever brings it into another database needs it.

use std::ops::Range;

use sqlx::FromRow;
use store_traits::{Head, IdempotencyKey, Known, StoreError, TenantId, TenantSecret, Timestamp};

use crate::block::KnownRow;
use crate::error::corrupt;
use crate::row::HeadRow;
use crate::{Ledger, Statement, keys, sql};

pub(crate) static SELECT_PAST_COMMITS: Statement = Statement::both(
    "reading past commits",
    "SELECT size, peaks, root, recorded_at FROM commits WHERE tenant = $1 AND size > $2 ORDER BY size LIMIT $3",
);

/// A commit of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastCommit {
    /// The head that it made.
    pub head: Head,
    /// When it was sealed.
    pub recorded_at: Timestamp,
}

#[derive(FromRow)]
struct PastCommitRow {
    #[sqlx(flatten)]
    head: HeadRow,
    recorded_at: String,
}

impl Ledger {
    /// The commits that made a tenant's tree larger than `after_size`, in order, at most `limit` of them.
    ///
    /// # Errors
    /// The database failed, or a row cannot be a commit.
    pub async fn past_commits(
        &self,
        tenant: &TenantId,
        after_size: u64,
        limit: u32,
    ) -> Result<Vec<PastCommit>, StoreError> {
        let values = [after_size.into(), u64::from(limit).into()];
        let rows: Vec<PastCommitRow> =
            self.reader.rows(&SELECT_PAST_COMMITS, tenant, &values).await?;
        let commit = |PastCommitRow { head, recorded_at }| {
            let head = head.into_head(tenant)?;
            let recorded_at = Timestamp::parse(&recorded_at)
                .map_err(|error| corrupt(format!("the commit of size {}: {error}", head.size)))?;
            Ok(PastCommit { head, recorded_at })
        };
        rows.into_iter().map(commit).collect()
    }

    /// The key of each entry of a range and what is known by it, in order. All of the range: it should be
    /// short. A key is no part of its entry's bytes, so that it is compared with the tag that was written
    /// with it.
    ///
    /// # Errors
    /// The database failed, a row cannot be a block, or a key is not the one that was recorded.
    pub async fn known_in(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<(IdempotencyKey, Known)>, StoreError> {
        let doing = sql::SELECT_KNOWN_IN.doing;
        let mut reading = self.reader.reading(doing, tenant).await?;
        let values = [range.start.into(), range.end.into()];
        let blocks: Vec<KnownRow> = reading.rows(&sql::SELECT_KNOWN_IN, tenant, &values).await?;
        let tags = keys::read_tags(&mut reading, tenant, &range).await?;
        reading.end(doing).await?;
        let mut known = Vec::new();
        for block in blocks {
            known.extend(block.into_known(|seq, _| range.contains(&seq))?);
        }
        let placed = known.iter().map(|(key, known)| (known.seq, key.as_str()));
        if let Some((seq, what)) =
            keys::differences(self.keys.tag(), placed, &tags)?.into_iter().next()
        {
            return Err(corrupt(format!("entry {seq}: {what}")));
        }
        let parse = |(key, known): (String, Known)| match IdempotencyKey::parse(&key) {
            Ok(key) => Ok((key, known)),
            Err(error) => Err(corrupt(format!("the key of entry {}: {error}", known.seq))),
        };
        known.into_iter().map(parse).collect()
    }

    /// The secret of a tenant's fingerprints, where it was made and not erased.
    ///
    /// # Errors
    /// The database failed, or what is kept is no secret.
    pub async fn kept_secret(&self, tenant: &TenantId) -> Result<Option<TenantSecret>, StoreError> {
        let row: Option<(Vec<u8>,)> = self.reader.first(&sql::SELECT_SECRET, tenant, &[]).await?;
        row.map(|(bytes,)| {
            let bytes = bytes.try_into();
            bytes.map(TenantSecret).map_err(|_| corrupt(format!("the secret of `{tenant}`")))
        })
        .transpose()
    }
}
