//! Bundles of a period: what lies at its borders, and which criteria its entries speak to.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::io::Cursor;

use adapters::{EvidenceBundle, Sample, SampleOf, sample_bundle};
use audit_evidence::ProofText;
use common::ledger;
use common::members::{bytes, signed_again, trusted, unpack, verify};
use store_traits::{Object, Value};

fn at(second: u8) -> Value {
    format!("2026-11-23T08:32:{second:02}.000000000Z").into()
}

/// Entries `[start, end)` of the six, of which each was recorded one second after the one before; asked
/// for are those of the seconds 2 and 3.
fn of_period(profile: &str, start: usize, end: usize) -> EvidenceBundle {
    let signer = ledger::signer();
    let ledger::Ledger { entries, leaves, note } = ledger::ledger(&signer);
    let mut bundle = ledger::bundle(&signer);
    bundle.query = Object::from([
        ("profile", profile.into()),
        ("tenant", "acme".into()),
        ("withhold", "content".into()),
        ("since", at(2)),
        ("until", at(4)),
    ]);
    bundle.entries = entries.into_iter().skip(start).take(end - start).collect();
    bundle.entries.iter_mut().for_each(|entry| entry.contents.clear());
    let proof = ledger::range(&leaves, start, end);
    bundle.proofs = Default::default();
    let text = ProofText::range(proof, None, note).to_string();
    bundle.proofs.range(start as u64, end as u64, text);
    bundle.report.runs.clear();
    bundle
}

fn file(bundle: &EvidenceBundle) -> Vec<u8> {
    bytes(bundle, &ledger::signer())
}

#[test]
fn entries_at_its_borders_show_that_nothing_recorded_in_it_was_left_out() {
    let report = verify(&file(&of_period("evidence", 1, 5)), &trusted()).unwrap();
    assert!(report.holds, "{:#?}", report.findings);
    insta::assert_debug_snapshot!("a_period_with_its_borders", (report.proved, report.not_proved));
}

#[test]
fn without_a_border_nothing_of_the_kind_is_claimed() {
    for (start, end) in [(2, 5), (1, 4), (2, 4)] {
        let report = verify(&file(&of_period("evidence", start, end)), &trusted()).unwrap();
        assert!(report.holds, "{:#?}", report.findings);
        assert!(!report.proved.iter().any(|text| text.contains("Of what was recorded")));
        assert!(report.not_proved.iter().any(|text| text.contains("no further entry")));
    }
}

#[test]
fn a_soc2_package_names_the_entries_of_the_period_and_no_others() {
    let members = unpack(&file(&of_period("soc2", 1, 5)));
    let text = |name: &str| String::from_utf8(members[name].clone()).unwrap();
    insta::assert_snapshot!("soc2_criteria", text("soc2-criteria.json").replace("},{", "},\n{"));
    insta::assert_snapshot!("soc2_report", text("report.json").replace("},{", "},\n{"));
    assert!(text("README.txt").contains("soc2-criteria.json"));
    assert!(!unpack(&file(&of_period("evidence", 1, 5))).contains_key("soc2-criteria.json"));
}

/// Also whoever holds the key cannot make a criterion supported by other entries than those that are there.
#[test]
fn a_signed_package_that_says_otherwise_than_its_entries_does_not_hold() {
    let good = file(&of_period("soc2", 1, 5));
    assert!(verify(&good, &trusted()).unwrap().holds);
    let replace = |name: &str, from: &str, to: &str| {
        let changed = signed_again(&good, name, |member| {
            let text = String::from_utf8(member.clone()).unwrap();
            assert!(text.contains(from), "{name}: {text}");
            *member = text.replacen(from, to, 1).into_bytes();
        });
        let report = verify(&changed, &trusted()).unwrap();
        assert!(!report.holds);
        let places: Vec<&str> = report.findings.iter().map(|found| found.place.as_str()).collect();
        assert_eq!(places, [name], "{:#?}", report.findings);
    };
    let unchanged = signed_again(&good, "soc2-criteria.json", |_| {});
    assert!(verify(&unchanged, &trusted()).unwrap().holds);
    replace("soc2-criteria.json", "not evidenced", "supports");
    replace("soc2-criteria.json", "\"entries\":2", "\"entries\":3");
    replace("report.json", "not evidenced", "supports");
    replace("report.json", "\"run.step\":2", "\"run.step\":1");
}

/// Each entry's lot is the SHA-256 of a text that anybody can hash.
#[test]
fn a_sample_is_drawn_from_the_root_and_the_seed_and_never_from_the_borders() {
    let bundle = of_period("evidence", 1, 5);
    let file = file(&bundle);
    let draw = |seed: &str, count: usize, kind: Option<&str>| {
        let of = SampleOf { seed: seed.to_owned(), count, kind: kind.map(str::to_owned) };
        sample_bundle(&mut Cursor::new(&file), &of).unwrap()
    };
    let seqs = |sample: &Sample| sample.drawn.iter().map(|drawn| drawn.seq).collect::<Vec<_>>();
    let all = draw("", 25, None);
    assert_eq!((all.population, seqs(&all)), (2, vec![2, 3]));
    assert_eq!(draw("", 25, Some("run.completed")).population, 0);
    assert_eq!(draw("", 0, None).drawn, []);
    let mut both = [false; 2];
    for seed in (0..20).map(|n| n.to_string()) {
        let lot = |seq: u64| {
            replay_determinism::sha256(format!("{seq} {} {seed}", bundle.root).as_bytes())
        };
        let first = if lot(2) < lot(3) { 2 } else { 3 };
        assert_eq!(seqs(&draw(&seed, 1, None)), [first]);
        both[(first - 2) as usize] = true;
    }
    assert_eq!(both, [true, true], "the seed decides");
}

#[cfg(feature = "pdf")]
#[test]
fn its_pages_are_drawn() {
    use adapters::{Drawn, PdfRenderer};
    let signer = ledger::signer();
    let bundle = of_period("soc2", 1, 5);
    let make = || bundle.write(&signer, Drawn::With(&PdfRenderer), Vec::new()).unwrap();
    let first = make();
    assert!(first == make());
    let document = lopdf::Document::load_mem(&unpack(&first)["report.pdf"]).unwrap();
    assert_eq!(document.get_pages().len(), 4, "cover, criteria, overview, integrity");
}
