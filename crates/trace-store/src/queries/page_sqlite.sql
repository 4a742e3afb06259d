-- $1 tenant, $2 runs as a JSON array.
WITH page (run_id, first_seq) AS MATERIALIZED (
    SELECT r.run_id, r.first_seq
    FROM json_each($2) j CROSS JOIN runs r ON r.tenant = $1 AND r.run_id = j.value
)
