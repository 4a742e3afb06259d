//! Sameness of facts before they are salted.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use store_traits::{Digest, Draft, IdempotencyKey, TenantSecret, Value};

use crate::{Sha256Stream, canonical};

/// HMAC-SHA-256 (RFC 2104) over the canonical bytes of a fact's content under the tenant's secret.
///
/// Salts are random, so two commitments to one value differ; a bare hash of short personal text
/// could be guessed by trying. Under a secret that lies with the contents neither happens.
///
/// ```
/// use replay_determinism::fingerprint;
/// use store_traits::{TenantSecret, Value};
/// let (ours, theirs) = (TenantSecret([1; 32]), TenantSecret([2; 32]));
/// let content = Value::from("yes");
/// assert_eq!(fingerprint(&ours, &content), fingerprint(&ours, &content));
/// assert_ne!(fingerprint(&ours, &content), fingerprint(&theirs, &content));
/// ```
#[must_use]
pub fn fingerprint(secret: &TenantSecret, content: &Value) -> Digest {
    mac(secret, &canonical::write(content))
}

/// The fingerprint of a draft: over everything that arrived, and nothing that was derived from it by
/// a mapping (the member `view` of the body), because a newer mapping must not turn a redelivery
/// into a conflict. Kind, time and run are derived too where there is a view; else they count. Of a native
/// fact nothing is derived: a `view` in its body is its sender's, and what its sender says of it counts as
/// well, who acted among it.
///
/// ```
/// use replay_determinism::draft_fingerprint;
/// use store_traits::{
///     Actor, Draft, DraftMeta, FactKind, Identity, Object, Origin, SourceDomain, TenantSecret,
///     Timestamp,
/// };
/// let meta = DraftMeta {
///     run_id: None,
///     trace_id: None,
///     correlation_id: None,
///     policy_ids: Vec::new(),
///     incident_ids: Vec::new(),
///     actor: Actor::System { component: "billing".into() },
///     occurred_at: Timestamp::UNIX_EPOCH,
///     source_domain: SourceDomain::System,
///     source_component: "billing".into(),
///     origin: Origin::System,
/// };
/// let (kind, identity) = (FactKind::RunStep, Identity::Content);
/// let body = Object::from([("view", "derived by genai/1".into())]);
/// let draft = Draft { kind, meta, body, committed: Vec::new(), identity };
/// let newer = Object::from([("view", "derived by genai/2".into())]);
/// let secret = TenantSecret([7; 32]);
/// let again = Draft { body: newer, ..draft.clone() };
/// assert_eq!(draft_fingerprint(&secret, &draft), draft_fingerprint(&secret, &again));
/// ```
#[must_use]
pub fn draft_fingerprint(secret: &TenantSecret, draft: &Draft) -> Digest {
    mac(secret, &identity_bytes(draft))
}

/// The tag of an idempotency key, by which stores remember it: the first 64 bits of
/// SHA-256("factlog/key/v1" ‖ 0x00 ‖ key). Two keys may share one; the stored key decides.
///
/// ```
/// use replay_determinism::key_tag;
/// let key = store_traits::IdempotencyKey::parse("span:39c984c96262725b")?;
/// assert_eq!(key_tag(&key), 0x3ad6_df02_7879_e539);
/// # Ok::<(), store_traits::IdError>(())
/// ```
#[must_use]
pub fn key_tag(key: &IdempotencyKey) -> u64 {
    let mut hash = Sha256Stream::new();
    hash.update(b"factlog/key/v1\0");
    hash.update(key.as_str().as_bytes());
    hash.finish().as_bytes().iter().take(8).fold(0, |tag, byte| (tag << 8) | u64::from(*byte))
}

