//! Drawing commands to PDF operators, and faces to embedded subsets.

use std::collections::BTreeMap;

use printpdf::{
    Codepoint, Color, FontId, FontMetrics, Mm, Op, PaintMode, ParsedFont, PdfDocument, PdfFont,
    PdfFontHandle, PdfPage, PdfSaveOptions, Pt, Rect, Rgb, TextItem, TextMatrix,
};
use rustybuzz::ttf_parser::GlyphId;
use subsetter::GlyphRemapper;

use super::canvas::{Colour, Draw, PAGE};
use super::face::{FaceId, Faces};
use super::shape::{Glyph, Run};
use crate::RenderError;

/// A face as it is embedded: only the glyphs that are used, renumbered.
#[derive(Default)]
struct Subset {
    remapper: GlyphRemapper,
    /// The text that each new glyph stands for, for copying out of the PDF.
    texts: BTreeMap<u16, String>,
    /// Widths in thousandths of an em, as the PDF reader will advance.
    widths: BTreeMap<u16, i64>,
}

/// Makes the document; ids are explicit, because the library's own come from a counter of the
/// process and would differ in the second document.
pub(super) fn emit(faces: &Faces, pages: &[Vec<Draw>]) -> Result<lopdf::Document, RenderError> {
    let subsets = collect(faces, pages);
    let mut pdf = PdfDocument::new("");
    for (face, subset) in &subsets {
        pdf.resources.fonts.map.insert(font_id(*face), embed(faces, *face, subset)?);
    }
    pdf.pages = pages
        .iter()
        .map(|draws| PdfPage::new(Mm(210.0), Mm(297.0), operators(&subsets, draws)))
        .collect();
    // Subsetting is done; the library's own needs a feature that doubles the build.
    let options =
        PdfSaveOptions { optimize: false, subset_fonts: false, ..PdfSaveOptions::default() };
    let mut warnings = Vec::new();
    let document = printpdf::to_lopdf_doc(&pdf, &options, &mut warnings);
    match warnings.first() {
        Some(warning) => Err(RenderError(format!("printpdf: {}", warning.msg))),
        None => Ok(document),
    }
}

fn font_id(face: FaceId) -> FontId {
    FontId(format!("F{face}"))
}

fn collect(faces: &Faces, pages: &[Vec<Draw>]) -> BTreeMap<FaceId, Subset> {
    let mut subsets: BTreeMap<FaceId, Subset> = BTreeMap::new();
    for draw in pages.iter().flatten() {
        let Draw::Glyphs { run, .. } = draw else { continue };
        let Some(face) = faces.face(run.face) else { continue };
        let em = i64::from(face.units_per_em()).max(1);
        let subset = subsets.entry(run.face).or_default();
        for glyph in &run.glyphs {
            let id = subset.remapper.remap(glyph.id);
            let advance = i64::from(face.glyph_hor_advance(GlyphId(glyph.id)).unwrap_or(0));
            subset.widths.insert(id, advance * 1000 / em);
            let text = subset.texts.entry(id).or_default();
            if text.is_empty() {
                text.clone_from(&glyph.text);
            }
        }
    }
    subsets
}

fn embed(faces: &Faces, id: FaceId, subset: &Subset) -> Result<PdfFont, RenderError> {
    let gone = || RenderError(format!("face {id} does not exist"));
    let (name, bytes) = Faces::source(id).ok_or_else(gone)?;
    let face = faces.face(id).ok_or_else(gone)?;
    let program = subsetter::subset(bytes, 0, &subset.remapper)
        .map_err(|error| RenderError(format!("the font {name} cannot be subset: {error}")))?;
    // Widths are given in thousandths already, so the face's units are said to be thousandths.
    let em = f32::from(u16::try_from(face.units_per_em()).unwrap_or(1000)).max(1.0);
    let scaled = |value: i16| (f32::from(value) * 1000.0 / em).round() as i16;
    let widths = subset
        .widths
        .iter()
        .map(|(glyph, width)| (*glyph, u16::try_from(*width).unwrap_or(0)))
        .collect();
    let metrics =
        FontMetrics { ascent: scaled(face.ascender()), descent: scaled(face.descender()) };
    let tag: String = ('A'..='Z').nth(id).into_iter().collect();
    let mut font = ParsedFont::with_glyph_data(
        program,
        0,
        Some(format!("FCTLG{tag}+{name}")),
        BTreeMap::new(),
        widths,
        1000,
        metrics,
    );
    let bounds = face.global_bounding_box();
    font.pdf_font_metrics.x_min = scaled(bounds.x_min);
    font.pdf_font_metrics.y_min = scaled(bounds.y_min);
    font.pdf_font_metrics.x_max = scaled(bounds.x_max);
    font.pdf_font_metrics.y_max = scaled(bounds.y_max);
    font.pdf_font_metrics.us_weight_class = face.weight().to_number();
    Ok(PdfFont::new(font))
}

