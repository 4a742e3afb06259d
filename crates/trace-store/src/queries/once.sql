placed AS (
    SELECT c.ordering, c.seq, c.run_id, 1 = 0 AS repeated, 1 = 0 AS inside FROM candidate c
),
