placed AS (
    SELECT c.ordering, c.seq, c.run_id, 1 = 0 AS repeated FROM candidate c
),
