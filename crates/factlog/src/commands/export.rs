//! `factlog export evidence`

use std::process::ExitCode;

use logs_domain::{Access, Withhold};
use serde_json::json;

use super::Context;
use crate::args::{ExportCommand, WithholdArg};
use crate::text::{count, tokens};

pub(crate) async fn run(context: &Context, command: ExportCommand) -> anyhow::Result<ExitCode> {
    let ExportCommand::Evidence { run, out, withhold, tenant } = command;
    let domain = context.open(Access::Write).await?;
    let tenant = domain.tenant(tenant.tenant).await?;
    let run = domain.run_id(&tenant, &run).await?;
    let withhold = match withhold {
        Some(WithholdArg::Content) => Withhold::Content,
        None => Withhold::Nothing,
    };
    let exported = domain.export_run(&tenant, &run, withhold, &out).await?;
    let key = domain.verifier_key(&tenant)?;
    domain.close().await?;
    let path = out.display().to_string();
    context.output.answer(
        &json!({
            "out": path,
            "run_id": run.as_str(),
            "entries": exported.entries,
            "bytes": exported.bytes,
            "sha256": exported.sha256.to_string(),
            "tree_size": exported.tree_size,
        }),
        &format!(
            "wrote {path}: {}, {} bytes\nsha256 {}\ncheck it with: factlog bundle verify {path} --key {}\n",
            count(exported.entries, "entry", "entries"),
            tokens(exported.bytes),
            exported.sha256,
            key,
        ),
    )?;
    Ok(ExitCode::SUCCESS)
}
