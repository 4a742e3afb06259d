//! Signed notes, verifier keys and checkpoints: what others signed is accepted, what is bent is not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use audit_evidence::{
    CheckpointBody, CheckpointError, NoteError, SignedNote, VerifierKey, VkeyError,
    open_checkpoint, sign_checkpoint,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Strict, TestKey, leaves};
use replay_determinism::empty_root;
use serde_json::Value as Json;
use store_traits::{Digest, Head, SignatureVerifier as _};

fn notes() -> Vec<(VerifierKey, String)> {
    let cases: Vec<Json> =
        serde_json::from_str(include_str!("vectors/notes/signed_notes.json")).unwrap();
    assert_eq!(cases.len(), 3);
    let text = |case: &Json, member: &str| case[member].as_str().unwrap().to_owned();
    cases
        .iter()
        .map(|case| (VerifierKey::parse(&text(case, "vkey")).unwrap(), text(case, "note")))
        .collect()
}

fn head() -> Head {
    let mut range = audit_evidence::CompactRange::new();
    leaves(7).into_iter().for_each(|leaf| range.append(leaf, &mut |_| {}));
    range.head()
}

#[test]
fn notes_that_others_signed_verify_and_print_back() {
    for (key, text) in notes() {
        let note = SignedNote::parse(&text).unwrap();
        assert_eq!(note.to_string(), text);
        assert_eq!(VerifierKey::parse(&key.to_string()), Ok(key.clone()));
        let known = [key.clone()];
        assert_eq!(note.verify(&known, &Strict).unwrap(), [&key]);
    }
}

#[test]
fn a_note_with_a_bent_byte_never_verifies() {
    for (key, text) in notes() {
        let known = [key];
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 0x01;
            let Ok(bent) = String::from_utf8(bytes) else { continue };
            let Ok(note) = SignedNote::parse(&bent) else { continue };
            // A byte of an unknown key's line may change: that line is nobody's word here.
            let verified = note.verify(&known, &Strict).is_ok();
            let own_line = format!("— {} ", known[0].name());
            let foreign =
                bent.contains(&own_line) && bent.starts_with(&text[..text.rfind("\n\n").unwrap()]);
            assert!(!verified || foreign, "byte {at}");
        }
    }
}

#[test]
fn unknown_lines_are_ignored_and_known_bad_lines_refuse_the_note() {
    let (key, other) = (TestKey::new(1), TestKey::new(2));
    let (known, stranger) = (key.named("example.com/log"), other.named("example.com/witness"));
    let note = SignedNote::sign("text\n", "example.com/log", &key).unwrap().to_string();
    let unknown = STANDARD.encode([&[1, 2, 3, 4][..], &[9; 100]].concat());
    let with_unknown = format!("{note}— example.com/else {unknown}\n");
    let parsed = SignedNote::parse(&with_unknown).unwrap();
    assert_eq!(parsed.verify(std::slice::from_ref(&known), &Strict).unwrap(), [&known]);

    let bad = STANDARD.encode([&stranger.id().to_be_bytes()[..], &[9; 64]].concat());
    let with_bad = format!("{note}— example.com/witness {bad}\n");
    let parsed = SignedNote::parse(&with_bad).unwrap();
    assert!(parsed.verify(std::slice::from_ref(&known), &Strict).is_ok());
    let both = [known.clone(), stranger.clone()];
    assert!(
        matches!(parsed.verify(&both, &Strict), Err(NoteError::BadSignature(name)) if name == "example.com/witness")
    );
    assert!(matches!(
        SignedNote::parse(&note).unwrap().verify(&[stranger], &Strict),
        Err(NoteError::NoKnownSignature { known: 1, .. })
    ));
    assert!(SignedNote::parse(&note).unwrap().verify(&[], &Strict).is_err());
}

#[test]
fn texts_that_are_no_notes_are_refused() {
    let line = "— a AAAAAAA=\n";
    assert!(SignedNote::parse(&format!("t\n\n{line}")).is_ok());
    for text in [
        String::new(),
        "t\n".to_owned(),
        "t\n\n".to_owned(),
        format!("t\n{line}"),
        format!("t\n\n{}", line.trim_end()),
        format!("t\n\n{line}\n"),
        format!("t\r\n\n{line}"),
        format!("t\0\n\n{line}"),
        "t\n\n- a AAAAAAA=\n".to_owned(),
        "t\n\n–  a AAAAAAA=\n".to_owned(),
        "t\n\n— a\n".to_owned(),
        "t\n\n— a AAAAAAA\n".to_owned(),
        "t\n\n— a AAAAAAB=\n".to_owned(),
        "t\n\n— a AAAAAAA= \n".to_owned(),
        "t\n\n— a AAAA\n".to_owned(),
        "t\n\n— a+b AAAAAAA=\n".to_owned(),
        "t\n\n—  AAAAAAA=\n".to_owned(),
        format!("t\n\n{}", line.repeat(101)),
        format!("{}\n\n{line}", "t".repeat(1_000_001)),
    ] {
        assert!(SignedNote::parse(&text).is_err(), "{text:.40}");
    }
    assert_eq!(SignedNote::parse(&format!("t\n\nu\n\n{line}")).unwrap().text(), "t\n\nu\n");
    assert_eq!(
        SignedNote::parse(&format!("t\n\n{}", line.repeat(100))).unwrap().signatures().len(),
        100
    );
    assert!(SignedNote::sign("no newline", "a", &TestKey::new(1)).is_err());
    assert!(SignedNote::sign("t\n", "a b", &TestKey::new(1)).is_err());
}

