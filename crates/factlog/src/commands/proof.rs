//! `factlog proof verify`

use std::process::ExitCode;

use owo_colors::OwoColorize as _;
use serde_json::json;

use super::Context;
use crate::args::ProofCommand;
use crate::commands::keys::parse_keys;
use crate::fail::DOES_NOT_HOLD;

pub(crate) fn run(context: &Context, command: ProofCommand) -> anyhow::Result<ExitCode> {
    let ProofCommand::Verify { file, key } = command;
    let keys = parse_keys(&key)?;
    let outcome = logs_domain::verify_proof_file(&file, &keys)?;
    match outcome {
        Ok(proved) => {
            context.output.answer(
                &json!({ "holds": true, "proved": proved }),
                &format!("{}  {proved}\n", "holds".green().bold()),
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            context.output.answer(
                &json!({ "holds": false, "finding": why }),
                &format!("{}  {why}\n", "does not hold:".red().bold()),
            )?;
            Ok(ExitCode::from(DOES_NOT_HOLD))
        }
    }
}
