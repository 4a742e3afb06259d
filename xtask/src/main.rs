//! Project tasks: `cargo xtask blca` audits the layers, `cargo xtask lock` locks domains.

mod audit;
mod bench;
mod crash;
mod lock;

use std::path::PathBuf;
use std::process::ExitCode;

use blca::Stop;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "Project tasks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Audit the layers: does the code keep what is declared, does what is declared still exist
    Blca(audit::Args),
    /// Measure, each figure beside its limit in the same run
    Bench(bench::Args),
    /// Kill writers and servers at random, and look for what was acknowledged and is gone
    Crash(crash::Args),
    /// Lock domains at their files as they are, or check that the lock is up to date
    Lock(lock::LockArgs),
    /// Unlock the domain that holds a path, and say why
    Unlock(lock::UnlockArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Blca(args) => audit::run(args),
        Task::Bench(args) => bench::run(args),
        Task::Crash(args) => crash::run(args),
        Task::Lock(args) => lock::lock(args),
        Task::Unlock(args) => lock::unlock(args),
    };
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(Stop::Declaration(why)) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
        Err(Stop::Incomplete(why)) => {
            eprintln!("error: incomplete, which is never a pass: {why}");
            ExitCode::from(3)
        }
    }
}

/// The named workspace, or the nearest folder upwards that declares its layers.
fn root(named: Option<PathBuf>) -> Result<PathBuf, Stop> {
    let nearest = || {
        let here = std::env::current_dir().ok()?;
        here.ancestors().find(|dir| dir.join("blca.toml").is_file()).map(PathBuf::from)
    };
    named.or_else(nearest).ok_or_else(|| {
        Stop::Declaration(
            "no `blca.toml` here or above (name the workspace with --root)".to_owned(),
        )
    })
}
