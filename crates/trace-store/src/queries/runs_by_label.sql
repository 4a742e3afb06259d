-- $18 the label, $19 the least value, $20 where the page before ended, or the greatest value.
-- Newest first by (value, entry): of one label a run has each value once.
WITH candidate (ordering, seq, run_id) AS MATERIALIZED (
    SELECT l.value, l.seq, l.run_id
    FROM run_labels l
    WHERE l.tenant = $1 AND l.name = $18 AND l.value >= $19 AND (l.value, l.seq) < ($20, $2)
    ORDER BY l.value DESC, l.seq DESC
    LIMIT $3
),
