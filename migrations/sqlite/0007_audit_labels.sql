-- What an audit fact says of itself in places that `audit_events` does not read: the event of an MCP
-- message, the outcome of a policy's decision. Lists by event and by outcome are led by these.
CREATE TABLE audit_labels (
    tenant TEXT    NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    name   TEXT    NOT NULL CHECK (name IN ('event', 'outcome')),
    value  TEXT    NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    PRIMARY KEY (tenant, seq, name),
    FOREIGN KEY (tenant, seq) REFERENCES entries (tenant, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_labels_by_value ON audit_labels (tenant, name, value, seq);

DROP INDEX audit_events_by_event;
DROP INDEX audit_events_by_outcome;

INSERT INTO index_backlog (tenant, topic, done, size)
SELECT tenant, 'audit_labels', 0, max(size) FROM commits GROUP BY tenant;

CREATE TRIGGER audit_labels_no_update BEFORE UPDATE ON audit_labels
BEGIN SELECT RAISE(ABORT, 'factlog: audit_labels is append-only'); END;
CREATE TRIGGER audit_labels_no_delete BEFORE DELETE ON audit_labels
BEGIN SELECT RAISE(ABORT, 'factlog: audit_labels is append-only'); END;
