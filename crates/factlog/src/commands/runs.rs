//! `factlog runs`, `factlog run`

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use logs_api::shape;
use logs_domain::{Access, ListRequest, RunFilter, RunStatus, RunSummary, Unreadable, gaps_of_run};

use super::Context;
use super::page::{PageArgs, bad, more, none, pages};
use crate::args::{OneRun, Tenant};
use crate::output::width;
use crate::text::{Align, duration, printable, table, tokens};
use crate::timeline;

/// Which runs to list.
#[derive(Args)]
pub(crate) struct RunsArgs {
    #[command(flatten)]
    tenant: Tenant,
    /// The run with this id.
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Runs in which an agent or service of this name acted.
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Runs that asked this provider.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Runs that asked this model.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Runs whose facts say this of their end.
    #[arg(long, value_enum)]
    status: Option<StatusArg>,
    /// Runs that were recorded as synthetic (`true`), or that were not (`false`).
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    synthetic: Option<bool>,
    /// Synthetic runs of this scenario.
    #[arg(long, value_name = "ID")]
    scenario: Option<String>,
    /// Runs with this correlation id (a conversation, a session).
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Runs with this seed.
    #[arg(long)]
    seed: Option<String>,
    /// Runs of this plan.
    #[arg(long, value_name = "HASH")]
    plan_hash: Option<String>,
    /// Runs whose trace ended with this root hash.
    #[arg(long, value_name = "HASH")]
    root_hash: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StatusArg {
    Running,
    Completed,
    Failed,
    Aborted,
}

impl RunsArgs {
    fn filter(&self) -> RunFilter {
        let status = self.status.map(|status| match status {
            StatusArg::Running => RunStatus::Running,
            StatusArg::Completed => RunStatus::Completed,
            StatusArg::Failed => RunStatus::Failed,
            StatusArg::Aborted => RunStatus::Aborted,
        });
        RunFilter {
            run: self.run.clone(),
            agent: self.agent.clone(),
            provider: self.provider.clone(),
            model: self.model.clone(),
            status,
            synthetic: self.synthetic,
            scenario: self.scenario.clone(),
            correlation: self.correlation.clone(),
            seed: self.seed.clone(),
            plan_hash: self.plan_hash.clone(),
            root_hash: self.root_hash.clone(),
            period: self.page.period(),
        }
    }
}

pub(crate) async fn list(context: &Context, args: RunsArgs) -> anyhow::Result<ExitCode> {
    let filter = args.filter();
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant.clone()).await?;
    let answer = pages(&args.page, async |limit, cursor| {
        let request = ListRequest::new(&tenant, filter.clone(), limit, cursor).map_err(bad)?;
        Ok(domain.logs().runs(&request).await?)
    })
    .await?;
    domain.close().await?;
    let (document, page) = (shape::page(&answer, shape::run_summary), answer.value);
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    let mut text = if rows.is_empty() && page.unreadable.is_empty() {
        none(&page, format!("tenant {tenant} has no runs here"))
    } else {
        table(
            &[
                ("run", Align::Left),
                ("agent", Align::Left),
                ("started (UTC)", Align::Left),
                ("took", Align::Right),
                ("status", Align::Left),
                ("calls", Align::Right),
                ("tools", Align::Right),
                ("tokens in", Align::Right),
                ("out", Align::Right),
                ("errors", Align::Right),
            ],
            &rows,
        )
    };
    for Unreadable { run_id, seq } in &page.unreadable {
        let _ = writeln!(
            text,
            "run {} is not shown: its entry {seq} is not there as it was recorded (`factlog ledger verify` says what is wrong)",
            printable(run_id)
        );
    }
    text.push_str(&more(&page));
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn row(run: &RunSummary) -> Vec<String> {
    vec![
        run.run_id.chars().take(16).collect(),
        printable(run.agent.as_deref().unwrap_or("–")),
        run.started_at
            .to_string()
            .chars()
            .take(19)
            .map(|c| if c == 'T' { ' ' } else { c })
            .collect(),
        run.ended_at.map_or("–".into(), |end| duration(end.nanos_since(run.started_at))),
        run.status.as_str().to_owned(),
        tokens(run.llm_calls),
        tokens(run.tool_calls),
        tokens(run.input_tokens),
        tokens(run.output_tokens),
        tokens(run.errors),
    ]
}

pub(crate) async fn show(context: &Context, args: OneRun) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant).await?;
    let run = domain.run_named(&tenant, &args.id).await?;
    let summary = domain.summary(&tenant, &run).await?;
    let steps = domain.logs().steps(&tenant, &run).await?.value;
    domain.close().await?;
    let gaps = gaps_of_run(summary.status, &steps);
    let document = shape::run(&summary, &steps, &gaps);
    context.output.answer(&document, &timeline::draw(&summary, &steps, &gaps, width()))?;
    Ok(ExitCode::SUCCESS)
}
