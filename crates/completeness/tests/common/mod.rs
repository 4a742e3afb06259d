//! Facts by hand.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, missing_docs)]

use replay_determinism::{canonical, leaf_hash};
use store_traits::{RecordedFact, Timestamp, Value};

/// A time on a day of tests.
pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-01-01T{text}Z")).unwrap()
}

/// A fact of `run-1` with this kind and body, as JSON.
pub fn fact(seq: u64, kind: &str, body: &str) -> RecordedFact {
    of_run(seq, "run-1", kind, body)
}

/// A fact of a run, one second after the one before.
pub fn of_run(seq: u64, run: &str, kind: &str, body: &str) -> RecordedFact {
    let seconds = 1_767_225_600 + i128::from(seq);
    let occurred_at = Timestamp::from_unix_nanos(seconds * 1_000_000_000).unwrap();
    let text = format!(
        r#"{{"v":1,"kind":"{kind}","tenant":"acme","meta":{{"run_id":"{run}","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","correlation_id":"c","policy_ids":["p"],"incident_ids":["i"],"actor":{{"kind":"agent","name":"a"}}}},"body":{body}}}"#
    );
    let fact = canonical::parse(text.as_bytes()).unwrap();
    recorded(seq, run, kind, occurred_at, fact)
}

fn recorded(seq: u64, run: &str, kind: &str, at: Timestamp, fact: Value) -> RecordedFact {
    RecordedFact {
        seq,
        kind: kind.to_owned(),
        run_id: Some(run.to_owned()),
        occurred_at: at,
        recorded_at: at,
        leaf_hash: leaf_hash(&canonical::write(&fact)),
        fact,
    }
}
