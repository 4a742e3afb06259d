//! A certificate that a stranger hands over: its armour, and what a key's holder may sign.
#![no_main]

use std::sync::OnceLock;

use adapters::certificate::{ValidAt, read_armour, verify_certificate, write_armour};
use adapters::{Ed25519Signer, StrictVerifier, dsse};
use audit_evidence::VerifierKey;
use libfuzzer_sys::fuzz_target;
use replay_determinism::canonical;
use store_traits::Signer as _;

fn key() -> &'static (Ed25519Signer, VerifierKey) {
    static KEY: OnceLock<(Ed25519Signer, VerifierKey)> = OnceLock::new();
    KEY.get_or_init(|| {
        let signer = Ed25519Signer::from_seed(&[42; 32]);
        let key = VerifierKey::ed25519("logs.example.com/acme", signer.public_key());
        (signer, key.expect("a plain name"))
    })
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(envelope) = read_armour(text)
    {
        assert_eq!(write_armour(&envelope), text);
    }
    let (signer, key) = key();
    let verify = |bytes: &[u8]| {
        verify_certificate(bytes, std::slice::from_ref(key), &StrictVerifier, ValidAt::NotAsked)
    };
    let _ = verify(bytes);
    // Behind the signature: what the key's holder signs is not believed for that.
    if let Ok(statement) = canonical::parse(bytes) {
        let envelope = dsse::sign(&statement, &dsse::key_id(key), signer).expect("it signs");
        let report = verify(&envelope).expect("it is an envelope");
        assert_eq!(report.holds, report.findings.is_empty());
        assert!(report.holds || report.proved.is_empty(), "nothing is proved by what does not hold");
    }
});
