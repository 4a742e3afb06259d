//! The statements that read lists.
//!
//! In each list the first rows that an index leads to are looked at, at most `$3`, and those that fit
//! the whole filter come back, at most `$4`; and the last one that was looked at, also where it does
//! not fit: the next page begins there. What is null is not asked for. Orders are total and never
//! change for the past, so that a page neither skips nor repeats.

use ledger_store::Statement;

/// `$2` the entry before which to begin, `$5` kind, `$6` actor, `$7` event, `$8` tool, `$9` outcome,
/// `$10` run, `$11` policy, `$12` incident, `$13` since, `$14` until (times as text, half-open),
/// `$15` actor kind, `$16` where lists by time begin.
macro_rules! audit_text {
    ($ordering:expr, $from:expr, $lead:expr, $first:expr, $order:expr) => {
        concat!(
                "WITH scanned AS MATERIALIZED (
    SELECT a.seq, a.kind, a.event, a.actor_kind, a.actor, a.tool, a.outcome, a.policy_id, a.run_id, a.occurred_at
    FROM ", $from, "
    WHERE a.tenant = $1 AND ", $lead, "
    ORDER BY ", $first, "
    LIMIT $3
), judged AS (
    SELECT a.seq, a.kind, a.event, a.actor_kind, a.actor, a.tool, a.outcome, a.policy_id, a.run_id, a.occurred_at,
           row_number() OVER (ORDER BY ", $order, ") = $3 AS at_end,
           (CAST($5 AS TEXT) IS NULL OR a.kind = $5)
           AND (CAST($6 AS TEXT) IS NULL OR substr(a.actor, 1, 200) = $6)
           AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM audit_labels l WHERE l.tenant = $1 AND l.seq = a.seq AND l.name = 'event' AND l.value = $7))
           AND (CAST($8 AS TEXT) IS NULL OR substr(a.tool, 1, 200) = $8)
           AND (CAST($9 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM audit_labels l WHERE l.tenant = $1 AND l.seq = a.seq AND l.name = 'outcome' AND l.value = $9))
           AND (CAST($10 AS TEXT) IS NULL OR a.run_id = $10)
           AND (CAST($11 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM fact_refs f WHERE f.tenant = $1 AND f.name = 'audit.policy' AND f.value = $11 AND f.seq = a.seq))
           AND (CAST($12 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM fact_refs f WHERE f.tenant = $1 AND f.name = 'audit.incident' AND f.value = $12 AND f.seq = a.seq))
           AND (CAST($15 AS TEXT) IS NULL OR a.actor_kind = $15)
           AND a.occurred_at >= $13 AND a.occurred_at < $14 AS fits
    FROM scanned a
)
SELECT ", $ordering, " AS ordering, coalesce(a.fits, 1 = 0) AS fits, a.at_end, a.seq, a.kind,
       coalesce((SELECT l.value FROM audit_labels l WHERE l.tenant = $1 AND l.seq = a.seq AND l.name = 'event'), a.event) AS event,
       a.actor_kind, a.actor, a.tool,
       coalesce((SELECT l.value FROM audit_labels l WHERE l.tenant = $1 AND l.seq = a.seq AND l.name = 'outcome'), a.outcome) AS outcome,
       a.policy_id, a.run_id, a.occurred_at
FROM judged a
WHERE a.fits OR a.at_end
ORDER BY ", $order, "
LIMIT $4"
        )
    };
}
macro_rules! audit {
    ($doing:literal, $ordering:literal, $lead:literal, $order:literal) => {
        Statement::both($doing, audit_text!($ordering, "audit_events a", $lead, $order, $order))
    };
}
/// Led by another table, `$table l`, that names entries: one row of it after the other.
macro_rules! led {
    ($doing:literal, $table:literal, $lead:literal) => {
        Statement {
            doing: $doing,
            sqlite: audit_text!(
                "''",
                concat!($table, " l CROSS JOIN audit_events a"),
                concat!("l.tenant = $1 AND l.seq < $2 AND a.seq = l.seq AND ", $lead),
                "l.seq DESC",
                "a.seq DESC"
            ),
            // OFFSET keeps the planner from joining in another way.
            postgres: audit_text!(
                "''",
                concat!(
                    $table,
                    " l CROSS JOIN LATERAL (SELECT * FROM audit_events x WHERE x.tenant = $1 AND x.seq = l.seq OFFSET 0) a"
                ),
                concat!("l.tenant = $1 AND l.seq < $2 AND ", $lead),
                "l.seq DESC",
                "a.seq DESC"
            ),
        }
    };
}

pub(crate) static AUDIT_BY_ENTRY: Statement =
    audit!("listing audit records", "''", "a.seq < $2", "a.seq DESC");
