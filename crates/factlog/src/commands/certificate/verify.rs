//! `factlog certificate verify`

use std::process::ExitCode;

use logs_domain::{Access, CertificateReport, ValidAt, verify_certificate_file};
use serde_json::{Value, json};

use super::VerifyArgs;
use crate::commands::Context;
use crate::commands::bundle::Told;
use crate::commands::keys::parse_keys;
use crate::fail::DOES_NOT_HOLD;

pub(super) async fn verify(context: &Context, args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let at = args.at.map_or(ValidAt::NotAsked, ValidAt::Time);
    let mut report = verify_certificate_file(&args.file, &parse_keys(&args.key)?, at)?;
    if args.ledger {
        let domain = context.open(Access::Read).await?;
        report = domain.beside_the_ledger(report).await?;
        domain.close().await?;
    }
    let CertificateReport { holds, proved, not_proved, findings, .. } = &report;
    let told = Told { what: "the certificate", holds: *holds, findings, proved, not_proved };
    context.output.answer(&document(&report), &told.text())?;
    Ok(if *holds { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) })
}

fn document(report: &CertificateReport) -> Value {
    let summary = report.summary.as_ref();
    json!({
        "holds": report.holds,
        "id": summary.map(|said| said.id.to_string()),
        "type": summary.map(|said| said.kind.as_str()),
        "tenant": summary.map(|said| &said.tenant),
        "origin": summary.map(|said| &said.origin),
        "key": summary.map(|said| &said.key),
        "issued_at": summary.map(|said| said.issued_at.to_string()),
        "valid_until": summary.and_then(|said| said.valid_until).map(|at| at.to_string()),
        "entries": summary.map(|said| said.entries),
        "subjects": summary.map(|said| said.subjects.iter().map(|(name, sha256)| json!({
            "name": name, "sha256": sha256.to_string(),
        })).collect::<Vec<_>>()),
        "proved": report.proved,
        "not_proved": report.not_proved,
        "findings": report.findings.iter().map(|finding| json!({
            "what": finding.what,
            "where": finding.place,
            "meaning": finding.meaning,
        })).collect::<Vec<_>>(),
    })
}
