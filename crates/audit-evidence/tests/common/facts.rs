//! Facts for tests.

pub use store_traits::test_support::{Counting, Noon};
use store_traits::{CommitForm, Committed, Draft, FactKind, Object, Value, test_support};

/// A fact with a prompt behind a commitment.
pub fn draft(key: &str, text: &str) -> Draft {
    let body = Object::from([("text", text.into()), ("prompt", Value::from("a secret plan"))]);
    let committed = vec![Committed { path: vec!["prompt".into()], form: CommitForm::Blob }];
    Draft { committed, ..test_support::draft(FactKind::SystemEvent, key, body) }
}
