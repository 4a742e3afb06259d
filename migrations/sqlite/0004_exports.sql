-- Typed rows of completed exports: an index for queries, derived from the entries, compared with
-- them by `ledger verify`.
CREATE TABLE exports (
    tenant      TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq         INTEGER NOT NULL CHECK (seq >= 0),
    export_id   TEXT,
    profile     TEXT,
    run_id      TEXT    CHECK (length(run_id) BETWEEN 1 AND 128),
    sha256      TEXT    CHECK (length(sha256) = 64),
    occurred_at TEXT    NOT NULL CHECK (length(occurred_at) = 30),
    PRIMARY KEY (tenant, seq),
    FOREIGN KEY (tenant, seq) REFERENCES entries (tenant, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TRIGGER exports_no_update BEFORE UPDATE ON exports
BEGIN SELECT RAISE(ABORT, 'factlog: exports is append-only'); END;
CREATE TRIGGER exports_no_delete BEFORE DELETE ON exports
BEGIN SELECT RAISE(ABORT, 'factlog: exports is append-only'); END;
