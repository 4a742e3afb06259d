-- Goes on after `placed`. $3 how many candidates were looked at, $4 since, $5 until (times as text,
-- half-open), $6 how many are wanted; what is null is not asked for: $7 agent, $8 provider, $9 model,
-- $10 correlation, $11 seed, $12 scenario, $13 plan hash, $14 root hash, $15 synthetic, $16 status,
-- $17 run. The last candidate comes back also where it does not fit: the next page begins there.
-- `started_at >= ''` holds for all, and leads SQLite to the index of a run's steps.
judged AS (
    SELECT f.ordering, f.seq, f.run_id,
           NOT f.repeated
           AND (CAST($17 AS TEXT) IS NULL OR f.run_id = $17)
           AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'agent' AND l.value = $7))
           AND (CAST($8 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'provider' AND l.value = $8))
           AND (CAST($9 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'model' AND l.value = $9))
           AND (CAST($10 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'correlation' AND l.value = $10))
           AND (CAST($11 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'seed' AND l.value = $11))
           AND (CAST($12 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'scenario' AND l.value = $12))
           AND (CAST($13 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'plan_hash' AND l.value = $13))
           AND (CAST($14 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'root_hash' AND l.value = $14))
           AND (CAST($15 AS TEXT) IS NULL OR ($15 = 'true') = EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'synthetic' AND l.value = 'true'))
           AND (f.inside OR ($4 = '' AND $5 = '~') OR (
               -- The least and not EXISTS: PostgreSQL would join, and read all steps of the tenant.
               SELECT min(s.started_at) FROM steps s
               WHERE s.tenant = $1 AND s.run_id = f.run_id AND s.started_at >= $4 AND s.started_at < $5
           ) IS NOT NULL)
           AND CASE CAST($16 AS TEXT)
               WHEN 'running' THEN NOT EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'end')
               WHEN 'aborted' THEN EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'end' AND l.value = 'aborted')
               WHEN 'completed' THEN EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'end' AND l.value = 'completed')
                    AND NOT EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'end' AND l.value = 'aborted')
                    AND (NOT EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'end' AND l.value = 'failed')
                         OR (SELECT CASE WHEN s.error IS NULL THEN 1 ELSE 0 END FROM steps s
                             WHERE s.tenant = $1 AND s.run_id = f.run_id AND s.started_at >= ''
                               AND ((s.root = 1 AND s.ended_at IS NOT NULL) OR s.kind IN ('run.completed', 'run.aborted'))
                             ORDER BY coalesce(s.ended_at, s.started_at) DESC, s.seq DESC LIMIT 1) = 1)
               WHEN 'failed' THEN EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'end' AND l.value = 'failed')
                    AND NOT EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'end' AND l.value = 'aborted')
                    AND (NOT EXISTS (SELECT 1 FROM run_labels l WHERE l.tenant = $1 AND l.run_id = f.run_id AND l.name = 'end' AND l.value = 'completed')
                         OR (SELECT CASE WHEN s.error IS NULL THEN 1 ELSE 0 END FROM steps s
                             WHERE s.tenant = $1 AND s.run_id = f.run_id AND s.started_at >= ''
                               AND ((s.root = 1 AND s.ended_at IS NOT NULL) OR s.kind IN ('run.completed', 'run.aborted'))
                             ORDER BY coalesce(s.ended_at, s.started_at) DESC, s.seq DESC LIMIT 1) = 0)
               ELSE 1 = 1
           END AS fits,
           row_number() OVER (ORDER BY f.ordering DESC, f.seq DESC) = $3 AS at_end
    FROM placed f
)
SELECT ordering, seq, run_id, fits, at_end
FROM judged
WHERE fits OR at_end
ORDER BY ordering DESC, seq DESC
LIMIT $6