/// The kind is in the order, though there is one: by entry alone SQLite walks the primary key.
pub(crate) static AUDIT_BY_KIND: Statement = audit!(
    "listing audit records of a kind",
    "''",
    "a.kind >= $5 AND (a.kind, a.seq) < ($5, $2)",
    "a.kind DESC, a.seq DESC"
);
pub(crate) static AUDIT_BY_TIME: Statement = audit!(
    "listing audit records by time",
    "a.occurred_at",
    "a.occurred_at >= $13 AND (a.occurred_at, a.seq) < ($16, $2)",
    "a.occurred_at DESC, a.seq DESC"
);
pub(crate) static AUDIT_BY_RUN: Statement = audit!(
    "listing audit records of a run",
    "a.occurred_at",
    "a.run_id = $10 AND a.occurred_at >= $13 AND (a.occurred_at, a.seq) < ($16, $2)",
    "a.occurred_at DESC, a.seq DESC"
);
pub(crate) static AUDIT_BY_ACTOR: Statement = audit!(
    "listing audit records of an actor",
    "a.occurred_at",
    "a.actor IS NOT NULL AND substr(a.actor, 1, 200) = $6 AND a.occurred_at >= $13 AND (a.occurred_at, a.seq) < ($16, $2)",
    "a.occurred_at DESC, a.seq DESC"
);
pub(crate) static AUDIT_BY_EVENT: Statement =
    led!("listing audit records of an event", "audit_labels", "l.name = 'event' AND l.value = $7");
pub(crate) static AUDIT_BY_TOOL: Statement = audit!(
    "listing audit records of a tool",
    "a.occurred_at",
    "a.tool IS NOT NULL AND substr(a.tool, 1, 200) = $8 AND a.occurred_at >= $13 AND (a.occurred_at, a.seq) < ($16, $2)",
    "a.occurred_at DESC, a.seq DESC"
);
pub(crate) static AUDIT_BY_OUTCOME: Statement = led!(
    "listing audit records of an outcome",
    "audit_labels",
    "l.name = 'outcome' AND l.value = $9"
);
pub(crate) static AUDIT_BY_POLICY: Statement = led!(
    "listing audit records of a policy",
    "fact_refs",
    "l.name = 'audit.policy' AND l.value = $11"
);
pub(crate) static AUDIT_BY_INCIDENT: Statement = led!(
    "listing audit records of an incident",
    "fact_refs",
    "l.name = 'audit.incident' AND l.value = $12"
);

/// `occurred_at >= ''` holds for all, and with `+seq`, which no index orders by, it leads SQLite to the
/// index of runs.
pub(crate) static AUDIT_OF_RUN: Statement = Statement::both(
    "reading the audit records of a run",
    "SELECT '' AS ordering, 1 = 1 AS fits, 1 = 0 AS at_end, a.seq, a.kind,
       coalesce((SELECT l.value FROM audit_labels l WHERE l.tenant = $1 AND l.seq = a.seq AND l.name = 'event'), a.event) AS event,
       a.actor_kind, a.actor, a.tool,
       coalesce((SELECT l.value FROM audit_labels l WHERE l.tenant = $1 AND l.seq = a.seq AND l.name = 'outcome'), a.outcome) AS outcome,
       a.policy_id, a.run_id, a.occurred_at
FROM audit_events a WHERE a.tenant = $1 AND a.run_id = $2 AND a.occurred_at >= '' ORDER BY +a.seq LIMIT 10000",
);

/// Reads the index of actors, and is no page of a list: it counts.
pub(crate) static ACTORS: Statement = Statement::both(
    "listing who acted",
    "SELECT CASE WHEN min(actor_kind) = max(actor_kind) THEN max(actor_kind) END AS actor_kind, substr(actor, 1, 200) AS actor, count(*) AS facts, min(seq) AS first_seq, max(seq) AS last_seq FROM audit_events WHERE tenant = $1 AND actor IS NOT NULL AND substr(actor, 1, 200) > $2 GROUP BY substr(actor, 1, 200) ORDER BY substr(actor, 1, 200) LIMIT 500",
);
pub(crate) static SEQS_OF_INCIDENT: Statement = Statement::both(
    "reading what names an incident",
    "SELECT seq FROM fact_refs WHERE tenant = $1 AND name IN ('audit.incident', 'incident') AND value = $2 ORDER BY +seq LIMIT 100000",
);
pub(crate) static SEQS_OF_ACTOR: Statement = Statement::both(
    "reading what an actor did",
    "SELECT seq FROM audit_events WHERE tenant = $1 AND actor IS NOT NULL AND substr(actor, 1, 200) = $2 AND occurred_at >= '' ORDER BY +seq LIMIT 100000",
);

