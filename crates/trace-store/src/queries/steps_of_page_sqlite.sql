-- The steps of the page's runs.
SELECT s.run_id, s.seq, s.kind, s.class, s.span_id, s.parent_span_id, s.agent, s.service, s.response_id,
       s.tool, s.started_at, s.ended_at, s.input_tokens, s.output_tokens, s.cost_micros, s.error, s.root
-- Without the hint, SQLite may prefer to read all steps of the tenant in order of their key.
FROM page CROSS JOIN steps s INDEXED BY steps_by_run ON s.tenant = $1 AND s.run_id = page.run_id
