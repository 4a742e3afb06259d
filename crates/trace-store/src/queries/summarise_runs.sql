-- Goes on after `page (run_id, first_seq)` and `step`: one row a run of the page, counting calls, not reports.
-- A span whose call has a response id lends it to the log records of that span.
lent AS MATERIALIZED (
    SELECT run_id, span_id, min(response_id) AS response_id
    FROM step
    WHERE may_report_a_call AND span_id IS NOT NULL AND response_id IS NOT NULL
    GROUP BY run_id, span_id
),
-- Reports with the same key are reports of the same call.
keyed AS MATERIALIZED (
    SELECT m.*,
           coalesce(
               CASE WHEN m.may_report_a_call THEN 'response ' || coalesce(m.response_id, lent.response_id) END,
               'span ' || m.span_id,
               'entry ' || m.seq
           ) AS key
    FROM step m LEFT JOIN lent ON lent.run_id = m.run_id AND lent.span_id = m.span_id
),
-- For each step, the tool span of the same name that began no later and ends last: its end (30
-- characters) and its key. One pass in order of time, where a join would compare each with each.
enclosed AS MATERIALIZED (
    SELECT run_id, key, class, started_at, ended_at,
           max(CASE WHEN class = 'tool' THEN ended_at || key END) OVER (
               PARTITION BY run_id, tool
               ORDER BY started_at, class = 'mcp_tool', seq
               ROWS UNBOUNDED PRECEDING
           ) AS longest
    FROM keyed
    WHERE class IN ('tool', 'mcp_tool') AND tool IS NOT NULL
),
-- An MCP tool call seen inside another report of the same call: its parent is the client's side of
-- it or the tool span around it, or a tool span of the same name encloses it in time. A tool that
-- calls an MCP tool of another name makes a second call.
inside AS MATERIALIZED (
    SELECT i.run_id, i.key, min(o.key) AS outer_key
    FROM keyed i
    JOIN keyed o ON o.run_id = i.run_id AND o.span_id = i.parent_span_id
    WHERE i.class = 'mcp_tool' AND o.class IN ('tool', 'mcp_tool') AND o.key <> i.key
      AND (i.tool IS NULL OR o.tool IS NULL OR i.tool = o.tool
           -- Frameworks put the server's name before the tool's.
           OR substr(o.tool, length(o.tool) - length(i.tool) + 1) = i.tool)
    GROUP BY i.run_id, i.key
    UNION ALL
    SELECT run_id, key, min(substr(longest, 31))
    FROM enclosed
    WHERE class = 'mcp_tool' AND substr(longest, 1, 30) >= coalesce(ended_at, started_at)
    GROUP BY run_id, key
),
outermost AS MATERIALIZED (
    SELECT run_id, key, min(outer_key) AS outer_key FROM inside GROUP BY run_id, key
),
-- Server inside client inside tool: two steps outwards reach the outermost report.
call AS MATERIALIZED (
    SELECT k.*, coalesce(c.outer_key, b.outer_key, k.key) AS call
    FROM keyed k
    LEFT JOIN outermost b ON b.run_id = k.run_id AND b.key = k.key
    LEFT JOIN outermost c ON c.run_id = k.run_id AND c.key = b.outer_key
),
tokens AS (
    -- As doubles, because a sum of integers fails on absurd counts of a source and would take the list
    -- with it; exact up to 2^53.
    SELECT run_id, count(*) AS calls,
           sum(CAST(input_tokens AS DOUBLE PRECISION)) AS input_tokens,
           sum(CAST(output_tokens AS DOUBLE PRECISION)) AS output_tokens,
           sum(CAST(cost_micros AS DOUBLE PRECISION)) AS cost_micros
    FROM (
        SELECT run_id, call, max(input_tokens) AS input_tokens, max(output_tokens) AS output_tokens,
               max(cost_micros) AS cost_micros
        FROM call WHERE class = 'llm' GROUP BY run_id, call
    ) AS once
    GROUP BY run_id
),
llm AS (
    SELECT run_id, calls,
           CASE WHEN input_tokens < 9e18 THEN CAST(input_tokens AS BIGINT)
                WHEN input_tokens IS NOT NULL THEN 9000000000000000000 END AS input_tokens,
           CASE WHEN output_tokens < 9e18 THEN CAST(output_tokens AS BIGINT)
                WHEN output_tokens IS NOT NULL THEN 9000000000000000000 END AS output_tokens,
           -- Null where no call says what it cost: nothing recorded is not nothing spent.
           CASE WHEN cost_micros < 9e18 THEN CAST(cost_micros AS BIGINT)
                WHEN cost_micros IS NOT NULL THEN 9000000000000000000 END AS cost_micros
    FROM tokens
),
counted AS (
    SELECT run_id,
           min(started_at) AS started_at,
           max(CASE WHEN kind IN ('run.completed', 'run.aborted') THEN coalesce(ended_at, started_at)
                    ELSE ended_at END) AS ended_at,
           count(DISTINCT CASE WHEN class IN ('tool', 'mcp_tool') THEN call END) AS tool_calls,
           count(DISTINCT CASE WHEN error IS NOT NULL THEN call END) AS errors,
           max(CASE WHEN kind = 'run.aborted' THEN 1 ELSE 0 END) AS aborted
    FROM call GROUP BY run_id
),
-- What was said last about the run's end.
last_word AS (
    SELECT run_id, error FROM (
        SELECT run_id, error,
               row_number() OVER (PARTITION BY run_id ORDER BY coalesce(ended_at, started_at) DESC, seq DESC) AS place
        FROM call
        WHERE (root = 1 AND ended_at IS NOT NULL) OR kind IN ('run.completed', 'run.aborted')
    ) AS words
    WHERE place = 1
),
-- A name that a step gives to its agent before the name of a service, the root's before others'.
agent AS (
    SELECT run_id, coalesce(agent, service) AS agent FROM (
        SELECT run_id, agent, service,
               row_number() OVER (
                   PARTITION BY run_id
                   ORDER BY agent IS NULL, service IS NULL, root DESC, class = 'agent' DESC, started_at, seq
               ) AS place
        FROM call
    ) AS names
    WHERE place = 1
),
ended AS (
    SELECT c.run_id,
           CASE WHEN c.aborted = 1 THEN 'aborted'
                WHEN w.run_id IS NULL THEN 'running'
                WHEN w.error IS NOT NULL THEN 'failed'
                ELSE 'completed' END AS status
    FROM counted c LEFT JOIN last_word w ON w.run_id = c.run_id
)
SELECT page.run_id, page.first_seq, agent.agent, c.started_at,
       CASE WHEN ended.status <> 'running' THEN c.ended_at END AS ended_at,
       ended.status,
       coalesce(llm.calls, 0) AS llm_calls,
       c.tool_calls,
       coalesce(llm.input_tokens, 0) AS input_tokens,
       coalesce(llm.output_tokens, 0) AS output_tokens,
       llm.cost_micros,
       c.errors,
       (SELECT count(*) FROM entries e WHERE e.tenant = $1 AND e.run_id = page.run_id) AS entries
FROM page
JOIN counted c ON c.run_id = page.run_id
JOIN ended ON ended.run_id = page.run_id
JOIN agent ON agent.run_id = page.run_id
LEFT JOIN llm ON llm.run_id = page.run_id
ORDER BY page.first_seq DESC
