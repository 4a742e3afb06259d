-- The one run with an id. Without the hint, SQLite may prefer to read all runs with the label.
WITH candidate (ordering, seq, run_id, first_seq) AS MATERIALIZED (
    SELECT l.value, l.seq, l.run_id, l.first_seq
    FROM labels_of_runs l INDEXED BY labels_of_runs_by_run
    WHERE l.tenant = $1 AND l.first_seq = (SELECT e.seq FROM run_entries e INDEXED BY run_entries_by_run WHERE e.tenant = $1 AND e.run_id = $16 ORDER BY e.seq LIMIT 1) AND l.name = $17 AND l.value >= $18 AND (l.value, l.seq) < ($19, $2)
    LIMIT $3
),
