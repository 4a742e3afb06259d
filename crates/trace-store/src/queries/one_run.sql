-- $1 tenant, $2 run.
WITH page (run_id, first_seq) AS MATERIALIZED (
    SELECT r.run_id, r.first_seq FROM runs r WHERE r.tenant = $1 AND r.run_id = $2
),
