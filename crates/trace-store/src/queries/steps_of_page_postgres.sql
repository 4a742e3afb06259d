-- The steps of the page's runs, by run.
step AS MATERIALIZED (
    SELECT s.run_id, s.seq, s.kind, s.class, s.span_id, s.parent_span_id, s.agent, s.service,
           s.response_id, s.tool, s.started_at, s.ended_at, s.input_tokens, s.output_tokens, s.cost_micros,
           s.error, s.root,
           s.class IN ('llm', 'tool', 'mcp_tool', 'event') AS may_report_a_call
    -- OFFSET keeps the planner from joining in another way, and from reading all steps of the tenant.
    FROM page CROSS JOIN LATERAL (
        SELECT * FROM steps WHERE steps.tenant = $1 AND steps.run_id = page.run_id OFFSET 0
    ) s
),
