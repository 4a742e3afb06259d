//! Bundles: the same bytes each time, and nothing changed passes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use adapters::{Drawn, Ed25519Signer, EntryProofs, EvidenceBundle, PAGE, StrictVerifier, Trust};
use audit_evidence::ProofText;
use common::ledger;
use common::members::{
    Members, bytes, holds, pack, sealed, signed_again, trusted, unpack, verify, with_manifest,
};
use store_traits::{Content, Value};

fn good() -> Vec<u8> {
    let signer = ledger::signer();
    bytes(&ledger::bundle(&signer), &signer)
}

#[test]
fn made_twice_it_is_the_same_file_and_it_holds() {
    let first = good();
    assert!(first == good());
    let report = verify(&first, &trusted()).unwrap();
    assert_eq!(report.findings, []);
    assert!(report.holds);
    insta::assert_debug_snapshot!(report);
}

#[test]
fn what_people_and_programs_read_stays_as_it_is() {
    let members = unpack(&good());
    let text = |name: &str| String::from_utf8(members[name].clone()).unwrap();
    insta::assert_snapshot!("readme", text("README.txt"));
    insta::assert_snapshot!("manifest", text("manifest.json"));
    insta::assert_snapshot!("population", text("population.csv"));
    insta::assert_snapshot!("disclosures", text("disclosures-000.jsonl"));
}

#[test]
fn a_key_that_came_with_the_bundle_proves_nothing_about_who_signed() {
    let report = verify(&good(), &Trust::default()).unwrap();
    assert!(report.holds);
    assert!(report.proved[0].contains("nobody vouched for that key"), "{:?}", report.proved);
    assert!(report.not_proved.iter().any(|text| text.starts_with("Whose key")));
}

#[test]
fn a_bundle_forged_with_another_key_does_not_hold_for_who_knows_the_right_one() {
    let forger = Ed25519Signer::from_seed(&[66; 32]);
    let forged = bytes(&ledger::bundle(&forger), &forger);
    assert!(verify(&forged, &Trust::default()).unwrap().holds);
    let report = verify(&forged, &trusted()).unwrap();
    assert!(!report.holds);
    assert!(report.proved.is_empty());
    assert_eq!(report.findings[0].place, "checkpoint.note");
}

#[test]
fn no_flipped_bit_passes() {
    let good = good();
    // Most of the file is the page, whose bytes are all alike here: fewer of them will do.
    let page = good.windows(PAGE.len()).position(|part| part == PAGE).unwrap();
    let in_page = page..page + PAGE.len();
    let looked_at = |at: &usize| !in_page.contains(at) || at.is_multiple_of(995);
    for at in (0..good.len()).step_by(5).filter(looked_at) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        assert!(!holds(&bad), "byte {at}");
    }
}

#[test]
fn no_cut_and_no_addition_passes() {
    let good = good();
    for length in (0..good.len()).step_by(97) {
        assert!(!holds(&good[..length]), "{length}");
    }
    assert!(!holds(&[&good[..], b"\0"].concat()));
    assert!(!holds(&[b"\0", &good[..]].concat()));
}

#[test]
fn what_is_no_bundle_is_an_error_that_says_so() {
    assert!(verify(b"", &trusted()).unwrap_err().to_string().contains("zip"));
    assert!(verify(b"%PDF-1.7 and so on, and so on", &trusted()).is_err());
    let other = pack(&Members::from([("a.txt".to_owned(), b"x".to_vec())]));
    assert!(verify(&other, &trusted()).unwrap_err().to_string().contains("manifest.json"));
}

#[track_caller]
fn check_repacked(change: impl FnOnce(&mut Members), place: &str) {
    let mut members = unpack(&good());
    change(&mut members);
    let report = verify(&pack(&members), &trusted()).unwrap();
    assert!(!report.holds);
    assert!(report.findings.iter().any(|f| f.place.contains(place)), "{:#?}", report.findings);
}

#[test]
fn a_repacked_zip_with_other_members_is_found_out() {
    for name in unpack(&good()).into_keys().filter(|name| name != "manifest.json") {
        check_repacked(|members| drop(members.remove(&name)), &name);
    }
    check_repacked(|members| drop(members.insert("extra.txt".to_owned(), Vec::new())), "extra.txt");
    let swap = |members: &mut Members| {
        let text = String::from_utf8(members["entries-000.jsonl"].clone()).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.swap(0, 1);
        members.insert("entries-000.jsonl".to_owned(), (lines.join("\n") + "\n").into_bytes());
    };
    check_repacked(swap, "proofs/range-1-6.txt");
}

