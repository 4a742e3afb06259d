-- $2 to $3 hours (the second not included), each run once at its first hour of these; $4 and $5 are
-- the hour and entry behind which to go on, $6 how many.
SELECT l.value, l.seq, l.run_id
FROM labels_of_runs l
WHERE l.tenant = $1 AND l.name = 'hour' AND l.value >= $2 AND l.value < $3 AND (l.value, l.seq) > ($4, $5)
  AND NOT EXISTS (
      SELECT 1 FROM labels_of_runs e
      WHERE e.tenant = $1 AND e.first_seq = l.first_seq AND e.name = 'hour' AND e.value >= $2 AND e.value < l.value
  )
ORDER BY l.value, l.seq
LIMIT $6
