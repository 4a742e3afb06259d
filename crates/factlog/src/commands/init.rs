//! `factlog init`

use std::process::ExitCode;

use serde_json::json;

use super::Context;
use crate::args::InitArgs;

pub(crate) async fn run(context: &Context, args: &InitArgs) -> anyhow::Result<ExitCode> {
    context.builder().init(&args.origin).await?.close().await?;
    let (database, key) = (context.place.shown(), context.place.key_file.display().to_string());
    context.output.answer(
        &json!({ "database": database, "key_file": key, "origin": args.origin }),
        &format!(
            "database     {database}\nsigning key  {key} (keep it apart from the database's backups)\norigin       {}/<tenant>\n",
            args.origin
        ),
    )?;
    Ok(ExitCode::SUCCESS)
}
