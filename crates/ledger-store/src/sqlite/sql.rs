//! The statements that only SQLite is given, and its migrations.

use sqlx::migrate::Migrator;

/// The migrations of all topics; they are numbered, and never edited once landed.
pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite");

pub(crate) const INSERT_COMMIT: &str = "INSERT INTO commits (tenant, size, on_size, peaks, root, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) const SELECT_TRIGGERS: &str =
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name";
pub(crate) const SELECT_SCHEMA_VERSION: &str =
    "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
