-- The one run with an id.
WITH candidate (ordering, seq, run_id) AS MATERIALIZED (
    SELECT l.value, l.seq, l.run_id
    FROM run_labels l
    WHERE l.tenant = $1 AND l.run_id = $16 AND l.name = $17 AND l.value >= $18 AND (l.value, l.seq) < ($19, $2)
    LIMIT $3
),
