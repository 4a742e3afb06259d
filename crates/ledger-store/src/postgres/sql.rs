//! The statements that only PostgreSQL is given, and its migrations.

use sqlx::migrate::Migrator;

/// The migrations of all topics; they are numbered, and never edited once landed.
pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The level is named, because a server may be set to begin in another one.
pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";
pub(crate) const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// What the policies compare with, until the transaction ends.
pub(crate) const SET_TENANT: &str = "SELECT set_config('factlog.tenant', $1, true)";

/// The compare-and-swap, and with it all that the ledger itself keeps of a batch: the head goes in only
/// on the head that it was sealed on, and the rest only with it. One statement, because each is a way to
/// the server and back. Without a conflict clause the server would log an error for each writer that
/// came second.
///
/// `$1` is the tenant, up to `$6` the head; then an array a column of each table, in the order of
/// [`commit`](super::insert::commit); last the root of the head that it was sealed on.
pub(crate) const INSERT_COMMIT: &str = "
WITH head AS (
    INSERT INTO commits (tenant, size, on_size, peaks, root, recorded_at)
    SELECT $1, $2::bigint, $3::bigint, $4::bytea, $5::bytea, $6
    WHERE ($3, $29::bytea) = (SELECT size, root FROM commits WHERE tenant = $1 ORDER BY size DESC LIMIT 1)
       OR ($3 = 0 AND NOT EXISTS (SELECT FROM commits WHERE tenant = $1))
    ON CONFLICT DO NOTHING
    RETURNING tenant
), tags AS (
    INSERT INTO key_tags (tenant, first_seq, whole, tags)
    SELECT head.tenant, own.* FROM head, unnest($7::bigint[], $8::bigint[], $9::bytea[]) AS own
), entries AS (
    INSERT INTO blocks (tenant, first_seq, last_id, leaves, ids, fingerprints, keys, size, facts)
    SELECT head.tenant, own.* FROM head, unnest($10::bigint[], $11::bytea[], $12::bytea[], $13::bytea[], $14::bytea[], $15::text[], $16::bigint[], $17::bytea[]) AS own
), promised AS (
    INSERT INTO contents (tenant, seq, pointer, form, salt, bytes)
    SELECT head.tenant, own.* FROM head, unnest($18::bigint[], $19::bytea[], $20::text[], $21::bytea[], $22::bytea[]) AS own
), tree AS (
    INSERT INTO subtrees (tenant, idx, level, root)
    SELECT head.tenant, own.* FROM head, unnest($23::bigint[], $24::bigint[], $25::bytea[]) AS own
), runs AS (
    INSERT INTO run_entries (tenant, seq, run_id, seqs)
    SELECT head.tenant, own.* FROM head, unnest($26::bigint[], $27::text[], $28::text[]) AS own
    ON CONFLICT (tenant, seq, run_id) DO NOTHING
)
SELECT FROM head";

/// What lies behind commitments, an array a column.
pub(crate) const DELETE_CONTENTS: &str = "
DELETE FROM contents AS c
USING unnest($2::bigint[], $3::bytea[]) AS named (seq, pointer)
WHERE c.tenant = $1 AND c.seq = named.seq AND c.pointer = named.pointer";
pub(crate) const AS_WHO_LOGGED_IN: &str = "SET LOCAL ROLE NONE";
pub(crate) const MAY_ERASE: &str = "SELECT has_table_privilege('contents', 'DELETE')";

/// What lies in the schema that tables are made in: our tables, tables of others. What an extension
/// brought (`pg_stat_statements`) is nobody's, nor is the list of migrations that an attempt left behind
/// whose first migration was refused.
pub(crate) const SELECT_STATE: &str = "
SELECT to_regclass('_sqlx_migrations') IS NOT NULL AND to_regclass('commits') IS NOT NULL AS ours,
       EXISTS (SELECT FROM pg_class c
               WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema()))
                 AND c.relkind IN ('r', 'p', 'v', 'm')
                 AND c.relname <> '_sqlx_migrations'
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')) AS anything,
       current_setting('server_encoding') AS encoding";

pub(crate) const SELECT_SCHEMA_VERSION: &str =
    "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";

/// What every connection does first. Whoever logged in goes on with the rights of the application:
/// to select and to insert. A server that is set to acknowledge before it has written is told not to.
pub(crate) const PREPARE_SESSION: &str = "
SET ROLE factlog_app;
SET row_security = on;
SET quote_all_identifiers = off;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

pub(crate) const SELECT_TRIGGERS: &str = "
SELECT t.tgname::text AS name, pg_get_triggerdef(t.oid, true) AS text, t.tgenabled = 'A' AS always,
       c.relname::text AS of_table
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = to_regnamespace(quote_ident(current_schema()))";

/// Erasing contents and tenants' secrets is allowed by the triggers, and still not to this role.
pub(crate) const SELECT_TABLES: &str = "
SELECT c.relname::text AS name, c.relrowsecurity AS secured, c.relforcerowsecurity AS forced,
       EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid) AS has_rules,
       has_table_privilege('factlog_app', c.oid, 'UPDATE')
           OR has_any_column_privilege('factlog_app', c.oid, 'UPDATE')
           OR has_table_privilege('factlog_app', c.oid, 'TRIGGER') AS may_change,
       has_table_privilege('factlog_app', c.oid, 'DELETE')
           OR has_table_privilege('factlog_app', c.oid, 'TRUNCATE') AS may_erase,
       pg_has_role('factlog_app', c.relowner, 'MEMBER') AS is_owner,
       c.relpersistence = 'p' AS logged,
       (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p') AS keys,
       (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'u') AS uniques,
       (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated) AS checks,
       (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attnotnull) AS required
FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = to_regnamespace(quote_ident(current_schema()))";

/// Indexes that answer, whatever they are called by.
pub(crate) const SELECT_INDEXES: &str = "
SELECT c.relname::text AS name, i.indisunique AS is_unique
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indisvalid AND c.relnamespace = to_regnamespace(quote_ident(current_schema()))";

pub(crate) const SELECT_POLICIES: &str = "
SELECT policyname::text AS name, tablename::text AS of_table, coalesce(qual, '') AS shown,
       coalesce(with_check, '') AS checked,
       cmd AS of_command, roles = ARRAY['public']::name[] AND permissive = 'PERMISSIVE' AS for_all
FROM pg_policies WHERE schemaname = current_schema()";

pub(crate) const SELECT_SERVER: &str = "
SELECT (SELECT bool_or(rolsuper OR rolbypassrls OR rolcreaterole) FROM pg_roles
        WHERE to_regrole('factlog_app') IS NOT NULL AND pg_has_role('factlog_app', oid, 'MEMBER')) AS role,
       (SELECT prosrc FROM pg_proc
        WHERE proname = 'factlog_append_only' AND pronargs = 0 AND pronamespace = to_regnamespace(quote_ident(current_schema()))) AS refusal,
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS durable";
