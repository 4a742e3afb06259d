//! `factlog system`: events, measurements and alerts, and what surrounded a run.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use logs_domain::{
    Access, ListRequest, LogsDomain, Period, ReplayWindow, SystemFilter, SystemRecord, TenantId,
};
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use super::Context;
use super::audit::record_json;
use super::page::{PageArgs, bad, document, more, pages};
use crate::args::Tenant;
use crate::text::{Align, duration, moment, or_dash, printable, table, tokens};

/// Which facts of the environment to show.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SystemArgs {
    #[command(subcommand)]
    about: Option<About>,
    #[command(flatten)]
    tenant: Tenant,
    /// Facts of this kind, like `system.telemetry` or `alert.sent`.
    #[arg(long)]
    kind: Option<String>,
    /// Facts of the run with this id, or these first characters.
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// What this service or component reported.
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// Facts of this severity: trace, debug, info, warn, error, fatal.
    #[arg(long, value_name = "WORD")]
    severity: Option<String>,
    /// Events, metrics or alerts of this name.
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Subcommand)]
enum About {
    /// In what a run ran, as its own facts say it.
    Snapshot(OfRun),
    /// What the services of a run measured while it ran, and the events of its spans.
    Telemetry(OfRun),
    /// Everything within 30 seconds of the first error, denial or abort of a run.
    Window(OfRun),
}

#[derive(Args)]
struct OfRun {
    /// The run's id, or its first characters.
    id: String,
    #[command(flatten)]
    tenant: Tenant,
}

pub(crate) async fn run(context: &Context, args: SystemArgs) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Read).await?;
    let (json, text) = match &args.about {
        None => {
            let tenant = domain.tenant(args.tenant.tenant.clone()).await?;
            list(&domain, &tenant, &args).await?
        }
        Some(About::Snapshot(of)) => snapshot(&domain, of).await?,
        Some(About::Telemetry(of)) => telemetry(&domain, of).await?,
        Some(About::Window(of)) => window(&domain, of).await?,
    };
    domain.close().await?;
    context.output.answer(&json, &text)?;
    Ok(ExitCode::SUCCESS)
}

async fn list(
    domain: &LogsDomain,
    tenant: &TenantId,
    args: &SystemArgs,
) -> anyhow::Result<(Value, String)> {
    let run = match &args.run {
        Some(id) => Some(domain.run_id(tenant, id).await?.as_str().to_owned()),
        None => None,
    };
    let filter = SystemFilter {
        kind: args.kind.clone(),
        run,
        component: args.component.clone(),
        severity: args.severity.as_deref().map(str::to_lowercase),
        event: args.event.clone(),
        period: Period { since: args.page.since, until: args.page.until },
    };
    let page = pages(args.page.limit, args.page.cursor.clone(), async |limit, cursor| {
        let request = ListRequest::new(tenant, filter.clone(), limit, cursor).map_err(bad)?;
        Ok(domain.logs().system(&request).await?.value)
    })
    .await?;
    let text = match page.items.as_slice() {
        [] => format!("not recorded: tenant {tenant} has no such facts of the environment\n"),
        items => records(items),
    };
    Ok((document(&page, system_json), text + &more(&page)))
}

fn records(items: &[SystemRecord]) -> String {
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|record| {
            vec![
                record.seq.to_string(),
                moment(record.occurred_at),
                printable(record.kind.strip_prefix("system.").unwrap_or(&record.kind)),
                or_dash(record.component.as_deref()),
                or_dash(record.severity.as_deref()),
                or_dash(record.event.as_deref()),
                measured(record),
            ]
        })
        .collect();
    let heads = [
        ("entry", Align::Right),
        ("when (UTC)", Align::Left),
        ("kind", Align::Left),
        ("component", Align::Left),
        ("severity", Align::Left),
        ("event", Align::Left),
        ("measured", Align::Right),
    ];
    table(&heads, &rows)
}

/// `12.5 ms`, or of a histogram `12.5 s in 3`.
fn measured(record: &SystemRecord) -> String {
    let Some(value) = &record.value else { return "–".into() };
    let unit = record.unit.as_deref().map_or(String::new(), |unit| format!(" {unit}"));
    let count = record.count.map_or(String::new(), |count| format!(" in {}", tokens(count)));
    printable(&format!("{value}{unit}{count}"))
}

