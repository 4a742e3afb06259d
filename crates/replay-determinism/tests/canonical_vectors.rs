//! The published RFC 8785 vectors, as far as they lie in the restricted subset, and an oracle.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use replay_determinism::canonical;
use store_traits::Value;

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

#[test]
fn published_files_have_their_published_canonical_form() {
    // `structures` and `values` hold fractions, which facts do not have.
    let mut checked = 0;
    for entry in fs::read_dir(vectors().join("jcs/input")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_owned();
        let expected = fs::read(vectors().join("jcs/output").join(&name)).unwrap();
        match canonical::parse(&fs::read(&path).unwrap()) {
            Ok(value) => {
                assert_eq!(canonical::write(&value), expected, "{name:?}");
                assert_eq!(canonical::parse_canonical(&expected), Ok(value), "{name:?}");
                checked += 1;
            }
            Err(error) => {
                assert!(matches!(error, canonical::CanonicalError::Number { .. }), "{name:?}");
            }
        }
    }
    assert_eq!(checked, 4, "all but `structures.json` and `values.json`");
}

#[test]
fn edge_cases_are_written_or_refused_as_listed() {
    let text = fs::read_to_string(vectors().join("jcs/edge-cases.jsonl")).unwrap();
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let (input, output) = (case["in"].as_str().unwrap(), case["out"].as_str().unwrap());
        match canonical::parse(input.as_bytes()) {
            Ok(value) => assert_eq!(String::from_utf8(canonical::write(&value)).unwrap(), output),
            // Refused here although RFC 8785 has a form for it: only numbers that are no integers.
            Err(error) if output != "ERR" => {
                assert!(matches!(error, canonical::CanonicalError::Number { .. }), "{input}");
            }
            Err(_) => {}
        }
        assert!(output != "ERR" || canonical::parse(input.as_bytes()).is_err(), "{input}");
    }
}

fn value() -> impl Strategy<Value = Value> {
    let text =
        || prop_oneof![any::<String>(), "[\u{0}-\u{ff}\u{d7ff}\u{e000}\u{ffff}\u{10000}]{0,4}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::integer),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::btree_map(text(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_and_is_canonical(value in value()) {
        let bytes = canonical::write(&value);
        prop_assert_eq!(canonical::parse_canonical(&bytes), Ok(value));
    }

    #[test]
    fn an_independent_writer_gives_the_same_bytes(value in value()) {
        let bytes = canonical::write(&value);
        prop_assert_eq!(serde_json_canonicalizer::pipe(std::str::from_utf8(&bytes).unwrap()).unwrap().into_bytes(), bytes);
    }

    #[test]
    fn no_bytes_make_the_parser_fall(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = canonical::parse(&bytes) {
            prop_assert!(canonical::parse_canonical(&canonical::write(&value)).is_ok());
        }
    }
}
