//! The statements that only SQLite is given, and its migrations.

use sqlx::migrate::Migrator;

/// The migrations of all topics; they are numbered, and never edited once landed.
pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// The compare-and-swap: writes the head only on the head that it was sealed on, of that size and that root
/// (`$7`).
pub(crate) const INSERT_COMMIT: &str = "
INSERT INTO commits (tenant, size, on_size, peaks, root, recorded_at)
SELECT $1, $2, $3, $4, $5, $6
WHERE ($3, $7) = (SELECT size, root FROM commits WHERE tenant = $1 ORDER BY size DESC LIMIT 1)
   OR ($3 = 0 AND NOT EXISTS (SELECT 1 FROM commits WHERE tenant = $1))";

/// What lies behind a commitment; a pointer is compared by its bytes, as it was inserted.
pub(crate) const DELETE_CONTENT: &str =
    "DELETE FROM contents WHERE tenant = $1 AND seq = $2 AND pointer = $3";
pub(crate) const SECURE_DELETE: &str = "PRAGMA secure_delete = ON";
pub(crate) const CUT_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// Also whether each index leads to each row.
pub(crate) const INTEGRITY_CHECK: &str = "PRAGMA integrity_check(20)";

pub(crate) const SELECT_DEFINITIONS: &str = "SELECT type AS kind, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> '_sqlx_migrations' ORDER BY name";
pub(crate) const SELECT_SCHEMA_VERSION: &str =
    "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
