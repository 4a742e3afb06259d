//! `cargo xtask bench`: what the project's own work costs, beside the limit measured in the same run.

mod blca;
mod ledger;

use ::blca::Stop;
use clap::ValueEnum;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to measure (default: everything but growth)
    #[arg(value_enum)]
    what: Vec<What>,
    /// Facts to append in the ledger's parts
    #[arg(long, default_value_t = 100_000)]
    facts: u64,
    /// Workspace to audit (default: the nearest folder upwards that has a blca.toml)
    #[arg(long, value_name = "DIR")]
    root: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The layer auditor, against cargo metadata and parsing every source once
    Blca,
    /// Appending, verifying, proving on both databases, against their own bulk insert and reads
    Ledger,
    /// One SQLite ledger on its way to so many facts: rates, memory, reads (only where asked for)
    Growth,
}

pub(crate) fn run(args: Args) -> Result<u8, Stop> {
    let wanted = |what| args.what.is_empty() || args.what.contains(&what);
    if wanted(What::Blca) {
        blca::run(crate::root(args.root.clone())?)?;
    }
    if wanted(What::Ledger) {
        ledger::run(args.facts)?;
    }
    if args.what.contains(&What::Growth) {
        ledger::grow(args.facts)?;
    }
    Ok(0)
}
