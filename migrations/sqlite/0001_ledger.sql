-- The append-only ledger: one Merkle tree per tenant.
--
-- Every key starts with the tenant. Every table is STRICT, and its CHECKs repeat what the types say.
-- A fact table refuses UPDATE and DELETE; what lies behind commitments (contents, tenants) refuses
-- UPDATE alone, because erasing it is allowed and breaks no proof.

-- One row: the name before the tenant in every checkpoint's origin.
CREATE TABLE ledger (
    only   INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    origin TEXT    NOT NULL CHECK (length(origin) BETWEEN 1 AND 256)
) STRICT;

-- The secret of the idempotency fingerprints.
CREATE TABLE tenants (
    tenant TEXT NOT NULL PRIMARY KEY CHECK (length(tenant) BETWEEN 1 AND 64),
    secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT, WITHOUT ROWID;

-- The leaves. A rowid table: an entry larger than about a quarter of a page would spill into overflow
-- pages in a WITHOUT ROWID b-tree, which was measured to cost a third of the rate of writing.
CREATE TABLE entries (
    tenant      TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq         INTEGER NOT NULL CHECK (seq >= 0),
    kind        TEXT    NOT NULL CHECK (length(kind) BETWEEN 1 AND 128),
    id          TEXT    NOT NULL CHECK (length(id) = 36),
    key         TEXT    NOT NULL CHECK (length(key) BETWEEN 1 AND 256),
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    run_id      TEXT    CHECK (length(run_id) BETWEEN 1 AND 128),
    trace_id    TEXT    CHECK (length(trace_id) = 32),
    occurred_at TEXT    NOT NULL CHECK (length(occurred_at) = 30),
    recorded_at TEXT    NOT NULL CHECK (length(recorded_at) = 30),
    leaf_hash   BLOB    NOT NULL CHECK (length(leaf_hash) = 32),
    bytes       BLOB    NOT NULL CHECK (length(bytes) BETWEEN 2 AND 65535),
    PRIMARY KEY (tenant, seq)
) STRICT;

CREATE UNIQUE INDEX entries_by_key ON entries (tenant, key);
CREATE UNIQUE INDEX entries_by_id ON entries (tenant, id);
CREATE INDEX entries_by_run ON entries (tenant, run_id, seq) WHERE run_id IS NOT NULL;

-- The heads. UNIQUE (tenant, on_size) is the compare-and-swap: two commits cannot stand on one head.
CREATE TABLE commits (
    tenant      TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    size        INTEGER NOT NULL CHECK (size > on_size),
    on_size     INTEGER NOT NULL CHECK (on_size >= 0),
    peaks       BLOB    NOT NULL CHECK (length(peaks) BETWEEN 32 AND 2048 AND length(peaks) % 32 = 0),
    root        BLOB    NOT NULL CHECK (length(root) = 32),
    recorded_at TEXT    NOT NULL CHECK (length(recorded_at) = 30),
    PRIMARY KEY (tenant, size),
    UNIQUE (tenant, on_size)
) STRICT, WITHOUT ROWID;

-- Roots of complete subtrees of 256^level leaves.
CREATE TABLE subtrees (
    tenant TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    level  INTEGER NOT NULL CHECK (level BETWEEN 1 AND 8),
    idx    INTEGER NOT NULL CHECK (idx >= 0),
    root   BLOB    NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (tenant, level, idx)
) STRICT, WITHOUT ROWID;

-- Signed notes. The root is in the key: were one size ever signed with two roots, both stay as evidence.
CREATE TABLE checkpoints (
    tenant    TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    size      INTEGER NOT NULL CHECK (size >= 0),
    root      BLOB    NOT NULL CHECK (length(root) = 32),
    note      TEXT    NOT NULL CHECK (length(note) > 0),
    signed_at TEXT    NOT NULL CHECK (length(signed_at) = 30),
    PRIMARY KEY (tenant, size, root)
) STRICT;

-- What lies behind the commitments of the entries; may be erased.
CREATE TABLE contents (
    tenant  TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq     INTEGER NOT NULL CHECK (seq >= 0),
    pointer TEXT    NOT NULL CHECK (substr(pointer, 1, 1) = '/'),
    form    TEXT    NOT NULL CHECK (form IN ('sd', 'blob')),
    salt    BLOB    NOT NULL CHECK (length(salt) = CASE form WHEN 'blob' THEN 32 ELSE 0 END),
    bytes   BLOB    NOT NULL,
    PRIMARY KEY (tenant, seq, pointer),
    FOREIGN KEY (tenant, seq) REFERENCES entries (tenant, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'factlog: ledger is append-only'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'factlog: ledger is append-only'); END;

CREATE TRIGGER tenants_no_update BEFORE UPDATE ON tenants
BEGIN SELECT RAISE(ABORT, 'factlog: tenants is append-only'); END;

CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'factlog: entries is append-only'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'factlog: entries is append-only'); END;

CREATE TRIGGER commits_no_update BEFORE UPDATE ON commits
BEGIN SELECT RAISE(ABORT, 'factlog: commits is append-only'); END;
CREATE TRIGGER commits_no_delete BEFORE DELETE ON commits
BEGIN SELECT RAISE(ABORT, 'factlog: commits is append-only'); END;

CREATE TRIGGER subtrees_no_update BEFORE UPDATE ON subtrees
BEGIN SELECT RAISE(ABORT, 'factlog: subtrees is append-only'); END;
CREATE TRIGGER subtrees_no_delete BEFORE DELETE ON subtrees
BEGIN SELECT RAISE(ABORT, 'factlog: subtrees is append-only'); END;

CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'factlog: checkpoints is append-only'); END;
CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'factlog: checkpoints is append-only'); END;

CREATE TRIGGER contents_no_update BEFORE UPDATE ON contents
BEGIN SELECT RAISE(ABORT, 'factlog: contents is append-only'); END;
