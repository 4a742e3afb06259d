-- Labels of runs are reached by the run's first entry, and no longer by its id. Ids come in no order: the
-- labels of each new run changed pages all over an index, a third of what a commit of batches wrote. First
-- entries come in order.
--
-- Each label of a run once, at the entry that first gave it; `first_seq` is the first entry that speaks of
-- the run, as `run_entries` has it.
CREATE TABLE labels_of_runs (
    tenant    TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq       INTEGER NOT NULL CHECK (seq >= first_seq),
    run_id    TEXT    NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    name      TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    value     TEXT    NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    first_seq INTEGER NOT NULL CHECK (first_seq >= 0),
    PRIMARY KEY (tenant, seq, name, value)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX labels_of_runs_by_run ON labels_of_runs (tenant, first_seq, name, value);
CREATE INDEX labels_of_runs_by_value ON labels_of_runs (tenant, name, value, seq, run_id, first_seq);

CREATE TRIGGER labels_of_runs_no_update BEFORE UPDATE ON labels_of_runs
BEGIN SELECT RAISE(ABORT, 'factlog: labels_of_runs is append-only'); END;
CREATE TRIGGER labels_of_runs_no_delete BEFORE DELETE ON labels_of_runs
BEGIN SELECT RAISE(ABORT, 'factlog: labels_of_runs is append-only'); END;

-- Filled from the entries, behind `run_parts` where that is not filled yet.
INSERT INTO index_backlog (tenant, topic, done, size)
SELECT tenant, 'run_parts_labels', 0, max(size) FROM commits GROUP BY tenant;

DROP TABLE run_labels;
