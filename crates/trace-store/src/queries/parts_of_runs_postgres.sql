-- $1 tenant, $2 runs as a JSON array. A row a run: a row a part would take longer to reach the caller.
SELECT j.run_id, (
    SELECT string_agg(e.seqs, ',') FROM run_entries e
    WHERE e.tenant = $1 AND e.run_id = j.run_id
) AS seqs
FROM json_array_elements_text(CAST($2 AS JSON)) AS j (run_id)
