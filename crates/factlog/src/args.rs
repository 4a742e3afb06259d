//! What can be typed.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use logs_domain::{TenantId, Timestamp};

use crate::commands::{
    ApiKeyCommand, AuditArgs, CertificateCommand, CompletenessArgs, CompletionsArgs, EraseArgs,
    HoldCommand, ManArgs, ReconcileArgs, ReplayCommand, RunsArgs, ServeArgs, SystemArgs, UsageArgs,
};

/// Records what AI agents did, verifies that the record is complete, and proves it to others.
#[derive(Parser)]
#[command(name = "factlog", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The database: `sqlite://path`, a path, or `postgres://user@host/database`.
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite://factlog.db", global = true)]
    pub(crate) database_url: String,
    /// The signing key; by default `factlog.key` beside the database.
    #[arg(long, env = "FACTLOG_KEY_FILE", global = true)]
    pub(crate) key_file: Option<PathBuf>,
    /// Where the last signed state of each log is remembered, outside the database and its backups;
    /// by default `factlog.highwater` beside the signing key.
    #[arg(long, env = "FACTLOG_HIGH_WATER", global = true)]
    pub(crate) high_water: Option<PathBuf>,
    /// Print one JSON document on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no progress and no hints.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a database and a signing key; refuses to overwrite.
    Init(InitArgs),
    /// Record OTLP bodies, MCP transcripts or native JSON Lines; safe to repeat.
    Import(ImportArgs),
    /// Receive what OpenTelemetry SDKs post (OTLP over HTTP), until it is stopped.
    Serve(ServeArgs),
    /// The keys by which callers of `serve` are known.
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// List runs, newest first.
    Runs(RunsArgs),
    /// Show a run as a time line.
    Run(OneRun),
    /// List everything recorded for a run, entry by entry.
    Trace(OneRun),
    /// List who did, decided, read and exported what, newest first.
    Audit(AuditArgs),
    /// List events, measurements and alerts, newest first, or what surrounded a run.
    System(SystemArgs),
    /// Sum up calls, tokens and cost by day, agent and model.
    Usage(UsageArgs),
    /// Say what the record of a run or of a period holds and lacks.
    Completeness(CompletenessArgs),
    /// Compare what was undertaken for a run with what became of it.
    Reconcile(ReconcileArgs),
    /// Compare a run with its replay: did the agent do the same again?
    #[command(subcommand)]
    Replay(ReplayCommand),
    /// Verify, sign and prove the ledger.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Check a proof text offline.
    #[command(subcommand)]
    Proof(ProofCommand),
    /// Make evidence for others.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Check or show an evidence bundle, offline.
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Issue, check and revoke certificates: what the ledger shows, in one small signed file.
    #[command(subcommand)]
    Certificate(CertificateCommand),
    /// Erase prompts, answers and other contents; entries, commitments and proofs stay.
    Erase(EraseArgs),
    /// Legal holds: while one is in force, nothing of the tenant is erased.
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Show the tenants' checkpoints to outside witnesses, and prove that they saw them.
    #[command(subcommand)]
    Root(RootCommand),
    /// The keys that verify this log.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print what makes a shell complete this command.
    Completions(CompletionsArgs),
    /// Write manual pages into a folder.
    Man(ManArgs),
    /// Import real captures into a fresh folder, verify, tamper with a copy, export, verify.
    Demo(DemoArgs),
}

#[derive(Args)]
pub(crate) struct InitArgs {
    /// The log's name, without scheme: a host and path that you own, like `logs.example.com/agents`.
    #[arg(long, default_value = logs_domain::DEFAULT_ORIGIN)]
    pub(crate) origin: String,
}

