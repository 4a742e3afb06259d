//! The statements that only SQLite is given, and its migrations.

use sqlx::migrate::Migrator;

/// The migrations of all topics; they are numbered, and never edited once landed.
pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// The compare-and-swap: writes the head only on the head that it was sealed on.
pub(crate) const INSERT_COMMIT: &str = "
INSERT INTO commits (tenant, size, on_size, peaks, root, recorded_at)
SELECT $1, $2, $3, $4, $5, $6
WHERE $3 = coalesce((SELECT size FROM commits WHERE tenant = $1 ORDER BY size DESC LIMIT 1), 0)";

pub(crate) const SELECT_TRIGGERS: &str =
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name";
pub(crate) const SELECT_SCHEMA_VERSION: &str =
    "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
