-- What lists are filtered by: labels of runs, facts of the environment, policies and incidents that
-- facts name. Indexes for queries, derived from the entries, compared with them by `ledger verify`.
--
-- An index holds at most 200 characters of a text. PostgreSQL refuses an index entry of more than
-- about 2,700 bytes, and a source may write texts of any length.

-- Each label of a run once, at the entry that first gave it. Lists by a label are ordered by that
-- entry, which never changes.
CREATE TABLE run_labels (
    tenant TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    run_id TEXT    NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    name   TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    value  TEXT    NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (tenant, seq, name, value),
    FOREIGN KEY (tenant, seq) REFERENCES entries (tenant, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX run_labels_by_run ON run_labels (tenant, run_id, name, value);
CREATE INDEX run_labels_by_value ON run_labels (tenant, name, value, seq, run_id);

CREATE TABLE system_events (
    tenant      TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq         INTEGER NOT NULL CHECK (seq >= 0),
    kind        TEXT    NOT NULL CHECK (length(kind) BETWEEN 1 AND 128),
    run_id      TEXT    CHECK (length(run_id) BETWEEN 1 AND 128),
    component   TEXT    CHECK (length(component) BETWEEN 1 AND 200),
    severity    TEXT    CHECK (length(severity) BETWEEN 1 AND 200),
    event       TEXT    CHECK (length(event) BETWEEN 1 AND 200),
    value       TEXT    CHECK (length(value) BETWEEN 1 AND 200),
    count       INTEGER CHECK (count >= 0),
    unit        TEXT    CHECK (length(unit) BETWEEN 1 AND 200),
    occurred_at TEXT    NOT NULL CHECK (length(occurred_at) = 30),
    PRIMARY KEY (tenant, seq),
    FOREIGN KEY (tenant, seq) REFERENCES entries (tenant, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE INDEX system_events_by_time ON system_events (tenant, occurred_at, seq);
CREATE INDEX system_events_by_run ON system_events (tenant, run_id, occurred_at, seq) WHERE run_id IS NOT NULL;
CREATE INDEX system_events_by_event ON system_events (tenant, event, occurred_at, seq) WHERE event IS NOT NULL;
CREATE INDEX system_events_by_severity ON system_events (tenant, severity, occurred_at, seq) WHERE severity IS NOT NULL;
CREATE INDEX system_events_by_component ON system_events (tenant, component, occurred_at, seq) WHERE component IS NOT NULL;

-- Policies and incidents that facts name; audit facts apart from others, because they are listed.
CREATE TABLE fact_refs (
    tenant TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    name   TEXT    NOT NULL CHECK (name IN ('audit.policy', 'audit.incident', 'incident')),
    value  TEXT    NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (tenant, name, value, seq),
    FOREIGN KEY (tenant, seq) REFERENCES entries (tenant, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE INDEX fact_refs_by_seq ON fact_refs (tenant, seq);

CREATE INDEX audit_events_by_time ON audit_events (tenant, occurred_at, seq);
CREATE INDEX audit_events_by_run ON audit_events (tenant, run_id, occurred_at, seq) WHERE run_id IS NOT NULL;
CREATE INDEX audit_events_by_actor ON audit_events (tenant, substr(actor, 1, 200), occurred_at, seq) WHERE actor IS NOT NULL;
CREATE INDEX audit_events_by_tool ON audit_events (tenant, substr(tool, 1, 200), occurred_at, seq) WHERE tool IS NOT NULL;
CREATE INDEX audit_events_by_event ON audit_events (tenant, substr(event, 1, 200), occurred_at, seq) WHERE event IS NOT NULL;
CREATE INDEX audit_events_by_outcome ON audit_events (tenant, substr(outcome, 1, 200), occurred_at, seq) WHERE outcome IS NOT NULL;

CREATE INDEX exports_by_run ON exports (tenant, run_id, seq) WHERE run_id IS NOT NULL;

-- What was recorded before these tables were there: entries `[0, size)` of a tenant are to be indexed
-- once. The same row with `done` = 1 says that they are.
CREATE TABLE index_backlog (
    tenant TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    topic  TEXT    NOT NULL CHECK (length(topic) BETWEEN 1 AND 32),
    done   INTEGER NOT NULL CHECK (done IN (0, 1)),
    size   INTEGER NOT NULL CHECK (size > 0),
    PRIMARY KEY (tenant, topic, done)
) STRICT, WITHOUT ROWID;

INSERT INTO index_backlog (tenant, topic, done, size)
SELECT tenant, 'lists', 0, max(size) FROM commits GROUP BY tenant;

CREATE TRIGGER run_labels_no_update BEFORE UPDATE ON run_labels
BEGIN SELECT RAISE(ABORT, 'factlog: run_labels is append-only'); END;
CREATE TRIGGER run_labels_no_delete BEFORE DELETE ON run_labels
BEGIN SELECT RAISE(ABORT, 'factlog: run_labels is append-only'); END;

CREATE TRIGGER system_events_no_update BEFORE UPDATE ON system_events
BEGIN SELECT RAISE(ABORT, 'factlog: system_events is append-only'); END;
CREATE TRIGGER system_events_no_delete BEFORE DELETE ON system_events
BEGIN SELECT RAISE(ABORT, 'factlog: system_events is append-only'); END;

CREATE TRIGGER fact_refs_no_update BEFORE UPDATE ON fact_refs
BEGIN SELECT RAISE(ABORT, 'factlog: fact_refs is append-only'); END;
CREATE TRIGGER fact_refs_no_delete BEFORE DELETE ON fact_refs
BEGIN SELECT RAISE(ABORT, 'factlog: fact_refs is append-only'); END;

CREATE TRIGGER index_backlog_no_update BEFORE UPDATE ON index_backlog
BEGIN SELECT RAISE(ABORT, 'factlog: index_backlog is append-only'); END;
CREATE TRIGGER index_backlog_no_delete BEFORE DELETE ON index_backlog
BEGIN SELECT RAISE(ABORT, 'factlog: index_backlog is append-only'); END;
