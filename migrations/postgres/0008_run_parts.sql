-- Typed rows of runs, packed: a row a run and stretch of a commit, not a row and two index entries a
-- step. They are derived from the entries and compared with them by `ledger verify`, step by step.
--
-- A stretch is what one commit adds of 256 entries that begin at a multiple of 256.

-- Which entries speak of a run: `seqs` are their numbers with commas between, `seq` is the first.
CREATE TABLE run_entries (
    tenant TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq    BIGINT           NOT NULL CHECK (seq >= 0),
    run_id TEXT COLLATE "C" NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    seqs   TEXT COLLATE "C" NOT NULL CHECK (length(seqs) > 0),
    PRIMARY KEY (tenant, seq, run_id)
);

CREATE INDEX run_entries_by_run ON run_entries (tenant, run_id, seq);

-- The steps of those entries, each a JSON array, with a comma and a line feed between. Rows that fit a
-- page lie in it as they are: trying to compress them would take longer than writing them.
CREATE TABLE run_steps (
    tenant TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq    BIGINT           NOT NULL CHECK (seq >= 0),
    run_id TEXT COLLATE "C" NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    steps  TEXT COLLATE "C" NOT NULL CHECK (length(steps) > 0),
    PRIMARY KEY (tenant, seq, run_id)
) WITH (toast_tuple_target = 8160);

-- Also the labels of runs are gone through again: that a run was seen is one of them now.
-- A transaction for `*`, which no tenant is called, sees the heads of all.
DO $$
BEGIN
    PERFORM set_config('factlog.tenant', '*', true);
    INSERT INTO index_backlog (tenant, topic, done, size)
    SELECT tenant, 'run_parts', 0, max(size) FROM commits GROUP BY tenant;
END
$$;

CREATE TRIGGER run_entries_no_update BEFORE UPDATE ON run_entries
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE run_entries ENABLE ALWAYS TRIGGER run_entries_no_update;
CREATE TRIGGER run_entries_no_delete BEFORE DELETE ON run_entries
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE run_entries ENABLE ALWAYS TRIGGER run_entries_no_delete;
CREATE TRIGGER run_entries_no_truncate BEFORE TRUNCATE ON run_entries
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE run_entries ENABLE ALWAYS TRIGGER run_entries_no_truncate;

ALTER TABLE run_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE run_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY run_entries_of_tenant ON run_entries
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON run_entries TO factlog_app;

CREATE TRIGGER run_steps_no_update BEFORE UPDATE ON run_steps
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE run_steps ENABLE ALWAYS TRIGGER run_steps_no_update;
CREATE TRIGGER run_steps_no_delete BEFORE DELETE ON run_steps
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE run_steps ENABLE ALWAYS TRIGGER run_steps_no_delete;
CREATE TRIGGER run_steps_no_truncate BEFORE TRUNCATE ON run_steps
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE run_steps ENABLE ALWAYS TRIGGER run_steps_no_truncate;

ALTER TABLE run_steps ENABLE ROW LEVEL SECURITY;
ALTER TABLE run_steps FORCE ROW LEVEL SECURITY;
CREATE POLICY run_steps_of_tenant ON run_steps
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON run_steps TO factlog_app;

DROP INDEX entries_by_run;
DROP TABLE steps;
DROP TABLE runs;
