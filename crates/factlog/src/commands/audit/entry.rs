//! `factlog audit --entry`: one fact, whole.

use logs_domain::{FactId, LogsDomain, TenantId};
use serde_json::{Value, json};

use crate::commands::page::object_json;
use crate::fail::BadInput;

/// The fact with an id or a sequence number; nothing stands for one that is not there.
pub(super) async fn entry(
    domain: &LogsDomain,
    tenant: &TenantId,
    name: &str,
) -> anyhow::Result<(Value, String)> {
    let answer = match (name.parse::<u64>(), FactId::parse(name)) {
        (Ok(seq), _) => domain.logs().entry_at(tenant, seq).await?,
        (Err(_), Ok(id)) => domain.logs().entry(tenant, &id).await?,
        (Err(_), Err(_)) => {
            let why = format!("`{name}` is neither a sequence number nor the id of a fact");
            return Err(BadInput(why).into());
        }
    };
    let unknown = || BadInput(format!("tenant `{tenant}` has no entry `{name}`"));
    let fact = answer.value.ok_or_else(unknown)?;
    let whole = fact.fact.as_object().map(object_json).unwrap_or_default();
    let json = json!({
        "as_of_size": answer.evidence.as_of_size,
        "seq": fact.seq,
        "leaf_hash": fact.leaf_hash.to_string(),
        "fact": whole,
    });
    let text = format!("entry {}  leaf hash {}\n{whole:#}\n", fact.seq, fact.leaf_hash);
    Ok((json, text))
}
