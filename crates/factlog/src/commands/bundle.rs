//! `factlog bundle verify`, `factlog bundle sample`, `factlog bundle show`

use std::process::ExitCode;

use logs_domain::{BundleFinding, BundleReport, Sample, SampleOf, Sampled};
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use super::Context;
use crate::args::BundleCommand;
use crate::commands::keys::parse_keys;
use crate::fail::DOES_NOT_HOLD;
use crate::text::{Align, count, printable, table, tokens};

pub(crate) fn run(context: &Context, command: BundleCommand) -> anyhow::Result<ExitCode> {
    match command {
        BundleCommand::Verify { file, key } => {
            let report = logs_domain::verify_bundle_file(&file, &parse_keys(&key)?)?;
            context.output.answer(&document(&report), &human(&report))?;
            Ok(if report.holds { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) })
        }
        BundleCommand::Sample { file, key, seed, count, kind } => {
            let report = logs_domain::verify_bundle_file(&file, &parse_keys(&key)?)?;
            if !report.holds {
                context.output.answer(&document(&report), &human(&report))?;
                return Ok(ExitCode::from(DOES_NOT_HOLD));
            }
            let count = usize::try_from(count).unwrap_or(logs_domain::MAX_SAMPLE);
            let of = SampleOf { seed, count, kind };
            let sample = logs_domain::sample_bundle_file(&file, &of)?;
            context.output.answer(&sample_document(&sample), &sample_text(&sample))?;
            Ok(ExitCode::SUCCESS)
        }
        BundleCommand::Show { file } => {
            let members = logs_domain::bundle_members(&file)?;
            let rows: Vec<Vec<String>> =
                members.iter().map(|(name, size)| vec![name.clone(), size.to_string()]).collect();
            context.output.answer(
                &json!({ "members": members.iter().map(|(name, size)| json!({ "path": name, "size": size })).collect::<Vec<_>>() }),
                &table(&[("member", Align::Left), ("bytes", Align::Right)], &rows),
            )?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn sample_document(sample: &Sample) -> Value {
    let item = |sampled: &Sampled| {
        json!({
            "seq": sampled.seq,
            "kind": sampled.kind,
            "actor": sampled.actor,
            "occurred_at": sampled.occurred_at,
            "leaf_hash": sampled.leaf_hash.to_string(),
        })
    };
    let items: Vec<Value> = sample.drawn.iter().map(item).collect();
    json!({ "population": sample.population, "items": items })
}

fn sample_text(sample: &Sample) -> String {
    let row = |sampled: &Sampled| {
        vec![
            sampled.seq.to_string(),
            printable(&sampled.occurred_at.chars().take(19).collect::<String>().replace('T', " ")),
            printable(&sampled.kind),
            printable(&sampled.actor),
            sampled.leaf_hash.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = sample.drawn.iter().map(row).collect();
    let heads = [
        ("entry", Align::Right),
        ("when (UTC)", Align::Left),
        ("kind", Align::Left),
        ("actor", Align::Left),
        ("leaf hash", Align::Left),
    ];
    let drawn = count(sample.drawn.len() as u64, "entry", "entries");
    format!("{}\n{drawn} of {}\n", table(&heads, &rows), tokens(sample.population))
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
    let BundleReport { holds, findings, proved, not_proved, .. } = report;
    Told { what: "the bundle", holds: *holds, findings, proved, not_proved }.text()
}

/// What a check found.
pub(crate) struct Told<'r> {
    pub(crate) what: &'r str,
    pub(crate) holds: bool,
    pub(crate) findings: &'r [BundleFinding],
    pub(crate) proved: &'r [String],
    pub(crate) not_proved: &'r [String],
}

impl Told<'_> {
    /// It, as people read it.
    pub(crate) fn text(&self) -> String {
        let Self { what, holds, findings, proved, not_proved } = *self;
        let mut out = if holds {
            format!("{}\n", format!("{what} holds").green().bold())
        } else {
            format!(
                "{} {}\n",
                format!("{what} does not hold:").red().bold(),
                count(findings.len() as u64, "finding", "findings")
            )
        };
        for finding in findings {
            let (place, what) = (printable(&finding.place), printable(&finding.what));
            out += &format!("  {} {place}: {what}\n", "✗".red());
            out += &format!("      {}\n", finding.meaning.dimmed());
        }
        if !proved.is_empty() {
            out += "proved\n";
            for line in proved {
                out += &format!("  {} {}\n", "✓".green(), printable(line));
            }
        }
        out += "not proved\n";
        for line in not_proved {
            out += &format!("  {} {}\n", "–".yellow(), printable(line));
        }
        out
    }
}
