//! `factlog system window`: what surrounded the first thing that went wrong in a run.

use logs_domain::{Answer, LogsDomain, ReplayWindow, Timestamp};
use serde_json::{Value, json};

use super::{OfRun, system_json};
use crate::commands::audit::record_json;
use crate::text::{Align, duration, moment, or_dash, printable, table};

/// The window of a run, or that nothing in it went wrong.
pub(super) async fn window(domain: &LogsDomain, of: &OfRun) -> anyhow::Result<(Value, String)> {
    let tenant = domain.tenant(of.tenant.tenant.clone()).await?;
    let run = domain.run_named(&tenant, &of.id).await?;
    let Answer { value, evidence } = domain.logs().replay_window(&tenant, &run).await?;
    let size = evidence.as_of_size;
    Ok(match value {
        None => (
            json!({ "run_id": run.as_str(), "as_of_size": size, "inflection": null }),
            format!("not recorded: run {run} has no error, no denial and no abort\n"),
        ),
        Some(window) => (document(run.as_str(), size, &window), window_text(run.as_str(), &window)),
    })
}

fn window_text(run: &str, window: &ReplayWindow) -> String {
    let point = &window.inflection;
    let mut lines: Vec<(Timestamp, u64, Vec<String>)> = Vec::new();
    let mut add = |at: Timestamp, seq: u64, topic: &str, what: String, how: String| {
        let offset = at.nanos_since(point.at);
        let sign = if offset < 0 { "" } else { "+" };
        let mark = if seq == point.seq { "▶" } else { "" };
        let line = vec![
            mark.to_owned(),
            format!("{sign}{}", duration(offset)),
            seq.to_string(),
            topic.to_owned(),
            what,
            how,
        ];
        lines.push((at, seq, line));
    };
    for step in &window.steps {
        let how = step.error.as_deref().map_or(String::new(), printable);
        let what = format!("{} {}", step.class.as_str(), printable(&step.name));
        add(step.started_at, step.seq, "step", what, how);
    }
    for record in &window.system {
        let what = or_dash(record.event.as_deref());
        add(record.occurred_at, record.seq, "system", what, or_dash(record.severity.as_deref()));
    }
    for record in &window.governance {
        let what = or_dash(record.event.as_deref().or(record.tool.as_deref()));
        add(record.occurred_at, record.seq, "governance", what, or_dash(record.outcome.as_deref()));
    }
    lines.sort_by_key(|(at, seq, _)| (*at, *seq));
    let rows: Vec<Vec<String>> = lines.into_iter().map(|(_, _, line)| line).collect();
    let heads = [
        ("", Align::Left),
        ("at", Align::Right),
        ("entry", Align::Right),
        ("topic", Align::Left),
        ("what", Align::Left),
        ("how it came out", Align::Left),
    ];
    let cut =
        if window.system_cut { "more happened in the environment than is shown\n" } else { "" };
    format!(
        "run {run}: first {} `{}` at {} (entry {}); 30 s to each side\n\n{}{cut}",
        point.turn.as_str(),
        printable(&point.what),
        moment(point.at),
        point.seq,
        table(&heads, &rows)
    )
}

fn document(run: &str, as_of_size: u64, window: &ReplayWindow) -> Value {
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
        "run_id": run,
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
        "system": window.system.iter().map(system_json).collect::<Vec<_>>(),
        "system_cut": window.system_cut,
        "governance": window.governance.iter().map(record_json).collect::<Vec<_>>(),
    })
}
