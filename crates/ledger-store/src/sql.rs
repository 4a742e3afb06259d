//! The statements that both databases are given.

use crate::{Insert, Statement, Type, repeated};

use Type::{Bytes, Int, Text, Utf8};

pub(crate) static INSERT_BLOCKS: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO blocks (tenant, first_seq, last_id, leaves, ids, fingerprints, keys, size, facts)",
        "(?,?,?,?,?,?,?,?,?)",
        ""
    ),
    postgres: "INSERT INTO blocks (tenant, first_seq, last_id, leaves, ids, fingerprints, keys, size, facts) SELECT $1, * FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[], $8::bigint[], $9::bytea[])",
    columns: &[Bytes, Bytes, Bytes, Bytes, Text, Int, Bytes],
};
pub(crate) static INSERT_CONTENTS: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO contents (tenant, seq, pointer, form, salt, bytes)",
        "(?,?,?,?,?,?)",
        ""
    ),
    postgres: "INSERT INTO contents (tenant, seq, pointer, form, salt, bytes) SELECT $1, * FROM unnest($2::bigint[], $3::bytea[], $4::text[], $5::bytea[], $6::bytea[])",
    columns: &[Utf8, Text, Bytes, Bytes],
};
pub(crate) static INSERT_SUBTREES: Insert = Insert {
    sqlite: repeated!("INSERT OR FAIL INTO subtrees (tenant, idx, level, root)", "(?,?,?,?)", ""),
    postgres: "INSERT INTO subtrees (tenant, idx, level, root) SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])",
    columns: &[Int, Bytes],
};

pub(crate) static INSERT_KEY_TAGS: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO key_tags (tenant, first_seq, whole, tags)",
        "(?,?,?,?)",
        ""
    ),
    postgres: "INSERT INTO key_tags (tenant, first_seq, whole, tags) SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])",
    columns: &[Int, Bytes],
};

pub(crate) static SELECT_HEAD: Statement = Statement::both(
    "reading the head",
    "SELECT size, peaks, root FROM commits WHERE tenant = $1 ORDER BY size DESC LIMIT 1",
);
pub(crate) static SELECT_HEAD_AT: Statement = Statement::both(
    "reading a head",
    "SELECT size, peaks, root FROM commits WHERE tenant = $1 AND size = $2",
);
pub(crate) static SELECT_COMMITS: Statement = Statement::both(
    "reading the commits",
    "SELECT on_size, size, peaks, root FROM commits WHERE tenant = $1 AND size > $2 ORDER BY size LIMIT $3",
);

/// Tenants by skipping through the key: one probe a tenant, however many commits there are.
pub(crate) static SELECT_TENANTS: Statement = Statement::both(
    "listing the tenants",
    "
WITH RECURSIVE skip (tenant) AS (
    SELECT min(tenant) FROM commits
    UNION ALL
    SELECT (SELECT min(c.tenant) FROM commits c WHERE c.tenant > skip.tenant)
    FROM skip WHERE skip.tenant IS NOT NULL
)
SELECT tenant FROM skip WHERE tenant IS NOT NULL ORDER BY tenant",
);

/// The part of a statement that finds the blocks of entries `[$2, $3)`: also the one that begins before
/// them and may reach among them.
macro_rules! of_entries {
    ($columns:literal) => {
        concat!(
            "SELECT first_seq, ",
            $columns,
            " FROM blocks WHERE tenant = $1 AND first_seq >= (SELECT coalesce(max(first_seq), 0) FROM blocks WHERE tenant = $1 AND first_seq <= $2) AND first_seq < $3 ORDER BY first_seq"
        )
    };
}

pub(crate) static SELECT_ENTRIES: Statement =
    Statement::both("reading entries", of_entries!("last_id, leaves, ids, size, facts"));
/// All that a block is verified with.
pub(crate) static SELECT_BLOCKS: Statement = Statement::both(
    "reading blocks",
    of_entries!(
        "last_id, leaves, ids, size, facts, CAST(length(leaves) / 32 AS BIGINT) AS entries, CAST(length(fingerprints) AS BIGINT) AS prints, keys"
    ),
);
pub(crate) static SELECT_LEAF_HASHES: Statement =
    Statement::both("reading hashes", of_entries!("leaves"));
pub(crate) static SELECT_KEYS: Statement = Statement::both(
    "reading the keys of entries",
    of_entries!("CAST(length(leaves) / 32 AS BIGINT) AS entries, keys"),
);
pub(crate) static SELECT_KNOWN_IN: Statement =
    Statement::both("reading what is known of entries", of_entries!("ids, fingerprints, keys"));
