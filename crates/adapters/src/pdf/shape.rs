//! Text to glyphs: bidirectional order, a face for each character, shaping.

use std::ops::Range;

use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::BidiInfo;

use super::face::{FaceId, Faces, Family};

/// A glyph; lengths in em.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    pub(super) id: u16,
    pub(super) advance: f32,
    pub(super) dx: f32,
    pub(super) dy: f32,
    /// The characters it stands for, empty for the second and later glyphs of a cluster.
    pub(super) text: String,
}

/// Glyphs of one face.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) face: FaceId,
    pub(super) glyphs: Vec<Glyph>,
}

/// A line of text in visual order.
#[derive(Debug, Clone, Default)]
pub(super) struct Shaped {
    pub(super) runs: Vec<Run>,
    /// Width in em.
    pub(super) width: f32,
}

/// Shapes one line.
pub(super) fn shape(faces: &Faces, family: Family, text: &str) -> Shaped {
    let text = visible(faces, family, text);
    let bidi = BidiInfo::new(&text, None);
    let mut shaped = Shaped::default();
    for paragraph in &bidi.paragraphs {
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let rtl = levels.get(run.start).is_some_and(|level| level.is_rtl());
            let mut pieces = by_face(faces, family, &text, run);
            if rtl {
                pieces.reverse();
            }
            for (face, range) in pieces {
                let piece = text.get(range).unwrap_or_default();
                shape_piece(faces, face, piece, rtl, &mut shaped);
            }
        }
    }
    shaped
}

/// What would vanish or mislead is written out: a character that no face has, and the invisible
/// controls that can make a line read otherwise than it is stored. Line breaks become spaces.
fn visible(faces: &Faces, family: Family, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let steers = matches!(c,
            '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{FEFF}' | '\u{00AD}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}');
        if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}') {
            out.push(' ');
        } else if c.is_control() || steers || faces.for_char(family, c).is_none() {
            out.push_str(&format!("[U+{:04X}]", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Cuts a run where the face changes. A space or joiner stays with its neighbour's face.
fn by_face(
    faces: &Faces,
    family: Family,
    text: &str,
    run: Range<usize>,
) -> Vec<(FaceId, Range<usize>)> {
    let mut pieces: Vec<(FaceId, Range<usize>)> = Vec::new();
    let start = run.start;
    for (at, c) in text.get(run).unwrap_or_default().char_indices() {
        let (from, to) = (start + at, start + at + c.len_utf8());
        let glue = c == ' ' || matches!(c, '\u{0300}'..='\u{036F}' | '\u{200C}' | '\u{200D}');
        match pieces.last_mut() {
            Some((face, range)) if glue && faces.has(*face, c) => range.end = to,
            last => {
                let Some(wanted) = faces.for_char(family, c) else { continue };
                match last {
                    Some((face, range)) if *face == wanted => range.end = to,
                    _ => pieces.push((wanted, from..to)),
                }
            }
        }
    }
    pieces
}

fn shape_piece(faces: &Faces, id: FaceId, text: &str, rtl: bool, out: &mut Shaped) {
    let Some(face) = faces.face(id) else { return };
    let em = face.units_per_em() as f32;
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.set_direction(if rtl { Direction::RightToLeft } else { Direction::LeftToRight });
    buffer.guess_segment_properties();
    let glyphs = rustybuzz::shape(face, &[], buffer);

    // A cluster's text goes from its first byte to where the next cluster begins.
    let mut starts: Vec<usize> = glyphs.glyph_infos().iter().map(|g| g.cluster as usize).collect();
    starts.push(text.len());
    starts.sort_unstable();
    starts.dedup();
    let cluster_text = |from: usize| -> String {
        let end = starts.iter().copied().find(|start| *start > from).unwrap_or(text.len());
        text.get(from..end).unwrap_or_default().to_owned()
    };

    let mut previous = None;
    let run = glyphs
        .glyph_infos()
        .iter()
        .zip(glyphs.glyph_positions())
        .map(|(info, position)| {
            let cluster = info.cluster as usize;
            let text =
                if previous == Some(cluster) { String::new() } else { cluster_text(cluster) };
            previous = Some(cluster);
            let advance = position.x_advance as f32 / em;
            out.width += advance;
            Glyph {
                id: u16::try_from(info.glyph_id).unwrap_or(0),
                advance,
                dx: position.x_offset as f32 / em,
                dy: position.y_offset as f32 / em,
                text,
            }
        })
        .collect();
    out.runs.push(Run { face: id, glyphs: run });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, wanted: &str) {
        let faces = Faces::load().unwrap();
        let shaped = shape(&faces, Family::Sans, text);
        let glyphs: Vec<&Glyph> = shaped.runs.iter().flat_map(|run| &run.glyphs).collect();
        assert!(glyphs.iter().all(|glyph| glyph.id != 0), "a glyph is missing: {glyphs:?}");
        let shown: String = glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
        assert_eq!(shown, wanted);
    }

    #[test]
    fn no_character_vanishes() {
        check("plain", "plain");
        check("smile \u{1F642}", "smile [U+1F642]");
        check("日本語 Привет ไทย", "日本語 Привет ไทย");
        check("a\tb\u{7}", "a b[U+0007]");
    }

    #[test]
    fn controls_that_reorder_a_line_are_written_out() {
        check("pay\u{202E}001", "pay[U+202E]001");
    }

    #[test]
    fn right_to_left_text_stands_in_visual_order() {
        check("abc אבג", "abc גבא");
    }
}
