//! `factlog certificate …`

mod issue;
mod list;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use logs_domain::{Access, CertificateId, Timestamp};
use serde_json::json;

use self::issue::IssueCommand;
use super::Context;
use crate::args::Tenant;

#[derive(Subcommand)]
pub(crate) enum CertificateCommand {
    /// Sign what the ledger shows into a small file; the same request gives the same bytes.
    #[command(subcommand)]
    Issue(IssueCommand),
    /// Check a certificate, without a database.
    Verify(VerifyArgs),
    /// Record that a certificate holds no more.
    Revoke {
        /// Its id, as `factlog certificate list` prints it.
        id: CertificateId,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        tenant: Tenant,
    },
    /// List the certificates that were issued, newest first.
    List(ListArgs),
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// The certificate, in either form; `-` is standard input.
    file: PathBuf,
    /// A key of the log that you trust (repeatable), as `factlog keys show` prints it.
    #[arg(long, required = true)]
    key: Vec<String>,
    /// Ask whether it is valid at this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Ask the database too, whether it was issued and not revoked.
    #[arg(long)]
    ledger: bool,
}

#[derive(Args)]
pub(crate) struct ListArgs {
    /// Certificates a page; 20 where nothing is said.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Only those that were issued before this entry: where the page before ended.
    #[arg(long, value_name = "ENTRY")]
    before: Option<u64>,
    #[command(flatten)]
    tenant: Tenant,
}

pub(crate) async fn run(
    context: &Context,
    command: CertificateCommand,
) -> anyhow::Result<ExitCode> {
    match command {
        CertificateCommand::Issue(command) => issue::issue(context, command).await,
        CertificateCommand::Verify(args) => verify::verify(context, args).await,
        CertificateCommand::Revoke { id, reason, tenant } => {
            let domain = context.open(Access::Write).await?;
            let tenant = domain.tenant(tenant.tenant).await?;
            let revoked = domain.revoke_certificate(&tenant, id, &reason).await?;
            domain.close().await?;
            let (seq, at) = (revoked.revocation.seq, revoked.revocation.at);
            let document = json!({
                "id": id.to_string(),
                "seq": seq,
                "revoked_at": at.to_string(),
                "reason": revoked.revocation.reason,
                "recorded": revoked.recorded,
            });
            let before = if revoked.recorded { "" } else { " before" };
            let text = format!("{id} was revoked{before}, at {at} (entry {seq})\n");
            context.output.answer(&document, &text)?;
            Ok(ExitCode::SUCCESS)
        }
        CertificateCommand::List(args) => list::list(context, args).await,
    }
}
