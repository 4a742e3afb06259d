//! Texts and values before they are stored, and the rules that a caller brings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redaction::{Redactor, Report, Rules};
use replay_determinism::canonical;

fuzz_target!(|bytes: &[u8]| {
    let redactor = Redactor::standard();
    let mut report = Report::default();
    if let Ok(text) = std::str::from_utf8(bytes) {
        let redacted = redactor.text(text, &mut report).into_owned();
        assert!(report.is_empty() == (redacted == text), "what was replaced is counted");
        if let Ok(rules) = Rules::parse(text) {
            let _ = Redactor::with_rules(&rules);
        }
    }
    if let Ok(mut value) = canonical::parse(bytes) {
        redactor.value(&mut value, &mut report);
    }
});
