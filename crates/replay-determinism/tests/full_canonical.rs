//! The published RFC 8785 vectors in full, and an independent writer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use replay_determinism::canonical::full::{self, Json, Number};
use replay_determinism::{Sha256Stream, sha256};

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/jcs")
}

#[test]
fn published_files_have_their_published_canonical_form() {
    let mut checked = 0;
    for entry in fs::read_dir(vectors().join("input")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_owned();
        let expected = fs::read(vectors().join("output").join(&name)).unwrap();
        let made = full::canonicalize(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(made, expected, "{name:?}");
        // The same again as hexadecimal, so that no editor can have changed it.
        let hex = fs::read_to_string(vectors().join("outhex").join(&name).with_extension("txt"));
        let hex: String = hex.unwrap().split_whitespace().collect();
        let made: String = made.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        assert_eq!(made, hex, "{name:?}");
        checked += 1;
    }
    assert_eq!(checked, 6);
}

#[test]
fn edge_cases_are_written_or_refused_as_listed() {
    for line in fs::read_to_string(vectors().join("edge-cases.jsonl")).unwrap().lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let (input, output) = (case["in"].as_str().unwrap(), case["out"].as_str().unwrap());
        match full::canonicalize(input.as_bytes()) {
            Ok(made) => assert_eq!(String::from_utf8(made).unwrap(), output),
            Err(error) => assert_eq!("ERR", output, "{input}: {error}"),
        }
    }
}

/// The published sequence: 168 listed doubles, 2,000 in a row, then eight bytes at a time of a chain
/// of SHA-256, without what is no number.
fn doubles() -> impl Iterator<Item = u64> {
    let listed = fs::read_to_string(vectors().join("es6-static.txt")).unwrap();
    let listed: Vec<u64> = listed
        .lines()
        .map(|line| u64::from_str_radix(line.split(',').next().unwrap(), 16).unwrap())
        .collect();
    assert_eq!(listed.len(), 168);
    let row = (0..2_000).map(|n| 0x0010_0000_0000_0000 + n);
    let mut block = [0_u8; 32];
    let chain = std::iter::repeat_with(move || {
        block = *sha256(&block).as_bytes();
        block
    })
    .flat_map(|block| {
        std::array::from_fn::<u64, 4, _>(|at| {
            u64::from_le_bytes(block[at * 8..at * 8 + 8].try_into().unwrap())
        })
    })
    .filter(|bits| f64::from_bits(*bits).is_finite() && f64::from_bits(*bits) != 0.0);
    listed.into_iter().chain(row).chain(chain)
}

#[test]
fn a_hundred_thousand_published_numbers_have_their_published_form() {
    let mut hash = Sha256Stream::new();
    for (at, bits) in doubles().take(100_000).enumerate() {
        let number = Number::new(f64::from_bits(bits)).unwrap();
        let form = String::from_utf8(full::write(&Json::Number(number))).unwrap();
        hash.update(format!("{bits:x},{form}\n").as_bytes());
        if at + 1 == 10_000 {
            assert_eq!(
                hash.clone().finish().to_string(),
                "b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892"
            );
        }
    }
    assert_eq!(
        hash.finish().to_string(),
        "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7"
    );
}

/// Any JSON as another parser's tree, doubles and long integers included.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let text =
        || prop_oneof![any::<String>(), "[\u{0}-\u{ff}\u{d7ff}\u{e000}\u{ffff}\u{10000}]{0,4}"];
    let number = prop_oneof![
        any::<f64>(),
        any::<i32>().prop_map(f64::from),
        (any::<i32>(), -30_i32..30).prop_map(|(n, e)| f64::from(n) * 10_f64.powi(e)),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        number.prop_map(serde_json::Value::from),
        text().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
            prop::collection::vec((text(), inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn an_independent_writer_gives_the_same_bytes(value in value()) {
        let theirs = serde_json_canonicalizer::to_vec(&value).unwrap();
        for text in [serde_json::to_vec(&value).unwrap(), serde_json::to_vec_pretty(&value).unwrap()] {
            prop_assert_eq!(&full::canonicalize(&text).unwrap(), &theirs);
        }
    }

    #[test]
    fn the_canonical_form_is_its_own_canonical_form(value in value()) {
        let text = serde_json::to_vec(&value).unwrap();
        let once = full::canonicalize(&text).unwrap();
        prop_assert_eq!(full::parse(&once).unwrap(), full::parse(&text).unwrap());
        prop_assert_eq!(full::canonicalize(&once).unwrap(), once);
    }

    #[test]
    fn what_is_taken_another_parser_takes_too(text in r#"[\[\]{}:,"\\/0-9eE.+\-truefalsnu d8c \n\t]{0,24}"#) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        if full::parse(text.as_bytes()).is_ok() {
            prop_assert!(theirs.is_ok(), "{}", text);
        } else if let Ok(theirs) = theirs {
            // Refused here and taken there: a member twice, or a number that a reader rounds.
            let again = serde_json::to_string(&theirs).unwrap();
            let stripped: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            prop_assert!(again.len() < stripped.len() || stripped.len() > 15, "{}", text);
        }
    }

    #[test]
    fn no_bytes_make_the_parser_fall(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = full::parse(&bytes) {
            prop_assert!(full::canonicalize(&full::write(&value)).is_ok());
        }
    }
}
