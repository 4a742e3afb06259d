//! What was committed, as whoever brings it into another database needs it.

use std::ops::Range;

use sqlx::FromRow;
use store_traits::{Head, IdempotencyKey, Known, StoreError, TenantId, TenantSecret, Timestamp};

use crate::block::KnownRow;
use crate::error::corrupt;
use crate::row::HeadRow;
use crate::{Ledger, Statement, sql};

pub(crate) static SELECT_PAST_COMMITS: Statement = Statement::both(
    "reading past commits",
    "SELECT size, peaks, root, recorded_at FROM commits WHERE tenant = $1 AND size > $2 ORDER BY size LIMIT $3",
);
pub(crate) static SELECT_KNOWN_IN: Statement = Statement::both(
    "reading what is known of entries",
    "SELECT first_seq, ids, fingerprints, keys FROM blocks WHERE tenant = $1 AND first_seq >= (SELECT coalesce(max(first_seq), 0) FROM blocks WHERE tenant = $1 AND first_seq <= $2) AND first_seq < $3 ORDER BY first_seq",
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
    /// short.
    ///
    /// # Errors
    /// The database failed, or a row cannot be a block.
    pub async fn known_in(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<(IdempotencyKey, Known)>, StoreError> {
        let values = [range.start.into(), range.end.into()];
        let blocks: Vec<KnownRow> = self.reader.rows(&SELECT_KNOWN_IN, tenant, &values).await?;
        let mut known = Vec::new();
        for block in blocks {
            for (key, of_key) in block.into_known(|seq, _| range.contains(&seq))? {
                let wrong = |error| corrupt(format!("the key of entry {}: {error}", of_key.seq));
                known.push((IdempotencyKey::parse(&key).map_err(wrong)?, of_key));
            }
        }
        Ok(known)
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
