//! The PDF report, drawn with printpdf.
//!
//! `pages` lays the report out on a `canvas`, which shapes text (`shape`) with the embedded faces
//! (`face`); `emit` turns drawing commands into operators and embeds font subsets; `finish` mends
//! what the library leaves open and writes the file. The same report gives the same bytes.

mod canvas;
mod criteria;
mod emit;
mod face;
mod finish;
mod number;
mod overview;
mod pages;
mod shape;
mod steps;

use crate::{RenderError, Report, ReportRenderer};

/// Draws reports as PDF.
#[derive(Debug, Clone, Copy, Default)]
pub struct PdfRenderer;

impl ReportRenderer for PdfRenderer {
    fn render(&self, report: &Report) -> Result<Vec<u8>, RenderError> {
        let faces = face::Faces::load()?;
        let mut canvas = canvas::Canvas::new(&faces);
        pages::draw(&mut canvas, report);
        let document = emit::emit(&faces, &canvas.pages)?;
        finish::finish(document, report, &canvas.headings)
    }
}
