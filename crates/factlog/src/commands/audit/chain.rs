//! `factlog audit chain`: everything about a run, an incident, an actor or a period, in the order that
//! the ledger proves.

use logs_api::shape;
use logs_domain::{Answer, ChainLink, ChainSubject, EvidenceChain, LogsDomain, TenantId};
use serde_json::{Value, json};

use super::AuditArgs;
use crate::commands::page::bad;
use crate::fail::BadInput;
use crate::text::{Align, count, moment, or_dash, printable, table, tokens};

/// The chain of the one subject that is named.
pub(super) async fn chain(
    domain: &LogsDomain,
    tenant: &TenantId,
    args: &AuditArgs,
    run: Option<String>,
) -> anyhow::Result<(Value, String)> {
    let subject = subject(args, run)?;
    let Answer { value: chain, evidence } = domain.evidence().chain(tenant, subject).await?;
    let stretches: Vec<String> = chain
        .stretches()
        .into_iter()
        .map(|stretch| format!("{}..{}", stretch.start, stretch.end))
        .collect();
    let json = json!({
        "as_of_size": evidence.as_of_size,
        "subject": chain.subject.to_string(),
        "entries": chain.links.iter().map(shape::chain_link).collect::<Vec<_>>(),
        "stretches": stretches,
    });
    let text = match chain.links.as_slice() {
        [] => {
            format!("not recorded: nothing speaks of {}\n", printable(&chain.subject.to_string()))
        }
        links => format!("{}{}", table(&HEADS, &rows(links)), summed(&chain, evidence.as_of_size)),
    };
    Ok((json, text))
}

fn subject(args: &AuditArgs, run: Option<String>) -> anyhow::Result<ChainSubject> {
    let period = args.page.period();
    let named = [
        run.map(ChainSubject::Run),
        args.incident.clone().map(ChainSubject::Incident),
        args.actor.clone().map(ChainSubject::Actor),
        (!period.is_open()).then_some(ChainSubject::Period(period)),
    ];
    let mut named = named.into_iter().flatten();
    let (Some(subject), None) = (named.next(), named.next()) else {
        let why = "a chain is about one thing: --run, --incident, --actor, or --since and --until";
        return Err(BadInput(why.to_owned()).into());
    };
    period.checked().map_err(bad)?;
    Ok(subject)
}

const HEADS: [(&str, Align); 5] = [
    ("entry", Align::Right),
    ("when (UTC)", Align::Left),
    ("kind", Align::Left),
    ("actor", Align::Left),
    ("run", Align::Left),
];

fn rows(links: &[ChainLink]) -> Vec<Vec<String>> {
    let row = |link: &ChainLink| {
        vec![
            link.seq.to_string(),
            moment(link.occurred_at),
            printable(&link.kind),
            or_dash(link.actor.as_deref()),
            link.run_id.as_deref().map_or("–".into(), |run| run.chars().take(16).collect()),
        ]
    };
    links.iter().map(row).collect()
}

/// How to prove it: a range proof for each stretch of entries that follow each other.
fn summed(chain: &EvidenceChain, size: u64) -> String {
    let (stretches, links) = (chain.stretches(), chain.links.len() as u64);
    let first = stretches.first().map_or(String::new(), |s| format!("{}..{}", s.start, s.end));
    format!(
        "\n{} of {} in {} (prove one to others: factlog ledger prove --range {first})\n",
        count(links, "entry", "entries"),
        tokens(size),
        count(stretches.len() as u64, "stretch", "stretches"),
    )
}
