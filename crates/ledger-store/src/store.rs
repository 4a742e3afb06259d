//! The vocabulary's traits over the tables.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use store_traits::{
    Checkpoint, CheckpointsFrom, Commit, CommitOutcome, CommitTurn, Content, ContentPlace, Digest,
    Durability, Entry, Erased, FactId, Head, IdempotencyKey, Known, Lacking, LedgerStore,
    MOST_CHECKPOINTS, RunId, SealedBatch, StoreError, StoredRange, Subtree, TenantId, TenantSecret,
    TileStore,
};

use crate::batch::{Knows, Parts};
use crate::block::{FactsRow, IdsRow, LeavesRow};
use crate::given::Fresh;
use crate::ledger::Writer;
use crate::reader::Pool;
use crate::row::{CheckpointRow, CommitRow, ContentRow, HashRow, HeadRow, to_i64};
use crate::stored::ReadRange;
use crate::{
    Cell, Ledger, Table, batch, block, compare, database, error::corrupt, postgres, run_entries,
    sql, sqlite,
};

/// The most entries or subtrees that one call reads.
const PAGE: u64 = 10_000;

#[async_trait]
impl TileStore for Ledger {
    async fn hashes(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Digest>, StoreError> {
        let found = self.hashes_with_places(tenant, level, range.clone()).await?;
        // Where one is missing the answer ends: a hash must never stand in another one's place.
        let in_place = found.into_iter().zip(range).take_while(|(hash, at)| hash.index == *at);
        Ok(in_place.map(|(hash, _)| hash.root).collect())
    }
}

#[async_trait]
impl LedgerStore for Ledger {
    fn durability(&self) -> Durability {
        // SQLite is opened with a file, WAL and `synchronous = FULL`, PostgreSQL with a
        // `synchronous_commit` that is not off; neither can be opened otherwise.
        Durability::PowerLoss
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let names: Vec<(String,)> = self.reader.rows_of_all(&sql::SELECT_TENANTS).await?;
        // Of a name that none can have, `damage` tells.
        Ok(names.iter().filter_map(|(name,)| TenantId::parse(name).ok()).collect())
    }

    async fn head(&self, tenant: &TenantId) -> Result<Head, StoreError> {
        let row: Option<HeadRow> = self.reader.first(&sql::SELECT_HEAD, tenant, &[]).await?;
        HeadRow::head_or_empty(row, tenant)
    }

    async fn head_at(&self, tenant: &TenantId, size: u64) -> Result<Option<Head>, StoreError> {
        let row: Option<HeadRow> =
            self.reader.first(&sql::SELECT_HEAD_AT, tenant, &[size.into()]).await?;
        row.map(|row| row.into_head(tenant)).transpose()
    }

    async fn commits(
        &self,
        tenant: &TenantId,
        after_size: u64,
        limit: u32,
    ) -> Result<Vec<Commit>, StoreError> {
        let values = [after_size.into(), u64::from(limit).into()];
        let rows: Vec<CommitRow> = self.reader.rows(&sql::SELECT_COMMITS, tenant, &values).await?;
        rows.into_iter().map(|row| row.into_commit(tenant)).collect()
    }

    async fn known(
        &self,
        tenant: &TenantId,
        keys: &[IdempotencyKey],
    ) -> Result<Vec<Option<Known>>, StoreError> {
        self.keys.known(&self.reader, tenant, keys, None).await
    }

    async fn known_below(
        &self,
        tenant: &TenantId,
        size: u64,
        keys: &[IdempotencyKey],
    ) -> Result<Vec<Option<Known>>, StoreError> {
        self.keys.known(&self.reader, tenant, keys, Some(size)).await
    }

    async fn commit(&self, batch: &SealedBatch) -> Result<CommitOutcome, StoreError> {
        batch::fits_together(batch)?;
        let (fresh, tags) = (Fresh::default(), self.keys.tags_of(batch)?);
        self.write(batch, self.parts(batch, &fresh), &tags, &fresh).await
    }

