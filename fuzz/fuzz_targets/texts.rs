//! Notes, keys, policies, proofs, tiles: what transparency logs exchange as text.
#![no_main]

use audit_evidence::{ProofText, SignedNote, Tile, VerifierKey, TrustPolicy, read_entry_bundle};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entries) = read_entry_bundle(bytes) {
        let length: usize = entries.iter().map(|entry| entry.len() + 2).sum();
        assert_eq!(length, bytes.len(), "every byte is of an entry");
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(note) = SignedNote::parse(text) {
        assert_eq!(note.to_string(), text);
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(VerifierKey::parse(&key.to_string()).ok(), Some(key));
    }
    if let Ok(proof) = ProofText::parse(text) {
        assert_eq!(ProofText::parse(&proof.to_string()).ok(), Some(proof));
    }
    if let Ok(tile) = text.parse::<Tile>() {
        assert_eq!(tile.to_string().parse::<Tile>().ok(), Some(tile));
    }
    let _ = TrustPolicy::parse(text);
});
