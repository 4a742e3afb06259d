//! `factlog audit`: who did, decided, read and exported what.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use logs_domain::{
    Access, ActorFacts, AuditFilter, AuditRecord, ExportFilter, ExportRecord, ListRequest,
    LogsDomain, Page, Period, TenantId,
};
use serde_json::{Value, json};

use super::Context;
use super::page::{PageArgs, bad, document, more, pages};
use crate::args::Tenant;
use crate::fail::BadInput;
use crate::text::{Align, moment, or_dash, printable, table, tokens};

/// What of the audit to show.
#[derive(Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    tenant: Tenant,
    /// What to show.
    #[arg(value_enum, default_value_t = View::Events)]
    view: View,
    /// Facts of this kind, like `audit.tool`.
    #[arg(long)]
    kind: Option<String>,
    /// What this person, agent or component did.
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Events of this name.
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// What concerns this tool.
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// What came out so, in the source's word.
    #[arg(long, value_name = "WORD")]
    outcome: Option<String>,
    /// Facts of the run with this id, or these first characters.
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Facts that name this policy.
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// Facts that name this incident.
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum View {
    /// All audit facts.
    Events,
    /// Who acted, and how much was recorded of each.
    Identity,
    /// The decisions that were recorded.
    Authorization,
    /// Who read the log.
    Access,
    /// What the platform itself did.
    System,
    /// Which evidence left the house.
    Exports,
}

pub(crate) async fn run(context: &Context, args: AuditArgs) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant.clone()).await?;
    let run = match &args.run {
        Some(id) => Some(domain.run_id(&tenant, id).await?.as_str().to_owned()),
        None => None,
    };
    let (json, text) = match args.view {
        View::Identity => identity(&domain, &tenant).await?,
        View::Exports => exports(&domain, &tenant, &args, run).await?,
        view => events(&domain, &tenant, &args, run, view).await?,
    };
    domain.close().await?;
    context.output.answer(&json, &text)?;
    Ok(ExitCode::SUCCESS)
}

async fn events(
    domain: &LogsDomain,
    tenant: &TenantId,
    args: &AuditArgs,
    run: Option<String>,
    view: View,
) -> anyhow::Result<(Value, String)> {
    if args.kind.is_some() && matches!(view, View::Authorization | View::Access) {
        let why = "--kind fits `audit events` and `audit system` (the others are of one kind)";
        return Err(BadInput(why.to_owned()).into());
    }
    let filter = AuditFilter {
        kind: args.kind.clone(),
        actor_kind: None,
        actor: args.actor.clone(),
        event: args.event.clone(),
        tool: args.tool.clone(),
        outcome: args.outcome.clone(),
        run,
        policy: args.policy.clone(),
        incident: args.incident.clone(),
        period: Period { since: args.page.since, until: args.page.until },
    };
    let logs = domain.logs();
    let page = pages(args.page.limit, args.page.cursor.clone(), async |limit, cursor| {
        let request = ListRequest::new(tenant, filter.clone(), limit, cursor).map_err(bad)?;
        Ok(match view {
            View::Authorization => logs.authorization(&request).await?.value,
            View::Access => logs.access(&request).await?.value,
            View::System => logs.system_audit(&request).await?.value,
            View::Events | View::Identity | View::Exports => logs.audit(&request).await?.value,
        })
    })
    .await?;
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    let text = if rows.is_empty() {
        format!("not recorded: tenant {tenant} has no such audit facts\n")
    } else {
        let heads = [
            ("entry", Align::Right),
            ("when (UTC)", Align::Left),
            ("kind", Align::Left),
            ("event", Align::Left),
            ("actor", Align::Left),
            ("tool", Align::Left),
            ("outcome", Align::Left),
            ("policy", Align::Left),
            ("run", Align::Left),
        ];
        table(&heads, &rows)
    };
    Ok((document(&page, record_json), text + &more(&page)))
}

