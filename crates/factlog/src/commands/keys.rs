//! `factlog keys …`

use std::process::ExitCode;

use logs_domain::{Access, VerifierKey};
use serde_json::json;

use super::Context;
use crate::args::KeysCommand;
use crate::fail::BadInput;

pub(crate) async fn run(context: &Context, command: KeysCommand) -> anyhow::Result<ExitCode> {
    let KeysCommand::Show { tenant } = command;
    let domain = context.open(Access::Read).await?;
    let tenants = match tenant.tenant {
        Some(tenant) => vec![tenant],
        None => domain.tenants().await?,
    };
    let mut keys = Vec::with_capacity(tenants.len());
    for tenant in &tenants {
        keys.push(domain.verifier_key(tenant)?.to_string());
    }
    domain.close().await;
    context.output.answer(
        &json!({ "keys": keys }),
        &keys.iter().map(|key| format!("{key}\n")).collect::<String>(),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Keys as the user typed them.
pub(crate) fn parse_keys(texts: &[String]) -> Result<Vec<VerifierKey>, BadInput> {
    texts
        .iter()
        .map(|text| {
            text.parse().map_err(|error| {
                BadInput(format!(
                    "`{text}` is not a verifier key: {error} (see `factlog keys show`)"
                ))
            })
        })
        .collect()
}
