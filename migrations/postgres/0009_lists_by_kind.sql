-- Decisions, reads of the log and events are lists by kind alone. Their facts lie far apart among others:
-- without an index that leads to them, a page looks at many rows and finds few.
CREATE INDEX audit_events_by_kind ON audit_events (tenant, kind, seq);
CREATE INDEX system_events_by_kind ON system_events (tenant, kind, seq);
