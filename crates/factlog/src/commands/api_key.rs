//! `factlog api-key …`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use logs_api::{Role, new_api_key};
use logs_domain::{OsEntropy, SystemClock, TenantId};
use serde_json::json;

use super::Context;
use crate::output::raw;

#[derive(Subcommand)]
pub(crate) enum ApiKeyCommand {
    /// Make a key and print it, once; its hash is appended to a file for `serve --api-keys`.
    New {
        /// Whose facts the key is for.
        #[arg(long, short)]
        tenant: TenantId,
        /// What its holder may do: a `writer` posts, a `reader` reads, an `auditor` reads and sees the
        /// log's entries too.
        #[arg(long)]
        role: Role,
        /// What the key is called in the file, for whoever takes it out again.
        #[arg(long, default_value = "unnamed")]
        name: String,
        /// The file; by default `factlog.apikeys` beside the signing key.
        #[arg(long, value_name = "FILE")]
        api_keys: Option<PathBuf>,
    },
}

pub(crate) fn run(context: &Context, command: ApiKeyCommand) -> anyhow::Result<ExitCode> {
    let ApiKeyCommand::New { tenant, role, name, api_keys } = command;
    let beside = || context.place.key_file.with_file_name("factlog.apikeys");
    let file = api_keys.unwrap_or_else(beside);
    let key = new_api_key(&file, &tenant, role, &name, &SystemClock, &OsEntropy)?;
    let shown = file.display().to_string();
    if context.output.json {
        let role = role.to_string();
        let document = json!({
            "key": key, "role": role, "tenant": tenant.as_str(), "name": name, "file": shown,
        });
        raw(&format!("{document:#}\n"))?;
    } else {
        raw(&format!("{key}\n"))?;
        context.output.hint(&format!(
            "{role} of {tenant}; only its hash is kept, in {shown}: it is not shown again"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