/// The canonical bytes of `{"body", "kind", "occurred_at", "run_id"}`, or `{"body", "kind", "meta"}`, written
/// member by member in canonical order, so that no body is copied for them.
fn identity_bytes(draft: &Draft) -> Vec<u8> {
    let mut out = Vec::with_capacity(1_024);
    let native = draft.body.get("record").and_then(Value::as_str) == Some("native");
    out.extend_from_slice(br#"{"body":"#);
    canonical::write_object(&mut out, &draft.body, |name| native || name != "view");
    if native {
        out.extend_from_slice(br#","kind":"#);
        canonical::write_string(&mut out, draft.kind.as_str());
        out.extend_from_slice(br#","meta":"#);
        canonical::write_object(&mut out, &draft.meta.members(), |_| true);
    } else if !draft.body.contains_key("view") {
        out.extend_from_slice(br#","kind":"#);
        canonical::write_string(&mut out, draft.kind.as_str());
        out.extend_from_slice(br#","occurred_at":"#);
        canonical::write_string(&mut out, &draft.meta.occurred_at.to_string());
        if let Some(run) = &draft.meta.run_id {
            out.extend_from_slice(br#","run_id":"#);
            canonical::write_string(&mut out, run.as_str());
        }
    }
    out.push(b'}');
    out
}

fn mac(secret: &TenantSecret, bytes: &[u8]) -> Digest {
    // HMAC pads a key shorter than a block with zeros; doing it here leaves nothing that can fail.
    let mut block = [0_u8; 64];
    for (slot, byte) in block.iter_mut().zip(secret.0) {
        *slot = byte;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(bytes);
    Digest::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use store_traits::{
        Actor, DraftMeta, FactKind, Identity, Origin, RunId, SourceDomain, Timestamp,
    };

    use super::*;

    #[test]
    fn it_is_hmac_sha_256_of_the_canonical_bytes() {
        // Computed by another implementation (Python's `hmac`), key 00 01 … 1f.
        let secret = TenantSecret(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        let content = canonical::parse(br#"{"b": 1, "a": "x"}"#).unwrap();
        assert_eq!(
            fingerprint(&secret, &content).to_string(),
            "5fc3e786b5697f992a71677b7c1c11e7fe408fe27377e09dc8855907025b0161"
        );
    }

    #[test]
    fn another_secret_gives_another_fingerprint() {
        let content = Value::from("x");
        let other = fingerprint(&TenantSecret([1; 32]), &content);
        assert_ne!(fingerprint(&TenantSecret([0; 32]), &content), other);
    }

    fn draft(body: &str, run: Option<&str>) -> Draft {
        Draft {
            kind: FactKind::SystemEvent,
            meta: DraftMeta {
                run_id: run.map(|run| RunId::parse(run).unwrap()),
                trace_id: None,
                correlation_id: None,
                policy_ids: Vec::new(),
                incident_ids: Vec::new(),
                actor: Actor::System { component: "test".into() },
                occurred_at: Timestamp::parse("2026-01-01T11:00:00Z").unwrap(),
                source_domain: SourceDomain::System,
                source_component: "test".into(),
                origin: Origin::System,
            },
            body: canonical::parse(body.as_bytes()).unwrap().as_object().unwrap().clone(),
            committed: Vec::new(),
            identity: Identity::Content,
        }
    }

    #[test]
    fn what_makes_a_draft_the_same_is_written_canonically() {
        let spine = r#""kind":"system.event","occurred_at":"2026-01-01T11:00:00.000000000Z""#;
        for (body, run, expect) in [
            ("{}", None, format!(r#"{{"body":{{}},{spine}}}"#)),
            (
                r#"{"b":1,"a":"\n"}"#,
                Some("r\""),
                format!(r#"{{"body":{{"a":"\n","b":1}},{spine},"run_id":"r\""}}"#),
            ),
            (r#"{"b":1,"view":{"x":1},"z":2}"#, Some("r"), r#"{"body":{"b":1,"z":2}}"#.to_owned()),
            (
                r#"{"record":"native","view":"settings"}"#,
                Some("r"),
                r#"{"body":{"record":"native","view":"settings"},"kind":"system.event","meta":{"actor":{"component":"test","kind":"system"},"occurred_at":"2026-01-01T11:00:00.000000000Z","origin":"SYSTEM","run_id":"r","source_component":"test","source_domain":"SYSTEM"}}"#.to_owned(),
            ),
            // U+E000 sorts behind U+10000 in UTF-16, and before it in UTF-8.
            (
                "{\"\u{E000}\":1,\"\u{10000}\":2,\"view\":3}",
                None,
                "{\"body\":{\"\u{10000}\":2,\"\u{E000}\":1}}".to_owned(),
            ),
        ] {
            let bytes = identity_bytes(&draft(body, run));
            assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expect);
            let content = canonical::parse_canonical(&bytes).unwrap();
            let secret = TenantSecret([7; 32]);
            assert_eq!(
                draft_fingerprint(&secret, &draft(body, run)),
                fingerprint(&secret, &content)
            );
        }
    }
}
