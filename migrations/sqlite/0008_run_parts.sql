-- Typed rows of runs, packed: a row a run and stretch of a commit, not a row and two index entries a
-- step. They are derived from the entries and compared with them by `ledger verify`, step by step.
--
-- A stretch is what one commit adds of 256 entries that begin at a multiple of 256.

-- Which entries speak of a run: `seqs` are their numbers with commas between, `seq` is the first.
CREATE TABLE run_entries (
    tenant TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    run_id TEXT    NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    seqs   TEXT    NOT NULL CHECK (length(seqs) > 0),
    PRIMARY KEY (tenant, seq, run_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_entries_by_run ON run_entries (tenant, run_id, seq);

-- The steps of those entries, each a JSON array, with a comma and a line feed between.
CREATE TABLE run_steps (
    tenant TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    run_id TEXT    NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    steps  TEXT    NOT NULL CHECK (length(steps) > 0),
    PRIMARY KEY (tenant, seq, run_id)
) STRICT;

CREATE TRIGGER run_entries_no_update BEFORE UPDATE ON run_entries
BEGIN SELECT RAISE(ABORT, 'factlog: run_entries is append-only'); END;
CREATE TRIGGER run_entries_no_delete BEFORE DELETE ON run_entries
BEGIN SELECT RAISE(ABORT, 'factlog: run_entries is append-only'); END;

CREATE TRIGGER run_steps_no_update BEFORE UPDATE ON run_steps
BEGIN SELECT RAISE(ABORT, 'factlog: run_steps is append-only'); END;
CREATE TRIGGER run_steps_no_delete BEFORE DELETE ON run_steps
BEGIN SELECT RAISE(ABORT, 'factlog: run_steps is append-only'); END;

-- Also the labels of runs are gone through again: that a run was seen is one of them now.
INSERT INTO index_backlog (tenant, topic, done, size)
SELECT tenant, 'run_parts', 0, max(size) FROM commits GROUP BY tenant;

DROP INDEX entries_by_run;
DROP TABLE steps;
DROP TABLE runs;