/// Blocks whose last id lies between `$2` and below `$3`.
pub(crate) static SELECT_IDS: Statement = Statement::both(
    "looking up a fact",
    "SELECT first_seq, ids FROM blocks WHERE tenant = $1 AND last_id >= $2 AND last_id < $3",
);
pub(crate) static SELECT_KEY_TAGS: Statement = Statement::both(
    "reading the tags of keys",
    "SELECT first_seq, tags FROM key_tags WHERE tenant = $1 AND whole = $2 AND first_seq >= $3 ORDER BY first_seq LIMIT $4",
);
/// The tags of the range `[$3, $4)`, also of a row that begins before it and reaches into it. A row of a
/// complete span is half a megabyte, of which a part is given. PostgreSQL counts bytes in 32 bits: where rows
/// are missing, the one before may lie further back.
pub(crate) static SELECT_KEY_TAGS_OF: Statement = Statement {
    doing: "comparing the tags of keys",
    sqlite: "SELECT max(first_seq, $3) AS first_seq, substr(tags, 1 + 8 * (max(first_seq, $3) - first_seq), 8 * ($4 - max(first_seq, $3))) AS tags FROM key_tags WHERE tenant = $1 AND whole = $2 AND first_seq >= (SELECT coalesce(max(first_seq), 0) FROM key_tags WHERE tenant = $1 AND whole = $2 AND first_seq <= $3) AND first_seq < $4 ORDER BY first_seq",
    postgres: "SELECT greatest(first_seq, $3) AS first_seq, substr(tags, least(1 + 8 * (greatest(first_seq, $3) - first_seq), 2147483647)::int, (8 * ($4 - greatest(first_seq, $3)))::int) AS tags FROM key_tags WHERE tenant = $1 AND whole = $2 AND first_seq >= (SELECT coalesce(max(first_seq), 0) FROM key_tags WHERE tenant = $1 AND whole = $2 AND first_seq <= $3) AND first_seq < $4 ORDER BY first_seq",
};
/// The blocks of some entries: `$2` are sequence numbers with commas between.
pub(crate) static SELECT_KNOWN: Statement = Statement {
    doing: "looking up known facts",
    sqlite: "SELECT first_seq, ids, fingerprints, keys FROM blocks WHERE tenant = $1 AND first_seq IN (SELECT (SELECT max(b.first_seq) FROM blocks b WHERE b.tenant = $1 AND b.first_seq <= j.value) FROM json_each('[' || $2 || ']') j) ORDER BY first_seq",
    postgres: "SELECT first_seq, ids, fingerprints, keys FROM blocks WHERE tenant = $1 AND first_seq = ANY (ARRAY(SELECT (SELECT b.first_seq FROM blocks b WHERE b.tenant = $1 AND b.first_seq <= j.seq ORDER BY b.first_seq DESC LIMIT 1) FROM unnest(string_to_array($2, ',')::bigint[]) AS j (seq))) ORDER BY first_seq",
};
/// The bytes of the blocks that hold some entries: `$2` are ranges of them, of each the first and the last.
pub(crate) static SELECT_BYTES: Statement = Statement {
    doing: "reading some entries",
    sqlite: "SELECT first_seq, leaves, size, facts FROM blocks WHERE tenant = $1 AND first_seq IN (SELECT (SELECT max(b.first_seq) FROM blocks b WHERE b.tenant = $1 AND b.first_seq <= j.value ->> 0) FROM json_each($2) j UNION SELECT b.first_seq FROM json_each($2) j CROSS JOIN blocks b ON b.tenant = $1 AND b.first_seq > j.value ->> 0 AND b.first_seq <= j.value ->> 1) ORDER BY first_seq",
    postgres: "SELECT first_seq, leaves, size, facts FROM blocks WHERE tenant = $1 AND first_seq = ANY (ARRAY(SELECT (SELECT b.first_seq FROM blocks b WHERE b.tenant = $1 AND b.first_seq <= (j ->> 0)::bigint ORDER BY b.first_seq DESC LIMIT 1) FROM json_array_elements($2::json) AS j UNION SELECT b.first_seq FROM json_array_elements($2::json) AS j CROSS JOIN LATERAL (SELECT first_seq FROM blocks WHERE tenant = $1 AND first_seq > (j ->> 0)::bigint AND first_seq <= (j ->> 1)::bigint OFFSET 0) b)) ORDER BY first_seq",
};
pub(crate) static SELECT_NEXT_BLOCK: Statement = Statement::both(
    "looking for entries",
    "SELECT min(first_seq) AS seq FROM blocks WHERE tenant = $1 AND first_seq >= $2",
);
/// Rows below 0, or from `$2` on.
pub(crate) static SELECT_STRAY_ROWS: Statement = Statement::both(
    "looking for rows where no entry is",
    "SELECT 'blocks' AS of_table, first_seq AS number FROM blocks WHERE tenant = $1 AND (first_seq < 0 OR first_seq >= $2)
     UNION ALL SELECT 'contents', seq FROM contents WHERE tenant = $1 AND (seq < 0 OR seq >= $2)
     UNION ALL SELECT 'key_tags', first_seq FROM key_tags WHERE tenant = $1 AND whole = 0 AND (first_seq < 0 OR first_seq >= $2)
     UNION ALL SELECT 'key_tags', first_seq FROM key_tags WHERE tenant = $1 AND whole = 1 AND (first_seq < 0 OR first_seq >= $2)
     UNION ALL SELECT 'run_entries', seq FROM run_entries WHERE tenant = $1 AND (seq < 0 OR seq >= $2)
     LIMIT 100",
);
pub(crate) static SELECT_CONTENTS: Statement = Statement::both(
    "reading contents",
    "SELECT seq, pointer, form, salt, bytes FROM contents WHERE tenant = $1 AND seq >= $2 AND seq < $3 ORDER BY seq, pointer",
);
pub(crate) static SELECT_SUBTREES: Statement = Statement::both(
    "reading subtrees",
    "SELECT idx AS number, root AS hash FROM subtrees WHERE tenant = $1 AND level = $2 AND idx >= $3 AND idx < $4 ORDER BY idx",
);
/// The index leads to the size; the few of one size are sorted.
pub(crate) static SELECT_CHECKPOINTS: Statement = Statement::both(
    "reading checkpoints",
    "SELECT size, root, note, signed_at FROM checkpoints WHERE tenant = $1 AND size >= $2 AND (size, signed_at, root) > ($2, $3, $4) ORDER BY size, signed_at, root LIMIT $5",
);
pub(crate) static SELECT_NEWEST_CHECKPOINT: Statement = Statement::both(
    "reading the newest checkpoint",
    "SELECT size, root, note, signed_at FROM checkpoints WHERE tenant = $1 ORDER BY size DESC, signed_at DESC, root DESC LIMIT 1",
);
pub(crate) static SELECT_SECRET: Statement =
    Statement::both("reading a tenant's secret", "SELECT secret FROM tenants WHERE tenant = $1");
