//! `factlog system alert`: what is known of an alert, for whoever decides whether to send one.

use clap::Args;
use logs_api::shape;
use logs_domain::{AlertFacts, Answer, LogsDomain, Period, Timestamp};
use serde_json::{Value, json};

use crate::args::Tenant;
use crate::commands::page::bad;
use crate::text::{count, moment};

/// Which alert, and in which time.
#[derive(Args)]
pub(super) struct AlertArgs {
    /// The alert's name.
    name: String,
    /// The window begins at this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Timestamp,
    /// It ends before this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    until: Timestamp,
    #[command(flatten)]
    tenant: Tenant,
}

/// The last one that was sent, and how many there were; whether to send one is somebody else's.
pub(super) async fn alert(
    domain: &LogsDomain,
    args: &AlertArgs,
) -> anyhow::Result<(Value, String)> {
    let AlertArgs { name, since, until, tenant } = args;
    Period { since: Some(*since), until: Some(*until) }.checked().map_err(bad)?;
    let tenant = domain.tenant(tenant.tenant.clone()).await?;
    let Answer { value, evidence } = domain.logs().alert(&tenant, name, *since, *until).await?;
    let AlertFacts { last_sent, sent, suppressed } = value;
    let json = json!({
        "as_of_size": evidence.as_of_size,
        "name": name,
        "since": since.to_string(),
        "until": until.to_string(),
        "sent": sent,
        "suppressed": suppressed,
        "last_sent": last_sent.as_ref().map(shape::system_record),
    });
    let last = match &last_sent {
        Some(last) => format!("last sent {} (entry {})", moment(last.occurred_at), last.seq),
        None => "not recorded that it was ever sent before".to_owned(),
    };
    let times = |n: u64| count(n, "time", "times");
    let text = format!(
        "{last}\nfrom {} up to {}: sent {}, kept back {}\n",
        moment(*since),
        moment(*until),
        times(sent),
        times(suppressed)
    );
    Ok((json, text))
}
