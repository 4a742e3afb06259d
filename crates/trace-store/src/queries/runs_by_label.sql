-- $17 the label, $18 the least value, $19 where the page before ended, or the greatest value.
-- Newest first by (value, entry), which never changes: a page neither skips nor repeats.
WITH candidate (ordering, seq, run_id, first_seq) AS MATERIALIZED (
    SELECT l.value, l.seq, l.run_id, l.first_seq
    FROM labels_of_runs l
    WHERE l.tenant = $1 AND l.name = $17 AND l.value >= $18 AND (l.value, l.seq) < ($19, $2)
    ORDER BY l.value DESC, l.seq DESC
    LIMIT $3
),
