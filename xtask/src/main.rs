//! Project tasks: `cargo xtask blca` audits the layers.

mod blca;

use std::path::PathBuf;
use std::process::ExitCode;

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
    #[command(after_help = "Exit status: 0 clean, 1 violations, 2 bad declaration or usage, \
                            3 analysis incomplete (never a pass)")]
    Blca(BlcaArgs),
}

#[derive(clap::Args)]
struct BlcaArgs {
    /// Workspace to audit (default: the nearest folder upwards that has a blca.toml)
    #[arg(long)]
    root: Option<PathBuf>,
    /// Form of the report
    #[arg(long, value_enum, default_value = "human")]
    format: blca::Format,
    /// Report the findings of one rule only, for example D003 or BLCA-D003
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Explain a rule and stop
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// Never touch the network, even where cargo's registry lacks something
    #[arg(long)]
    offline: bool,
}

fn main() -> ExitCode {
    let Task::Blca(args) = Cli::parse().task;
    if let Some(id) = &args.explain {
        return blca::explain(id);
    }
    let Some(root) = args.root.or_else(nearest_declaration) else {
        eprintln!("error: no `blca.toml` here or above (name the workspace with --root)");
        return ExitCode::from(2);
    };
    blca::run(&blca::Request { root, format: args.format, rule: args.rule, offline: args.offline })
}

fn nearest_declaration() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|dir| dir.join("blca.toml").is_file()).map(PathBuf::from)
}
