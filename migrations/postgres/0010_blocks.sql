-- Entries in blocks: a few dozen of them in a row, and compressed, not a row and an index item each.
-- It is what a commit is written in, and what verification reads.
--
-- A block holds entries of one commit that follow each other: `first_seq` is the number of the first,
-- `last_id` the id of the last.
-- `leaves`, `ids` and `fingerprints` have 32, 16 and 32 bytes an entry, `keys` a line an entry.
-- `facts` are their canonical bytes, each behind its length in 16 bits, big-endian (a C2SP
-- tlog-tiles entry bundle), of `size` bytes in all; where `facts` has fewer it is an LZ4 block.
CREATE TABLE blocks (
    tenant       TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    first_seq    BIGINT           NOT NULL CHECK (first_seq >= 0),
    last_id      BYTEA            NOT NULL CHECK (last_id = substring(ids FROM length(ids) - 15)),
    leaves       BYTEA            NOT NULL CHECK (length(leaves) > 0 AND length(leaves) % 32 = 0),
    ids          BYTEA            NOT NULL CHECK (length(ids) * 2 = length(leaves)),
    fingerprints BYTEA            NOT NULL CHECK (length(fingerprints) = length(leaves)),
    keys         TEXT COLLATE "C" NOT NULL CHECK (length(keys) > 0),
    size         BIGINT           NOT NULL CHECK (size > 0),
    facts        BYTEA            NOT NULL CHECK (length(facts) BETWEEN 1 AND size),
    PRIMARY KEY (tenant, first_seq)
) WITH (toast_tuple_target = 8160);

-- What fits a page lies in it, and nothing is compressed a second time.
ALTER TABLE blocks ALTER COLUMN leaves SET STORAGE EXTERNAL;
ALTER TABLE blocks ALTER COLUMN ids SET STORAGE EXTERNAL;
ALTER TABLE blocks ALTER COLUMN fingerprints SET STORAGE EXTERNAL;
ALTER TABLE blocks ALTER COLUMN facts SET STORAGE EXTERNAL;

-- Row-level security holds for whoever makes this too, so that each tenant's entries are moved under
-- its own name. A transaction for `*`, which no tenant is called, sees the heads of all.
DO $$
DECLARE
    name TEXT;
    names TEXT[];
BEGIN
    PERFORM set_config('factlog.tenant', '*', true);
    SELECT coalesce(array_agg(DISTINCT tenant), '{}') INTO names FROM commits;
    FOREACH name IN ARRAY names LOOP
        PERFORM set_config('factlog.tenant', name, true);
        INSERT INTO blocks (tenant, first_seq, last_id, leaves, ids, fingerprints, keys, size, facts)
        SELECT tenant, seq, decode(replace(id, '-', ''), 'hex'), leaf_hash, decode(replace(id, '-', ''), 'hex'),
               fingerprint, key, length(bytes) + 2, substring(int4send(length(bytes)) FROM 3) || bytes
        FROM entries WHERE tenant = name ORDER BY seq;
    END LOOP;
    PERFORM set_config('factlog.tenant', '', true);
END
$$;

-- An id begins with its millisecond, and those of a block lie within a few of them: the last one leads to
-- all.
CREATE INDEX blocks_by_id ON blocks (tenant, last_id);

CREATE TRIGGER blocks_no_update BEFORE UPDATE ON blocks
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE blocks ENABLE ALWAYS TRIGGER blocks_no_update;
CREATE TRIGGER blocks_no_delete BEFORE DELETE ON blocks
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE blocks ENABLE ALWAYS TRIGGER blocks_no_delete;
CREATE TRIGGER blocks_no_truncate BEFORE TRUNCATE ON blocks
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE blocks ENABLE ALWAYS TRIGGER blocks_no_truncate;

ALTER TABLE blocks ENABLE ROW LEVEL SECURITY;
ALTER TABLE blocks FORCE ROW LEVEL SECURITY;
CREATE POLICY blocks_of_tenant ON blocks
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON blocks TO factlog_app;

DROP TABLE entries;
