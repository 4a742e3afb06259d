//! `factlog audit --entry`: one fact, whole.

use logs_api::shape;
use logs_domain::{Answer, FactId, LogsDomain, TenantId};
use serde_json::Value;

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
    let Answer { value, evidence } = answer;
    let answer = Answer { value: value.ok_or_else(unknown)?, evidence };
    let json = shape::entry(&answer);
    let (fact, whole) = (&answer.value, json.get("fact").unwrap_or(&Value::Null));
    let text = format!("entry {}  leaf hash {}\n{whole:#}\n", fact.seq, fact.leaf_hash);
    Ok((json, text))
}
