//! `factlog system`: events, measurements and alerts, and what surrounded a run.

mod alert;
mod window;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use logs_api::shape;
use logs_domain::{Access, ListRequest, LogsDomain, SystemFilter, SystemRecord, TenantId};
use owo_colors::OwoColorize as _;
use serde_json::Value;

use super::Context;
use super::page::{PageArgs, bad, more, none, pages};
use crate::args::Tenant;
use crate::text::{Align, moment, or_dash, printable, table, tokens};

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
    /// When an alert was sent last, and how often in a window it was sent and kept back.
    Alert(alert::AlertArgs),
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
        Some(About::Window(of)) => window::window(&domain, of).await?,
        Some(About::Alert(args)) => alert::alert(&domain, args).await?,
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
        Some(id) => Some(domain.run_named(tenant, id).await?.as_str().to_owned()),
        None => None,
    };
    let filter = SystemFilter {
        kind: args.kind.clone(),
        run,
        component: args.component.clone(),
        severity: args.severity.as_deref().map(str::to_lowercase),
        event: args.event.clone(),
        period: args.page.period(),
    };
    let answer = pages(&args.page, async |limit, cursor| {
        let request = ListRequest::new(tenant, filter.clone(), limit, cursor).map_err(bad)?;
        Ok(domain.logs().system(&request).await?)
    })
    .await?;
    let text = match answer.value.items.as_slice() {
        [] => {
            let nothing =
                format!("not recorded: tenant {tenant} has no such facts of the environment");
            none(&answer.value, nothing)
        }
        items => records(items),
    };
    Ok((shape::page(&answer, shape::system_record), text + &more(&answer.value)))
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

async fn snapshot(domain: &LogsDomain, of: &OfRun) -> anyhow::Result<(Value, String)> {
    let tenant = domain.tenant(of.tenant.tenant.clone()).await?;
    let run = domain.run_named(&tenant, &of.id).await?;
    let answer = domain.logs().snapshot(&tenant, &run).await?;
    let json = shape::snapshot(&run, &answer);
    let mut text = String::new();
    for environment in &answer.value.recorded {
        text.push_str(&format!("entry {}\n", environment.seq));
        let resource = shape::object(&environment.resource);
        let scope = environment.scope.as_ref().map(shape::object);
        for (name, part) in [("resource", Some(&resource)), ("scope", scope.as_ref())] {
            for (path, value) in part.map(leaves).unwrap_or_default() {
                text.push_str(&format!(
                    "  {} {}\n",
                    format!("{name}{path}").dimmed(),
                    printable(&value)
                ));
            }
        }
    }
    if text.is_empty() {
        text = format!("not recorded: run {run} says nothing of its environment\n");
    }
    Ok((json, text))
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
        Value::String(text) => vec![(String::new(), text.to_string())],
        other => vec![(String::new(), other.to_string())],
    }
}

async fn telemetry(domain: &LogsDomain, of: &OfRun) -> anyhow::Result<(Value, String)> {
    let tenant = domain.tenant(of.tenant.tenant.clone()).await?;
    let run = domain.run_named(&tenant, &of.id).await?;
    let answer = domain.logs().telemetry(&tenant, &run).await?;
    let (json, found) = (shape::telemetry(&run, &answer), answer.value);
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
    Ok((json, text))
}
