//! The vocabulary's traits over the tables.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, SqlitePool};
use store_traits::{
    Checkpoint, CommitOutcome, Content, Digest, Entry, FactId, Head, IdempotencyKey, Known,
    LedgerStore, RunId, SealedBatch, StoreError, Subtree, TenantId, TenantSecret, TileStore,
};

use crate::read::{
    CheckpointRow, ContentRow, EntryRow, HashRow, HeadRow, KnownRow, from_i64, head, to_i64,
};
use crate::{FactAt, SqliteLedger, commit, database, error::corrupt, fact, guards, sql};

/// The most entries or subtrees that one call reads.
const PAGE: u64 = 10_000;
/// Keys that are looked up in one statement.
const KEYS: usize = 256;

#[async_trait]
impl TileStore for SqliteLedger {
    async fn hashes(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Digest>, StoreError> {
        let found = hashes(self.reader(), tenant, level, range.clone()).await?;
        // Where one is missing the answer ends: a hash must never stand in another one's place.
        let in_place = found.into_iter().zip(range).take_while(|(hash, at)| hash.index == *at);
        Ok(in_place.map(|(hash, _)| hash.root).collect())
    }
}

#[async_trait]
impl LedgerStore for SqliteLedger {
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let names: Vec<String> = sqlx::query_scalar(sql::SELECT_TENANTS)
            .fetch_all(self.reader())
            .await
            .map_err(database("listing the tenants"))?;
        names
            .iter()
            .map(|name| TenantId::parse(name).map_err(|error| corrupt(format!("commits: {error}"))))
            .collect()
    }

    async fn head(&self, tenant: &TenantId) -> Result<Head, StoreError> {
        let mut conn = self.reader().acquire().await.map_err(database("reading the head"))?;
        head(&mut conn, tenant).await
    }

    async fn head_at(&self, tenant: &TenantId, size: u64) -> Result<Option<Head>, StoreError> {
        let row: Option<HeadRow> = sqlx::query_as(sql::SELECT_HEAD_AT)
            .bind(tenant.as_str())
            .bind(to_i64(size))
            .fetch_optional(self.reader())
            .await
            .map_err(database("reading a head"))?;
        row.map(|row| row.into_head(tenant)).transpose()
    }

    async fn commits(
        &self,
        tenant: &TenantId,
        after_size: u64,
        limit: u32,
    ) -> Result<Vec<Head>, StoreError> {
        let rows: Vec<HeadRow> = sqlx::query_as(sql::SELECT_COMMITS)
            .bind(tenant.as_str())
            .bind(to_i64(after_size))
            .bind(i64::from(limit))
            .fetch_all(self.reader())
            .await
            .map_err(database("reading the commits"))?;
        rows.into_iter().map(|row| row.into_head(tenant)).collect()
    }

    async fn known(
        &self,
        tenant: &TenantId,
        keys: &[IdempotencyKey],
    ) -> Result<Vec<Option<Known>>, StoreError> {
        let mut known = BTreeMap::new();
        for chunk in keys.chunks(KEYS) {
            // The last key fills the chunk up to a power of two, so that few texts are prepared. The
            // text has bare `?` only: sqlx counts those on their own, apart from numbered ones.
            let width = chunk.len().next_power_of_two();
            let text = format!("{}{})", sql::SELECT_KNOWN, vec!["?"; width].join(","));
            let mut query = sqlx::query_as(AssertSqlSafe(text)).bind(tenant.as_str());
            for key in chunk.iter().chain(chunk.last().into_iter().cycle()).take(width) {
                query = query.bind(key.as_str());
            }
            let rows: Vec<KnownRow> =
                query.fetch_all(self.reader()).await.map_err(database("looking up known facts"))?;
            for row in rows {
                known.insert(row.key.clone(), row.into_known()?);
            }
        }
        Ok(keys.iter().map(|key| known.get(key.as_str()).cloned()).collect())
    }

    async fn commit(&self, batch: &SealedBatch) -> Result<CommitOutcome, StoreError> {
        commit::commit(self, batch).await
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<EntryRow> = sqlx::query_as(sql::SELECT_ENTRIES)
            .bind(tenant.as_str())
            .bind(to_i64(range.start))
            .bind(to_i64(range.end.min(range.start.saturating_add(PAGE))))
            .fetch_all(self.reader())
            .await
            .map_err(database("reading entries"))?;
        rows.into_iter().map(EntryRow::into_entry).collect()
    }

