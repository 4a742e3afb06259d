//! Disclosures and blob commitments against a vector computed by another implementation.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use replay_determinism::{blob_commitment, canonical, disclosure, leaf_hash, parse_disclosure};
use serde_json::Value as Json;

fn vector() -> Json {
    serde_json::from_str(include_str!("vectors/disclosure/vector.json")).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn the_entry_is_canonical_and_has_its_leaf_hash() {
    let vector = vector();
    let core = vector["core_jcs"].as_str().unwrap().as_bytes();
    assert!(canonical::parse_canonical(core).is_ok());
    assert_eq!(leaf_hash(core).to_string(), vector["leaf_hash"].as_str().unwrap());
}

#[test]
fn disclosures_give_their_digests_and_stand_in_the_entry() {
    let vector = vector();
    let core = canonical::parse(vector["core_jcs"].as_str().unwrap().as_bytes()).unwrap();
    let texts = vector["disclosures"].as_array().unwrap();
    for (text, digest) in texts.iter().zip(vector["digests"].as_array().unwrap()) {
        let (text, digest) = (text.as_str().unwrap(), digest.as_str().unwrap());
        let (pointer, value) = parse_disclosure(text).unwrap();
        assert_eq!(replay_determinism::disclosure_digest(text), digest);
        assert_eq!(core.at(&["_sd", &pointer]).and_then(|v| v.as_str()), Some(digest));
        let made = disclosure(&salt_of(text), &pointer, &value);
        assert_eq!((made.text.as_str(), made.digest.as_str()), (text, digest));
    }
    assert_eq!(texts.len(), 2);
}

#[test]
fn the_blob_commitment_is_the_vectors() {
    let blob = &vector()["blob"];
    let salt = bytes(blob["salt"].as_str().unwrap()).try_into().unwrap();
    let commitment = blob_commitment(&salt, &bytes(blob["bytes_hex"].as_str().unwrap()));
    assert_eq!(commitment.to_string(), blob["commit"].as_str().unwrap());
}

fn salt_of(text: &str) -> [u8; 32] {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let parts: Json = serde_json::from_slice(&engine.decode(text).unwrap()).unwrap();
    engine.decode(parts[0].as_str().unwrap()).unwrap().try_into().unwrap()
}
