-- $1 tenant, $2 runs as a JSON array. A row a run: a row a part would take longer to reach the caller.
-- Without the hint, SQLite may prefer to read all parts of the tenant.
SELECT j.value AS run_id, (
    SELECT group_concat(e.seqs, ',') FROM run_entries e INDEXED BY run_entries_by_run
    WHERE e.tenant = $1 AND e.run_id = j.value
) AS seqs
FROM json_each($2) j
