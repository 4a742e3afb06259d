//! The ledger's benches are programs of their own, so that this tool links no layer.

use std::process::Command;

use blca::Stop;

pub(super) fn run(facts: u64) -> Result<(), Stop> {
    example("bench", &["both", &facts.to_string()])
}

/// How one ledger does as it grows.
pub(super) fn grow(facts: u64) -> Result<(), Stop> {
    example("grow", &[&facts.to_string()])
}

fn example(name: &str, arguments: &[&str]) -> Result<(), Stop> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--release", "--quiet", "-p", "logs-domain", "--example", name, "--"])
        .args(arguments)
        .status()
        .map_err(|e| Stop::Incomplete(format!("cannot run cargo: {e}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Stop::Incomplete(format!("the bench `{name}` failed")))
}
