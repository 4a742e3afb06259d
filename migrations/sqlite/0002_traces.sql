-- Typed rows of runs and steps: indexes for queries, derived from the entries, compared with them
-- by `ledger verify`.

-- Clustered by sequence number: rows are appended in order and compared in order.
CREATE TABLE steps (
    tenant         TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq            INTEGER NOT NULL CHECK (seq >= 0),
    run_id         TEXT    NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    kind           TEXT    NOT NULL,
    class          TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    span_id        TEXT,
    parent_span_id TEXT,
    agent          TEXT,
    service        TEXT,
    provider       TEXT,
    model          TEXT,
    response_id    TEXT,
    tool           TEXT,
    started_at     TEXT    NOT NULL CHECK (length(started_at) = 30),
    ended_at       TEXT    CHECK (length(ended_at) = 30),
    input_tokens   INTEGER CHECK (input_tokens >= 0),
    output_tokens  INTEGER CHECK (output_tokens >= 0),
    cost_micros    INTEGER CHECK (cost_micros >= 0),
    error          TEXT,
    root           INTEGER NOT NULL CHECK (root IN (0, 1)),
    PRIMARY KEY (tenant, seq),
    FOREIGN KEY (tenant, seq) REFERENCES entries (tenant, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE INDEX steps_by_run ON steps (tenant, run_id, started_at, seq);

-- When a run was first seen. `first_seq` never changes, so lists ordered by it never skip or repeat.
CREATE TABLE runs (
    tenant    TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    run_id    TEXT    NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    first_seq INTEGER NOT NULL CHECK (first_seq >= 0),
    PRIMARY KEY (tenant, run_id),
    FOREIGN KEY (tenant, first_seq) REFERENCES entries (tenant, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX runs_by_first_seq ON runs (tenant, first_seq);

CREATE TRIGGER steps_no_update BEFORE UPDATE ON steps
BEGIN SELECT RAISE(ABORT, 'factlog: steps is append-only'); END;
CREATE TRIGGER steps_no_delete BEFORE DELETE ON steps
BEGIN SELECT RAISE(ABORT, 'factlog: steps is append-only'); END;

CREATE TRIGGER runs_no_update BEFORE UPDATE ON runs
BEGIN SELECT RAISE(ABORT, 'factlog: runs is append-only'); END;
CREATE TRIGGER runs_no_delete BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, 'factlog: runs is append-only'); END;
