-- Typed rows of runs and steps: indexes for queries, derived from the entries, compared with them
-- by `ledger verify`.
CREATE TABLE steps (
    tenant         TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq            BIGINT           NOT NULL CHECK (seq >= 0),
    run_id         TEXT COLLATE "C" NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    kind           TEXT COLLATE "C" NOT NULL,
    class          TEXT COLLATE "C" NOT NULL,
    name           TEXT COLLATE "C" NOT NULL,
    span_id        TEXT COLLATE "C",
    parent_span_id TEXT COLLATE "C",
    agent          TEXT COLLATE "C",
    service        TEXT COLLATE "C",
    provider       TEXT COLLATE "C",
    model          TEXT COLLATE "C",
    response_id    TEXT COLLATE "C",
    tool           TEXT COLLATE "C",
    started_at     TEXT COLLATE "C" NOT NULL CHECK (length(started_at) = 30),
    ended_at       TEXT COLLATE "C" CHECK (length(ended_at) = 30),
    input_tokens   BIGINT           CHECK (input_tokens >= 0),
    output_tokens  BIGINT           CHECK (output_tokens >= 0),
    cost_micros    BIGINT           CHECK (cost_micros >= 0),
    error          TEXT COLLATE "C",
    root           BIGINT           NOT NULL CHECK (root IN (0, 1)),
    PRIMARY KEY (tenant, seq)
);

CREATE INDEX steps_by_run ON steps (tenant, run_id, started_at, seq);

-- When a run was first seen. `first_seq` never changes, so lists ordered by it never skip or repeat.
CREATE TABLE runs (
    tenant    TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    run_id    TEXT COLLATE "C" NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    first_seq BIGINT           NOT NULL CHECK (first_seq >= 0),
    PRIMARY KEY (tenant, run_id)
);

CREATE UNIQUE INDEX runs_by_first_seq ON runs (tenant, first_seq);

CREATE TRIGGER steps_no_update BEFORE UPDATE ON steps
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE steps ENABLE ALWAYS TRIGGER steps_no_update;
CREATE TRIGGER steps_no_delete BEFORE DELETE ON steps
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE steps ENABLE ALWAYS TRIGGER steps_no_delete;
CREATE TRIGGER steps_no_truncate BEFORE TRUNCATE ON steps
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE steps ENABLE ALWAYS TRIGGER steps_no_truncate;

CREATE TRIGGER runs_no_update BEFORE UPDATE ON runs
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE runs ENABLE ALWAYS TRIGGER runs_no_update;
CREATE TRIGGER runs_no_delete BEFORE DELETE ON runs
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE runs ENABLE ALWAYS TRIGGER runs_no_delete;
CREATE TRIGGER runs_no_truncate BEFORE TRUNCATE ON runs
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE runs ENABLE ALWAYS TRIGGER runs_no_truncate;

ALTER TABLE steps ENABLE ROW LEVEL SECURITY;
ALTER TABLE steps FORCE ROW LEVEL SECURITY;
CREATE POLICY steps_of_tenant ON steps
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

ALTER TABLE runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE runs FORCE ROW LEVEL SECURITY;
CREATE POLICY runs_of_tenant ON runs
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON steps TO factlog_app;
GRANT SELECT, INSERT ON runs TO factlog_app;
