//! `factlog ledger …`

use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use logs_api::shape;
use logs_domain::{
    Access, DomainError, LedgerReport, LogsDomain, Place, ROOT_LOG, TenantId, TilesExported,
};
use owo_colors::OwoColorize as _;
use serde_json::json;

use super::Context;
use crate::args::{LedgerCommand, ProveWhat};
use crate::commands::keys::parse_keys;
use crate::fail::{BadInput, DOES_NOT_HOLD};
use crate::output::{Output, raw};
use crate::text::{count, printable, tokens};

pub(crate) async fn run(context: &Context, command: LedgerCommand) -> anyhow::Result<ExitCode> {
    match command {
        LedgerCommand::Verify { tenant, key, since_checkpoint } => {
            let domain = context.open(Access::Read).await?;
            let reports = match since_checkpoint {
                // A size is one tenant's.
                Some(size) => {
                    let tenant = domain.tenant(tenant.tenant).await?;
                    vec![verify_since(context.output, &domain, &tenant, &key, size).await?]
                }
                None => {
                    let tenants = match &tenant.tenant {
                        Some(tenant) => vec![tenant.clone()],
                        None => domain.ledgers_to_verify().await?,
                    };
                    let reports = verify(context.output, &domain, &tenants, &key).await?;
                    if let Some(tenant) = tenant.tenant {
                        known(&domain, tenant, &reports).await?;
                    }
                    reports
                }
            };
            domain.close().await?;
            context.output.answer(&shape::ledger_reports(&reports), &human(&reports))?;
            let holds = reports.iter().all(|report| report.findings.is_empty());
            Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) })
        }
        LedgerCommand::Checkpoint { tenant } => {
            let domain = context.open(Access::Write).await?;
            let tenant = domain.tenant(tenant.tenant).await?;
            let note = domain.checkpoint(&tenant).await?.note;
            domain.close().await?;
            print(context, "checkpoint", &note)
        }
        LedgerCommand::Prove { tenant, what } => {
            let domain = context.open(Access::Write).await?;
            let tenant = domain.tenant(tenant.tenant).await?;
            let proof = prove(&domain, &tenant, what).await?;
            domain.close().await?;
            print(context, "proof", &proof)
        }
        LedgerCommand::Consistency { older, newer, tenant } => {
            let domain = context.open(Access::Read).await?;
            let tenant = domain.tenant(tenant.tenant).await?;
            let proof = domain.prove_consistency(&tenant, older, newer).await?;
            domain.close().await?;
            print(context, "proof", &proof)
        }
        LedgerCommand::Reindex { tenant, into } => reindex(context, tenant.as_ref(), &into).await,
        LedgerCommand::ExportTiles { folder, tenant } => {
            let domain = context.open(Access::Write).await?;
            let tenant = domain.tenant(tenant.tenant).await?;
            let done = export_tiles(&domain, &tenant, &folder).await;
            domain.close().await?;
            let done = done?;
            let document = json!({
                "entries": done.size, "entries_before": done.before, "files": done.files,
            });
            let text = format!(
                "{} as tiles in {} ({} there before, {} written)\n",
                count(done.size, "entry", "entries"),
                folder.display(),
                tokens(done.before),
                count(done.files, "file", "files"),
            );
            context.output.answer(&document, &text)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A ledger of which there is nothing, and never was as far as anything tells, does not "hold": its name is
/// a slip, and a check that repeats it would be content for ever.
async fn known(
    domain: &LogsDomain,
    tenant: TenantId,
    reports: &[LedgerReport],
) -> anyhow::Result<()> {
    let nothing = reports.iter().all(|of| of.entries == 0 && of.findings.is_empty());
    if nothing && !domain.ledgers_to_verify().await?.contains(&tenant) {
        return Err(DomainError::EmptyLedger(tenant).into());
    }
    Ok(())
}

async fn reindex(
    context: &Context,
    tenant: Option<&TenantId>,
    into: &str,
) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Read).await?;
    let bar = Arc::new(if context.output.progress() {
        let style = ProgressStyle::with_template("{spinner} {msg} {human_pos} entries {per_sec}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        ProgressBar::new_spinner().with_style(style)
    } else {
        ProgressBar::hidden()
    });
    let shown = Arc::clone(&bar);
    let progress = move |tenant: &TenantId, done| {
        shown.set_message(format!("bringing {tenant}"));
        shown.set_position(done);
    };
    let done = domain.reindex_into(into, tenant, &progress).await;
    bar.finish_and_clear();
    domain.close().await?;
    let done = done?;
    let items = done.iter().map(|of| {
        json!({
            "tenant": of.tenant.as_str(), "before": of.before, "entries": of.entries,
            "contents": of.contents, "checkpoints": of.checkpoints,
        })
    });
    let document = json!({ "tenants": items.collect::<Vec<_>>() });
    let mut text = String::new();
    for of in &done {
        let before = match of.before {
            0 => String::new(),
            before if before == of.entries => ", all of them there before".to_owned(),
            before => format!(", {} of them there before", tokens(before)),
        };
        text += &format!(
            "tenant {}  {}{before}, {} brought, {}\n",
            of.tenant,
            count(of.entries, "entry", "entries"),
            count(of.contents, "content", "contents"),
            count(of.checkpoints, "checkpoint", "checkpoints"),
        );
    }
    if done.is_empty() {
        text += "no tenant has facts: there is nothing to bring\n";
    } else {
        let there = Place { url: into.to_owned(), ..context.place.clone() }.shown();
        text += &format!(
            "check it: factlog --database-url {there} --key-file {}",
            context.place.key_file.display()
        );
        if let Some(marks) = &context.high_water {
            text += &format!(" --high-water {}", marks.display());
        }
        text += " ledger verify";
        if let Some(tenant) = tenant {
            text += &format!(" --tenant {tenant}");
        }
        text.push('\n');
    }
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "object-store")]
async fn export_tiles(
    domain: &LogsDomain,
    tenant: &TenantId,
    place: &Path,
) -> anyhow::Result<TilesExported> {
    match place.to_str().filter(|place| place.starts_with("s3://")) {
        Some(url) => Ok(domain.export_tiles_to_bucket(tenant, url).await?),
        None => Ok(domain.export_tiles(tenant, place).await?),
    }
}

