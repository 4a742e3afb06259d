-- What an audit fact says of itself in places that `audit_events` does not read: the event of an MCP
-- message, the outcome of a policy's decision. Lists by event and by outcome are led by these.
CREATE TABLE audit_labels (
    tenant TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq    BIGINT           NOT NULL CHECK (seq >= 0),
    name   TEXT COLLATE "C" NOT NULL CHECK (name IN ('event', 'outcome')),
    value  TEXT COLLATE "C" NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    PRIMARY KEY (tenant, seq, name)
);

CREATE INDEX audit_labels_by_value ON audit_labels (tenant, name, value, seq);

DROP INDEX audit_events_by_event;
DROP INDEX audit_events_by_outcome;

-- A transaction for `*`, which no tenant is called, sees the heads of all.
DO $$
BEGIN
    PERFORM set_config('factlog.tenant', '*', true);
    INSERT INTO index_backlog (tenant, topic, done, size)
    SELECT tenant, 'audit_labels', 0, max(size) FROM commits GROUP BY tenant;
END
$$;

CREATE TRIGGER audit_labels_no_update BEFORE UPDATE ON audit_labels
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE audit_labels ENABLE ALWAYS TRIGGER audit_labels_no_update;
CREATE TRIGGER audit_labels_no_delete BEFORE DELETE ON audit_labels
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE audit_labels ENABLE ALWAYS TRIGGER audit_labels_no_delete;
CREATE TRIGGER audit_labels_no_truncate BEFORE TRUNCATE ON audit_labels
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE audit_labels ENABLE ALWAYS TRIGGER audit_labels_no_truncate;

ALTER TABLE audit_labels ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_labels FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_labels_of_tenant ON audit_labels
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON audit_labels TO factlog_app;