/// `$2` the entry before which to begin, `$5` kind, `$6` run, `$7` component, `$8` severity, `$9`
/// event, `$10` since, `$11` until (times as text, half-open), `$12` where lists by time begin.
macro_rules! system {
    ($doing:literal, $ordering:literal, $lead:literal, $order:literal) => {
        Statement::both(
            $doing,
            concat!(
                "WITH scanned AS MATERIALIZED (
    SELECT e.seq, e.kind, e.run_id, e.component, e.severity, e.event, e.value, e.count, e.unit, e.occurred_at
    FROM system_events e
    WHERE e.tenant = $1 AND ", $lead, "
    ORDER BY ", $order, "
    LIMIT $3
), judged AS (
    SELECT e.seq, e.kind, e.run_id, e.component, e.severity, e.event, e.value, e.count, e.unit, e.occurred_at,
           row_number() OVER (ORDER BY ", $order, ") = $3 AS at_end,
           (CAST($5 AS TEXT) IS NULL OR e.kind = $5)
           AND (CAST($6 AS TEXT) IS NULL OR e.run_id = $6)
           AND (CAST($7 AS TEXT) IS NULL OR e.component = $7)
           AND (CAST($8 AS TEXT) IS NULL OR e.severity = $8)
           AND (CAST($9 AS TEXT) IS NULL OR e.event = $9)
           AND e.occurred_at >= $10 AND e.occurred_at < $11 AS fits
    FROM scanned e
)
SELECT ", $ordering, " AS ordering, coalesce(e.fits, 1 = 0) AS fits, e.at_end, e.seq, e.kind, e.run_id, e.component, e.severity, e.event, e.value, e.count, e.unit, e.occurred_at
FROM judged e
WHERE e.fits OR e.at_end
ORDER BY ", $order, "
LIMIT $4"
            ),
        )
    };
}

pub(crate) static SYSTEM_BY_ENTRY: Statement =
    system!("listing system records", "''", "e.seq < $2", "e.seq DESC");
/// As of audit facts.
pub(crate) static SYSTEM_BY_KIND: Statement = system!(
    "listing system records of a kind",
    "''",
    "e.kind >= $5 AND (e.kind, e.seq) < ($5, $2)",
    "e.kind DESC, e.seq DESC"
);
pub(crate) static SYSTEM_BY_TIME: Statement = system!(
    "listing system records by time",
    "e.occurred_at",
    "e.occurred_at >= $10 AND (e.occurred_at, e.seq) < ($12, $2)",
    "e.occurred_at DESC, e.seq DESC"
);
pub(crate) static SYSTEM_BY_RUN: Statement = system!(
    "listing system records of a run",
    "e.occurred_at",
    "e.run_id = $6 AND e.occurred_at >= $10 AND (e.occurred_at, e.seq) < ($12, $2)",
    "e.occurred_at DESC, e.seq DESC"
);
pub(crate) static SYSTEM_BY_COMPONENT: Statement = system!(
    "listing system records of a component",
    "e.occurred_at",
    "e.component = $7 AND e.occurred_at >= $10 AND (e.occurred_at, e.seq) < ($12, $2)",
    "e.occurred_at DESC, e.seq DESC"
);
pub(crate) static SYSTEM_BY_SEVERITY: Statement = system!(
    "listing system records of a severity",
    "e.occurred_at",
    "e.severity = $8 AND e.occurred_at >= $10 AND (e.occurred_at, e.seq) < ($12, $2)",
    "e.occurred_at DESC, e.seq DESC"
);
pub(crate) static SYSTEM_BY_EVENT: Statement = system!(
    "listing system records of a name",
    "e.occurred_at",
    "e.event = $9 AND e.occurred_at >= $10 AND (e.occurred_at, e.seq) < ($12, $2)",
    "e.occurred_at DESC, e.seq DESC"
);

/// `$2` to `$3`, both included.
pub(crate) static SYSTEM_BETWEEN: Statement = Statement::both(
    "reading system records of a time",
    "SELECT '' AS ordering, 1 = 1 AS fits, 1 = 0 AS at_end, seq, kind, run_id, component, severity, event, value, count, unit, occurred_at FROM system_events WHERE tenant = $1 AND occurred_at >= $2 AND occurred_at <= $3 ORDER BY occurred_at, seq LIMIT $4",
);
/// `$2` the alert, `$3` the end of the window.
pub(crate) static LAST_ALERT: Statement = Statement::both(
    "reading the last alert",
    "SELECT '' AS ordering, 1 = 1 AS fits, 1 = 0 AS at_end, seq, kind, run_id, component, severity, event, value, count, unit, occurred_at FROM system_events WHERE tenant = $1 AND event = $2 AND kind = 'alert.sent' AND occurred_at < $3 ORDER BY occurred_at DESC, seq DESC LIMIT 1",
);
/// `$2` the alert, `$3` to `$4` the window.
pub(crate) static COUNT_ALERTS: Statement = Statement::both(
    "counting alerts",
    "SELECT count(CASE WHEN kind = 'alert.sent' THEN 1 END) AS sent, count(CASE WHEN kind = 'alert.suppressed' THEN 1 END) AS suppressed FROM system_events WHERE tenant = $1 AND event = $2 AND occurred_at >= $3 AND occurred_at < $4 AND kind IN ('alert.sent', 'alert.suppressed')",
);
