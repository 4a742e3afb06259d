-- Goes on after `candidate`. $3 how many candidates were looked at, $4 since, $5 until (times as text,
-- half-open); what is null is not asked for: $6 agent, $7 provider, $8 model, $9 correlation, $10 seed,
-- $11 scenario, $12 plan hash, $13 root hash, $14 synthetic, $15 status, $16 run. The last candidate
-- comes back also where it does not fit: the next page begins there.
--
-- Labels tell the hours in which steps began, and which ends were told. Where an hour lies in the
-- period in part, or a run was said to have failed and to have completed, its steps decide (`unsure`).
judged AS (
    SELECT c.ordering, c.seq, c.run_id,
           -- A run that began steps in several hours of the period stands at the first of them.
           NOT ($17 = 'hour' AND EXISTS (
               SELECT 1 FROM labels_of_runs e
               WHERE e.tenant = $1 AND e.first_seq = c.first_seq AND e.name = 'hour'
                 AND e.value >= $18 AND e.value < c.ordering
           ))
           AND (CAST($16 AS TEXT) IS NULL OR c.run_id = $16)
           AND (CAST($6 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'agent' AND l.value = $6))
           AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'provider' AND l.value = $7))
           AND (CAST($8 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'model' AND l.value = $8))
           AND (CAST($9 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'correlation' AND l.value = $9))
           AND (CAST($10 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'seed' AND l.value = $10))
           AND (CAST($11 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'scenario' AND l.value = $11))
           AND (CAST($12 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'plan_hash' AND l.value = $12))
           AND (CAST($13 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'root_hash' AND l.value = $13))
           AND (CAST($14 AS TEXT) IS NULL OR ($14 = 'true') = EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'synthetic' AND l.value = 'true'))
           AND (($4 = '' AND $5 = '~') OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'hour' AND l.value >= substr($4, 1, 13) AND l.value < $5))
           AND CASE CAST($15 AS TEXT)
               WHEN 'running' THEN NOT EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'end')
               WHEN 'aborted' THEN EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'end' AND l.value = 'aborted')
               WHEN 'completed' THEN EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'end' AND l.value = 'completed') AND NOT EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'end' AND l.value = 'aborted')
               WHEN 'failed' THEN EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'end' AND l.value = 'failed') AND NOT EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'end' AND l.value = 'aborted')
               ELSE 1 = 1
           END AS fits,
           (CAST($15 AS TEXT) IN ('completed', 'failed') AND EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'end' AND l.value = 'completed') AND EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'end' AND l.value = 'failed'))
           OR NOT (($4 = '' AND $5 = '~') OR EXISTS (SELECT 1 FROM labels_of_runs l WHERE l.tenant = $1 AND l.first_seq = c.first_seq AND l.name = 'hour' AND l.value || ':00:00.000000000Z' >= $4 AND l.value || ':59:59.999999999Z' < $5)) AS unsure,
           row_number() OVER (ORDER BY c.ordering DESC, c.seq DESC) = $3 AS at_end
    FROM candidate c
)
SELECT ordering, seq, run_id, fits, coalesce(unsure, 1 = 0) AS unsure, at_end
FROM judged
WHERE fits OR at_end
ORDER BY ordering DESC, seq DESC