fn system_json(record: &SystemRecord) -> Value {
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

async fn snapshot(domain: &LogsDomain, of: &OfRun) -> anyhow::Result<(Value, String)> {
    let tenant = domain.tenant(of.tenant.tenant.clone()).await?;
    let run = domain.run_id(&tenant, &of.id).await?;
    let found = domain.logs().snapshot(&tenant, &run).await?.value.recorded;
    let mut text = String::new();
    let mut items = Vec::new();
    for environment in &found {
        text.push_str(&format!("entry {}\n", environment.seq));
        let resource = super::page::object_json(&environment.resource);
        let scope = environment.scope.as_ref().map(super::page::object_json);
        for (name, part) in [("resource", Some(&resource)), ("scope", scope.as_ref())] {
            for (path, value) in part.map(leaves).unwrap_or_default() {
                text.push_str(&format!(
                    "  {} {}\n",
                    format!("{name}{path}").dimmed(),
                    printable(&value)
                ));
            }
        }
        items.push(json!({ "seq": environment.seq, "resource": resource, "scope": scope }));
    }
    if items.is_empty() {
        text = format!("not recorded: run {run} says nothing of its environment\n");
    }
    Ok((json!({ "run_id": run.as_str(), "recorded": items }), text))
}

/// The members at the ends of a value, each with its way: `/attributes/service.name`.
fn leaves(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, inner)| {
                leaves(inner).into_iter().map(move |(path, leaf)| (format!("/{name}{path}"), leaf))
            })
            .collect(),
        Value::String(text) => vec![(String::new(), text.clone())],
        other => vec![(String::new(), other.to_string())],
    }
}

async fn telemetry(domain: &LogsDomain, of: &OfRun) -> anyhow::Result<(Value, String)> {
    let tenant = domain.tenant(of.tenant.tenant.clone()).await?;
    let run = domain.run_id(&tenant, &of.id).await?;
    let found = domain.logs().telemetry(&tenant, &run).await?.value;
    let mut text = match found.points.as_slice() {
        [] => "not recorded: no service of the run measured anything while it ran\n".to_owned(),
        points => records(points),
    };
    if found.points_cut {
        text.push_str(
            &"more was measured than is shown (see `factlog system --component`)\n"
                .dimmed()
                .to_string(),
        );
    }
    if !found.span_events.is_empty() {
        text.push_str("\nevents of spans\n");
        let rows: Vec<Vec<String>> = found
            .span_events
            .iter()
            .map(|event| {
                let at = event.at.map_or("–".into(), moment);
                vec![event.seq.to_string(), at, printable(&event.name)]
            })
            .collect();
        let heads = [("entry", Align::Right), ("when (UTC)", Align::Left), ("event", Align::Left)];
        text.push_str(&table(&heads, &rows));
    }
    if found.committed > 0 {
        let committed = tokens(found.committed);
        text.push_str(&format!("events of {committed} spans lie behind commitments\n"));
    }
    let events = found.span_events.iter().map(|event| {
        json!({
            "seq": event.seq,
            "name": event.name,
            "at": event.at.map(|at| at.to_string()),
            "attributes": super::page::object_json(&event.attributes),
        })
    });
    let json = json!({
        "run_id": run.as_str(),
        "since": found.period.map(|(since, _)| since.to_string()),
        "until": found.period.map(|(_, until)| until.to_string()),
        "points": found.points.iter().map(system_json).collect::<Vec<_>>(),
        "points_cut": found.points_cut,
        "span_events": events.collect::<Vec<_>>(),
        "committed_span_events": found.committed,
    });
    Ok((json, text))
}

async fn window(domain: &LogsDomain, of: &OfRun) -> anyhow::Result<(Value, String)> {
    let tenant = domain.tenant(of.tenant.tenant.clone()).await?;
    let run = domain.run_id(&tenant, &of.id).await?;
    Ok(match domain.logs().replay_window(&tenant, &run).await?.value {
        None => (
            json!({ "run_id": run.as_str(), "inflection": null }),
            format!("not recorded: run {run} has no error, no denial and no abort\n"),
        ),
        Some(window) => (window_json(run.as_str(), &window), window_text(run.as_str(), &window)),
    })
}

fn window_text(run: &str, window: &ReplayWindow) -> String {
    let point = &window.inflection;
    let mut lines: Vec<(logs_domain::Timestamp, u64, Vec<String>)> = Vec::new();
    let mut add = |at: logs_domain::Timestamp, seq: u64, topic: &str, what: String, how: String| {
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

fn window_json(run: &str, window: &ReplayWindow) -> Value {
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
