-- The append-only ledger: one Merkle tree per tenant.
--
-- Every key starts with the tenant, and every CHECK repeats what the types say. A fact table refuses
-- UPDATE, DELETE and TRUNCATE; what lies behind commitments (contents, tenants) refuses UPDATE and
-- TRUNCATE alone, because erasing it row by row is allowed and breaks no proof.
--
-- Texts sort by their bytes (COLLATE "C"), as in SQLite: an order must not depend on a server's locale.
--
-- No foreign keys, where SQLite has some. For each row that refers to an entry PostgreSQL would lock
-- that entry, and a lock is written into the row and into the write-ahead log: the referred table
-- would be written twice. One transaction writes both, and `ledger verify` compares them.

-- Whoever connects goes on with the rights of this role: to select and to insert. Roles belong to the
-- server and not to the database, so that another database may have made it already.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'factlog_app') THEN
        CREATE ROLE factlog_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;

-- The login that makes the tables may take the role too; a superuser may take any.
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'factlog_app', 'MEMBER') THEN
        EXECUTE format('GRANT factlog_app TO %I', current_user);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO factlog_app', current_schema());
END
$$;

-- One row: the name before the tenant in every checkpoint's origin.
CREATE TABLE ledger (
    "only" SMALLINT NOT NULL PRIMARY KEY CHECK ("only" = 1),
    origin TEXT COLLATE "C" NOT NULL CHECK (length(origin) BETWEEN 1 AND 256)
);

-- The secret of the idempotency fingerprints.
CREATE TABLE tenants (
    tenant TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(tenant) BETWEEN 1 AND 64),
    secret BYTEA NOT NULL CHECK (length(secret) = 32)
);

-- The leaves.
CREATE TABLE entries (
    tenant      TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq         BIGINT           NOT NULL CHECK (seq >= 0),
    kind        TEXT COLLATE "C" NOT NULL CHECK (length(kind) BETWEEN 1 AND 128),
    id          TEXT COLLATE "C" NOT NULL CHECK (length(id) = 36),
    key         TEXT COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 256),
    fingerprint BYTEA            NOT NULL CHECK (length(fingerprint) = 32),
    run_id      TEXT COLLATE "C" CHECK (length(run_id) BETWEEN 1 AND 128),
    trace_id    TEXT COLLATE "C" CHECK (length(trace_id) = 32),
    occurred_at TEXT COLLATE "C" NOT NULL CHECK (length(occurred_at) = 30),
    recorded_at TEXT COLLATE "C" NOT NULL CHECK (length(recorded_at) = 30),
    leaf_hash   BYTEA            NOT NULL CHECK (length(leaf_hash) = 32),
    bytes       BYTEA            NOT NULL CHECK (length(bytes) BETWEEN 2 AND 65535),
    PRIMARY KEY (tenant, seq)
);

CREATE UNIQUE INDEX entries_by_key ON entries (tenant, key);
CREATE UNIQUE INDEX entries_by_id ON entries (tenant, id);
CREATE INDEX entries_by_run ON entries (tenant, run_id, seq) WHERE run_id IS NOT NULL;

-- The heads. UNIQUE (tenant, on_size) is the compare-and-swap: two commits cannot stand on one head.
CREATE TABLE commits (
    tenant      TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    size        BIGINT           NOT NULL CHECK (size > on_size),
    on_size     BIGINT           NOT NULL CHECK (on_size >= 0),
    peaks       BYTEA            NOT NULL CHECK (length(peaks) BETWEEN 32 AND 2048 AND length(peaks) % 32 = 0),
    root        BYTEA            NOT NULL CHECK (length(root) = 32),
    recorded_at TEXT COLLATE "C" NOT NULL CHECK (length(recorded_at) = 30),
    PRIMARY KEY (tenant, size),
    UNIQUE (tenant, on_size)
);

-- Roots of complete subtrees of 256^level leaves.
CREATE TABLE subtrees (
    tenant TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    level  SMALLINT         NOT NULL CHECK (level BETWEEN 1 AND 8),
    idx    BIGINT           NOT NULL CHECK (idx >= 0),
    root   BYTEA            NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (tenant, level, idx)
);

-- Signed notes. The root is in the key: were one size ever signed with two roots, both stay as evidence.
CREATE TABLE checkpoints (
    tenant    TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    size      BIGINT           NOT NULL CHECK (size >= 0),
    root      BYTEA            NOT NULL CHECK (length(root) = 32),
    note      TEXT COLLATE "C" NOT NULL CHECK (length(note) > 0),
    signed_at TEXT COLLATE "C" NOT NULL CHECK (length(signed_at) = 30),
    PRIMARY KEY (tenant, size, root)
);

