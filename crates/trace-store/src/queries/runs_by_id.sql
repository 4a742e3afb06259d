-- The one run with an id.
WITH candidate (ordering, seq, run_id) AS MATERIALIZED (
    SELECT '' AS ordering, r.first_seq, r.run_id
    FROM runs r
    WHERE r.tenant = $1 AND r.run_id = $17 AND r.first_seq < $2
    LIMIT $3
),
