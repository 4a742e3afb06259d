//! `factlog bundle verify`, `factlog bundle show`

use std::process::ExitCode;

use logs_domain::BundleReport;
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use super::Context;
use crate::args::BundleCommand;
use crate::commands::keys::parse_keys;
use crate::fail::DOES_NOT_HOLD;
use crate::text::{count, printable};

pub(crate) fn run(context: &Context, command: BundleCommand) -> anyhow::Result<ExitCode> {
    match command {
        BundleCommand::Verify { file, key } => {
            let report = logs_domain::verify_bundle_file(&file, &parse_keys(&key)?)?;
            context.output.answer(&document(&report), &human(&report))?;
            Ok(if report.holds { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) })
        }
        BundleCommand::Show { file } => {
            let members = logs_domain::bundle_members(&file)?;
            let rows: Vec<Vec<String>> =
                members.iter().map(|(name, size)| vec![name.clone(), size.to_string()]).collect();
            context.output.answer(
                &json!({ "members": members.iter().map(|(name, size)| json!({ "path": name, "size": size })).collect::<Vec<_>>() }),
                &crate::text::table(
                    &[("member", crate::text::Align::Left), ("bytes", crate::text::Align::Right)],
                    &rows,
                ),
            )?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn document(report: &BundleReport) -> Value {
    json!({
        "holds": report.holds,
        "tenant": report.summary.tenant,
        "origin": report.summary.origin,
        "entries": report.summary.entries,
        "tree_size": report.summary.size,
        "root": report.summary.root,
        "key": report.summary.key,
        "proved": report.proved,
        "not_proved": report.not_proved,
        "findings": report.findings.iter().map(|finding| json!({
            "what": finding.what,
            "where": finding.place,
            "meaning": finding.meaning,
        })).collect::<Vec<_>>(),
    })
}

/// The report as people read it.
pub(crate) fn human(report: &BundleReport) -> String {
    let mut out = if report.holds {
        format!("{}\n", "the bundle holds".green().bold())
    } else {
        format!(
            "{} {}\n",
            "the bundle does not hold:".red().bold(),
            count(report.findings.len() as u64, "finding", "findings")
        )
    };
    for finding in &report.findings {
        let (place, what) = (printable(&finding.place), printable(&finding.what));
        out += &format!("  {} {place}: {what}\n", "✗".red());
        out += &format!("      {}\n", finding.meaning.dimmed());
    }
    if !report.proved.is_empty() {
        out += "proved\n";
        for line in &report.proved {
            out += &format!("  {} {}\n", "✓".green(), printable(line));
        }
    }
    out += "not proved\n";
    for line in &report.not_proved {
        out += &format!("  {} {}\n", "–".yellow(), printable(line));
    }
    out
}
