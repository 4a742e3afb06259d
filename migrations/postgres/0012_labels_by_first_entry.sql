-- Labels of runs are reached by the run's first entry, and no longer by its id. Ids come in no order: the
-- labels of each new run changed pages all over an index, a third of what a commit of batches wrote. First
-- entries come in order.
--
-- Each label of a run once, at the entry that first gave it; `first_seq` is the first entry that speaks of
-- the run, as `run_entries` has it.
CREATE TABLE labels_of_runs (
    tenant    TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq       BIGINT           NOT NULL CHECK (seq >= first_seq),
    run_id    TEXT COLLATE "C" NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    name      TEXT COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    value     TEXT COLLATE "C" NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    first_seq BIGINT           NOT NULL CHECK (first_seq >= 0),
    PRIMARY KEY (tenant, seq, name, value)
);

CREATE UNIQUE INDEX labels_of_runs_by_run ON labels_of_runs (tenant, first_seq, name, value);
CREATE INDEX labels_of_runs_by_value ON labels_of_runs (tenant, name, value, seq) INCLUDE (run_id, first_seq);

CREATE TRIGGER labels_of_runs_no_update BEFORE UPDATE ON labels_of_runs
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE labels_of_runs ENABLE ALWAYS TRIGGER labels_of_runs_no_update;
CREATE TRIGGER labels_of_runs_no_delete BEFORE DELETE ON labels_of_runs
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE labels_of_runs ENABLE ALWAYS TRIGGER labels_of_runs_no_delete;
CREATE TRIGGER labels_of_runs_no_truncate BEFORE TRUNCATE ON labels_of_runs
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE labels_of_runs ENABLE ALWAYS TRIGGER labels_of_runs_no_truncate;

ALTER TABLE labels_of_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE labels_of_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY labels_of_runs_of_tenant ON labels_of_runs
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON labels_of_runs TO factlog_app;

-- Filled from the entries, behind `run_parts` where that is not filled yet. A transaction for `*`, which no
-- tenant is called, sees the heads of all.
DO $$
BEGIN
    PERFORM set_config('factlog.tenant', '*', true);
    INSERT INTO index_backlog (tenant, topic, done, size)
    SELECT tenant, 'run_parts_labels', 0, max(size) FROM commits GROUP BY tenant;
END
$$;

DROP TABLE run_labels;