#[derive(Args)]
pub(crate) struct Tenant {
    /// Whose facts; may be left out where the database holds one tenant.
    #[arg(long, short)]
    pub(crate) tenant: Option<TenantId>,
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// Whose facts; by default the only tenant of the database, else `default`.
    #[arg(long, short)]
    pub(crate) tenant: Option<TenantId>,
    /// The format, where it cannot be recognised.
    #[arg(long, value_enum, default_value_t = FormatArg::Auto)]
    pub(crate) format: FormatArg,
    /// The OTLP signal, where it cannot be recognised.
    #[arg(long, value_enum, default_value_t = SignalArg::Auto)]
    pub(crate) signal: SignalArg,
    /// The most that a gzip file may inflate to, in MiB.
    #[arg(long, default_value_t = 64)]
    pub(crate) max_inflated: u64,
    /// More that is to be taken out before anything is stored: names of fields and patterns (TOML or
    /// JSON; see docs/OPERATIONS.md).
    #[arg(long, value_name = "FILE")]
    pub(crate) redact: Option<PathBuf>,
    /// Sign a checkpoint as soon as so many entries are unsigned.
    #[arg(long, value_name = "ENTRIES")]
    pub(crate) checkpoint_every: Option<NonZeroU64>,
    /// Sign a checkpoint as soon as the last one is so many seconds old and entries are unsigned.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) checkpoint_after: Option<u64>,
    /// Sign a checkpoint at the end.
    #[arg(long)]
    pub(crate) checkpoint_at_end: bool,
    /// Files to import; `-` is standard input.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    Auto,
    OtlpJson,
    OtlpProtobuf,
    Mcp,
    Jsonl,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignalArg {
    Auto,
    Traces,
    Logs,
    Metrics,
}

#[derive(Args)]
pub(crate) struct OneRun {
    /// The run's id, or its first characters.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
}

#[derive(Subcommand)]
pub(crate) enum LedgerCommand {
    /// Recompute everything from the stored bytes.
    Verify {
        #[command(flatten)]
        tenant: Tenant,
        /// A key that may have signed (repeatable); by default the signing key's own.
        #[arg(long)]
        key: Vec<String>,
        /// Trust the signed checkpoint of this size, and check only what follows it.
        #[arg(long, value_name = "SIZE")]
        since_checkpoint: Option<u64>,
    },
    /// Sign the newest state and print the checkpoint.
    Checkpoint {
        #[command(flatten)]
        tenant: Tenant,
    },
    /// Print a proof for an entry or a range.
    Prove {
        #[command(flatten)]
        tenant: Tenant,
        #[command(flatten)]
        what: ProveWhat,
    },
    /// Print a proof that one signed state extends another.
    Consistency {
        /// The older size.
        older: u64,
        /// The newer size.
        newer: u64,
        #[command(flatten)]
        tenant: Tenant,
    },
    /// Bring the record into another database and derive its index there: after an index was edited, or to
    /// move between SQLite and PostgreSQL; of one tenant or of all. Safe to repeat.
    Reindex {
        /// The one tenant to bring; without it all of them, and the root log.
        #[arg(long, short)]
        tenant: Option<TenantId>,
        /// `sqlite://path` of a new file, an empty PostgreSQL database, or one that an earlier call began.
        #[arg(long, value_name = "URL")]
        into: String,
    },
    /// Write the log into a folder or a bucket as C2SP tiles, for readers without the database; safe
    /// to repeat.
    ExportTiles {
        /// The folder, which is made, or `s3://bucket/prefix` (endpoint and credentials are those of
        /// AWS_* in the environment); what is there already is completed.
        folder: PathBuf,
        #[command(flatten)]
        tenant: Tenant,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ProveWhat {
    /// The fact with this id.
    #[arg(long)]
    pub(crate) fact: Option<String>,
    /// The entry with this sequence number.
    #[arg(long)]
    pub(crate) seq: Option<u64>,
    /// The entries from A up to and not including B, written `A..B`.
    #[arg(long)]
    pub(crate) range: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum ProofCommand {
    /// Check a proof text against a key.
    Verify {
        /// The proof text; `-` is standard input.
        file: PathBuf,
        /// The key that you trust, as `factlog keys show` prints it.
        #[arg(long, required = true)]
        key: Vec<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum ExportCommand {
    /// Everything recorded for a run, an incident, an actor or a period, with proofs, in one file that
    /// verifies offline.
    Evidence {
        #[command(flatten)]
        about: ExportAbout,
        /// Leave something out; its commitments stay.
        #[arg(long, value_enum)]
        withhold: Option<WithholdArg>,
        #[command(flatten)]
        to: ExportTo,
    },
    /// The entries of a period, and which of them speak to which SOC 2 criterion: evidence, and no
    /// conclusion.
    Soc2 {
        #[command(flatten)]
        period: ExportPeriod,
        /// Leave something out; its commitments stay.
        #[arg(long, value_enum)]
        withhold: Option<WithholdArg>,
        #[command(flatten)]
        to: ExportTo,
    },
    /// Every fact as a CloudEvent, one a line, for systems that collect events; no content.
    Events {
        /// The entry to begin with; what an export gave as `next`.
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        from: u64,
        /// The file to write; refuses to overwrite. `-` is standard output.
        #[arg(long, short, default_value = "-")]
        out: PathBuf,
        #[command(flatten)]
        tenant: Tenant,
    },
    /// What a period comes to, without any content.
    Executive {
        #[command(flatten)]
        period: ExportPeriod,
        #[command(flatten)]
        to: ExportTo,
    },
}

#[derive(Args)]
pub(crate) struct ExportTo {
    /// The file to write; refuses to overwrite.
    #[arg(long, short)]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
}

/// One thing; an actor may be narrowed to a period.
#[derive(Args)]
#[command(group(
    clap::ArgGroup::new("about").required(true).multiple(true).args(["run", "incident", "actor", "since", "until"])
))]
pub(crate) struct ExportAbout {
    /// The run's id, or its first characters.
    #[arg(long, conflicts_with_all = ["incident", "actor", "since", "until"])]
    pub(crate) run: Option<String>,
    /// Every fact that names this incident.
    #[arg(long, conflicts_with_all = ["actor", "since", "until"])]
    pub(crate) incident: Option<String>,
    /// What this person, agent or component did.
    #[arg(long)]
    pub(crate) actor: Option<String>,
    /// What happened or was recorded from this time on (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Timestamp>,
    /// … and before this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Timestamp>,
}

#[derive(Args)]
pub(crate) struct ExportPeriod {
    /// What happened or was recorded from this time on (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Timestamp,
    /// … and before this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WithholdArg {
    /// Prompts, answers, tool payloads and other committed values.
    Content,
}

#[derive(Subcommand)]
pub(crate) enum BundleCommand {
    /// Check everything in a bundle, without a database.
    Verify {
        /// The bundle.
        file: PathBuf,
        /// A key that you trust (repeatable); without one only the bundle's agreement with itself
        /// is checked.
        #[arg(long)]
        key: Vec<String>,
    },
    /// Draw entries to look at: from the signed root, which you cannot choose, and your seed, which the
    /// exporter did not know. The bundle is checked first.
    Sample {
        /// The bundle.
        file: PathBuf,
        /// A key that you trust (repeatable).
        #[arg(long, required = true)]
        key: Vec<String>,
        /// Any text of your own.
        #[arg(long)]
        seed: String,
        /// How many entries.
        #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        count: u64,
        /// Only entries of this kind, for example `audit.authorization`.
        #[arg(long)]
        kind: Option<String>,
    },
    /// Say what is in a bundle.
    Show {
        /// The bundle.
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub(crate) enum RootCommand {
    /// Sign every tenant's newest state into the root log, and have that cosigned.
    Publish {
        /// Which witnesses, and how many of them (C2SP tlog-policy).
        #[arg(long)]
        policy: PathBuf,
        /// A time-stamping authority (RFC 3161) that is asked for a token of the cosigned checkpoint.
        #[arg(long, value_name = "URL", requires = "tsa_certificates")]
        tsa: Option<String>,
        /// Its certificate, or the one that issued it (PEM).
        #[arg(long, value_name = "FILE", requires = "tsa")]
        tsa_certificates: Option<PathBuf>,
    },
    /// Print a proof that a tenant's checkpoint lies in the cosigned root log.
    Prove {
        #[command(flatten)]
        tenant: Tenant,
        /// The checkpoint of this size; by default the newest.
        #[arg(long)]
        size: Option<u64>,
        /// Also write the time-stamp token of the root checkpoint into this file (CMS, DER).
        #[arg(long, value_name = "FILE")]
        timestamp: Option<PathBuf>,
    },
    /// Check such a proof, offline.
    Verify {
        /// The proof text; `-` is standard input.
        file: PathBuf,
        /// Which root log, which witnesses, and how many of them (C2SP tlog-policy).
        #[arg(long)]
        policy: PathBuf,
        /// The token of its root checkpoint, as `root prove --timestamp` writes it.
        #[arg(long, value_name = "FILE", requires = "tsa_certificates")]
        timestamp: Option<PathBuf>,
        /// The authority's certificate, or the one that issued it (PEM).
        #[arg(long, value_name = "FILE", requires = "timestamp")]
        tsa_certificates: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Print the verifier keys of each tenant's log, one a line; retired ones are marked.
    Show {
        #[command(flatten)]
        tenant: Tenant,
    },
    /// Make a new signing key, which signs beside the others.
    Add,
    /// Take a key out of use; what it signed keeps verifying.
    Retire {
        /// The key, as `factlog keys show` prints it (of any tenant), or its 8-digit id.
        key: String,
    },
}

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// The folder to make; it must not be there yet.
    #[arg(default_value = "factlog-demo")]
    pub(crate) folder: PathBuf,
}