-- What lies behind the commitments of the entries; may be erased. A pointer is kept as its UTF-8 bytes,
-- because names of members may hold U+0000, which a text cannot.
CREATE TABLE contents (
    tenant  TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq     BIGINT           NOT NULL CHECK (seq >= 0),
    pointer BYTEA            NOT NULL CHECK (substr(pointer, 1, 1) = '\x2f'),
    form    TEXT COLLATE "C" NOT NULL CHECK (form IN ('sd', 'blob')),
    salt    BYTEA            NOT NULL CHECK (length(salt) = CASE form WHEN 'blob' THEN 32 ELSE 0 END),
    bytes   BYTEA            NOT NULL,
    PRIMARY KEY (tenant, seq, pointer)
);

-- What refuses changes. For each statement, so that one that meets no row is refused as well; ALWAYS,
-- so that a session in the role of a replica is no way around.
CREATE FUNCTION factlog_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'factlog: % is append-only', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_no_update;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_no_delete;
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_no_truncate;

CREATE TRIGGER tenants_no_update BEFORE UPDATE ON tenants
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE tenants ENABLE ALWAYS TRIGGER tenants_no_update;
CREATE TRIGGER tenants_no_truncate BEFORE TRUNCATE ON tenants
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE tenants ENABLE ALWAYS TRIGGER tenants_no_truncate;

CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_no_update;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_no_delete;
CREATE TRIGGER entries_no_truncate BEFORE TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_no_truncate;

CREATE TRIGGER commits_no_update BEFORE UPDATE ON commits
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE commits ENABLE ALWAYS TRIGGER commits_no_update;
CREATE TRIGGER commits_no_delete BEFORE DELETE ON commits
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE commits ENABLE ALWAYS TRIGGER commits_no_delete;
CREATE TRIGGER commits_no_truncate BEFORE TRUNCATE ON commits
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE commits ENABLE ALWAYS TRIGGER commits_no_truncate;

CREATE TRIGGER subtrees_no_update BEFORE UPDATE ON subtrees
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE subtrees ENABLE ALWAYS TRIGGER subtrees_no_update;
CREATE TRIGGER subtrees_no_delete BEFORE DELETE ON subtrees
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE subtrees ENABLE ALWAYS TRIGGER subtrees_no_delete;
CREATE TRIGGER subtrees_no_truncate BEFORE TRUNCATE ON subtrees
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE subtrees ENABLE ALWAYS TRIGGER subtrees_no_truncate;

CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE checkpoints ENABLE ALWAYS TRIGGER checkpoints_no_update;
CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE checkpoints ENABLE ALWAYS TRIGGER checkpoints_no_delete;
CREATE TRIGGER checkpoints_no_truncate BEFORE TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE checkpoints ENABLE ALWAYS TRIGGER checkpoints_no_truncate;

CREATE TRIGGER contents_no_update BEFORE UPDATE ON contents
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE contents ENABLE ALWAYS TRIGGER contents_no_update;
CREATE TRIGGER contents_no_truncate BEFORE TRUNCATE ON contents
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE contents ENABLE ALWAYS TRIGGER contents_no_truncate;

-- A transaction names the tenant that it is for, and sees and writes that tenant's rows alone. FORCE,
-- so that the owner of the tables is no exception.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants_of_tenant ON tenants
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

ALTER TABLE entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE entries FORCE ROW LEVEL SECURITY;
CREATE POLICY entries_of_tenant ON entries
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

ALTER TABLE commits ENABLE ROW LEVEL SECURITY;
ALTER TABLE commits FORCE ROW LEVEL SECURITY;
CREATE POLICY commits_of_tenant ON commits
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

ALTER TABLE subtrees ENABLE ROW LEVEL SECURITY;
ALTER TABLE subtrees FORCE ROW LEVEL SECURITY;
CREATE POLICY subtrees_of_tenant ON subtrees
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

ALTER TABLE checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE checkpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY checkpoints_of_tenant ON checkpoints
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

ALTER TABLE contents ENABLE ROW LEVEL SECURITY;
ALTER TABLE contents FORCE ROW LEVEL SECURITY;
CREATE POLICY contents_of_tenant ON contents
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

-- The list of tenants: a transaction for `*`, which no tenant is called, sees the heads of all and
-- nothing else of anybody.
CREATE POLICY commits_listing ON commits FOR SELECT
    USING (current_setting('factlog.tenant', true) = '*');

GRANT SELECT, INSERT ON ledger TO factlog_app;
GRANT SELECT, INSERT ON tenants TO factlog_app;
GRANT SELECT, INSERT ON entries TO factlog_app;
GRANT SELECT, INSERT ON commits TO factlog_app;
GRANT SELECT, INSERT ON subtrees TO factlog_app;
GRANT SELECT, INSERT ON checkpoints TO factlog_app;
GRANT SELECT, INSERT ON contents TO factlog_app;
GRANT SELECT ON _sqlx_migrations TO factlog_app;
