-- The idempotency keys as tags: 64 bits of a hash of each, big-endian, in order of the entries. One row a
-- commit (whole = 0), and one for each complete span of 65,536 entries (whole = 1).
--
-- Keys come in no order, and an index over them changed a page of its own for nearly every entry: it was
-- measured to cost half of the rate of writing. Rows of tags are appended. They are derived from
-- `entries.key`, and what is missing of them is read from there.
CREATE TABLE key_tags (
    tenant    TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    whole     INTEGER NOT NULL CHECK (whole IN (0, 1)),
    first_seq INTEGER NOT NULL CHECK (first_seq >= 0),
    tags      BLOB    NOT NULL CHECK (length(tags) BETWEEN 8 AND 524288 AND length(tags) % 8 = 0),
    PRIMARY KEY (tenant, whole, first_seq)
) STRICT;

CREATE TRIGGER key_tags_no_update BEFORE UPDATE ON key_tags
BEGIN SELECT RAISE(ABORT, 'factlog: key_tags is append-only'); END;
CREATE TRIGGER key_tags_no_delete BEFORE DELETE ON key_tags
BEGIN SELECT RAISE(ABORT, 'factlog: key_tags is append-only'); END;

-- A key stays unique: a commit on a head that has moved is refused, and every entry below the head is
-- looked at before it.
DROP INDEX entries_by_key;
