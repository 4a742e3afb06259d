//! Every statement of the ledger tables, and the migrations: what is particular to SQLite is here,
//! in `open.rs` (pragmas) and in `error.rs` (result codes).

use sqlx::migrate::Migrator;

use crate::RowsInsert;

/// The migrations of all topics; they are numbered, and never edited once landed.
pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite");

pub(crate) static INSERT_ENTRIES: RowsInsert = RowsInsert::new(
    "INSERT INTO entries (tenant, seq, kind, id, key, fingerprint, run_id, trace_id, occurred_at, recorded_at, leaf_hash, bytes) VALUES ",
    12,
);
pub(crate) static INSERT_CONTENTS: RowsInsert =
    RowsInsert::new("INSERT INTO contents (tenant, seq, pointer, form, salt, bytes) VALUES ", 6);
pub(crate) static INSERT_SUBTREES: RowsInsert =
    RowsInsert::new("INSERT INTO subtrees (tenant, level, idx, root) VALUES ", 4);

pub(crate) const INSERT_COMMIT: &str = "INSERT INTO commits (tenant, size, on_size, peaks, root, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(crate) const SELECT_HEAD: &str =
    "SELECT size, peaks, root FROM commits WHERE tenant = ?1 ORDER BY size DESC LIMIT 1";
pub(crate) const SELECT_HEAD_AT: &str =
    "SELECT size, peaks, root FROM commits WHERE tenant = ?1 AND size = ?2";
pub(crate) const SELECT_COMMITS: &str =
    "SELECT size, peaks, root FROM commits WHERE tenant = ?1 AND size > ?2 ORDER BY size LIMIT ?3";

/// Tenants by skipping through the key: one probe a tenant, however many commits there are.
pub(crate) const SELECT_TENANTS: &str = "
WITH RECURSIVE skip (tenant) AS (
    SELECT min(tenant) FROM commits
    UNION ALL
    SELECT (SELECT min(c.tenant) FROM commits c WHERE c.tenant > skip.tenant)
    FROM skip WHERE skip.tenant IS NOT NULL
)
SELECT tenant FROM skip WHERE tenant IS NOT NULL ORDER BY tenant";

/// Followed by the keys' placeholders and a closing parenthesis.
pub(crate) const SELECT_KNOWN: &str =
    "SELECT key, seq, id, fingerprint FROM entries WHERE tenant = ? AND key IN (";

pub(crate) const SELECT_ENTRIES: &str = "SELECT seq, id, kind, run_id, trace_id, occurred_at, recorded_at, leaf_hash, bytes FROM entries WHERE tenant = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq";
pub(crate) const SELECT_LEAF_HASHES: &str = "SELECT seq AS number, leaf_hash AS hash FROM entries WHERE tenant = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq";
pub(crate) const SELECT_RUN_SEQS: &str =
    "SELECT seq FROM entries WHERE tenant = ?1 AND run_id = ?2 ORDER BY seq";
pub(crate) const SELECT_SEQ_OF: &str = "SELECT seq FROM entries WHERE tenant = ?1 AND id = ?2";
pub(crate) const SELECT_CONTENTS: &str = "SELECT seq, pointer, form, salt, bytes FROM contents WHERE tenant = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq, pointer";
pub(crate) const SELECT_SUBTREES: &str = "SELECT idx AS number, root AS hash FROM subtrees WHERE tenant = ?1 AND level = ?2 AND idx >= ?3 AND idx < ?4 ORDER BY idx";

pub(crate) const SELECT_CHECKPOINTS: &str = "SELECT size, root, note, signed_at FROM checkpoints WHERE tenant = ?1 ORDER BY size, signed_at, root";
pub(crate) const INSERT_CHECKPOINT: &str = "INSERT INTO checkpoints (tenant, size, root, note, signed_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant, size, root) DO NOTHING";

pub(crate) const SELECT_SECRET: &str = "SELECT secret FROM tenants WHERE tenant = ?1";
pub(crate) const INSERT_SECRET: &str =
    "INSERT INTO tenants (tenant, secret) VALUES (?1, ?2) ON CONFLICT (tenant) DO NOTHING";
pub(crate) const SELECT_ORIGIN: &str = "SELECT origin FROM ledger WHERE only = 1";
pub(crate) const INSERT_ORIGIN: &str =
    "INSERT INTO ledger (only, origin) VALUES (1, ?1) ON CONFLICT (only) DO NOTHING";

pub(crate) const SELECT_TRIGGERS: &str =
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name";
pub(crate) const SELECT_SCHEMA_VERSION: &str =
    "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