/// An audit fact in a row, shared with what shows the governance of a run.
pub(crate) fn row(record: &AuditRecord) -> Vec<String> {
    vec![
        record.seq.to_string(),
        moment(record.occurred_at),
        printable(record.kind.strip_prefix("audit.").unwrap_or(&record.kind)),
        or_dash(record.event.as_deref()),
        or_dash(record.actor.as_deref()),
        or_dash(record.tool.as_deref()),
        or_dash(record.outcome.as_deref()),
        or_dash(record.policy_id.as_deref()),
        record.run_id.as_deref().map_or("–".into(), |run| run.chars().take(16).collect()),
    ]
}

pub(crate) fn record_json(record: &AuditRecord) -> Value {
    json!({
        "seq": record.seq,
        "kind": record.kind,
        "event": record.event,
        "actor_kind": record.actor_kind,
        "actor": record.actor,
        "tool": record.tool,
        "outcome": record.outcome,
        "policy_id": record.policy_id,
        "run_id": record.run_id,
        "occurred_at": record.occurred_at.to_string(),
    })
}

async fn identity(domain: &LogsDomain, tenant: &TenantId) -> anyhow::Result<(Value, String)> {
    let mut actors: Vec<ActorFacts> = Vec::new();
    loop {
        let after = actors.last().map_or("", |last| last.actor.as_str()).to_owned();
        let found = domain.logs().identity(tenant, &after).await?.value;
        if found.is_empty() {
            break;
        }
        actors.extend(found);
    }
    let rows: Vec<Vec<String>> = actors
        .iter()
        .map(|actor| {
            vec![
                printable(&actor.actor),
                or_dash(actor.actor_kind.as_deref()),
                tokens(actor.facts),
                actor.first_seq.to_string(),
                actor.last_seq.to_string(),
            ]
        })
        .collect();
    let heads = [
        ("actor", Align::Left),
        ("kind", Align::Left),
        ("facts", Align::Right),
        ("first entry", Align::Right),
        ("last entry", Align::Right),
    ];
    let text = if rows.is_empty() {
        format!("not recorded: tenant {tenant} has no audit facts\n")
    } else {
        table(&heads, &rows)
    };
    let items = actors.iter().map(|actor| {
        json!({
            "actor": actor.actor,
            "actor_kind": actor.actor_kind,
            "facts": actor.facts,
            "first_seq": actor.first_seq,
            "last_seq": actor.last_seq,
        })
    });
    Ok((json!({ "items": items.collect::<Vec<_>>() }), text))
}

async fn exports(
    domain: &LogsDomain,
    tenant: &TenantId,
    args: &AuditArgs,
    run: Option<String>,
) -> anyhow::Result<(Value, String)> {
    let filter = ExportFilter { run, profile: None };
    let page: Page<ExportRecord> =
        pages(args.page.limit, args.page.cursor.clone(), async |limit, cursor| {
            let request = ListRequest::new(tenant, filter.clone(), limit, cursor).map_err(bad)?;
            Ok(domain.logs().exports(&request).await?.value)
        })
        .await?;
    let rows: Vec<Vec<String>> = page
        .items
        .iter()
        .map(|export| {
            vec![
                export.seq.to_string(),
                moment(export.occurred_at),
                or_dash(export.profile.as_deref()),
                export.run_id.as_deref().map_or("–".into(), |run| run.chars().take(16).collect()),
                export.sha256.map_or("–".into(), |digest| digest.to_string()),
            ]
        })
        .collect();
    let heads = [
        ("entry", Align::Right),
        ("when (UTC)", Align::Left),
        ("profile", Align::Left),
        ("run", Align::Left),
        ("sha256 of the file", Align::Left),
    ];
    let text = if rows.is_empty() {
        format!("not recorded: tenant {tenant} has no such exports\n")
    } else {
        table(&heads, &rows)
    };
    let json = document(&page, |export| {
        json!({
            "seq": export.seq,
            "export_id": export.export_id,
            "profile": export.profile,
            "run_id": export.run_id,
            "sha256": export.sha256.map(|digest| digest.to_string()),
            "occurred_at": export.occurred_at.to_string(),
        })
    });
    Ok((json, text + &more(&page)))
}
