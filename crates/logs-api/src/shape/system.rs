//! Facts of the environment, and what surrounded a run.

use logs_domain::{Answer, ReplayWindow, RunEnvironment, RunId, RunTelemetry, SystemRecord};
use serde_json::{Value, json};

use super::{audit_record, object};

/// An event, a measurement or an alert in a list.
#[must_use]
pub fn system_record(record: &SystemRecord) -> Value {
    json!({
        "seq": record.seq,
        "kind": record.kind,
        "run_id": record.run_id,
        "component": record.component,
        "severity": record.severity,
        "event": record.event,
        "value": record.value,
        "count": record.count,
        "unit": record.unit,
        "occurred_at": record.occurred_at.to_string(),
    })
}

/// In what a run ran.
#[must_use]
pub fn snapshot(run: &RunId, answer: &Answer<RunEnvironment>) -> Value {
    let recorded = answer.value.recorded.iter().map(|environment| {
        json!({
            "seq": environment.seq,
            "resource": object(&environment.resource),
            "scope": environment.scope.as_ref().map(object),
        })
    });
    json!({
        "run_id": run.as_str(),
        "as_of_size": answer.evidence.as_of_size,
        "recorded": recorded.collect::<Vec<_>>(),
    })
}

/// What was measured while a run ran.
#[must_use]
pub fn telemetry(run: &RunId, answer: &Answer<RunTelemetry>) -> Value {
    let Answer { value: found, evidence } = answer;
    let events = found.span_events.iter().map(|event| {
        json!({
            "seq": event.seq,
            "name": event.name,
            "at": event.at.map(|at| at.to_string()),
            "attributes": object(&event.attributes),
        })
    });
    json!({
        "run_id": run.as_str(),
        "as_of_size": evidence.as_of_size,
        "since": found.period.map(|(since, _)| since.to_string()),
        "until": found.period.map(|(_, until)| until.to_string()),
        "points": found.points.iter().map(system_record).collect::<Vec<_>>(),
        "points_cut": found.points_cut,
        "span_events": events.collect::<Vec<_>>(),
        "committed_span_events": found.committed,
    })
}

/// What surrounded the first thing that went wrong in a run; where nothing did, that.
#[must_use]
pub fn window(run: &RunId, answer: &Answer<Option<ReplayWindow>>) -> Value {
    let as_of_size = answer.evidence.as_of_size;
    let Some(window) = &answer.value else {
        return json!({ "run_id": run.as_str(), "as_of_size": as_of_size, "inflection": null });
    };
    let point = &window.inflection;
    let steps = window.steps.iter().map(|step| {
        json!({
            "seq": step.seq,
            "class": step.class.as_str(),
            "name": step.name,
            "started_at": step.started_at.to_string(),
            "ended_at": step.ended_at.map(|at| at.to_string()),
            "error": step.error,
        })
    });
    json!({
        "run_id": run.as_str(),
        "as_of_size": as_of_size,
        "inflection": {
            "turn": point.turn.as_str(),
            "seq": point.seq,
            "at": point.at.to_string(),
            "what": point.what,
        },
        "from": window.from.to_string(),
        "to": window.to.to_string(),
        "steps": steps.collect::<Vec<_>>(),
        "system": window.system.iter().map(system_record).collect::<Vec<_>>(),
        "system_cut": window.system_cut,
        "governance": window.governance.iter().map(audit_record).collect::<Vec<_>>(),
    })
}
