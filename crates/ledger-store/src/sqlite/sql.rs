//! The statements that only SQLite is given, and its migrations.

use sqlx::migrate::Migrator;

use crate::{Repeated, repeated};

/// The migrations of all topics; they are numbered, and never edited once landed.
pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite");

pub(crate) const INSERT_COMMIT: &str = "INSERT INTO commits (tenant, size, on_size, peaks, root, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)";

/// For so many keys. The text has bare `?` only: sqlx counts those on their own, apart from numbered
/// ones.
pub(crate) const SELECT_KNOWN: Repeated = repeated!(
    "SELECT key, seq, id, fingerprint FROM entries WHERE tenant = ? AND key IN (",
    "?",
    ")"
);

pub(crate) const SELECT_TRIGGERS: &str =
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name";
pub(crate) const SELECT_SCHEMA_VERSION: &str =
    "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
