-- Entries in blocks: a few dozen of them in a row, and compressed, not a row and an index item each.
-- It is what a commit is written in, and what verification reads.
--
-- A block holds entries of one commit that follow each other: `first_seq` is the number of the first,
-- `last_id` the id of the last.
-- `leaves`, `ids` and `fingerprints` have 32, 16 and 32 bytes an entry, `keys` a line an entry.
-- `facts` are their canonical bytes, each behind its length in 16 bits, big-endian (a C2SP
-- tlog-tiles entry bundle), of `size` bytes in all; where `facts` has fewer it is an LZ4 block.
CREATE TABLE blocks (
    tenant       TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    first_seq    INTEGER NOT NULL CHECK (first_seq >= 0),
    last_id      BLOB    NOT NULL CHECK (last_id = substr(ids, -16)),
    leaves       BLOB    NOT NULL CHECK (length(leaves) > 0 AND length(leaves) % 32 = 0),
    ids          BLOB    NOT NULL CHECK (length(ids) * 2 = length(leaves)),
    fingerprints BLOB    NOT NULL CHECK (length(fingerprints) = length(leaves)),
    keys         TEXT    NOT NULL CHECK (length(keys) > 0),
    size         INTEGER NOT NULL CHECK (size > 0),
    facts        BLOB    NOT NULL CHECK (length(facts) BETWEEN 1 AND size),
    PRIMARY KEY (tenant, first_seq)
) STRICT;

INSERT INTO blocks (tenant, first_seq, last_id, leaves, ids, fingerprints, keys, size, facts)
SELECT tenant, seq, unhex(replace(id, '-', '')), leaf_hash, unhex(replace(id, '-', '')), fingerprint, key,
       length(bytes) + 2, CAST(unhex(printf('%04x', length(bytes))) || bytes AS BLOB)
FROM entries ORDER BY tenant, seq;

-- An id begins with its millisecond, and those of a block lie within a few of them: the last one leads to
-- all.
CREATE INDEX blocks_by_id ON blocks (tenant, last_id);

CREATE TRIGGER blocks_no_update BEFORE UPDATE ON blocks
BEGIN SELECT RAISE(ABORT, 'factlog: blocks is append-only'); END;
CREATE TRIGGER blocks_no_delete BEFORE DELETE ON blocks
BEGIN SELECT RAISE(ABORT, 'factlog: blocks is append-only'); END;

-- Nothing refers to an entry's row any more: one transaction writes entries and what is derived from
-- them, and `ledger verify` compares the two. SQLite cannot take a reference away. In typed rows, which
-- only factlog writes, it stays as it is written and is not enforced; contents, which are erased by hand
-- too, are made anew without it.
CREATE TABLE contents_apart (
    tenant  TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq     INTEGER NOT NULL CHECK (seq >= 0),
    pointer TEXT    NOT NULL CHECK (substr(pointer, 1, 1) = '/'),
    form    TEXT    NOT NULL CHECK (form IN ('sd', 'blob')),
    salt    BLOB    NOT NULL CHECK (length(salt) = CASE form WHEN 'blob' THEN 32 ELSE 0 END),
    bytes   BLOB    NOT NULL,
    PRIMARY KEY (tenant, seq, pointer)
) STRICT;

INSERT INTO contents_apart SELECT * FROM contents;
DROP TABLE contents;
ALTER TABLE contents_apart RENAME TO contents;

CREATE TRIGGER contents_no_update BEFORE UPDATE ON contents
BEGIN SELECT RAISE(ABORT, 'factlog: contents is append-only'); END;

DROP TABLE entries;
