-- $1 tenant, $2 since, $3 until (times as text, half-open), $4 the hour of the first.
WITH member (run_id) AS MATERIALIZED (
    SELECT DISTINCT l.run_id FROM run_labels l
    WHERE l.tenant = $1 AND l.name = 'hour' AND l.value >= $4 AND l.value < $3
),
step AS MATERIALIZED (
    SELECT s.run_id, s.seq, s.class, s.span_id, s.agent, s.service, s.provider, s.model, s.response_id,
           s.started_at, s.input_tokens, s.output_tokens, s.cost_micros, s.error, s.root
    FROM member CROSS JOIN steps s INDEXED BY steps_by_run ON s.tenant = $1 AND s.run_id = member.run_id
),
