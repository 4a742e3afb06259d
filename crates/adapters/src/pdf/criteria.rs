//! The criteria of a SOC 2 package, each with the entries that speak to it.

use super::canvas::{ACCENT, Align, Canvas, HAIRLINE, INK, MUTED, style};
use super::face::Family;
use super::number::grouped;
use super::pages::{BODY, LEFT, RIGHT, WIDTH, part_title, room};
use crate::{Criterion, Shown, Soc2Package, Support};

/// Stretches of entries that are named; the package's data has all.
const MOST_RANGES: usize = 6;
const ABOUT: f32 = LEFT + 62.0;
const LEADING: f32 = 13.0;

pub(super) fn draw(canvas: &mut Canvas<'_>, package: &Soc2Package) {
    canvas.page();
    let y = part_title(canvas, 0, "SOC 2 criteria");
    let text = format!(
        "Which of the {} entries of the period speak to which of the Trust Services Criteria. This is \
         evidence and no conclusion: whether a control is designed well and works is for the auditor to \
         say. Criteria that a log of agents says nothing of are left out.",
        grouped(package.entries())
    );
    let mut y = canvas.paragraph((LEFT, y), WIDTH, 14.0, BODY, &text) + 14.0;
    for criterion in package.criteria() {
        y = part(canvas, criterion, y);
    }
}

fn part(canvas: &mut Canvas<'_>, criterion: &Criterion, y: f32) -> f32 {
    let lines = criterion.evidence().len().max(1) as f32;
    let mut y = room(canvas, y, 20.0 + lines * LEADING);
    canvas.heading(criterion.id(), 1, y);
    canvas.rect(LEFT, y - 12.0, WIDTH, 0.4, HAIRLINE);
    canvas.text(LEFT, y, Align::Left, style(Family::Bold, 9.5, INK), criterion.id());
    let (word, colour) = match criterion.support() {
        Support::Supports => ("supports", ACCENT),
        Support::Partial => ("supports in part", ACCENT),
        Support::NotEvidenced => ("no evidence in the period", MUTED),
    };
    let word_style = style(Family::Bold, 8.0, colour);
    let word_width = canvas.text(RIGHT, y, Align::Right, word_style, word);
    let about = canvas.fit(BODY, RIGHT - ABOUT - word_width - 12.0, criterion.about());
    canvas.text(ABOUT, y, Align::Left, BODY, &about);
    y += LEADING + 1.0;
    for shown in criterion.evidence() {
        let muted = style(Family::Sans, 8.0, MUTED);
        let text = canvas.fit(muted, RIGHT - ABOUT, &line(shown));
        canvas.text(ABOUT, y, Align::Left, muted, &text);
        y += LEADING;
    }
    y + 8.0
}

fn line(shown: &Shown) -> String {
    let mut places: Vec<String> = shown
        .ranges()
        .iter()
        .take(MOST_RANGES)
        .map(|(start, end)| match end - start {
            1 => grouped(*start),
            _ => format!("{} to {}", grouped(*start), grouped(end - 1)),
        })
        .collect();
    if shown.ranges().len() > MOST_RANGES {
        places.push("…".to_owned());
    }
    let entries = match shown.entries() {
        1 => "entry".to_owned(),
        n => format!("{} entries:", grouped(n)),
    };
    format!("{}: {entries} {}", shown.what(), places.join(", "))
}
