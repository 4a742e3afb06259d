//! `factlog audit`: who did, decided, read and exported what.

mod chain;
mod entry;
mod exports;
mod identity;

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use logs_api::shape;
use logs_domain::{Access, AuditFilter, AuditRecord, ListRequest, LogsDomain, TenantId};
use serde_json::Value;

use super::Context;
use super::page::{PageArgs, bad, more, none, pages};
use crate::args::Tenant;
use crate::fail::BadInput;
use crate::text::{Align, moment, or_dash, printable, table};

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
    /// Exports of this profile.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The one fact with this sequence number or id, whole.
    #[arg(long, value_name = "SEQ|ID", conflicts_with_all = [
        "view", "kind", "actor", "event", "tool", "outcome", "run", "policy", "incident", "profile",
        "since", "until", "limit", "cursor",
    ])]
    entry: Option<String>,
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
    /// Everything about a run, an incident, an actor or a period, in order of the entries.
    Chain,
}

impl AuditArgs {
    /// Refuses what the view does not take: an option that is silently left out gives an answer to
    /// another question.
    fn check(&self) -> Result<(), BadInput> {
        use View::{Access, Authorization, Chain, Events, Exports, System};
        let facts = &[Events, Authorization, Access, System][..];
        let lists = &[Events, Authorization, Access, System, Exports][..];
        let subjects = &[Events, Authorization, Access, System, Chain][..];
        let all = &[Events, Authorization, Access, System, Exports, Chain][..];
        let given = [
            ("--kind", self.kind.is_some(), &[Events, System][..]),
            ("--actor", self.actor.is_some(), subjects),
            ("--event", self.event.is_some(), facts),
            ("--tool", self.tool.is_some(), facts),
            ("--outcome", self.outcome.is_some(), facts),
            ("--run", self.run.is_some(), all),
            ("--policy", self.policy.is_some(), facts),
            ("--incident", self.incident.is_some(), subjects),
            ("--profile", self.profile.is_some(), &[Exports]),
            ("--since", self.page.since.is_some(), all),
            ("--until", self.page.until.is_some(), all),
            ("--limit", self.page.limit.is_some(), lists),
            ("--cursor", self.page.cursor.is_some(), lists),
        ];
        for (option, is_given, views) in given {
            if is_given && !views.contains(&self.view) {
                let taken: Vec<_> =
                    views.iter().map(|view| format!("`audit {}`", view.name())).collect();
                let (view, taken) = (self.view.name(), taken.join(", "));
                let why = format!("`{option}` does not fit `audit {view}` (it fits {taken})");
                return Err(BadInput(why));
            }
        }
        Ok(())
    }
}

impl View {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

pub(crate) async fn run(context: &Context, args: AuditArgs) -> anyhow::Result<ExitCode> {
    args.check()?;
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant.clone()).await?;
    let run = match &args.run {
        Some(id) => Some(domain.run_named(&tenant, id).await?.as_str().to_owned()),
        None => None,
    };
    let (json, text) = match (&args.entry, args.view) {
        (Some(name), _) => entry::entry(&domain, &tenant, name).await?,
        (None, View::Identity) => identity::identity(&domain, &tenant).await?,
        (None, View::Exports) => exports::exports(&domain, &tenant, &args, run).await?,
        (None, View::Chain) => chain::chain(&domain, &tenant, &args, run).await?,
        (None, view) => events(&domain, &tenant, &args, run, view).await?,
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
        period: args.page.period(),
    };
    let logs = domain.logs();
    let answer = pages(&args.page, async |limit, cursor| {
        let request = ListRequest::new(tenant, filter.clone(), limit, cursor).map_err(bad)?;
        Ok(match view {
            View::Authorization => logs.authorization(&request).await?,
            View::Access => logs.access(&request).await?,
            View::System => logs.system_audit(&request).await?,
            View::Events | View::Identity | View::Exports | View::Chain => {
                logs.audit(&request).await?
            }
        })
    })
    .await?;
    let page = &answer.value;
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    let text = if rows.is_empty() {
        none(page, format!("not recorded: tenant {tenant} has no such audit facts"))
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
    Ok((shape::page(&answer, shape::audit_record), text + &more(page)))
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
