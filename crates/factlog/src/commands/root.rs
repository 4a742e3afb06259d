//! `factlog root …`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use logs_domain::{
    Access, HttpTimestamps, HttpWitnesses, TimestampAuthority, TimestampToken, TimestampTrust,
    TrustPolicy, read_small_text, verify_root_proof_file, verify_root_timestamp_file,
};
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use super::Context;
use crate::args::RootCommand;
use crate::fail::{BadInput, DOES_NOT_HOLD};
use crate::output::raw;
use crate::text::{count, printable};

pub(crate) async fn run(context: &Context, command: RootCommand) -> anyhow::Result<ExitCode> {
    match command {
        RootCommand::Publish { policy, tsa, tsa_certificates } => {
            let policy = read(&policy)?;
            let authority = match (tsa, tsa_certificates) {
                (Some(url), Some(file)) => Some(TimestampAuthority { url, trust: trust(&file)? }),
                _ => None,
            };
            let domain = context.open(Access::Write).await?;
            let published = domain.publish_root(&policy, &HttpWitnesses::new()).await;
            let stamped = match (&published, &authority) {
                (Ok(published), Some(authority)) => Some(
                    domain.timestamp_root(&published.note, authority, &HttpTimestamps::new()).await,
                ),
                _ => None,
            };
            domain.close().await?;
            let published = published?;
            let stamped = stamped.transpose()?;
            if let Some(stamped) = &stamped {
                let said = stated(&stamped.stated);
                context.output.hint(&format!("{} {said}", "time-stamped".green()));
            }
            for (who, why) in &published.failed {
                context.output.hint(&format!("{} {who}: {}", "note:".yellow(), printable(why)));
            }
            let document = json!({
                "size": published.size,
                "added": published.added,
                "checkpoint": published.note,
                "timestamp": stamped.map(|stamped| document(&stamped.stated)),
                "failed": published.failed.iter().map(|(who, why)| json!({
                    "who": who, "why": why,
                })).collect::<Vec<_>>(),
            });
            context.output.answer(&document, &published.note)?;
            Ok(ExitCode::SUCCESS)
        }
        RootCommand::Prove { tenant, size, timestamp } => {
            let domain = context.open(Access::Read).await?;
            let tenant = domain.tenant(tenant.tenant).await?;
            let proof = domain.prove_in_root(&tenant, size).await?;
            if let Some(file) = timestamp {
                let token = domain.root_timestamp(&proof).await?;
                fs::write(&file, token)
                    .with_context(|| format!("cannot write `{}`", file.display()))?;
            }
            domain.close().await?;
            if context.output.json {
                context.output.answer(&json!({ "proof": proof }), "")?;
            } else {
                raw(&proof)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        RootCommand::Verify { file, policy, timestamp, tsa_certificates } => {
            let stamp = match (timestamp, tsa_certificates) {
                (Some(_), Some(_)) if file.as_os_str() == "-" => {
                    let why = "a proof that comes with a time-stamp must be a file";
                    return Err(BadInput(why.to_owned()).into());
                }
                (Some(token), Some(certificates)) => Some((token, trust(&certificates)?)),
                _ => None,
            };
            verify(context, &file, &read(&policy)?, stamp)
        }
    }
}

fn verify(
    context: &Context,
    file: &Path,
    policy: &TrustPolicy,
    stamp: Option<(PathBuf, TimestampTrust)>,
) -> anyhow::Result<ExitCode> {
    let refuse = |why: String| {
        let text = format!("{} {}\n", "does not hold:".red().bold(), printable(&why));
        context.output.answer(&json!({ "holds": false, "why": why }), &text)?;
        Ok(ExitCode::from(DOES_NOT_HOLD))
    };
    let proved = match verify_root_proof_file(file, policy)? {
        Ok(proved) => proved,
        Err(why) => return refuse(why),
    };
    let stamp = match stamp {
        Some((token, trust)) => match verify_root_timestamp_file(file, &token, &trust)? {
            Ok(stamp) => Some(stamp),
            Err(why) => return refuse(format!("the time-stamp: {why}")),
        },
        None => None,
    };
    let witnesses: Vec<_> = proved
        .root
        .cosigned_by
        .iter()
        .map(|by| json!({ "key": by.witness.to_string(), "at": by.at }))
        .collect();
    let document = json!({
        "holds": true,
        "origin": proved.body.origin,
        "size": proved.body.size,
        "checkpoint": proved.note,
        "root_size": proved.root.checkpoint.size,
        "witnesses": witnesses,
        "timestamp": stamp.as_ref().map(document),
    });
    let text = format!(
        "{} the checkpoint of {} of {} lies in the root log {}, which {} cosigned\n{}\n{}",
        "holds:".green().bold(),
        count(proved.body.size, "entry", "entries"),
        printable(&proved.body.origin),
        printable(&proved.root.checkpoint.origin),
        count(proved.root.cosigned_by.len() as u64, "witness", "witnesses"),
        stamp.map(|stamp| format!("time-stamped {}\n", stated(&stamp))).unwrap_or_default(),
        proved.note,
    );
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn stated(token: &TimestampToken) -> String {
    format!(
        "at {} by {} (policy {}, number {})",
        token.at,
        printable(&token.signer),
        token.policy,
        token.serial
    )
}

fn document(token: &TimestampToken) -> Value {
    json!({
        "at": token.at.to_string(),
        "signer": token.signer,
        "policy": token.policy,
        "serial": token.serial,
    })
}

fn trust(path: &Path) -> Result<TimestampTrust, BadInput> {
    let text = read_small_text(path).map_err(|error| {
        BadInput(format!("cannot read the certificates `{}`: {error}", path.display()))
    })?;
    TimestampTrust::parse(&text).map_err(|error| BadInput(format!("`{}`: {error}", path.display())))
}

fn read(path: &Path) -> Result<TrustPolicy, BadInput> {
    let text = read_small_text(path).map_err(|error| {
        BadInput(format!("cannot read the policy `{}`: {error}", path.display()))
    })?;
    TrustPolicy::parse(&text)
        .map_err(|error| BadInput(format!("`{}` is not a policy: {error}", path.display())))
}
