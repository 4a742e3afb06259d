-- $1 tenant, $2 runs as a JSON array.
WITH page (run_id, first_seq) AS MATERIALIZED (
    SELECT r.run_id, r.first_seq
    FROM json_array_elements_text(CAST($2 AS JSON)) AS j (run_id)
    -- OFFSET keeps the planner from reading all runs of the tenant.
    CROSS JOIN LATERAL (
        SELECT * FROM runs WHERE runs.tenant = $1 AND runs.run_id = j.run_id OFFSET 0
    ) r
)
