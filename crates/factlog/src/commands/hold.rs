//! `factlog hold`: legal holds, under which nothing is erased.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use logs_domain::{Access, Hold, HoldChange, HoldFact, HoldOrder};
use serde_json::{Value, json};

use super::Context;
use crate::args::Tenant;
use crate::text::{Align, moment, or_dash, printable, table};

#[derive(Subcommand)]
pub(crate) enum HoldCommand {
    /// Record that nothing of a tenant may be erased.
    Place(HoldArgs),
    /// Record that a hold ended.
    Release(HoldArgs),
    /// List holds, the newest first.
    List {
        #[command(flatten)]
        tenant: Tenant,
    },
}

#[derive(Args)]
pub(crate) struct HoldArgs {
    /// Its name: a matter, a case number. A name is used once.
    name: String,
    /// Why.
    #[arg(long)]
    reason: String,
    /// Who says so: a subject id.
    #[arg(long, value_name = "SUBJECT")]
    by: Option<String>,
    #[command(flatten)]
    tenant: Tenant,
}

pub(crate) async fn run(context: &Context, command: HoldCommand) -> anyhow::Result<ExitCode> {
    let (args, place) = match command {
        HoldCommand::List { tenant } => return list(context, tenant).await,
        HoldCommand::Place(args) => (args, true),
        HoldCommand::Release(args) => (args, false),
    };
    let domain = context.open(Access::Write).await?;
    let tenant = domain.tenant(args.tenant.tenant).await?;
    let order = HoldOrder { name: args.name, reason: args.reason, by: args.by };
    let HoldChange { hold, recorded } = if place {
        domain.place_hold(&tenant, &order).await?
    } else {
        domain.release_hold(&tenant, &order).await?
    };
    domain.close().await?;
    let (verb, fact) = match (&hold.released, place) {
        (Some(released), false) => ("released", released),
        _ => ("placed", &hold.placed),
    };
    let name = printable(&hold.name);
    let when = if recorded { "recorded as" } else { "recorded before as" };
    let mut text = format!("{verb} {name}: {when} entry {}\n", fact.seq);
    if place {
        text += &format!("nothing of tenant {tenant} is erased while it is in force\n");
    }
    let mut document = item(&hold);
    if let Some(members) = document.as_object_mut() {
        members.insert("recorded".to_owned(), recorded.into());
    }
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}

async fn list(context: &Context, tenant: Tenant) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(tenant.tenant).await?;
    let holds = domain.holds(&tenant).await?;
    domain.close().await?;
    let text = match holds.as_slice() {
        [] => format!("not recorded: tenant {tenant} has no legal holds\n"),
        holds => table(&HEADS, &holds.iter().map(row).collect::<Vec<_>>()),
    };
    let document = json!({ "items": holds.iter().map(item).collect::<Vec<_>>() });
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}

const HEADS: [(&str, Align); 6] = [
    ("entry", Align::Right),
    ("placed (UTC)", Align::Left),
    ("hold", Align::Left),
    ("by", Align::Left),
    ("reason", Align::Left),
    ("state", Align::Left),
];

fn row(hold: &Hold) -> Vec<String> {
    let state = match &hold.released {
        None => "in force".to_owned(),
        Some(HoldFact { at, reason, .. }) => {
            format!("released {}: {}", moment(*at), or_dash(Some(reason)))
        }
    };
    vec![
        hold.placed.seq.to_string(),
        moment(hold.placed.at),
        printable(&hold.name),
        or_dash(Some(&hold.placed.by)),
        or_dash(Some(&hold.placed.reason)),
        state,
    ]
}

fn item(hold: &Hold) -> Value {
    json!({
        "name": hold.name,
        "in_force": hold.released.is_none(),
        "placed": fact(&hold.placed),
        "released": hold.released.as_ref().map(fact),
    })
}

fn fact(fact: &HoldFact) -> Value {
    let HoldFact { seq, at, reason, by } = fact;
    json!({ "seq": seq, "recorded_at": at.to_string(), "reason": reason, "by": by })
}
