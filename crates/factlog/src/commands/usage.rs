//! `factlog usage`: calls, tokens and cost by day, agent and model.

use std::process::ExitCode;

use clap::Args;
use logs_domain::{Access, Answer, Period, Timestamp};
use serde_json::{Value, json};

use super::Context;
use super::page::bad;
use crate::args::Tenant;
use crate::text::{Align, dollars, or_dash, table, tokens};

/// Of which time.
#[derive(Args)]
pub(crate) struct UsageArgs {
    #[command(flatten)]
    tenant: Tenant,
    /// Only calls that began at or after this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only calls that began before this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

pub(crate) async fn run(context: &Context, args: UsageArgs) -> anyhow::Result<ExitCode> {
    let period = Period { since: args.since, until: args.until }.checked().map_err(bad)?;
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant).await?;
    let Answer { value: used, evidence } = domain.logs().usage(&tenant, period).await?;
    domain.close().await?;
    let rows: Vec<Vec<String>> = used
        .iter()
        .map(|line| {
            vec![
                line.day.clone(),
                or_dash(line.agent.as_deref()),
                or_dash(line.provider.as_deref()),
                or_dash(line.model.as_deref()),
                tokens(line.runs),
                tokens(line.calls),
                tokens(line.errors),
                tokens(line.input_tokens),
                tokens(line.output_tokens),
                line.cost_micros.map_or("–".into(), dollars),
            ]
        })
        .collect();
    let heads = [
        ("day", Align::Left),
        ("agent", Align::Left),
        ("provider", Align::Left),
        ("model", Align::Left),
        ("runs", Align::Right),
        ("calls", Align::Right),
        ("failed", Align::Right),
        ("tokens in", Align::Right),
        ("out", Align::Right),
        ("cost", Align::Right),
    ];
    let text = if rows.is_empty() {
        format!("not recorded: tenant {tenant} called no model in this time\n")
    } else {
        table(&heads, &rows)
    };
    let items = used.iter().map(|line| {
        json!({
            "day": line.day,
            "agent": line.agent,
            "provider": line.provider,
            "model": line.model,
            "runs": line.runs,
            "calls": line.calls,
            "errors": line.errors,
            "input_tokens": line.input_tokens,
            "output_tokens": line.output_tokens,
            "cost_micros_usd": line.cost_micros,
        })
    });
    let items: Vec<Value> = items.collect();
    let document = json!({ "as_of_size": evidence.as_of_size, "items": items });
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}
