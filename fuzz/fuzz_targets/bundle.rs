//! A bundle that a stranger hands over.
#![no_main]

use std::io::Cursor;

use adapters::{SampleOf, StrictVerifier, Trust, sample_bundle, verify_bundle};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let trusted = Trust { keys: Vec::new() };
    if let Ok(report) = verify_bundle(&mut Cursor::new(bytes), &trusted, &StrictVerifier) {
        assert_eq!(report.holds, report.findings.is_empty());
        assert!(report.holds || report.proved.is_empty(), "nothing is proved by what does not hold");
    }
    let of = SampleOf { seed: String::new(), count: 3, kind: None };
    if let Ok(sample) = sample_bundle(&mut Cursor::new(bytes), &of) {
        assert!(sample.drawn.len() <= 3 && sample.drawn.len() as u64 <= sample.population);
    }
});
