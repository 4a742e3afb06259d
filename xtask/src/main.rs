//! Project tasks: `cargo xtask blca` audits the layers.

use std::path::PathBuf;
use std::process::ExitCode;

use blca::Stop;
use clap::{Parser, Subcommand, ValueEnum};

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
    format: Format,
    /// Report the findings of one rule only, for example D003 or BLCA-D003
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Never touch the network, even where cargo's registry lacks something
    #[arg(long)]
    offline: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// The audit form
    Human,
    /// One JSON document
    Json,
}

fn main() -> ExitCode {
    let Task::Blca(args) = Cli::parse().task;
    let Some(root) = args.root.or_else(nearest_declaration) else {
        eprintln!("error: no `blca.toml` here or above (name the workspace with --root)");
        return ExitCode::from(2);
    };
    let request = blca::Request { root, rule: args.rule, offline: args.offline, ..Default::default() };
    match blca::audit(&request) {
        Ok(report) => {
            match args.format {
                Format::Human => print!("{}", report.human()),
                Format::Json => print!("{}", report.json()),
            }
            ExitCode::from(report.status())
        }
        Err(Stop::Declaration(why)) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
        Err(Stop::Incomplete(why)) => {
            eprintln!("error: the analysis is incomplete, which is never a pass: {why}");
            ExitCode::from(3)
        }
    }
}

fn nearest_declaration() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|dir| dir.join("blca.toml").is_file()).map(PathBuf::from)
}
