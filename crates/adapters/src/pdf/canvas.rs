//! Pages of drawing commands; y grows downwards from the top, lengths in points.

use super::face::{Faces, Family};
use super::shape::{Run, Shaped, shape};

/// A4.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);

/// An RGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

/// Body text.
pub(super) const INK: Colour = Colour(0x1C, 0x22, 0x2B);
/// Labels and what is secondary.
pub(super) const MUTED: Colour = Colour(0x6A, 0x73, 0x80);
/// Rules.
pub(super) const HAIRLINE: Colour = Colour(0xDD, 0xE1, 0xE6);
/// Panels.
pub(super) const PANEL: Colour = Colour(0xF5, 0xF7, 0xF8);
/// The one accent.
pub(super) const ACCENT: Colour = Colour(0x1B, 0x5E, 0x6B);
/// Bars behind the accent.
pub(super) const ACCENT_LIGHT: Colour = Colour(0x9C, 0xC3, 0xC9);
/// Errors, and nothing else.
pub(super) const ALERT: Colour = Colour(0xA8, 0x3B, 0x2B);

/// The most lines of one text.
const MAX_LINES: usize = 8;

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) family: Family,
    pub(super) size: f32,
    pub(super) colour: Colour,
}

pub(super) const fn style(family: Family, size: f32, colour: Colour) -> Style {
    Style { family, size, colour }
}

/// Where a text is hung up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Align {
    Left,
    Right,
}

/// A drawing command.
#[derive(Debug, Clone)]
pub(super) enum Draw {
    Glyphs { run: Run, x: f32, y: f32, size: f32, colour: Colour },
    Rect { x: f32, y: f32, width: f32, height: f32, colour: Colour },
}

/// Something that the outline points at.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    pub(super) title: String,
    pub(super) page: usize,
    pub(super) y: f32,
    pub(super) depth: usize,
}

pub(super) struct Canvas<'f> {
    faces: &'f Faces,
    pub(super) pages: Vec<Vec<Draw>>,
    pub(super) headings: Vec<Heading>,
    /// The page that is drawn on.
    current: usize,
}

impl<'f> Canvas<'f> {
    pub(super) fn new(faces: &'f Faces) -> Self {
        Self { faces, pages: Vec::new(), headings: Vec::new(), current: 0 }
    }

    /// Starts a page.
    pub(super) fn page(&mut self) {
        self.current = self.pages.len();
        self.pages.push(Vec::new());
    }

    /// Goes back to a page that is laid out already (for headers and footers).
    pub(super) fn back_to(&mut self, page: usize) {
        self.current = page;
    }

    pub(super) fn heading(&mut self, title: &str, depth: usize, y: f32) {
        let page = self.current;
        self.headings.push(Heading { title: title.to_owned(), page, y, depth });
    }

    pub(super) fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        self.push(Draw::Rect { x, y, width, height, colour });
    }

    pub(super) fn rule(&mut self, x: f32, y: f32, width: f32) {
        self.rect(x, y, width, 0.6, HAIRLINE);
    }

    /// Draws a line of text with its baseline at `y` and gives its width.
    pub(super) fn text(&mut self, x: f32, y: f32, align: Align, style: Style, text: &str) -> f32 {
        let Shaped { runs, width } = shape(self.faces, style.family, text);
        let width = width * style.size;
        let mut x = match align {
            Align::Left => x,
            Align::Right => x - width,
        };
        for run in runs {
            let advance: f32 = run.glyphs.iter().map(|glyph| glyph.advance).sum();
            let Style { size, colour, .. } = style;
            self.push(Draw::Glyphs { run, x, y, size, colour });
            x += advance * size;
        }
        width
    }

    /// Draws text in lines of at most `width` and gives the baseline of the line after.
    pub(super) fn paragraph(
        &mut self,
        (x, y): (f32, f32),
        width: f32,
        leading: f32,
        style: Style,
        text: &str,
    ) -> f32 {
        let mut y = y;
        for line in self.wrap(style, width, text) {
            self.text(x, y, Align::Left, style, &line);
            y += leading;
        }
        y
    }

    pub(super) fn width(&self, style: Style, text: &str) -> f32 {
        shape(self.faces, style.family, text).width * style.size
    }

    /// Breaks text at spaces; a word that is wider than a line is broken anywhere. What is longer
    /// than [`MAX_LINES`] ends in an ellipsis: a hostile value must not push the rest off the page.
    pub(super) fn wrap(&self, style: Style, width: f32, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            if lines.len() > MAX_LINES {
                break;
            }
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(style, &longer) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                if lines.len() > MAX_LINES {
                    break;
                }
                line.push(c);
                if self.width(style, &line) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::take(&mut line));
                    line.push(c);
                }
            }
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        if lines.len() > MAX_LINES {
            lines.truncate(MAX_LINES);
            if let Some(last) = lines.last_mut() {
                last.push('…');
            }
        }
        lines
    }

    /// The text, cut with an ellipsis if it is wider than `width`.
    pub(super) fn fit(&self, style: Style, width: f32, text: &str) -> String {
        // Bounds the work for a hostile name; no line holds that many characters.
        let text: String = text.chars().take(400).collect();
        if self.width(style, &text) <= width {
            return text;
        }
        let chars: Vec<char> = text.chars().collect();
        let (mut fits, mut over) = (0, chars.len());
        while over - fits > 1 {
            let middle = fits.midpoint(over);
            let mut cut: String = chars.iter().take(middle).collect();
            cut.push('…');
            if self.width(style, &cut) <= width { fits = middle } else { over = middle }
        }
        let mut cut: String = chars.into_iter().take(fits).collect();
        cut.push('…');
        cut
    }

    fn push(&mut self, draw: Draw) {
        if let Some(page) = self.pages.get_mut(self.current) {
            page.push(draw);
        }
    }
}
