-- The steps of each of the page's runs as one JSON text, and how many entries speak of it.
SELECT page.run_id, (
    SELECT CAST(json_agg(json_build_array(
        s.seq, s.kind, s.class, s.span_id, s.parent_span_id, s.agent, s.service, s.response_id, s.tool,
        s.started_at, s.ended_at, s.input_tokens, s.output_tokens, s.cost_micros, s.error, s.root
    )) AS TEXT)
    FROM steps s
    WHERE s.tenant = $1 AND s.run_id = page.run_id
) AS steps, (SELECT count(*) FROM entries e WHERE e.tenant = $1 AND e.run_id = page.run_id) AS entries
FROM page
