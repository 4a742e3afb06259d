-- Typed rows of completed exports: an index for queries, derived from the entries, compared with
-- them by `ledger verify`.
CREATE TABLE exports (
    tenant      TEXT COLLATE "C" NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    seq         BIGINT           NOT NULL CHECK (seq >= 0),
    export_id   TEXT COLLATE "C",
    profile     TEXT COLLATE "C",
    run_id      TEXT COLLATE "C" CHECK (length(run_id) BETWEEN 1 AND 128),
    sha256      TEXT COLLATE "C" CHECK (length(sha256) = 64),
    occurred_at TEXT COLLATE "C" NOT NULL CHECK (length(occurred_at) = 30),
    PRIMARY KEY (tenant, seq)
);

CREATE TRIGGER exports_no_update BEFORE UPDATE ON exports
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE exports ENABLE ALWAYS TRIGGER exports_no_update;
CREATE TRIGGER exports_no_delete BEFORE DELETE ON exports
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE exports ENABLE ALWAYS TRIGGER exports_no_delete;
CREATE TRIGGER exports_no_truncate BEFORE TRUNCATE ON exports
    FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only();
ALTER TABLE exports ENABLE ALWAYS TRIGGER exports_no_truncate;

ALTER TABLE exports ENABLE ROW LEVEL SECURITY;
ALTER TABLE exports FORCE ROW LEVEL SECURITY;
CREATE POLICY exports_of_tenant ON exports
    USING (tenant = current_setting('factlog.tenant', true))
    WITH CHECK (tenant = current_setting('factlog.tenant', true));

GRANT SELECT, INSERT ON exports TO factlog_app;