fn operators(subsets: &BTreeMap<FaceId, Subset>, draws: &[Draw]) -> Vec<Op> {
    let mut ops = Vec::new();
    let mut current = None;
    let mut fill = |ops: &mut Vec<Op>, colour: Colour| {
        if current != Some(colour) {
            current = Some(colour);
            ops.push(Op::SetFillColor { col: rgb(colour) });
        }
    };
    for draw in draws {
        match draw {
            Draw::Rect { x, y, width, height, colour } => {
                fill(&mut ops, *colour);
                ops.push(Op::DrawRectangle {
                    rectangle: Rect {
                        x: Pt(round(*x)),
                        y: Pt(round(PAGE.1 - y - height)),
                        width: Pt(round(*width)),
                        height: Pt(round(*height)),
                        mode: Some(PaintMode::Fill),
                        winding_order: None,
                    },
                });
            }
            Draw::Glyphs { run, x, y, size, colour } => {
                let Some(subset) = subsets.get(&run.face) else { continue };
                fill(&mut ops, *colour);
                ops.push(Op::StartTextSection);
                ops.push(Op::SetFont {
                    font: PdfFontHandle::External(font_id(run.face)),
                    size: Pt(*size),
                });
                show(&mut ops, subset, run, (*x, PAGE.1 - *y), *size);
                ops.push(Op::EndTextSection);
            }
        }
    }
    ops
}

/// Shows a run as few strings. The reader advances by whole thousandths; where shaping wants
/// another place (kerning, rounding) the difference goes in between, and a glyph that is moved off
/// the line starts a string of its own.
fn show(ops: &mut Vec<Op>, subset: &Subset, run: &Run, (x, y): (f32, f32), size: f32) {
    let mut pending: Vec<Codepoint> = Vec::new();
    let mut origin = 0.0_f32;
    let (mut wanted, mut pen) = (0.0_f32, 0.0_f32);
    let flush = |ops: &mut Vec<Op>, pending: &mut Vec<Codepoint>, at: f32, dy: f32| {
        if pending.is_empty() {
            return;
        }
        let (at, dy) = (round(x + at / 1000.0 * size), round(y + dy * size));
        ops.push(Op::SetTextMatrix { matrix: TextMatrix::Translate(Pt(at), Pt(dy)) });
        ops.push(Op::ShowText { items: vec![TextItem::GlyphIds(std::mem::take(pending))] });
    };
    for glyph in &run.glyphs {
        let Glyph { id, advance, dx, dy, .. } = glyph;
        let Some(id) = subset.remapper.get(*id) else { continue };
        let text = subset.texts.get(&id).cloned().unwrap_or_default();
        if *dx != 0.0 || *dy != 0.0 {
            flush(ops, &mut pending, origin, 0.0);
            let mut alone = vec![Codepoint::with_cid(id, 0.0, text)];
            flush(ops, &mut alone, wanted + dx * 1000.0, *dy);
            wanted += advance * 1000.0;
            (origin, pen) = (wanted, wanted);
            continue;
        }
        let width = subset.widths.get(&id).copied().unwrap_or(0) as f32;
        wanted += advance * 1000.0;
        pen += width;
        let correction = (pen - wanted).round();
        pen -= correction;
        pending.push(Codepoint::with_cid(id, correction, text));
    }
    flush(ops, &mut pending, origin, 0.0);
}

fn rgb(Colour(r, g, b): Colour) -> Color {
    let part = |value: u8| (f32::from(value) / 255.0 * 1000.0).round() / 1000.0;
    Color::Rgb(Rgb { r: part(r), g: part(g), b: part(b), icc_profile: None })
}

/// Hundredths of a point are below what anybody sees, and keep the file small.
fn round(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}
