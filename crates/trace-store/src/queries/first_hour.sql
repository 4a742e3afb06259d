-- A run that began steps in several hours of the period stands at the first of them. Where that hour
-- lies inside the period as a whole, its steps need not be asked.
placed AS (
    SELECT c.ordering, c.seq, c.run_id,
           $18 = 'hour' AND EXISTS (
               SELECT 1 FROM run_labels e
               WHERE e.tenant = $1 AND e.run_id = c.run_id AND e.name = 'hour'
                 AND e.value >= $19 AND e.value < c.ordering
           ) AS repeated,
           $18 = 'hour' AND c.ordering || ':00:00.000000000Z' >= $4
               AND c.ordering || ':59:59.999999999Z' < $5 AS inside
    FROM candidate c
),
