//! One file a command.

mod audit;
mod bundle;
mod completeness;
mod demo;
mod export;
mod import;
mod init;
mod keys;
mod ledger;
mod manual;
mod page;
mod proof;
mod reconcile;
mod replay;
mod root;
mod runs;
mod system;
mod usage;

pub(crate) use audit::AuditArgs;
pub(crate) use completeness::CompletenessArgs;
pub(crate) use manual::{CompletionsArgs, ManArgs};
pub(crate) use reconcile::ReconcileArgs;
pub(crate) use replay::ReplayCommand;
pub(crate) use runs::RunsArgs;
pub(crate) use system::SystemArgs;
pub(crate) use usage::UsageArgs;

use std::process::ExitCode;

use logs_domain::{Access, DomainError, LogsDomain, Place, Settings, default_key_file};

use crate::args::{Arguments, Command};
use crate::output::Output;

/// What every command is given.
pub(crate) struct Context {
    pub(crate) place: Place,
    pub(crate) output: Output,
    pub(crate) settings: Settings,
}

impl Context {
    async fn open(&self, access: Access) -> Result<LogsDomain, DomainError> {
        LogsDomain::open_with(&self.place, access, self.settings.clone()).await
    }
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let key_file = arguments.key_file.unwrap_or_else(|| default_key_file(&arguments.database_url));
    let context = Context {
        place: Place { url: arguments.database_url, key_file },
        output: Output { json: arguments.json, quiet: arguments.quiet },
        settings: Settings { high_water: arguments.high_water, ..Settings::default() },
    };
    match arguments.command {
        Command::Init(args) => init::run(&context, &args).await,
        Command::Import(args) => import::run(&context, args).await,
        Command::Runs(args) => runs::list(&context, args).await,
        Command::Run(args) => runs::show(&context, args).await,
        Command::Trace(args) => runs::trace(&context, args).await,
        Command::Audit(args) => audit::run(&context, args).await,
        Command::System(args) => system::run(&context, args).await,
        Command::Usage(args) => usage::run(&context, args).await,
        Command::Completeness(args) => completeness::run(&context, args).await,
        Command::Reconcile(args) => reconcile::run(&context, args).await,
        Command::Replay(command) => replay::run(&context, command).await,
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&context, &args),
        Command::Ledger(command) => ledger::run(&context, command).await,
        Command::Proof(command) => proof::run(&context, command),
        Command::Export(command) => export::run(&context, command).await,
        Command::Bundle(command) => bundle::run(&context, command),
        Command::Root(command) => root::run(&context, command).await,
        Command::Keys(command) => keys::run(&context, command).await,
        Command::Demo(args) => demo::run(&context, args).await,
    }
}
