//! `factlog erase`: contents go, their commitments and every proof stay.

use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use logs_domain::{
    Access, Erasable, ErasableContents, ErasureOrder, ErasureOutcome, ExportSubject, Leftover,
    LogsDomain, Period, TenantId, Timestamp,
};
use serde_json::json;

use super::Context;
use crate::args::Tenant;
use crate::output::Output;
use crate::text::count;

#[derive(Args)]
#[command(group(
    clap::ArgGroup::new("what").required(true).multiple(true).args(["run", "incident", "actor", "seq", "since", "until"])
))]
pub(crate) struct EraseArgs {
    /// Everything behind the entries of this run: its id, or its first characters.
    #[arg(long, conflicts_with_all = ["incident", "actor", "seq", "since", "until"])]
    run: Option<String>,
    /// … of every fact that names this incident.
    #[arg(long, conflicts_with_all = ["actor", "seq", "since", "until"])]
    incident: Option<String>,
    /// … of what this person, agent or component did.
    #[arg(long, conflicts_with = "seq")]
    actor: Option<String>,
    /// … of this entry.
    #[arg(long, conflicts_with_all = ["since", "until"])]
    seq: Option<u64>,
    /// Only what lies behind this commitment of the entry (a JSON pointer).
    #[arg(long, requires = "seq", conflicts_with_all = ["run", "incident", "actor", "since", "until"])]
    pointer: Option<String>,
    /// … of what happened or was recorded from this time on (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// … and before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// On whose authority: the number of a request, an office.
    #[arg(long)]
    authority: String,
    /// Why.
    #[arg(long)]
    reason: String,
    /// Who orders it: a subject id.
    #[arg(long, value_name = "SUBJECT")]
    by: Option<String>,
    /// Erase. Without it, it is only said what would be erased.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    tenant: Tenant,
}

pub(crate) async fn run(context: &Context, args: EraseArgs) -> anyhow::Result<ExitCode> {
    let access = if args.yes { Access::Write } else { Access::Read };
    let domain = context.open(access).await?;
    let tenant = domain.tenant(args.tenant.tenant.clone()).await?;
    let what = what(&domain, &tenant, &args).await?;
    let (document, text) = if args.yes {
        let EraseArgs { authority, reason, by, .. } = args;
        let order = ErasureOrder { what, authority, reason, by };
        let shown = counter(context.output);
        let outcome = domain.erase(&tenant, &order, &|contents| shown.set_position(contents)).await;
        shown.finish_and_clear();
        erased(&outcome?)
    } else {
        planned(&domain.erasable(&tenant, &what).await?)
    };
    domain.close().await?;
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}

async fn what(
    domain: &LogsDomain,
    tenant: &TenantId,
    args: &EraseArgs,
) -> anyhow::Result<Erasable> {
    let EraseArgs { run, incident, actor, seq, pointer, since, until, .. } = args;
    let period = Period { since: *since, until: *until };
    Ok(Erasable::Subject(match (run, incident, actor, seq) {
        (_, _, _, Some(seq)) => {
            return Ok(Erasable::Entry { seq: *seq, pointer: pointer.clone() });
        }
        (Some(run), _, _, None) => ExportSubject::Run(domain.run_id(tenant, run).await?),
        (None, Some(incident), _, None) => ExportSubject::Incident(incident.clone()),
        (None, None, Some(name), None) => ExportSubject::Actor { name: name.clone(), period },
        (None, None, None, None) => ExportSubject::Period(period),
    }))
}

/// How much is erased so far; how much there is nobody has counted.
fn counter(output: Output) -> ProgressBar {
    if !output.progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {human_pos} contents erased");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

fn planned(there: &ErasableContents) -> (serde_json::Value, String) {
    let ErasableContents { entries, contents, bytes } = there;
    let document = json!({ "erased": 0, "contents": contents, "entries": entries, "bytes": bytes });
    let text = match contents {
        0 => "nothing lies there that could be erased\n".to_owned(),
        _ => format!(
            "would erase {} of {}, {}; nothing was erased (add --yes)\nentries, commitments and proofs stay\n",
            count(*contents, "content", "contents"),
            count(*entries, "entry", "entries"),
            count(*bytes, "byte", "bytes"),
        ),
    };
    (document, text)
}

fn erased(outcome: &ErasureOutcome) -> (serde_json::Value, String) {
    let ErasableContents { entries, contents, bytes } = outcome.erased;
    let (word, hint) = match outcome.leftover {
        Leftover::Nothing => ("nothing", "overwritten in the database's files"),
        Leftover::WriteAheadLog => (
            "write_ahead_log",
            "the write-ahead log still holds them, since others read the database; it is cut when the last of them closes it",
        ),
        Leftover::FreedSpace => (
            "freed_space",
            "PostgreSQL frees their space, and overwrites it when it is used again; VACUUM FULL contents rewrites the table now",
        ),
    };
    let document = json!({
        "erased": contents,
        "contents": contents,
        "entries": entries,
        "bytes": bytes,
        "order": outcome.order,
        "leftover": word,
    });
    let text = match outcome.order {
        None => "nothing lies there that could be erased\n".to_owned(),
        Some(order) => format!(
            "erased {} of {}, {}; ordered in entry {order}\n{hint}\nexports, backups and copies are not reached\n",
            count(contents, "content", "contents"),
            count(entries, "entry", "entries"),
            count(bytes, "byte", "bytes"),
        ),
    };
    (document, text)
}
