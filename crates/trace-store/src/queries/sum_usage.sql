-- Goes on after `step`: calls and not reports, as `summary.rs` counts them.
lent AS MATERIALIZED (
    SELECT run_id, span_id, min(response_id) AS response_id
    FROM step
    WHERE class IN ('llm', 'event') AND span_id IS NOT NULL AND response_id IS NOT NULL
    GROUP BY run_id, span_id
),
call AS (
    SELECT m.run_id,
           coalesce('response ' || coalesce(m.response_id, lent.response_id), 'span ' || m.span_id, 'entry ' || m.seq) AS key,
           min(m.started_at) AS started_at,
           min(m.provider) AS provider,
           min(m.model) AS model,
           max(m.input_tokens) AS input_tokens,
           max(m.output_tokens) AS output_tokens,
           max(m.cost_micros) AS cost_micros,
           max(CASE WHEN m.error IS NULL THEN 0 ELSE 1 END) AS failed
    FROM step m LEFT JOIN lent ON lent.run_id = m.run_id AND lent.span_id = m.span_id
    WHERE m.class = 'llm'
    GROUP BY 1, 2
),
-- The run's agent, as lists of runs name it.
agent AS (
    SELECT run_id, coalesce(agent, service) AS agent FROM (
        SELECT run_id, agent, service,
               row_number() OVER (
                   PARTITION BY run_id
                   ORDER BY agent IS NULL, service IS NULL, root DESC, class = 'agent' DESC, started_at, seq
               ) AS place
        FROM step
    ) AS names
    WHERE place = 1
),
-- As doubles, because a sum of integers fails on absurd counts of a source and would take the answer
-- with it; exact up to 2^53.
used AS (
    SELECT substr(c.started_at, 1, 10) AS day, agent.agent, c.provider, c.model,
           count(DISTINCT c.run_id) AS runs, count(*) AS calls, sum(c.failed) AS errors,
           sum(CAST(c.input_tokens AS DOUBLE PRECISION)) AS input_tokens,
           sum(CAST(c.output_tokens AS DOUBLE PRECISION)) AS output_tokens,
           sum(CAST(c.cost_micros AS DOUBLE PRECISION)) AS cost_micros
    FROM call c JOIN agent ON agent.run_id = c.run_id
    WHERE c.started_at >= $2 AND c.started_at < $3
    GROUP BY 1, 2, 3, 4
)
SELECT day, agent, provider, model, runs, calls, errors,
       CASE WHEN input_tokens < 9e18 THEN CAST(input_tokens AS BIGINT)
            WHEN input_tokens IS NULL THEN 0 ELSE 9000000000000000000 END AS input_tokens,
       CASE WHEN output_tokens < 9e18 THEN CAST(output_tokens AS BIGINT)
            WHEN output_tokens IS NULL THEN 0 ELSE 9000000000000000000 END AS output_tokens,
       CASE WHEN cost_micros < 9e18 THEN CAST(cost_micros AS BIGINT)
            WHEN cost_micros IS NOT NULL THEN 9000000000000000000 END AS cost_micros
FROM used
ORDER BY day, agent IS NULL, agent, provider IS NULL, provider, model IS NULL, model
LIMIT 10000
