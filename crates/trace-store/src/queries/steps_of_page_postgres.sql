-- The steps of the page's runs.
SELECT s.run_id, s.seq, s.kind, s.class, s.span_id, s.parent_span_id, s.agent, s.service, s.response_id,
       s.tool, s.started_at, s.ended_at, s.input_tokens, s.output_tokens, s.cost_micros, s.error, s.root
-- OFFSET keeps the planner from joining in another way, and from reading all steps of the tenant.
FROM page CROSS JOIN LATERAL (
    SELECT * FROM steps WHERE steps.tenant = $1 AND steps.run_id = page.run_id OFFSET 0
) s