#[cfg(not(feature = "object-store"))]
async fn export_tiles(
    domain: &LogsDomain,
    tenant: &TenantId,
    place: &Path,
) -> anyhow::Result<TilesExported> {
    if place.to_str().is_some_and(|place| place.starts_with("s3://")) {
        let why = "this build writes to no bucket (build it with `--features object-store`)";
        return Err(BadInput(why.to_owned()).into());
    }
    Ok(domain.export_tiles(tenant, place).await?)
}

fn print(context: &Context, member: &str, text: &str) -> anyhow::Result<ExitCode> {
    if context.output.json {
        context.output.answer(&json!({ member: text }), "")?;
    } else {
        raw(text)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn prove(domain: &LogsDomain, tenant: &TenantId, what: ProveWhat) -> anyhow::Result<String> {
    if let Some(range) = what.range {
        return Ok(domain.prove_range(tenant, parse_range(&range)?).await?);
    }
    let seq = match (what.seq, what.fact) {
        (Some(seq), _) => seq,
        (None, Some(id)) => domain.seq_of(tenant, &id).await?,
        (None, None) => return Err(BadInput("say what to prove".into()).into()),
    };
    Ok(domain.prove_entry(tenant, seq).await?)
}

fn parse_range(text: &str) -> Result<Range<u64>, BadInput> {
    let wrong = || BadInput(format!("`{text}` is not a range (write `A..B`, B not included)"));
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) => Ok(from..to),
        _ => Err(wrong()),
    }
}

/// Verifies each tenant's ledger under a progress bar.
pub(crate) async fn verify(
    output: Output,
    domain: &LogsDomain,
    tenants: &[TenantId],
    keys: &[String],
) -> anyhow::Result<Vec<LedgerReport>> {
    let keys = parse_keys(keys)?;
    let mut reports = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        let bar = Arc::new(bar(output, domain.size(tenant).await?, tenant));
        let shown = Arc::clone(&bar);
        let report = domain.verify(tenant, &keys, &move |done| shown.set_position(done)).await?;
        bar.finish_and_clear();
        reports.push(report);
    }
    // Of the file, and so told once.
    if let Some(report) = reports.first_mut() {
        for mut finding in domain.damage().await? {
            finding.tenant = report.tenant.clone();
            report.findings.push(finding);
        }
    }
    Ok(reports)
}

async fn verify_since(
    output: Output,
    domain: &LogsDomain,
    tenant: &TenantId,
    keys: &[String],
    size: u64,
) -> anyhow::Result<LedgerReport> {
    let keys = parse_keys(keys)?;
    let left = domain.size(tenant).await?.saturating_sub(size);
    let bar = Arc::new(bar(output, left, tenant));
    let shown = Arc::clone(&bar);
    let progress = move |done| shown.set_position(done);
    let report = domain.verify_since(tenant, &keys, size, &progress).await?;
    bar.finish_and_clear();
    Ok(report)
}

fn bar(output: Output, length: u64, tenant: &TenantId) -> ProgressBar {
    if !output.progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{msg} {bar:30.cyan} {human_pos}/{human_len} entries {per_sec}",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style).with_message(format!("verifying {tenant}"))
}

/// The report as people read it.
pub(crate) fn human(reports: &[LedgerReport]) -> String {
    let mut out = String::new();
    for report in reports {
        let verdict = if report.findings.is_empty() {
            "holds".green().bold().to_string()
        } else {
            format!(
                "{} {}",
                "does not hold:".red().bold(),
                count(report.findings.len() as u64 + report.more_findings, "finding", "findings")
            )
        };
        out += &format!("tenant {}  {verdict}\n", report.tenant);
        let entries = count(report.entries, "entry", "entries");
        let checkpoints = count(report.checkpoints, "checkpoint", "checkpoints");
        let signed = tokens(report.signed_size.saturating_sub(report.since));
        out += &match report.since {
            0 => format!("  {entries}, {signed} of them signed, {checkpoints}\n"),
            since => format!(
                "  {entries} behind the checkpoint of size {}, whose tree is trusted; {signed} of them signed\n",
                tokens(since)
            ),
        };
        if let Some(root) = report.root {
            out += &format!("  root {root}\n");
        }
        let size = report.since + report.entries;
        // The root log is signed when it is published, and cosigned behind that.
        let own = report.tenant.as_str() == ROOT_LOG;
        if report.signed_size < size && report.findings.is_empty() && !own {
            let unsigned = size - report.signed_size;
            out += &format!(
                "  {} {} not under a signed checkpoint yet (factlog ledger checkpoint)\n",
                "note:".yellow(),
                count(unsigned, "entry is", "entries are"),
            );
        }
        for finding in &report.findings {
            let place = finding.seq.map_or("ledger".into(), |seq| format!("entry {seq}"));
            out += &format!("  {} {place}: {}\n", "✗".red(), printable(&finding.what));
            out += &format!("      {}\n", finding.meaning.dimmed());
        }
        if report.more_findings > 0 {
            out += &format!("  and {} more\n", tokens(report.more_findings));
        }
    }
    if reports.is_empty() {
        out += "no tenant has facts: nothing to verify\n";
    }
    out
}
