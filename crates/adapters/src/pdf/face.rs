//! The faces that a report may use, parsed once per document.

use rustybuzz::Face;
use rustybuzz::ttf_parser::GlyphId;

use crate::RenderError;

/// Which family a text asks for; a character that its face lacks falls back face by face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Sans,
    Bold,
    Mono,
}

/// A face's place in [`SOURCES`].
pub(super) type FaceId = usize;

const SANS: FaceId = 0;
const BOLD: FaceId = 1;
const MONO: FaceId = 2;

/// PDF name and file of each face.
const SOURCES: [(&str, &[u8]); 7] = [
    ("NotoSans", include_bytes!("../../fonts/NotoSans-Regular.ttf")),
    ("NotoSans-Bold", include_bytes!("../../fonts/NotoSans-Bold.ttf")),
    ("DejaVuSansMono", include_bytes!("../../fonts/DejaVuSansMono.ttf")),
    ("NotoSansArabic", include_bytes!("../../fonts/NotoSansArabic-Regular.ttf")),
    ("NotoSansHebrew", include_bytes!("../../fonts/NotoSansHebrew-Regular.ttf")),
    ("NotoSansThai", include_bytes!("../../fonts/NotoSansThai-Regular.ttf")),
    ("DroidSansFallback", include_bytes!("../../fonts/DroidSansFallback.ttf")),
];

pub(super) struct Faces(Vec<Face<'static>>);

impl Faces {
    pub(super) fn load() -> Result<Self, RenderError> {
        SOURCES
            .iter()
            .map(|(name, bytes)| {
                Face::from_slice(bytes, 0)
                    .ok_or_else(|| RenderError(format!("the font {name} cannot be parsed")))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn face(&self, id: FaceId) -> Option<&Face<'static>> {
        self.0.get(id)
    }

    pub(super) fn source(id: FaceId) -> Option<(&'static str, &'static [u8])> {
        SOURCES.get(id).copied()
    }

    pub(super) fn has(&self, id: FaceId, c: char) -> bool {
        self.glyph(id, c).is_some()
    }

    fn glyph(&self, id: FaceId, c: char) -> Option<GlyphId> {
        self.face(id)?.glyph_index(c).filter(|glyph| glyph.0 != 0)
    }

    /// The first face, in the family's order, that has the character.
    pub(super) fn for_char(&self, family: Family, c: char) -> Option<FaceId> {
        // The monospaced face comes late: it has Arabic too, but no prose is set in it.
        let order: [FaceId; 7] = match family {
            Family::Sans => [SANS, 3, 4, 5, MONO, 6, SANS],
            Family::Bold => [BOLD, SANS, 3, 4, 5, MONO, 6],
            Family::Mono => [MONO, SANS, 3, 4, 5, 6, MONO],
        };
        order.into_iter().find(|id| self.has(*id, c))
    }
}