    async fn commit_in_turn<'t>(
        &self,
        batch: &SealedBatch,
        turn: CommitTurn<'t>,
    ) -> Result<Option<CommitOutcome>, StoreError> {
        batch::fits_together(batch)?;
        let (fresh, tags) = (Fresh::default(), self.keys.tags_of(batch)?);
        let mut parts = self.parts(batch, &fresh);
        parts.make_ready();
        Ok(if turn.await { Some(self.write(batch, parts, &tags, &fresh).await?) } else { None })
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<Entry>, StoreError> {
        let end = range.end.min(range.start.saturating_add(PAGE));
        let values = [range.start.into(), end.into()];
        let rows: Vec<FactsRow> = self.reader.rows(&sql::SELECT_ENTRIES, tenant, &values).await?;
        let mut entries = Vec::new();
        for row in rows {
            entries.extend(row.entries(&(range.start..end))?);
        }
        Ok(entries)
    }

    async fn run_seqs(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<u64>, StoreError> {
        let values = [run.as_str().into()];
        let rows: Vec<(String,)> =
            self.reader.rows(&run_entries::SELECT_RUN_SEQS, tenant, &values).await?;
        let mut seqs = Vec::new();
        for (row,) in rows {
            let wrong = || corrupt(format!("run_entries of `{run}`: `{row}` are no numbers"));
            seqs.extend(run_entries::numbers(&row).ok_or_else(wrong)?);
        }
        Ok(seqs)
    }

    async fn seq_of(&self, tenant: &TenantId, id: &FactId) -> Result<Option<u64>, StoreError> {
        let Range { start, end } = block::last_ids(id);
        let values = [Cell::Bytes(start.into()), Cell::Bytes(end.into())];
        let blocks: Vec<IdsRow> = self.reader.rows(&sql::SELECT_IDS, tenant, &values).await?;
        blocks.iter().find_map(|block| block.seq_of(id).transpose()).transpose()
    }

    async fn contents(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<Content>, StoreError> {
        let values = [range.start.into(), range.end.into()];
        let rows: Vec<ContentRow> =
            self.reader.rows(&sql::SELECT_CONTENTS, tenant, &values).await?;
        rows.into_iter().map(ContentRow::into_content).collect()
    }

    async fn erase(
        &self,
        tenant: &TenantId,
        places: &[ContentPlace],
    ) -> Result<Erased, StoreError> {
        match self.writer()? {
            Writer::Sqlite(writer) => sqlite::erase(writer, tenant, places).await,
            Writer::Postgres(connections) => postgres::erase(connections, tenant, places).await,
        }
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
        self.hashes_with_places(tenant, level, range.start..end).await
    }

    async fn newest_checkpoint(&self, tenant: &TenantId) -> Result<Option<Checkpoint>, StoreError> {
        let row: Option<CheckpointRow> =
            self.reader.first(&sql::SELECT_NEWEST_CHECKPOINT, tenant, &[]).await?;
        row.map(CheckpointRow::into_checkpoint).transpose()
    }

    async fn checkpoints(
        &self,
        tenant: &TenantId,
        from: CheckpointsFrom<'_>,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, StoreError> {
        // No time and no root is before all of a size.
        let (size, signed_at, root) = match from {
            CheckpointsFrom::Size(size) => (size, String::new(), &[][..]),
            CheckpointsFrom::After(last) => {
                (last.size, last.signed_at.to_string(), &last.root.as_bytes()[..])
            }
        };
        let limit = u64::from(limit.min(MOST_CHECKPOINTS));
        let values = [size.into(), signed_at.into(), root.into(), limit.into()];
        let rows: Vec<CheckpointRow> =
            self.reader.rows(&sql::SELECT_CHECKPOINTS, tenant, &values).await?;
        rows.into_iter().map(CheckpointRow::into_checkpoint).collect()
    }

    async fn add_checkpoint(
        &self,
        tenant: &TenantId,
        checkpoint: &Checkpoint,
    ) -> Result<(), StoreError> {
        let size = to_i64(checkpoint.size);
        let signed_at = checkpoint.signed_at.to_string();
        let Checkpoint { root, note, .. } = checkpoint;
        let kept = match self.writer()? {
            Writer::Sqlite(writer) => {
                let query = sqlx::query(sql::INSERT_CHECKPOINT)
                    .bind(tenant.as_str())
                    .bind(size)
                    .bind(&root.as_bytes()[..])
                    .bind(note.as_str())
                    .bind(signed_at);
                writer.execute(query).await.map(drop)
            }
            Writer::Postgres(connections) => {
                let query = sqlx::query(sql::INSERT_CHECKPOINT)
                    .bind(tenant.as_str())
                    .bind(size)
                    .bind(&root.as_bytes()[..])
                    .bind(note.as_str())
                    .bind(signed_at);
                connections.execute(tenant, query).await
            }
        };
        kept.map_err(database("keeping a checkpoint"))
    }

    async fn tenant_secret(
        &self,
        tenant: &TenantId,
        fresh: &TenantSecret,
    ) -> Result<TenantSecret, StoreError> {
        if let Some(kept) = self.kept_secret(tenant).await? {
            return Ok(kept);
        }
        let name = tenant.as_str();
        let kept = match self.writer()? {
            Writer::Sqlite(writer) => {
                let query = sqlx::query(sql::INSERT_SECRET).bind(name).bind(&fresh.0[..]);
                writer.execute(query).await.map(drop)
            }
            Writer::Postgres(connections) => {
                let query = sqlx::query(sql::INSERT_SECRET).bind(name).bind(&fresh.0[..]);
                connections.execute(tenant, query).await
            }
        };
        kept.map_err(database("keeping a tenant's secret"))?;
        // Read again: another process may have been first.
        let kept = self.kept_secret(tenant).await?;
        kept.ok_or_else(|| corrupt(format!("the secret of `{tenant}` is gone")))
    }

    async fn origin(&self, fresh: &str) -> Result<String, StoreError> {
        let kept = || async {
            let rows: Vec<(String,)> = self.reader.rows_of_all(&sql::SELECT_ORIGIN).await?;
            Ok::<_, StoreError>(rows.into_iter().next().map(|(origin,)| origin))
        };
        if let Some(kept) = kept().await? {
            return Ok(kept);
        }
        if !self.tenants().await?.is_empty() {
            return Err(corrupt("the origin in the table `ledger` is gone"));
        }
        let made = match self.writer()? {
            Writer::Sqlite(writer) => {
                writer.execute(sqlx::query(sql::INSERT_ORIGIN).bind(fresh)).await.map(drop)
            }
            Writer::Postgres(connections) => {
                connections.execute_for_all(sqlx::query(sql::INSERT_ORIGIN).bind(fresh)).await
            }
        };
        made.map_err(database("keeping the origin"))?;
        kept().await?.ok_or_else(|| corrupt("the origin is gone"))
    }

    async fn damage(&self) -> Result<Vec<String>, StoreError> {
        let mut damage = match &self.reader.0 {
            Pool::Sqlite(pool) => sqlite::damage(pool).await?,
            Pool::Postgres(_) => Vec::new(),
        };
        damage.extend(self.of_nobody().await?);
        Ok(damage)
    }

    async fn next_entry(&self, tenant: &TenantId, from: u64) -> Result<Option<u64>, StoreError> {
        let row: Option<(Option<i64>,)> =
            self.reader.first(&sql::SELECT_NEXT_BLOCK, tenant, &[from.into()]).await?;
        Ok(row.and_then(|(seq,)| u64::try_from(seq?).ok()))
    }

    async fn stray_rows(
        &self,
        tenant: &TenantId,
        from: u64,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        self.reader.rows(&sql::SELECT_STRAY_ROWS, tenant, &[from.into()]).await
    }

    async fn missing_guards(&self) -> Result<Vec<String>, StoreError> {
        match &self.reader.0 {
            Pool::Sqlite(pool) => sqlite::missing(pool).await,
            Pool::Postgres(connections) => postgres::missing(connections).await,
        }
    }

    async fn stored(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Box<dyn StoredRange>, StoreError> {
        let (tables, tag) = (self.tables(), self.keys.tag());
        Ok(Box::new(ReadRange::read(&self.reader, &tables, tag, tenant, range).await?))
    }

    async fn still_lacking(
        &self,
        tenant: &TenantId,
        lacking: Vec<Lacking>,
    ) -> Result<Vec<(u64, String)>, StoreError> {
        let mut of: BTreeMap<&str, Vec<Lacking>> = BTreeMap::new();
        for row in lacking {
            of.entry(row.table).or_default().push(row);
        }
        let mut found = Vec::new();
        for table in self.tables() {
            let rows = of.remove(table.name).unwrap_or_default();
            found.extend(compare::still_lacking(&self.reader, table, tenant, &rows).await?);
        }
        Ok(found)
    }
}

impl Ledger {
    fn tables(&self) -> Vec<&'static Table> {
        self.projections.iter().flat_map(|projection| projection.tables).collect()
    }

    fn parts<'a>(&'a self, batch: &'a SealedBatch, fresh: &'a Fresh) -> Parts<'a> {
        let knows = Knows { given: &self.given, fresh, tenant: &batch.tenant };
        Parts::of(batch, &self.projections, Some(knows))
    }

    async fn write(
        &self,
        batch: &SealedBatch,
        mut parts: Parts<'_>,
        tags: &[u64],
        fresh: &Fresh,
    ) -> Result<CommitOutcome, StoreError> {
        if self.keys.are_new(&self.reader, batch, tags).await? {
            parts.put_first(&sql::INSERT_KEY_TAGS, self.keys.rows_of(&self.reader, batch, tags));
        }
        let outcome = match self.writer()? {
            Writer::Sqlite(writer) => sqlite::commit(writer, batch, parts).await?,
            Writer::Postgres(connections) => postgres::commit(connections, batch, parts).await?,
        };
        match outcome {
            CommitOutcome::Committed => {
                self.given.learn(fresh);
                self.keys.learn(&self.reader, batch, tags);
            }
            CommitOutcome::HeadMoved(_) => self.given.forget(),
        }
        Ok(outcome)
    }

    async fn hashes_with_places(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Subtree>, StoreError> {
        let Range { start, end } = range;
        if level == 0 {
            let values = [start.into(), end.into()];
            let rows: Vec<LeavesRow> =
                self.reader.rows(&sql::SELECT_LEAF_HASHES, tenant, &values).await?;
            let mut hashes = Vec::new();
            for row in rows {
                hashes.extend(row.into_hashes(&(start..end))?);
            }
            return Ok(hashes);
        }
        let values = [u64::from(level).into(), start.into(), end.into()];
        let rows: Vec<HashRow> = self.reader.rows(&sql::SELECT_SUBTREES, tenant, &values).await?;
        rows.into_iter().map(|row| row.into_subtree(level)).collect()
    }
}
