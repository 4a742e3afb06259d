-- The steps of each of the page's runs, and how many entries speak of it. As one JSON text: a row a step would take twice the time to
-- reach the caller. Without the hint, SQLite may prefer to read all steps of the tenant.
SELECT page.run_id, (
    SELECT json_group_array(json_array(
        s.seq, s.kind, s.class, s.span_id, s.parent_span_id, s.agent, s.service, s.response_id, s.tool,
        s.started_at, s.ended_at, s.input_tokens, s.output_tokens, s.cost_micros, s.error, s.root
    ))
    FROM steps s INDEXED BY steps_by_run
    WHERE s.tenant = $1 AND s.run_id = page.run_id
) AS steps, (SELECT count(*) FROM entries e WHERE e.tenant = $1 AND e.run_id = page.run_id) AS entries
FROM page
