//! The PDF report, looked at from outside.
#![cfg(feature = "pdf")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use adapters::{PdfRenderer, ReportRenderer as _};

#[test]
fn the_same_report_gives_the_same_bytes_twice_in_one_process() {
    let report = common::report();
    let first = PdfRenderer.render(&report).unwrap();
    let second = PdfRenderer.render(&report).unwrap();
    assert!(first == second);
    if let Some(folder) = option_env!("FACTLOG_KEEP_PDF") {
        std::fs::write(format!("{folder}/report.pdf"), &first).unwrap();
    }
}

/// These bytes are signed in bundles that exist: whoever changes them does so on purpose, and says
/// so in the report's version.
#[test]
fn the_golden_report_keeps_its_bytes() {
    let bytes = PdfRenderer.render(&common::report()).unwrap();
    insta::assert_snapshot!(replay_determinism::sha256(&bytes).to_string());
}

#[test]
fn it_has_pages_an_outline_metadata_and_no_font_that_is_not_embedded() {
    let bytes = PdfRenderer.render(&common::report()).unwrap();
    let document = lopdf::Document::load_mem(&bytes).unwrap();
    assert_eq!(document.get_pages().len(), 4);
    let catalog = document.catalog().unwrap();
    assert_eq!(catalog.get(b"PageMode").unwrap().as_name().unwrap(), b"UseOutlines");
    for member in [&b"Outlines"[..], b"Metadata", b"OutputIntents", b"Lang"] {
        assert!(catalog.has(member));
    }
    let descriptors: Vec<_> = document
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok())
        .filter(|dict| dict.has_type(b"FontDescriptor"))
        .collect();
    assert!(descriptors.len() >= 5);
    assert!(descriptors.iter().all(|dict| dict.has(b"FontFile2")));
}

#[test]
fn an_empty_report_and_an_absurd_one_are_drawn() {
    let mut report = common::report();
    report.runs.clear();
    assert!(PdfRenderer.render(&report).is_ok());

    let mut report = common::report();
    report.title = "\u{202E}x".repeat(300);
    report.integrity.vkey = "v".repeat(4_000);
    for step in &mut report.runs[0].steps {
        step.name = "\u{0}\u{1F642}אب".repeat(200);
        step.error = Some("e".repeat(10_000));
        (step.depth, step.offset_ms, step.duration_ms) = (u32::MAX, u64::MAX, Some(u64::MAX));
        (step.input_tokens, step.output_tokens) = (Some(u64::MAX), Some(u64::MAX));
    }
    assert!(PdfRenderer.render(&report).is_ok());
}
