//! One file a command.

mod api_key;
mod audit;
mod bundle;
mod certificate;
mod completeness;
mod demo;
mod erase;
mod export;
mod hold;
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
mod serve;
mod system;
mod trace;
mod usage;

pub(crate) use api_key::ApiKeyCommand;
pub(crate) use audit::AuditArgs;
pub(crate) use certificate::CertificateCommand;
pub(crate) use completeness::CompletenessArgs;
pub(crate) use erase::EraseArgs;
pub(crate) use hold::HoldCommand;
pub(crate) use manual::{CompletionsArgs, ManArgs};
pub(crate) use reconcile::ReconcileArgs;
pub(crate) use replay::ReplayCommand;
pub(crate) use runs::RunsArgs;
pub(crate) use serve::ServeArgs;
pub(crate) use system::SystemArgs;
pub(crate) use usage::UsageArgs;

use std::path::PathBuf;
use std::process::ExitCode;

use logs_domain::{Access, DomainBuilder, DomainError, LogsDomain, Place, default_key_file};

use crate::args::{Arguments, Command};
use crate::output::Output;

/// What every command is given.
pub(crate) struct Context {
    pub(crate) place: Place,
    pub(crate) output: Output,
    pub(crate) high_water: Option<PathBuf>,
}

impl Context {
    async fn open(&self, access: Access) -> Result<LogsDomain, DomainError> {
        self.builder().open(access).await
    }

    /// The domain that the arguments name, to be opened as a command wants it.
    fn builder(&self) -> DomainBuilder {
        let builder = LogsDomain::builder(&self.place.url).key_file(&self.place.key_file);
        match &self.high_water {
            Some(marks) => builder.high_water(marks),
            None => builder,
        }
    }
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let key_file = arguments.key_file.unwrap_or_else(|| default_key_file(&arguments.database_url));
    let context = Context {
        place: Place { url: arguments.database_url, key_file },
        output: Output { json: arguments.json, quiet: arguments.quiet },
        high_water: arguments.high_water,
    };
    match arguments.command {
        Command::Init(args) => init::run(&context, &args).await,
        Command::Import(args) => import::run(&context, args).await,
        Command::ApiKey(command) => api_key::run(&context, command),
        Command::Serve(args) => serve::run(&context, args).await,
        Command::Runs(args) => runs::list(&context, args).await,
        Command::Run(args) => runs::show(&context, args).await,
        Command::Trace(args) => trace::run(&context, args).await,
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
        Command::Erase(args) => erase::run(&context, args).await,
        Command::Hold(command) => hold::run(&context, command).await,
        Command::Certificate(command) => certificate::run(&context, command).await,
        Command::Root(command) => root::run(&context, command).await,
        Command::Keys(command) => keys::run(&context, command).await,
        Command::Demo(args) => demo::run(&context, args).await,
    }
}
