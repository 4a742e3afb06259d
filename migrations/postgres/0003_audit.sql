-- Typed rows of audit facts: an index for queries, derived from the entries, compared with them by
-- `ledger verify`.
CREATE TABLE audit_events (
    tenant      TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq         BIGINT           NOT NULL CHECK (seq >= 0),
    kind        TEXT COLLATE "C" NOT NULL CHECK (substr(kind, 1, 6) = 'audit.'),
    event       TEXT COLLATE "C",
    actor_kind  TEXT COLLATE "C",
    actor       TEXT COLLATE "C",
    tool        TEXT COLLATE "C",
    outcome     TEXT COLLATE "C",
    policy_id   TEXT COLLATE "C",
    run_id      TEXT COLLATE "C" CHECK (length(run_id) BETWEEN 1 AND 128),
    occurred_at TEXT COLLATE "C" NOT NULL CHECK (length(occurred_at) = 30),
    PRIMARY KEY (tenant, seq)
);

CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_update;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_delete;
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_truncate;

ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_events_of_tenant ON audit_events
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON audit_events TO factlog_app;
