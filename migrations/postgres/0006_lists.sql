-- What lists are filtered by: labels of runs, facts of the environment, policies and incidents that
-- facts name. Indexes for queries, derived from the entries, compared with them by `ledger verify`.
--
-- An index holds at most 200 characters of a text. PostgreSQL refuses an index entry of more than
-- about 2,700 bytes, and a source may write texts of any length.

-- Each label of a run once, at the entry that first gave it. Lists by a label are ordered by that
-- entry, which never changes.
CREATE TABLE run_labels (
    tenant TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    run_id TEXT COLLATE "C" NOT NULL CHECK (length(run_id) BETWEEN 1 AND 128),
    name   TEXT COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    value  TEXT COLLATE "C" NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    seq    BIGINT           NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (tenant, seq, name, value)
);

CREATE UNIQUE INDEX run_labels_by_run ON run_labels (tenant, run_id, name, value);
CREATE INDEX run_labels_by_value ON run_labels (tenant, name, value, seq) INCLUDE (run_id);

CREATE TABLE system_events (
    tenant      TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq         BIGINT           NOT NULL CHECK (seq >= 0),
    kind        TEXT COLLATE "C" NOT NULL CHECK (length(kind) BETWEEN 1 AND 128),
    run_id      TEXT COLLATE "C" CHECK (length(run_id) BETWEEN 1 AND 128),
    component   TEXT COLLATE "C" CHECK (length(component) BETWEEN 1 AND 200),
    severity    TEXT COLLATE "C" CHECK (length(severity) BETWEEN 1 AND 200),
    event       TEXT COLLATE "C" CHECK (length(event) BETWEEN 1 AND 200),
    value       TEXT COLLATE "C" CHECK (length(value) BETWEEN 1 AND 200),
    count       BIGINT           CHECK (count >= 0),
    unit        TEXT COLLATE "C" CHECK (length(unit) BETWEEN 1 AND 200),
    occurred_at TEXT COLLATE "C" NOT NULL CHECK (length(occurred_at) = 30),
    PRIMARY KEY (tenant, seq)
);

CREATE INDEX system_events_by_time ON system_events (tenant, occurred_at, seq);
CREATE INDEX system_events_by_run ON system_events (tenant, run_id, occurred_at, seq) WHERE run_id IS NOT NULL;
CREATE INDEX system_events_by_event ON system_events (tenant, event, occurred_at, seq) WHERE event IS NOT NULL;
CREATE INDEX system_events_by_severity ON system_events (tenant, severity, occurred_at, seq) WHERE severity IS NOT NULL;
CREATE INDEX system_events_by_component ON system_events (tenant, component, occurred_at, seq) WHERE component IS NOT NULL;

-- Policies and incidents that facts name; audit facts apart from others, because they are listed.
CREATE TABLE fact_refs (
    tenant TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    name   TEXT COLLATE "C" NOT NULL CHECK (name IN ('audit.policy', 'audit.incident', 'incident')),
    value  TEXT COLLATE "C" NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    seq    BIGINT           NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (tenant, name, value, seq)
);

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
    tenant TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    topic  TEXT COLLATE "C" NOT NULL CHECK (length(topic) BETWEEN 1 AND 32),
    done   BIGINT           NOT NULL CHECK (done IN (0, 1)),
    size   BIGINT           NOT NULL CHECK (size > 0),
    PRIMARY KEY (tenant, topic, done)
);

-- A transaction for `*`, which no tenant is called, sees the heads of all.
DO $$
BEGIN
    PERFORM set_config('factlog.tenant', '*', true);
    INSERT INTO index_backlog (tenant, topic, done, size)
    SELECT tenant, 'lists', 0, max(size) FROM commits GROUP BY tenant;
END
$$;

CREATE TRIGGER run_labels_no_update BEFORE UPDATE ON run_labels
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE run_labels ENABLE ALWAYS TRIGGER run_labels_no_update;
CREATE TRIGGER run_labels_no_delete BEFORE DELETE ON run_labels
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE run_labels ENABLE ALWAYS TRIGGER run_labels_no_delete;
CREATE TRIGGER run_labels_no_truncate BEFORE TRUNCATE ON run_labels
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE run_labels ENABLE ALWAYS TRIGGER run_labels_no_truncate;

CREATE TRIGGER system_events_no_update BEFORE UPDATE ON system_events
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE system_events ENABLE ALWAYS TRIGGER system_events_no_update;
CREATE TRIGGER system_events_no_delete BEFORE DELETE ON system_events
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE system_events ENABLE ALWAYS TRIGGER system_events_no_delete;
CREATE TRIGGER system_events_no_truncate BEFORE TRUNCATE ON system_events
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE system_events ENABLE ALWAYS TRIGGER system_events_no_truncate;

CREATE TRIGGER fact_refs_no_update BEFORE UPDATE ON fact_refs
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE fact_refs ENABLE ALWAYS TRIGGER fact_refs_no_update;
CREATE TRIGGER fact_refs_no_delete BEFORE DELETE ON fact_refs
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE fact_refs ENABLE ALWAYS TRIGGER fact_refs_no_delete;
CREATE TRIGGER fact_refs_no_truncate BEFORE TRUNCATE ON fact_refs
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE fact_refs ENABLE ALWAYS TRIGGER fact_refs_no_truncate;

CREATE TRIGGER index_backlog_no_update BEFORE UPDATE ON index_backlog
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE index_backlog ENABLE ALWAYS TRIGGER index_backlog_no_update;
CREATE TRIGGER index_backlog_no_delete BEFORE DELETE ON index_backlog
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE index_backlog ENABLE ALWAYS TRIGGER index_backlog_no_delete;
CREATE TRIGGER index_backlog_no_truncate BEFORE TRUNCATE ON index_backlog
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE index_backlog ENABLE ALWAYS TRIGGER index_backlog_no_truncate;

ALTER TABLE run_labels ENABLE ROW LEVEL SECURITY;
ALTER TABLE run_labels FORCE ROW LEVEL SECURITY;
CREATE POLICY run_labels_of_tenant ON run_labels
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

ALTER TABLE system_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE system_events FORCE ROW LEVEL SECURITY;
CREATE POLICY system_events_of_tenant ON system_events
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

ALTER TABLE fact_refs ENABLE ROW LEVEL SECURITY;
ALTER TABLE fact_refs FORCE ROW LEVEL SECURITY;
CREATE POLICY fact_refs_of_tenant ON fact_refs
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

-- The backlog is nobody's facts: names and sizes, for whoever lists the heads.
ALTER TABLE index_backlog ENABLE ROW LEVEL SECURITY;
ALTER TABLE index_backlog FORCE ROW LEVEL SECURITY;
CREATE POLICY index_backlog_listing ON index_backlog
    USING (current_setting('factlog.tenant', true) = '*')
    WITH CHECK (current_setting('factlog.tenant', true) = '*');
CREATE POLICY index_backlog_of_tenant ON index_backlog
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON run_labels TO factlog_app;
GRANT SELECT, INSERT ON system_events TO factlog_app;
GRANT SELECT, INSERT ON fact_refs TO factlog_app;
GRANT SELECT, INSERT ON index_backlog TO factlog_app;
