//! `factlog trace`: everything that was recorded for a run, entry by entry.

use std::collections::BTreeMap;
use std::process::ExitCode;

use logs_api::shape;
use logs_domain::{Access, ChainLink, ChainSubject, Step};

use super::Context;
use crate::args::OneRun;
use crate::text::{Align, count, duration, or_dash, printable, table, tokens};

/// A list of steps is not the list of everything recorded: decisions, acknowledgements and events
/// belong to a run and are no steps of it.
pub(crate) async fn run(context: &Context, args: OneRun) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant).await?;
    let run = domain.run_named(&tenant, &args.id).await?;
    let steps = domain.logs().steps(&tenant, &run).await?.value;
    let subject = ChainSubject::Run(run.as_str().to_owned());
    let answer = domain.evidence().chain(&tenant, subject).await?;
    domain.close().await?;
    let document = shape::trace(&run, &steps, &answer);
    let (links, size) = (answer.value.links, answer.evidence.as_of_size);
    let text = format!(
        "run {run}: {}, ledger size {}\n\n{}",
        count(links.len() as u64, "entry", "entries"),
        tokens(size),
        rows(&links, &steps)
    );
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}

/// In order of time: a step stands where it began, anything else where it happened.
fn rows(links: &[ChainLink], steps: &[Step]) -> String {
    let steps: BTreeMap<u64, &Step> = steps.iter().map(|step| (step.seq, step)).collect();
    let at = |link: &ChainLink| steps.get(&link.seq).map_or(link.occurred_at, |s| s.started_at);
    let mut links: Vec<&ChainLink> = links.iter().collect();
    links.sort_by_key(|link| (at(link), link.seq));
    let start = links.first().map(|link| at(link));
    let row = |links: &[&ChainLink]| {
        let (Some(link), Some(last)) = (links.first(), links.last()) else { return Vec::new() };
        let entry = match links.len() {
            1 => link.seq.to_string(),
            _ => format!("{}–{}", link.seq, last.seq),
        };
        let step = steps.get(&link.seq).copied();
        let took = step.and_then(|step| Some(step.ended_at?.nanos_since(step.started_at)));
        let name = step.map(|step| step.name.as_str()).or(link.actor.as_deref());
        vec![
            entry,
            start.map_or(String::new(), |start| duration(at(link).nanos_since(start))),
            took.map_or("–".to_owned(), duration),
            printable(&link.kind),
            step.map_or("–".to_owned(), |step| step.class.as_str().to_owned()),
            name.map_or("–".to_owned(), printable),
            or_dash(step.and_then(|step| step.span_id.as_deref())),
            or_dash(step.and_then(|step| step.parent_span_id.as_deref())),
            printable(step.and_then(|step| step.error.as_deref()).unwrap_or("")),
        ]
    };
    let heads = [
        ("entry", Align::Right),
        ("at", Align::Right),
        ("took", Align::Right),
        ("kind", Align::Left),
        ("class", Align::Left),
        ("name or actor", Align::Left),
        ("span", Align::Left),
        ("parent", Align::Left),
        ("error", Align::Left),
    ];
    let rows = links.chunk_by(|one, next| one_erasure(one, next));
    table(&heads, &rows.map(row).collect::<Vec<_>>())
}

/// An erasure has an entry for each content: they are one row.
fn one_erasure(one: &ChainLink, next: &ChainLink) -> bool {
    let erased = |link: &ChainLink| link.kind == "content.erased";
    erased(one) && erased(next) && one.actor == next.actor && one.seq + 1 == next.seq
}
