//! What a lock cannot be made to say.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

mod support;

use support::{audit, said, sample};

/// The digest of no line at all: every comparison with what is listed holds.
const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn a_domain_whose_root_is_gone_and_that_lists_nothing_is_no_pass() {
    let root = sample("lock-of-nothing");
    let lock = format!("[domain.canon]\nroot = \"crates/renamed\"\ndigest = \"{NOTHING}\"\n");
    std::fs::write(root.join("blca.lock"), lock).unwrap();
    let said = said(&audit(&root));
    assert_eq!((said.status, said.rules), (1, vec!["K002".to_owned()]), "{}", said.text);
}
