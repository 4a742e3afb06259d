//! `factlog certificate issue`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use logs_domain::{
    Access, CertificateForm, CertificateRequest, Certified, IssuedCertificate, LogsDomain,
    PolicyScope, TenantId, Timestamp, VerifierKey,
};
use serde_json::{Value, json};

use crate::args::Tenant;
use crate::commands::Context;
use crate::commands::replay::LevelArg;
use crate::fail::BadInput;
use crate::text::{count, printable};

#[derive(Subcommand)]
pub(crate) enum IssueCommand {
    /// The log had this size and root.
    LedgerCheckpoint {
        #[command(flatten)]
        file: FileArgs,
    },
    /// How a recorded run and its replay compare, whether it passed or failed.
    ReplayProof {
        /// The run that was first, by its id or its first characters.
        original: String,
        /// The run that should have done the same.
        replay: String,
        /// How alike they must be.
        #[arg(long, value_enum, default_value_t = LevelArg::Strict)]
        level: LevelArg,
        #[command(flatten)]
        file: FileArgs,
    },
    /// The policy decisions that were recorded of a run or in a period, counted and not judged.
    PolicyAudit {
        #[command(flatten)]
        of: PolicyArgs,
        #[command(flatten)]
        file: FileArgs,
    },
    /// Every entry that names an incident.
    IncidentExport {
        /// The incident, as the facts name it.
        #[arg(long)]
        incident: String,
        #[command(flatten)]
        file: FileArgs,
    },
}

#[derive(Args)]
pub(crate) struct PolicyArgs {
    /// The run, by its id or its first characters.
    #[arg(long, conflicts_with_all = ["since", "until"], required_unless_present = "since")]
    run: Option<String>,
    /// Decisions from this time on (RFC 3339).
    #[arg(long, value_name = "TIME", requires = "until")]
    since: Option<Timestamp>,
    /// Decisions before this time (RFC 3339).
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<Timestamp>,
}

#[derive(Args)]
pub(crate) struct FileArgs {
    /// The file to write; refuses to overwrite.
    #[arg(long, short)]
    out: PathBuf,
    /// The form of the file.
    #[arg(long, value_enum, default_value_t = FormArg::Pem)]
    format: FormArg,
    /// Until when it is meant to be relied on, not included (RFC 3339); no end where nothing is said.
    #[arg(long, value_name = "TIME")]
    valid_until: Option<Timestamp>,
    #[command(flatten)]
    tenant: Tenant,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormArg {
    /// Text between BEGIN and END lines.
    Pem,
    /// The DSSE envelope.
    DsseJson,
}

impl From<FormArg> for CertificateForm {
    fn from(form: FormArg) -> Self {
        match form {
            FormArg::Pem => Self::Armoured,
            FormArg::DsseJson => Self::Json,
        }
    }
}

pub(super) async fn issue(context: &Context, command: IssueCommand) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Write).await?;
    let (IssueCommand::LedgerCheckpoint { file }
    | IssueCommand::ReplayProof { file, .. }
    | IssueCommand::PolicyAudit { file, .. }
    | IssueCommand::IncidentExport { file, .. }) = &command;
    let tenant = domain.tenant(file.tenant.tenant.clone()).await?;
    let of = certified(&domain, &tenant, &command).await?;
    let request = CertificateRequest { of, valid_until: file.valid_until };
    let form = file.format.into();
    let issued = domain.issue_certificate_file(&tenant, &request, form, &file.out).await?;
    let key = domain.verifier_key(&tenant)?;
    domain.close().await?;
    let out = file.out.display().to_string();
    context.output.answer(&document(&issued, &out), &text(&issued, &out, &key))?;
    Ok(ExitCode::SUCCESS)
}

async fn certified(
    domain: &LogsDomain,
    tenant: &TenantId,
    command: &IssueCommand,
) -> anyhow::Result<Certified> {
    Ok(match command {
        IssueCommand::LedgerCheckpoint { .. } => Certified::LedgerCheckpoint,
        IssueCommand::ReplayProof { original, replay, level, .. } => Certified::ReplayProof {
            original: domain.run_named(tenant, original).await?,
            replay: domain.run_named(tenant, replay).await?,
            level: (*level).into(),
        },
        IssueCommand::PolicyAudit { of, .. } => Certified::PolicyAudit(match of {
            PolicyArgs { run: Some(run), .. } => {
                PolicyScope::Run(domain.run_named(tenant, run).await?.as_str().to_owned())
            }
            PolicyArgs { since: Some(since), until: Some(until), .. } => {
                PolicyScope::Period { since: *since, until: *until }
            }
            PolicyArgs { .. } => {
                let why = "name a run (--run) or a period (--since and --until)";
                return Err(BadInput(why.to_owned()).into());
            }
        }),
        IssueCommand::IncidentExport { incident, .. } => {
            Certified::IncidentExport(incident.clone())
        }
    })
}

fn document(issued: &IssuedCertificate, out: &str) -> Value {
    json!({
        "out": out,
        "id": issued.certificate.id.to_string(),
        "type": issued.kind.as_str(),
        "subject": issued.subject,
        "issued_at": issued.issued_at.to_string(),
        "valid_until": issued.valid_until.map(|at| at.to_string()),
        "entries": issued.entries,
        "tree_size": issued.tree_size,
        "seq": issued.seq,
        "recorded": issued.recorded,
    })
}

fn text(issued: &IssuedCertificate, out: &str, key: &VerifierKey) -> String {
    let before = if issued.recorded { "recorded as" } else { "recorded before as" };
    let valid = issued.valid_until.map_or("no end".to_owned(), |at| at.to_string());
    format!(
        "wrote {out}: {} of {}\nid           {}\nrests on     {}, the ledger at {}\nissued at    {}\nvalid until  {valid}\n{before} entry {}\ncheck it with: factlog certificate verify {out} --key {key}\n",
        issued.kind.as_str(),
        printable(&issued.subject),
        issued.certificate.id,
        count(issued.entries, "entry", "entries"),
        count(issued.tree_size, "entry", "entries"),
        issued.issued_at,
        issued.seq,
    )
}
