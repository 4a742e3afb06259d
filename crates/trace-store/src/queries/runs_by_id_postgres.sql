-- The one run with an id.
WITH candidate (ordering, seq, run_id, first_seq) AS MATERIALIZED (
    SELECT l.value, l.seq, l.run_id, l.first_seq
    FROM labels_of_runs l
    WHERE l.tenant = $1 AND l.first_seq = (SELECT e.seq FROM run_entries e WHERE e.tenant = $1 AND e.run_id = $16 ORDER BY e.seq LIMIT 1) AND l.name = $17 AND l.value >= $18 AND (l.value, l.seq) < ($19, $2)
    LIMIT $3
),
