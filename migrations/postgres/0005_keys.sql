-- The idempotency keys as tags: 64 bits of a hash of each, big-endian, in order of the entries. One row a
-- commit (whole = 0), and one for each complete span of 65,536 entries (whole = 1).
--
-- Keys come in no order, and an index over them changed a page of its own for nearly every entry: it was
-- measured to cost half of the rate of writing. Rows of tags are appended. They are derived from
-- `entries.key`, and what is missing of them is read from there.
CREATE TABLE key_tags (
    tenant    TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    whole     BIGINT           NOT NULL CHECK (whole IN (0, 1)),
    first_seq BIGINT           NOT NULL CHECK (first_seq >= 0),
    tags      BYTEA            NOT NULL CHECK (length(tags) BETWEEN 8 AND 524288 AND length(tags) % 8 = 0),
    PRIMARY KEY (tenant, whole, first_seq)
);

CREATE TRIGGER key_tags_no_update BEFORE UPDATE ON key_tags
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE key_tags ENABLE ALWAYS TRIGGER key_tags_no_update;
CREATE TRIGGER key_tags_no_delete BEFORE DELETE ON key_tags
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE key_tags ENABLE ALWAYS TRIGGER key_tags_no_delete;
CREATE TRIGGER key_tags_no_truncate BEFORE TRUNCATE ON key_tags
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE key_tags ENABLE ALWAYS TRIGGER key_tags_no_truncate;

ALTER TABLE key_tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_tags FORCE ROW LEVEL SECURITY;
CREATE POLICY key_tags_of_tenant ON key_tags
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON key_tags TO factlog_app;

-- A key stays unique: a commit on a head that has moved is refused, and every entry below the head is
-- looked at before it.
DROP INDEX entries_by_key;
