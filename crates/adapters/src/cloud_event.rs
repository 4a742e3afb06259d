//! A fact as a CloudEvent, for systems that collect events.
//!
//! [CloudEvents 1.0.2](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md), JSON
//! format, with the extensions `sequence` and `recordedtime`. `data` is the whole fact, whose canonical bytes
//! hash to `leafhash`, so that an event can be led back to its entry; what lies behind commitments is not
//! in it.

use store_traits::{Object, RecordedFact, Value};

/// What stands before a fact's kind in `type`.
const TYPE: &str = "factlog.";

/// The event of a fact of the log with this origin, as one line of JSON without its end.
///
/// ```
/// # use store_traits::{Digest, Object, RecordedFact, Timestamp, Value};
/// let fact = Object::from([("id", "0190b3a0-0000-7000-8000-000000000000".into())]);
/// let fact = RecordedFact {
///     seq: 7,
///     kind: "run.step".into(),
///     run_id: Some("run-1".into()),
///     occurred_at: Timestamp::UNIX_EPOCH,
///     recorded_at: Timestamp::UNIX_EPOCH,
///     leaf_hash: Digest::new([0; 32]),
///     fact: Value::Object(fact),
/// };
/// let line = String::from_utf8(adapters::cloud_event("logs.example.com/acme", &fact))?;
/// assert!(line.contains(r#""source":"//logs.example.com/acme","specversion":"1.0","subject":"run-1""#));
/// # Ok::<(), std::string::FromUtf8Error>(())
/// ```
#[must_use]
pub fn cloud_event(origin: &str, fact: &RecordedFact) -> Vec<u8> {
    let RecordedFact { seq, kind, run_id, occurred_at, recorded_at, leaf_hash, fact } = fact;
    let id = fact.member("id").and_then(Value::as_str).unwrap_or_default();
    let mut event = Object::from([
        ("specversion", "1.0".into()),
        ("id", id.into()),
        // An origin is a URL without its scheme: a network-path reference (RFC 3986, section 4.2).
        ("source", format!("//{origin}").into()),
        ("type", format!("{TYPE}{kind}").into()),
        ("time", occurred_at.to_string().into()),
        ("recordedtime", recorded_at.to_string().into()),
        // Sorted as a text it is sorted as a number.
        ("sequence", format!("{seq:020}").into()),
        ("leafhash", leaf_hash.to_string().into()),
        ("datacontenttype", "application/json".into()),
        ("data", fact.clone()),
    ]);
    if let Some(run) = run_id {
        event.insert("subject", run.as_str().into());
    }
    replay_determinism::canonical::write(&Value::Object(event))
}
