//! `factlog audit identity`: who acted, and how much was recorded of each.

use logs_api::shape;
use logs_domain::{ActorFacts, Answer, LogsDomain, TenantId};
use serde_json::{Value, json};

use crate::text::{Align, or_dash, printable, table, tokens};

/// All of them: names are few, however many facts there are.
pub(super) async fn identity(
    domain: &LogsDomain,
    tenant: &TenantId,
) -> anyhow::Result<(Value, String)> {
    let mut actors: Vec<ActorFacts> = Vec::new();
    let as_of_size = loop {
        let after = actors.last().map_or("", |last| last.actor.as_str()).to_owned();
        let Answer { value: found, evidence } = domain.logs().identity(tenant, &after).await?;
        if found.is_empty() {
            break evidence.as_of_size;
        }
        actors.extend(found);
    };
    let rows: Vec<Vec<String>> = actors
        .iter()
        .map(|actor| {
            vec![
                printable(&actor.actor),
                or_dash(actor.actor_kind.as_deref()),
                tokens(actor.facts),
                actor.first_seq.to_string(),
                actor.last_seq.to_string(),
            ]
        })
        .collect();
    let heads = [
        ("actor", Align::Left),
        ("kind", Align::Left),
        ("facts", Align::Right),
        ("first entry", Align::Right),
        ("last entry", Align::Right),
    ];
    let text = if rows.is_empty() {
        format!("not recorded: tenant {tenant} has no audit facts\n")
    } else {
        table(&heads, &rows)
    };
    let items: Vec<Value> = actors.iter().map(shape::actor).collect();
    Ok((json!({ "as_of_size": as_of_size, "items": items }), text))
}