#[test]
fn keys_with_a_changed_digit_are_refused() {
    let text = TestKey::new(1).named("example.com/log").to_string();
    let (name, rest) = text.split_once('+').unwrap();
    assert!(matches!(VerifierKey::parse(&format!("{name}s+{rest}")), Err(VkeyError::Id { .. })));
    let cosigner = STANDARD.encode([&[4_u8][..], &[0; 32]].concat());
    assert!(matches!(
        VerifierKey::parse(&format!("a+00000000+{cosigner}")),
        Err(VkeyError::Type(4))
    ));
    for text in
        ["", "a", "a+b", "a+0000000+AAAA", "a+0000000G+AAAA", "a+00000000+", "a+00000000+AQ=="]
    {
        assert!(VerifierKey::parse(text).is_err(), "{text}");
    }
    assert!(VerifierKey::parse(&text.replace('=', "")).is_err() || !text.contains('='));
}

#[test]
fn a_signed_checkpoint_opens_and_says_what_was_signed() {
    let (key, head) = (TestKey::new(1), head());
    let note = sign_checkpoint("logs.example/acme", &head, &key).unwrap();
    let known = [key.named("logs.example/acme")];
    let opened = open_checkpoint(&note, &known, &Strict).unwrap();
    assert_eq!(
        (opened.origin.as_str(), opened.size, opened.root),
        ("logs.example/acme", 7, head.root)
    );
    assert_eq!(opened.signed_by, known);
    assert!(note.starts_with("logs.example/acme\n7\n"), "{note}");
}

#[test]
fn a_checkpoint_that_only_somebody_else_signed_is_refused() {
    let key = TestKey::new(1);
    let body = CheckpointBody { origin: "a.example/x".to_owned(), size: 7, root: head().root };
    let note = SignedNote::sign(&body.to_string(), "b.example/y", &key).unwrap().to_string();
    assert!(matches!(
        open_checkpoint(&note, &[key.named("b.example/y")], &Strict),
        Err(CheckpointError::NotTheLog { origin }) if origin == "a.example/x"
    ));
}

#[test]
fn checkpoints_have_one_spelling() {
    let root = STANDARD.encode([7; 32]);
    let good = format!("a.example/x\n10\n{root}\n");
    assert_eq!(CheckpointBody::parse(&good).unwrap().to_string(), good);
    let empty = CheckpointBody { origin: "a".to_owned(), size: 0, root: empty_root() };
    assert_eq!(CheckpointBody::parse(&empty.to_string()).unwrap(), empty);
    for text in [
        String::new(),
        format!("a\n10\n{root}"),
        format!("a\n010\n{root}\n"),
        format!("a\n+10\n{root}\n"),
        format!("a\n-1\n{root}\n"),
        format!("a\n1 \n{root}\n"),
        format!("a\n\n{root}\n"),
        format!("a\n18446744073709551616\n{root}\n"),
        format!("a\n0\n{root}\n"),
        format!("\n10\n{root}\n"),
        format!("a b\n10\n{root}\n"),
        format!("a+b\n10\n{root}\n"),
        format!("a\n10\n{root}\nmore\n"),
        format!("a\n10\n{}\n", root.trim_end_matches('=')),
        format!("a\n10\n{}\n", STANDARD.encode([7; 31])),
        format!("a\n10\n{}\n", Digest::new([7; 32])),
    ] {
        assert!(CheckpointBody::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn signatures_that_the_published_suite_calls_invalid_are_refused() {
    let suite: Json =
        serde_json::from_str(include_str!("vectors/wycheproof/ed25519_test.json")).unwrap();
    let bytes = |text: &Json| -> Vec<u8> {
        let text = text.as_str().unwrap();
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(byte).collect()
    };
    let (mut valid, mut invalid) = (0, 0);
    for group in suite["testGroups"].as_array().unwrap() {
        let key: [u8; 32] = bytes(&group["publicKey"]["pk"]).try_into().unwrap();
        for case in group["tests"].as_array().unwrap() {
            let holds = <[u8; 64]>::try_from(bytes(&case["sig"]))
                .is_ok_and(|signature| Strict.verify(&key, &bytes(&case["msg"]), &signature));
            assert_eq!(holds, case["result"] == "valid", "test {}", case["tcId"]);
            if holds { valid += 1 } else { invalid += 1 }
        }
    }
    assert_eq!(valid + invalid, 151);
    assert!(valid > 50 && invalid > 40, "{valid} valid, {invalid} invalid");
}
