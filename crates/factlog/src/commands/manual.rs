//! `factlog completions`, `factlog man`: what a shell and a reader of manuals want.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Context;
use crate::args::Arguments;
use crate::output::raw;

/// For which shell.
#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell; the text goes to standard output.
    shell: Shell,
}

/// Where to.
#[derive(Args)]
pub(crate) struct ManArgs {
    /// The folder to write the pages into; it is made if it is not there.
    folder: PathBuf,
}

pub(crate) fn completions(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "factlog", &mut text);
    raw(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn man(context: &Context, args: &ManArgs) -> anyhow::Result<ExitCode> {
    let folder = args.folder.display();
    std::fs::create_dir_all(&args.folder).with_context(|| format!("cannot make `{folder}`"))?;
    clap_mangen::generate_to(Arguments::command(), &args.folder)
        .with_context(|| format!("cannot write into `{folder}`"))?;
    context.output.hint(&format!("read them with: man {folder}/factlog.1"));
    Ok(ExitCode::SUCCESS)
}