pub(crate) static SELECT_ORIGIN: Statement =
    Statement::both("reading the origin", r#"SELECT origin FROM ledger WHERE "only" = 1"#);

pub(crate) const INSERT_CHECKPOINT: &str = "INSERT INTO checkpoints (tenant, size, root, note, signed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, size, root) DO NOTHING";
pub(crate) const INSERT_SECRET: &str =
    "INSERT INTO tenants (tenant, secret) VALUES ($1, $2) ON CONFLICT (tenant) DO NOTHING";
pub(crate) const INSERT_ORIGIN: &str =
    r#"INSERT INTO ledger ("only", origin) VALUES (1, $1) ON CONFLICT ("only") DO NOTHING"#;

/// Every statement that reads, for a look at its plan.
pub static STATEMENTS: [&Statement; 26] = [
    &SELECT_HEAD,
    &SELECT_HEAD_AT,
    &SELECT_COMMITS,
    &crate::past::SELECT_PAST_COMMITS,
    &SELECT_TENANTS,
    &SELECT_ENTRIES,
    &SELECT_BLOCKS,
    &SELECT_LEAF_HASHES,
    &crate::run_entries::SELECT_RUN_SEQS,
    &crate::run_entries::SELECT_RUN_ENTRIES,
    &SELECT_IDS,
    &SELECT_KEY_TAGS,
    &SELECT_KEY_TAGS_OF,
    &SELECT_KEYS,
    &SELECT_KNOWN_IN,
    &SELECT_KNOWN,
    &SELECT_BYTES,
    &SELECT_NEXT_BLOCK,
    &SELECT_STRAY_ROWS,
    &SELECT_CONTENTS,
    &SELECT_SUBTREES,
    &SELECT_CHECKPOINTS,
    &SELECT_NEWEST_CHECKPOINT,
    &SELECT_SECRET,
    &SELECT_ORIGIN,
    &crate::backlog::SELECT_BACKLOG,
];
