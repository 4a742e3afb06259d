-- ?1 tenant, ?2 before_seq, ?3 since, ?4 until (times as text; half-open), ?5 limit.
-- Newest first by the first entry, which never changes: a page neither skips nor repeats a run.
WITH page (run_id, first_seq) AS MATERIALIZED (
    SELECT r.run_id, r.first_seq
    FROM runs r
    WHERE r.tenant = ?1
      AND r.first_seq < ?2
      AND EXISTS (
          SELECT 1 FROM steps s
          WHERE s.tenant = ?1 AND s.run_id = r.run_id AND s.started_at >= ?3 AND s.started_at < ?4
      )
    ORDER BY r.first_seq DESC
    LIMIT ?5
),
