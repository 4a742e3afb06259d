-- $1 tenant, $2 before_seq, $3 since, $4 until (times as text; half-open), $5 limit.
-- Newest first by the first entry, which never changes: a page neither skips nor repeats a run.
WITH page (run_id, first_seq) AS MATERIALIZED (
    SELECT r.run_id, r.first_seq
    FROM runs r
    WHERE r.tenant = $1
      AND r.first_seq < $2
      -- The least and not EXISTS: PostgreSQL would join, and read all steps of the tenant for a page.
      AND (
          SELECT min(s.started_at) FROM steps s
          WHERE s.tenant = $1 AND s.run_id = r.run_id AND s.started_at >= $3 AND s.started_at < $4
      ) IS NOT NULL
    ORDER BY r.first_seq DESC
    LIMIT $5
),