    async fn run_seqs(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<u64>, StoreError> {
        let seqs: Vec<i64> = sqlx::query_scalar(sql::SELECT_RUN_SEQS)
            .bind(tenant.as_str())
            .bind(run.as_str())
            .fetch_all(self.reader())
            .await
            .map_err(database("reading a run's entries"))?;
        seqs.into_iter().map(|seq| from_i64(seq, "entries.seq")).collect()
    }

    async fn seq_of(&self, tenant: &TenantId, id: &FactId) -> Result<Option<u64>, StoreError> {
        let seq: Option<i64> = sqlx::query_scalar(sql::SELECT_SEQ_OF)
            .bind(tenant.as_str())
            .bind(id.as_str())
            .fetch_optional(self.reader())
            .await
            .map_err(database("looking up a fact"))?;
        seq.map(|seq| from_i64(seq, "entries.seq")).transpose()
    }

    async fn contents(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<Content>, StoreError> {
        let rows: Vec<ContentRow> = sqlx::query_as(sql::SELECT_CONTENTS)
            .bind(tenant.as_str())
            .bind(to_i64(range.start))
            .bind(to_i64(range.end))
            .fetch_all(self.reader())
            .await
            .map_err(database("reading contents"))?;
        rows.into_iter().map(ContentRow::into_content).collect()
    }

    async fn subtrees(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Subtree>, StoreError> {
        let end = range.end.min(range.start.saturating_add(PAGE));
        if level == 0 {
            // Level 0 are leaves, which no subtree row stands for.
            return Ok(Vec::new());
        }
        hashes(self.reader(), tenant, level, range.start..end).await
    }

    async fn checkpoints(&self, tenant: &TenantId) -> Result<Vec<Checkpoint>, StoreError> {
        let rows: Vec<CheckpointRow> = sqlx::query_as(sql::SELECT_CHECKPOINTS)
            .bind(tenant.as_str())
            .fetch_all(self.reader())
            .await
            .map_err(database("reading checkpoints"))?;
        rows.into_iter().map(CheckpointRow::into_checkpoint).collect()
    }

    async fn add_checkpoint(
        &self,
        tenant: &TenantId,
        checkpoint: &Checkpoint,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::INSERT_CHECKPOINT)
            .bind(tenant.as_str())
            .bind(to_i64(checkpoint.size))
            .bind(&checkpoint.root.as_bytes()[..])
            .bind(checkpoint.note.as_str())
            .bind(checkpoint.signed_at.to_string())
            .execute(self.writer()?)
            .await
            .map(drop)
            .map_err(database("keeping a checkpoint"))
    }

    async fn tenant_secret(
        &self,
        tenant: &TenantId,
        fresh: &TenantSecret,
    ) -> Result<TenantSecret, StoreError> {
        if let Some(kept) = secret(self.reader(), tenant).await? {
            return Ok(kept);
        }
        sqlx::query(sql::INSERT_SECRET)
            .bind(tenant.as_str())
            .bind(&fresh.0[..])
            .execute(self.writer()?)
            .await
            .map_err(database("keeping a tenant's secret"))?;
        // Read again: another process may have been first.
        let kept = secret(self.reader(), tenant).await?;
        kept.ok_or_else(|| corrupt(format!("the secret of `{tenant}` is gone")))
    }

    async fn origin(&self, fresh: &str) -> Result<String, StoreError> {
        if let Some(kept) = origin(self.reader()).await? {
            return Ok(kept);
        }
        sqlx::query(sql::INSERT_ORIGIN)
            .bind(fresh)
            .execute(self.writer()?)
            .await
            .map_err(database("keeping the origin"))?;
        origin(self.reader()).await?.ok_or_else(|| corrupt("the origin is gone"))
    }

    async fn missing_guards(&self) -> Result<Vec<String>, StoreError> {
        guards::missing(self.reader()).await
    }

    async fn projection_differences(
        &self,
        tenant: &TenantId,
        entries: &[Entry],
    ) -> Result<Vec<(u64, String)>, StoreError> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok(Vec::new());
        };
        let range = first.seq..last.seq.saturating_add(1);
        // What cannot be read is found by whoever checks the hashes, and has no rows to compare.
        let facts: Vec<FactAt> = entries
            .iter()
            .filter_map(|entry| Some(FactAt { seq: entry.seq, fact: fact::parse(&entry.bytes)? }))
            .collect();
        let mut conn = self.reader().acquire().await.map_err(database("comparing projections"))?;
        let mut found = Vec::new();
        for projection in &self.projections {
            found.extend(projection.differences(&mut conn, tenant, range.clone(), &facts).await?);
        }
        found.sort();
        Ok(found)
    }
}

async fn hashes(
    pool: &SqlitePool,
    tenant: &TenantId,
    level: u8,
    range: Range<u64>,
) -> Result<Vec<Subtree>, StoreError> {
    let query = if level == 0 {
        sqlx::query_as(sql::SELECT_LEAF_HASHES).bind(tenant.as_str())
    } else {
        sqlx::query_as(sql::SELECT_SUBTREES).bind(tenant.as_str()).bind(i64::from(level))
    };
    let rows: Vec<HashRow> = query
        .bind(to_i64(range.start))
        .bind(to_i64(range.end))
        .fetch_all(pool)
        .await
        .map_err(database("reading hashes"))?;
    rows.into_iter().map(|row| row.into_subtree(level)).collect()
}

async fn secret(pool: &SqlitePool, tenant: &TenantId) -> Result<Option<TenantSecret>, StoreError> {
    let secret: Option<Vec<u8>> = sqlx::query_scalar(sql::SELECT_SECRET)
        .bind(tenant.as_str())
        .fetch_optional(pool)
        .await
        .map_err(database("reading a tenant's secret"))?;
    secret
        .map(|bytes| {
            let bytes = bytes.try_into();
            bytes.map(TenantSecret).map_err(|_| corrupt(format!("the secret of `{tenant}`")))
        })
        .transpose()
}

async fn origin(pool: &SqlitePool) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar(sql::SELECT_ORIGIN)
        .fetch_optional(pool)
        .await
        .map_err(database("reading the origin"))
}
