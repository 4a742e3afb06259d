//! JSON: the facts' own form, and RFC 8785 in full.
#![no_main]

use libfuzzer_sys::fuzz_target;
use replay_determinism::canonical::{self, full};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = canonical::parse(bytes) {
        let written = canonical::write(&value);
        assert_eq!(canonical::parse_canonical(&written), Ok(value), "what is written reads back");
    }
    if canonical::parse_canonical(bytes).is_ok() {
        assert_eq!(canonical::parse(bytes).map(|value| canonical::write(&value)), Ok(bytes.to_vec()));
    }
    if let Ok(once) = full::canonicalize(bytes) {
        assert_eq!(full::canonicalize(&once).ok().as_ref(), Some(&once), "one spelling");
    }
});
