-- $1 tenant, $2 runs as a JSON array. A row a run: a row a part would take longer to reach the caller.
-- OFFSET keeps the planner from reading all parts of the tenant.
SELECT j.run_id, (
    SELECT string_agg(e.seqs, ',') FROM run_entries e
    WHERE e.tenant = $1 AND e.run_id = j.run_id
) AS seqs, (
    SELECT string_agg(s.steps, ',')
    FROM run_entries e CROSS JOIN LATERAL (
        SELECT * FROM run_steps WHERE run_steps.tenant = $1 AND run_steps.seq = e.seq AND run_steps.run_id = e.run_id OFFSET 0
    ) s
    WHERE e.tenant = $1 AND e.run_id = j.run_id
) AS steps
FROM json_array_elements_text(CAST($2 AS JSON)) AS j (run_id)
