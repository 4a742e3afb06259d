//! `factlog reconcile`: what was undertaken for a run against what became of it.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use logs_api::shape;
use logs_domain::{
    Access, Linkage, Object, ReconcileStatus, Reconciled, Reconciliation, RunReconciliation,
    Standing, ToolAudit, ToolFinding, Value,
};
use owo_colors::OwoColorize as _;

use super::Context;
use crate::args::Tenant;
use crate::fail::DOES_NOT_HOLD;
use crate::text::{count, duration, moment, printable, tokens};

/// Expectations and findings that are shown to people.
const MOST_SHOWN: usize = 40;

/// Which run.
#[derive(Args)]
pub(crate) struct ReconcileArgs {
    /// The run's id, or its first characters.
    id: String,
    #[command(flatten)]
    tenant: Tenant,
}

pub(crate) async fn run(context: &Context, args: ReconcileArgs) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant).await?;
    let run = domain.run_named(&tenant, &args.id).await?;
    let found = domain.reconcile_run(&tenant, &run).await?;
    domain.close().await?;
    let mut document = found.undertakings.to_object();
    document.insert("tools".to_owned(), tools_object(&found.tools).into());
    context.output.answer(&shape::object(&document), &human(&found))?;
    let complete = found.undertakings.status == ReconcileStatus::Complete;
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) })
}

fn tools_object(tools: &ToolAudit) -> Object {
    let finding = |finding: &ToolFinding| {
        let mut object = Object::from([
            ("seq".to_owned(), Value::unsigned(finding.seq)),
            ("code".to_owned(), finding.what.code().into()),
            ("text".to_owned(), finding.to_string().into()),
        ]);
        if let Some(call) = &finding.call {
            object.insert("call".to_owned(), call.as_str().into());
        }
        Value::Object(object)
    };
    let findings: Vec<Value> = tools.findings.iter().map(finding).collect();
    let (calls, linked) = linked(tools);
    Object::from([
        ("calls".to_owned(), Value::unsigned(calls)),
        ("linked".to_owned(), Value::unsigned(linked)),
        ("server_events".to_owned(), Value::unsigned(tools.server_events.len() as u64)),
        ("findings".to_owned(), findings.into()),
    ])
}

/// Calls, and those whose events are linked from the first to the last.
fn linked(tools: &ToolAudit) -> (u64, u64) {
    let linked = tools.calls.iter().filter(|call| call.linkage == Linkage::Whole);
    (tools.calls.len() as u64, linked.count() as u64)
}

fn human(found: &RunReconciliation) -> String {
    let mut out = String::new();
    let undertakings = &found.undertakings;
    let status = undertakings.status.as_str();
    let status = match undertakings.status {
        ReconcileStatus::Complete => status.green().bold().to_string(),
        ReconcileStatus::Incomplete => status.red().bold().to_string(),
        ReconcileStatus::Stale => status.yellow().bold().to_string(),
    };
    let _ = writeln!(out, "{status}  as of {} (UTC), the newest entry", moment(undertakings.as_of));
    let ended = match undertakings.ended_by {
        Some(seq) => format!("ended by entry {seq}"),
        None => "no fact ends it".to_owned(),
    };
    let _ = writeln!(out, "run {}, {ended}", printable(&undertakings.run_id).bold());
    expectations(&mut out, undertakings);
    if !undertakings.findings.is_empty() {
        let _ = writeln!(out, "\n  {}", "what does not agree".bold());
        for finding in undertakings.findings.iter().take(MOST_SHOWN) {
            let _ = writeln!(out, "    {} {}", "✗".red(), printable(&finding.to_string()));
        }
        more(&mut out, undertakings.findings.len());
    }
    tool_events(&mut out, &found.tools);
    out
}

fn expectations(out: &mut String, found: &Reconciliation) {
    if !found.expectations.is_empty() {
        let _ = writeln!(out, "\n  {}", "undertaken".bold());
        let names = found.expectations.iter().map(|r| printable(&r.expectation.id).chars().count());
        let width = names.max().unwrap_or(0).min(48);
        let shown = found.expectations.iter().take(MOST_SHOWN);
        shown.for_each(|reconciled| expectation(out, reconciled, found, width));
        more(out, found.expectations.len());
    }
    let (facts, receipts) = found.receipts;
    if facts > 0 {
        let _ = writeln!(
            out,
            "\n  {} recorded step by step, {}",
            count(facts, "fact", "facts"),
            count(receipts, "receipt", "receipts")
        );
    }
    if !found.not_expected.is_empty() {
        let set: Vec<_> = found.not_expected.iter().map(|(d, a)| format!("{d}/{a}")).collect();
        let line = format!("of the standard set, nobody undertook {}", set.join(", "));
        let _ = writeln!(out, "\n  {}", line.dimmed());
    }
}

fn expectation(out: &mut String, reconciled: &Reconciled, found: &Reconciliation, width: usize) {
    let Reconciled { expectation, ack, standing } = reconciled;
    let name = printable(&expectation.id);
    let by =
        expectation.deadline.map_or("no deadline".to_owned(), |at| format!("by {}", moment(at)));
    let against = ack.as_ref().map_or(found.as_of, |ack| ack.recorded_at);
    let late = expectation.deadline.map(|deadline| against.nanos_since(deadline));
    let late = late.filter(|late| *late > 0).map(|late| format!("{} late", duration(late)));
    let entry = ack.as_ref().map(|ack| format!("entry {}", ack.seq));
    let mark = match standing {
        Standing::Done => "✓".green().to_string(),
        Standing::Missing => "·".yellow().to_string(),
        Standing::DoneLate | Standing::Failed | Standing::Overdue | Standing::Invalid => {
            "✗".red().to_string()
        }
    };
    let word = match standing {
        Standing::Done | Standing::DoneLate => "done",
        Standing::Failed => "failed",
        Standing::Missing | Standing::Overdue => "not acknowledged",
        Standing::Invalid => "invalid",
    };
    let rest: Vec<String> = [Some(word.to_owned()), entry, late].into_iter().flatten().collect();
    let _ = writeln!(out, "    {mark} {name:width$}  {by:22}  {}", rest.join(", "));
}

fn tool_events(out: &mut String, tools: &ToolAudit) {
    if tools.calls.is_empty() && tools.server_events.is_empty() && tools.findings.is_empty() {
        return;
    }
    let (calls, linked) = linked(tools);
    let linked = match linked {
        0 => "not linked by hash".to_owned(),
        linked => format!("{linked} linked by hash"),
    };
    let order = if tools.findings.is_empty() { ", in order" } else { "" };
    let _ = writeln!(out, "\n  {}", "tool events".bold());
    let _ = writeln!(out, "    {}, {linked}{order}", count(calls, "call", "calls"));
    for finding in tools.findings.iter().take(MOST_SHOWN) {
        let _ = writeln!(out, "    {} {}", "·".yellow(), printable(&finding.to_string()));
    }
    more(out, tools.findings.len());
}

fn more(out: &mut String, all: usize) {
    if all > MOST_SHOWN {
        let _ = writeln!(out, "      and {} more (see --json)", tokens((all - MOST_SHOWN) as u64));
    }
}