/// Whoever holds the key cannot make it prove what the ledger does not hold either.
#[test]
fn a_signed_bundle_over_other_entries_does_not_hold() {
    let signer = ledger::signer();
    let check = |change: &dyn Fn(&mut EvidenceBundle), place: &str| {
        let mut bundle = ledger::bundle(&signer);
        change(&mut bundle);
        let report = verify(&bytes(&bundle, &signer), &trusted()).unwrap();
        assert!(!report.holds);
        assert!(report.findings.iter().any(|f| f.place.contains(place)), "{:#?}", report.findings);
    };
    check(&|bundle| drop(bundle.entries.remove(2)), "proofs/");
    check(&|bundle| bundle.proofs = EntryProofs::default(), "proofs/");
    check(&|bundle| bundle.tenant = "globex".to_owned(), "entries-000.jsonl");
    check(&|bundle| bundle.entries[0].contents[0].bytes[0] ^= 1, "disclosures-000.jsonl");
    check(&|bundle| bundle.root = store_traits::Digest::new([0; 32]), "manifest.json");
    check(&|bundle| bundle.report.runs[0].steps[0].seq = 99, "report.json");
}

#[test]
fn inclusion_proofs_prove_entries_and_never_completeness() {
    let signer = ledger::signer();
    let mut bundle = ledger::bundle(&signer);
    let all = ledger::ledger(&signer);
    bundle.proofs = EntryProofs::default();
    for entry in &bundle.entries {
        let text = ProofText::Inclusion {
            entry: None,
            index: entry.seq,
            proof: ledger::inclusion(&all.leaves, entry.seq as usize),
            checkpoint: all.note.clone(),
        };
        bundle.proofs.inclusion(entry.seq, text.to_string());
    }
    let report = verify(&bytes(&bundle, &signer), &trusted()).unwrap();
    assert!(report.holds, "{:#?}", report.findings);
    assert!(!report.proved.iter().any(|text| text.contains("left out")));
    assert!(report.not_proved.iter().any(|text| text.contains("no further entry")));
}

#[test]
fn the_writer_refuses_what_no_verifier_would_accept() {
    let signer = ledger::signer();
    let refuse = |change: &dyn Fn(&mut EvidenceBundle)| {
        let mut bundle = ledger::bundle(&signer);
        change(&mut bundle);
        assert!(bundle.write(&signer, Drawn::Without, Vec::new()).is_err());
    };
    refuse(&|bundle| bundle.entries.swap(0, 1));
    refuse(&|bundle| bundle.entries[0].bytes = b"{".to_vec());
    refuse(&|bundle| bundle.origin = "logs.example.com/globex".to_owned());
    refuse(&|bundle| bundle.entries[0].contents[0].pointer = "/body/other".to_owned());
    refuse(&|bundle| {
        let erased = Content {
            seq: 3,
            pointer: "/body/guest".to_owned(),
            form: "sd".to_owned(),
            salt: Vec::new(),
            bytes: b"x".to_vec(),
        };
        bundle.entries[2].contents.push(erased);
    });
    let other = Ed25519Signer::from_seed(&[1; 32]);
    assert!(ledger::bundle(&signer).write(&other, Drawn::Without, Vec::new()).is_err());
}

