//! `factlog system window`: what surrounded the first thing that went wrong in a run.

use logs_api::shape;
use logs_domain::{LogsDomain, ReplayWindow, Timestamp};
use serde_json::Value;

use super::OfRun;
use crate::text::{Align, duration, moment, or_dash, printable, table};

/// The window of a run, or that nothing in it went wrong.
pub(super) async fn window(domain: &LogsDomain, of: &OfRun) -> anyhow::Result<(Value, String)> {
    let tenant = domain.tenant(of.tenant.tenant.clone()).await?;
    let run = domain.run_named(&tenant, &of.id).await?;
    let answer = domain.logs().replay_window(&tenant, &run).await?;
    let text = match &answer.value {
        None => format!("not recorded: run {run} has no error, no denial and no abort\n"),
        Some(window) => window_text(run.as_str(), window),
    };
    Ok((shape::window(&run, &answer), text))
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
