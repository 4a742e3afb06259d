//! Recorded facts by hand.

use replay_determinism::{canonical, leaf_hash};
use store_traits::{RecordedFact, Timestamp};

/// So many seconds into the day of tests.
pub fn second(second: u64) -> Timestamp {
    Timestamp::from_unix_nanos((1_767_225_600 + i128::from(second)) * 1_000_000_000).unwrap()
}

/// A fact of `run-1` with this kind and body, recorded so many seconds into the day as its entry is.
pub fn word(seq: u64, kind: &str, body: &str) -> RecordedFact {
    word_of(seq, "run-1", kind, body)
}

/// A fact of a run.
pub fn word_of(seq: u64, run: &str, kind: &str, body: &str) -> RecordedFact {
    let meta = format!(
        r#"{{"run_id":"{run}","incident_ids":["inc-{run}"],"actor":{{"kind":"agent","name":"agent-{run}"}}}}"#
    );
    let text = format!(r#"{{"seq":{seq},"kind":"{kind}","meta":{meta},"body":{body}}}"#);
    let fact = canonical::parse(text.as_bytes()).unwrap();
    RecordedFact {
        seq,
        kind: kind.to_owned(),
        run_id: Some(run.to_owned()),
        occurred_at: second(seq),
        recorded_at: second(seq),
        leaf_hash: leaf_hash(&canonical::write(&fact)),
        fact,
    }
}
