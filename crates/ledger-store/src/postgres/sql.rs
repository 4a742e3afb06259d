//! The statements that only PostgreSQL is given, and its migrations.

use sqlx::migrate::Migrator;

/// The migrations of all topics; they are numbered, and never edited once landed.
pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The level is named, because a server may be set to begin in another one.
pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";
pub(crate) const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// What the policies compare with, until the transaction ends.
pub(crate) const SET_TENANT: &str = "SELECT set_config('factlog.tenant', $1, true)";

/// The compare-and-swap: writes the head only on the head that it was sealed on. Without a conflict
/// clause the server would log an error for each writer that came second.
pub(crate) const INSERT_COMMIT: &str = "
INSERT INTO commits (tenant, size, on_size, peaks, root, recorded_at)
SELECT $1, $2::bigint, $3::bigint, $4::bytea, $5::bytea, $6
WHERE $3 = coalesce((SELECT size FROM commits WHERE tenant = $1 ORDER BY size DESC LIMIT 1), 0)
ON CONFLICT DO NOTHING";

pub(crate) const SELECT_KNOWN: &str =
    "SELECT key, seq, id, fingerprint FROM entries WHERE tenant = $1 AND key = ANY ($2::text[])";

/// What lies in the schema that tables are made in: our tables, tables of others.
pub(crate) const SELECT_STATE: &str = "
SELECT to_regclass('_sqlx_migrations') IS NOT NULL AND to_regclass('commits') IS NOT NULL AS ours,
       EXISTS (SELECT FROM pg_class
               WHERE relnamespace = to_regnamespace(current_schema()) AND relkind IN ('r', 'p', 'v', 'm')) AS anything,
       current_setting('server_encoding') AS encoding";

pub(crate) const SELECT_SCHEMA_VERSION: &str =
    "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";

/// What every connection does first. Whoever logged in goes on with the rights of the application:
/// to select and to insert. A server that is set to acknowledge before it has written is told not to.
pub(crate) const PREPARE_SESSION: &str = "
SET ROLE factlog_app;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