#[test]
fn the_envelope_is_dsse_with_an_in_toto_statement() {
    let envelope = &unpack(&good())["manifest.dsse.json"];
    let key = ledger::key(&ledger::signer());
    let statement = adapters::dsse::open(envelope, &key, &StrictVerifier).unwrap();
    let text = |name: &str| statement.member(name).and_then(Value::as_str).unwrap();
    assert_eq!(text("_type"), "https://in-toto.io/Statement/v1");
    assert_eq!(text("predicateType"), "urn:factlog:bundle:1");
    assert_eq!(
        adapters::dsse::pre_authentication("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
}

#[test]
fn a_page_that_is_not_known_is_told_and_is_no_finding() {
    let said = |file: &[u8]| {
        let report = verify(file, &trusted()).unwrap();
        assert!(report.holds, "{:#?}", report.findings);
        report.not_proved.iter().any(|text| text.contains("index.html"))
    };
    assert!(!said(&good()));
    let other =
        signed_again(&good(), "index.html", |page| page.extend_from_slice(b"<!-- newer -->"));
    assert!(said(&other));
    let mut before = unpack(&good());
    before.remove("index.html");
    assert!(!said(&sealed(before)), "made before there was one");
    let unsigned =
        |members: &mut Members| drop(members.insert("index.html".to_owned(), b"green".to_vec()));
    check_repacked(unsigned, "index.html");
}

#[test]
fn what_leaves_the_canonical_form_or_stands_twice_does_not_hold() {
    let signer = ledger::signer();
    let check = |file: &[u8], what: &str| {
        let report = verify(file, &trusted()).unwrap();
        assert!(report.findings.iter().any(|f| f.what.contains(what)), "{:#?}", report.findings);
    };
    let line = |with: &'static str| {
        signed_again(&good(), "disclosures-000.jsonl", |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text.replacen("{", with, 1).into_bytes();
        })
    };
    check(&line("{ "), "canonical form");
    check(&line(r#"{"a":1,"#), "other members");
    let mut bundle = ledger::bundle(&signer);
    let entry = br#"{"kind": "x","tenant":"acme"}"#.to_vec();
    bundle.entries[0] = adapters::BundleEntry { seq: 1, bytes: entry, contents: Vec::new() };
    check(&bytes(&bundle, &signer), "canonical form");
    let manifest = String::from_utf8(unpack(&good())["manifest.json"].clone()).unwrap();
    let twice = manifest.replacen(
        r#""files":["#,
        r#""files":[{"path":"README.txt","sha256":"00","size":1},"#,
        1,
    );
    let twice = twice.replace(r#""00""#, &format!("\"{}\"", "0".repeat(64)));
    check(&with_manifest(unpack(&good()), twice.into_bytes()), "lists a file twice");
}

/// 540 entries of 60 kB go into two files; every third is left out, so that neither the lines nor
/// the proofs are one run.
#[test]
fn a_large_export_is_split_and_still_holds() {
    let signer = ledger::signer();
    let mut bundle = ledger::bundle(&signer);
    let padding = "x".repeat(60_000);
    let entries: Vec<Vec<u8>> = (0..540)
        .map(|n| {
            format!(
                r#"{{"body":{{"n":{n},"x":"{padding}"}},"kind":"system.event","tenant":"acme"}}"#
            )
            .into_bytes()
        })
        .collect();
    let leaves: Vec<_> = entries.iter().map(|bytes| replay_determinism::leaf_hash(bytes)).collect();
    bundle.query = ledger::query("actor", "anybody");
    bundle.root = ledger::root(&leaves);
    bundle.tree_size = 540;
    let head = store_traits::Head { size: 540, peaks: Vec::new(), root: bundle.root };
    bundle.checkpoint_note =
        audit_evidence::sign_checkpoint(ledger::ORIGIN, &head, &signer).unwrap();
    bundle.report.runs.clear();
    bundle.proofs = EntryProofs::default();
    for start in (0..540).step_by(3) {
        let proof = ledger::range(&leaves, start, start + 2);
        let text = ProofText::range(proof, None, bundle.checkpoint_note.clone());
        bundle.proofs.range(start as u64, start as u64 + 2, text.to_string());
    }
    bundle.entries = entries
        .into_iter()
        .enumerate()
        .filter(|(seq, _)| seq % 3 != 2)
        .map(|(seq, bytes)| adapters::BundleEntry { seq: seq as u64, bytes, contents: Vec::new() })
        .collect();
    let file = bytes(&bundle, &signer);
    assert!(unpack(&file).contains_key("entries-001.jsonl"));
    let report = verify(&file, &trusted()).unwrap();
    assert!(report.holds, "{:#?}", report.findings);
    assert_eq!(report.summary.entries, 360);
    assert!(report.proved.iter().any(|text| text.contains("each of the 180 ranges")));
}

#[cfg(feature = "pdf")]
#[test]
fn with_a_drawn_report_it_is_the_same_file_and_it_holds() {
    let signer = ledger::signer();
    let bundle = ledger::bundle(&signer);
    let make = || bundle.write(&signer, Drawn::With(&adapters::PdfRenderer), Vec::new()).unwrap();
    let first = make();
    assert!(first == make());
    assert!(holds(&first));
    assert!(unpack(&first)["report.pdf"].starts_with(b"%PDF-1.7"));
    if let Some(folder) = option_env!("FACTLOG_KEEP_PDF") {
        std::fs::write(format!("{folder}/bundle.zip"), &first).unwrap();
    }
}
