//! The ledger's bench is a program of its own, so that this tool links no layer.

use std::process::Command;

use blca::Stop;

pub(super) fn run(facts: u64) -> Result<(), Stop> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args([
            "run",
            "--release",
            "--quiet",
            "-p",
            "logs-domain",
            "--example",
            "bench",
            "--",
            "both",
        ])
        .arg(facts.to_string())
        .status()
        .map_err(|e| Stop::Incomplete(format!("cannot run cargo: {e}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Stop::Incomplete("the ledger's bench failed".to_owned()))
}
