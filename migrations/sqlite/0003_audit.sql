-- Typed rows of audit facts: an index for queries, derived from the entries, compared with them by
-- `ledger verify`.
CREATE TABLE audit_events (
    tenant      TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq         INTEGER NOT NULL CHECK (seq >= 0),
    kind        TEXT    NOT NULL CHECK (substr(kind, 1, 6) = 'audit.'),
    event       TEXT,
    actor_kind  TEXT,
    actor       TEXT,
    tool        TEXT,
    outcome     TEXT,
    policy_id   TEXT,
    run_id      TEXT    CHECK (length(run_id) BETWEEN 1 AND 128),
    occurred_at TEXT    NOT NULL CHECK (length(occurred_at) = 30),
    PRIMARY KEY (tenant, seq),
    FOREIGN KEY (tenant, seq) REFERENCES entries (tenant, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'factlog: audit_events is append-only'); END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'factlog: audit_events is append-only'); END;
