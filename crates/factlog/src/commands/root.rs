//! `factlog root …`

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use logs_domain::{Access, HttpWitnesses, TrustPolicy, verify_root_proof_file};
use owo_colors::OwoColorize as _;
use serde_json::json;

use super::Context;
use crate::args::RootCommand;
use crate::fail::{BadInput, DOES_NOT_HOLD};
use crate::output::raw;
use crate::text::{count, printable};

pub(crate) async fn run(context: &Context, command: RootCommand) -> anyhow::Result<ExitCode> {
    match command {
        RootCommand::Publish { policy } => {
            let policy = read(&policy)?;
            let domain = context.open(Access::Write).await?;
            let published = domain.publish_root(&policy, &HttpWitnesses::new()).await;
            domain.close().await?;
            let published = published?;
            for (who, why) in &published.failed {
                context.output.hint(&format!("{} {who}: {}", "note:".yellow(), printable(why)));
            }
            let document = json!({
                "size": published.size,
                "added": published.added,
                "checkpoint": published.note,
                "failed": published.failed.iter().map(|(who, why)| json!({
                    "who": who, "why": why,
                })).collect::<Vec<_>>(),
            });
            context.output.answer(&document, &published.note)?;
            Ok(ExitCode::SUCCESS)
        }
        RootCommand::Prove { tenant, size } => {
            let domain = context.open(Access::Read).await?;
            let tenant = domain.tenant(tenant.tenant).await?;
            let proof = domain.prove_in_root(&tenant, size).await?;
            domain.close().await?;
            if context.output.json {
                context.output.answer(&json!({ "proof": proof }), "")?;
            } else {
                raw(&proof)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        RootCommand::Verify { file, policy } => verify(context, &file, &read(&policy)?),
    }
}

fn verify(context: &Context, file: &Path, policy: &TrustPolicy) -> anyhow::Result<ExitCode> {
    let proved = match verify_root_proof_file(file, policy)? {
        Ok(proved) => proved,
        Err(why) => {
            let text = format!("{} {}\n", "does not hold:".red().bold(), printable(&why));
            context.output.answer(&json!({ "holds": false, "why": why }), &text)?;
            return Ok(ExitCode::from(DOES_NOT_HOLD));
        }
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
    });
    let text = format!(
        "{} the checkpoint of {} of {} lies in the root log {}, which {} cosigned\n\n{}",
        "holds:".green().bold(),
        count(proved.body.size, "entry", "entries"),
        printable(&proved.body.origin),
        printable(&proved.root.checkpoint.origin),
        count(proved.root.cosigned_by.len() as u64, "witness", "witnesses"),
        proved.note,
    );
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<TrustPolicy, BadInput> {
    let text = fs::read_to_string(path).map_err(|error| {
        BadInput(format!("cannot read the policy `{}`: {error}", path.display()))
    })?;
    TrustPolicy::parse(&text)
        .map_err(|error| BadInput(format!("`{}` is not a policy: {error}", path.display())))
}
