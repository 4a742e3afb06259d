//! The step table: breaks across pages, its head again on each.

use super::canvas::{ACCENT, ACCENT_LIGHT, ALERT, Align, Canvas, HAIRLINE, INK, MUTED, style};
use super::face::Family;
use super::number::{duration, grouped};
use super::pages::{BOTTOM, LEFT, RIGHT, TOP};
use crate::{RunReport, StepRow};

/// Right edges and left edges of the columns, from the page's left.
const NUMBER: f32 = LEFT + 18.0;
const NAME: f32 = LEFT + 30.0;
const NAME_WIDTH: f32 = 170.0;
const BAR: f32 = NAME + NAME_WIDTH + 12.0;
const BAR_WIDTH: f32 = 70.0;
const START: f32 = BAR + BAR_WIDTH + 57.0;
const TOOK: f32 = START + 52.0;
const TOKENS_OUT: f32 = RIGHT;
const ROW: f32 = 17.0;
/// How far a step under another is moved in, and how deep that is still shown.
const INDENT: f32 = 9.0;
const MAX_INDENT: u32 = 8;

/// Draws the table from `y` and gives the line after it.
pub(super) fn draw(canvas: &mut Canvas<'_>, run: &RunReport, y: f32) -> f32 {
    let total = run
        .steps
        .iter()
        .map(|step| step.offset_ms.saturating_add(step.duration_ms.unwrap_or(0)))
        .max()
        .unwrap_or(0)
        .max(1);
    let mut y = head(canvas, y);
    for step in &run.steps {
        let height = if step.error.is_some() { ROW + 11.0 } else { ROW };
        if y + height > BOTTOM {
            canvas.page();
            y = head(canvas, TOP + 12.0);
        }
        row(canvas, step, total, y);
        y += height;
        canvas.rect(LEFT, y - 11.5, RIGHT - LEFT, 0.4, HAIRLINE);
    }
    y
}

fn head(canvas: &mut Canvas<'_>, y: f32) -> f32 {
    let label = style(Family::Bold, 7.0, MUTED);
    canvas.text(NUMBER, y, Align::Right, label, "#");
    canvas.text(NAME, y, Align::Left, label, "Step");
    canvas.text(BAR, y, Align::Left, label, "When");
    canvas.text(START, y, Align::Right, label, "Start");
    canvas.text(TOOK, y, Align::Right, label, "Duration");
    canvas.text(TOKENS_OUT, y, Align::Right, label, "Tokens in / out");
    canvas.rect(LEFT, y + 5.5, RIGHT - LEFT, 0.8, ACCENT);
    y + 18.5
}

fn row(canvas: &mut Canvas<'_>, step: &StepRow, total: u64, y: f32) {
    let number = style(Family::Sans, 8.0, INK);
    let muted = style(Family::Sans, 7.0, MUTED);
    canvas.text(NUMBER, y, Align::Right, style(Family::Sans, 8.0, MUTED), &grouped(step.number));

    let indent = step.depth.min(MAX_INDENT) as f32 * INDENT;
    let class = step.class.replace('_', " ");
    let class_width = canvas.width(muted, &class);
    let family = if step.depth == 0 { Family::Bold } else { Family::Sans };
    let name = style(family, 8.5, INK);
    let shown = canvas.fit(name, NAME_WIDTH - indent - class_width - 8.0, &step.name);
    let used = canvas.text(NAME + indent, y, Align::Left, name, &shown);
    canvas.text(NAME + indent + used + 6.0, y, Align::Left, muted, &class);

    // A bar shows where in the run the step lies; at least wide enough to be seen.
    let share = |ms: u64| (ms.min(total) as f64 / total as f64) as f32 * BAR_WIDTH;
    let width = share(step.duration_ms.unwrap_or(0)).max(1.2);
    let start = share(step.offset_ms).min(BAR_WIDTH - width);
    canvas.rect(BAR, y - 3.0, BAR_WIDTH, 0.4, HAIRLINE);
    let colour = if step.error.is_some() {
        ALERT
    } else if step.depth == 0 {
        ACCENT_LIGHT
    } else {
        ACCENT
    };
    canvas.rect(BAR + start, y - 5.3, width, 5.0, colour);

    canvas.text(START, y, Align::Right, number, &format!("+{}", duration(step.offset_ms)));
    let took = step.duration_ms.map_or_else(|| "–".to_owned(), duration);
    canvas.text(TOOK, y, Align::Right, number, &took);
    if step.input_tokens.is_some() || step.output_tokens.is_some() {
        let tokens = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), grouped);
        let text = format!("{} / {}", tokens(step.input_tokens), tokens(step.output_tokens));
        canvas.text(TOKENS_OUT, y, Align::Right, number, &text);
    }
    if let Some(error) = &step.error {
        let alert = style(Family::Sans, 7.5, ALERT);
        let text = canvas.fit(alert, RIGHT - NAME - indent, &format!("Error: {error}"));
        canvas.text(NAME + indent, y + 10.5, Align::Left, alert, &text);
    }
}
