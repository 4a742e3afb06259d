//! The PDF report, looked at from outside.
#![cfg(feature = "pdf")]

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
