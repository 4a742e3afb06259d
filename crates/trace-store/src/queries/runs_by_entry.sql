-- Newest first by the first entry of each run, which never changes: a page neither skips nor repeats.
WITH candidate (ordering, seq, run_id) AS MATERIALIZED (
    SELECT '' AS ordering, r.first_seq, r.run_id
    FROM runs r
    WHERE r.tenant = $1 AND r.first_seq < $2
    ORDER BY r.first_seq DESC
    LIMIT $3
),
