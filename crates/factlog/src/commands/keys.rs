//! `factlog keys …`

use std::process::ExitCode;

use logs_domain::{Access, LogsDomain, ShownKey, ShownState, TenantId, VerifierKey};
use serde_json::{Value, json};

use super::Context;
use crate::args::KeysCommand;
use crate::fail::BadInput;

pub(crate) async fn run(context: &Context, command: KeysCommand) -> anyhow::Result<ExitCode> {
    let (domain, tenants) = match command {
        KeysCommand::Show { tenant } => {
            let domain = context.open(Access::Read).await?;
            let tenants = match tenant.tenant {
                Some(tenant) => vec![tenant],
                None => domain.ledgers().await?,
            };
            (domain, tenants)
        }
        KeysCommand::Add => {
            let mut domain = context.open(Access::Write).await?;
            domain.add_key().await?;
            let tenants = domain.ledgers().await?;
            (domain, tenants)
        }
        KeysCommand::Retire { key } => {
            let mut domain = context.open(Access::Write).await?;
            let tenants = domain.ledgers().await?;
            let vkey = named(&domain, &tenants, &key)?;
            domain.retire_key(&vkey).await?;
            (domain, tenants)
        }
    };
    let mut keys = Vec::new();
    for tenant in &tenants {
        keys.extend(domain.show_keys(tenant)?);
    }
    domain.close().await?;
    context.output.answer(&document(&keys), &keys.iter().map(line).collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

/// A key by its vkey, or by the id in it.
fn named(domain: &LogsDomain, tenants: &[TenantId], text: &str) -> anyhow::Result<VerifierKey> {
    let mut fits = Vec::new();
    for tenant in tenants {
        let keys = domain.show_keys(tenant)?.into_iter().map(|shown| shown.vkey);
        fits.extend(
            keys.filter(|key| key.to_string() == text || format!("{:08x}", key.id()) == text),
        );
    }
    match fits.as_slice() {
        [key] => Ok(key.clone()),
        [] => {
            Err(BadInput(format!("`{text}` is no key of this log (see `factlog keys show`)"))
                .into())
        }
        _ => Err(BadInput(format!("`{text}` fits several keys (give the whole line)")).into()),
    }
}

fn line(key: &ShownKey) -> String {
    match key.state {
        ShownState::Active => format!("{}\n", key.vkey),
        ShownState::Retired(at) => format!("{} retired {at}\n", key.vkey),
    }
}

fn document(keys: &[ShownKey]) -> Value {
    json!({
        "keys": keys.iter().map(|key| key.vkey.to_string()).collect::<Vec<_>>(),
        "states": keys.iter().map(|key| {
            let (state, retired_at) = match key.state {
                ShownState::Active => ("active", None),
                ShownState::Retired(at) => ("retired", Some(at.to_string())),
            };
            json!({
                "tenant": key.tenant.as_str(),
                "vkey": key.vkey.to_string(),
                "state": state,
                "added_at": key.added_at.map(|at| at.to_string()),
                "retired_at": retired_at,
            })
        }).collect::<Vec<_>>(),
    })
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
