//! The pages: cover, a part for each run, integrity; then header and footer on each.

use super::canvas::{ACCENT, Align, Canvas, HAIRLINE, INK, MUTED, PAGE, PANEL, Style, style};
use super::face::Family;
use super::number::{duration, grouped, time};
use super::{criteria, overview, steps};
use crate::{Integrity, Report, RunReport};

/// Margins.
pub(super) const LEFT: f32 = 60.0;
pub(super) const RIGHT: f32 = PAGE.0 - 60.0;
pub(super) const TOP: f32 = 92.0;
pub(super) const BOTTOM: f32 = PAGE.1 - 84.0;
pub(super) const WIDTH: f32 = RIGHT - LEFT;

pub(super) const BODY: Style = style(Family::Sans, 9.5, INK);
const LABEL: Style = style(Family::Sans, 8.5, MUTED);
const CODE: Style = style(Family::Mono, 7.6, INK);
/// Width of the labels in a panel.
const LABELS: f32 = 84.0;

pub(super) fn draw(canvas: &mut Canvas<'_>, report: &Report) {
    cover(canvas, report);
    if let Some(package) = &report.soc2 {
        criteria::draw(canvas, package);
    }
    if let Some(of_many) = &report.overview {
        overview::draw(canvas, of_many);
    }
    for run in &report.runs {
        run_part(canvas, run);
    }
    integrity(canvas, report);
    for page in 1..canvas.pages.len() {
        canvas.back_to(page);
        furniture(canvas, report, page);
    }
}

fn cover(canvas: &mut Canvas<'_>, report: &Report) {
    canvas.page();
    canvas.heading("Cover", 0, 0.0);
    canvas.rect(LEFT, 118.0, 42.0, 3.0, ACCENT);
    canvas.text(LEFT, 148.0, Align::Left, style(Family::Sans, 10.0, MUTED), "Evidence report");
    let title = style(Family::Bold, 27.0, INK);
    let y = canvas.paragraph((LEFT, 186.0), WIDTH, 34.0, title, &report.title);
    canvas.text(LEFT, y - 4.0, Align::Left, style(Family::Sans, 14.0, ACCENT), &report.tenant);

    let Integrity { entries, .. } = &report.integrity;
    let mut rows = vec![("Facts as of", time(report.as_of))];
    if let Some(overview) = &report.overview {
        rows.extend(overview.about.iter().map(|(label, value)| (*label, moment(value))));
        rows.push(("Runs", grouped(overview.runs.len() as u64)));
    } else if let [run] = report.runs.as_slice() {
        rows.push(("Run", run.run_id.clone()));
        rows.push(("Agent", run.agent.clone().unwrap_or_else(|| "not named".to_owned())));
        rows.push(("Started", time(run.started_at)));
        rows.push(("Ended", run.ended_at.map_or_else(|| "no fact says so".to_owned(), time)));
    } else {
        rows.push(("Runs", grouped(report.runs.len() as u64)));
    }
    rows.push(("Entries in this export", grouped(*entries)));
    let contents = contents(&report.integrity);
    rows.push(("Prompts, outputs, payloads", contents));
    rows.push(("Made by", format!("{} {}", report.generator, report.version)));
    pairs(canvas, y + 52.0, &rows);

    let panel = PAGE.1 - 252.0;
    checkpoint_panel(canvas, report, panel);
    let note = "This page is a reading copy. The evidence is the bundle around it: the exact \
                entries, their proofs and the signed checkpoint, which anybody can check offline \
                against the log’s public key.";
    canvas.paragraph(
        (LEFT, PAGE.1 - 92.0),
        WIDTH * 0.84,
        13.0,
        style(Family::Sans, 8.5, MUTED),
        note,
    );
}

/// A time as people read it; any other text as it is.
fn moment(text: &str) -> String {
    store_traits::Timestamp::parse(text).map_or_else(|_| text.to_owned(), time)
}

fn run_part(canvas: &mut Canvas<'_>, run: &RunReport) {
    canvas.page();
    let name = run.agent.as_deref().unwrap_or(&run.run_id);
    let y = part_title(canvas, 0, &format!("Run · {name}"));
    let mono = style(Family::Mono, 8.0, MUTED);
    let id = canvas.fit(mono, WIDTH, &run.run_id);
    canvas.text(LEFT, y - 8.0, Align::Left, mono, &id);

    let took = run.ended_at.map_or_else(
        || "open".to_owned(),
        |end| {
            let ns = end.nanos_since(run.started_at).max(0);
            duration(u64::try_from(ns / 1_000_000).unwrap_or(0))
        },
    );
    let tiles = [
        ("Duration", took),
        ("Model calls", grouped(run.llm_calls)),
        ("Tool calls", grouped(run.tool_calls)),
        ("Tokens in", grouped(run.input_tokens)),
        ("Tokens out", grouped(run.output_tokens)),
        ("Errors", grouped(run.errors)),
    ];
    let y = tile_row(canvas, y + 12.0, &tiles);
    let models =
        if run.models.is_empty() { "none named".to_owned() } else { run.models.join(", ") };
    let rows = [
        ("Status, as the facts say", run.status.clone()),
        ("Started", time(run.started_at)),
        ("Ended", run.ended_at.map_or_else(|| "no fact says so".to_owned(), time)),
        ("Models", models),
    ];
    let y = pairs(canvas, y + 32.0, &rows);

    let y = y + 26.0;
    canvas.heading("Steps", 1, y);
    canvas.text(LEFT, y, Align::Left, style(Family::Bold, 12.0, INK), "Steps");
    if run.steps.is_empty() {
        canvas.text(LEFT, y + 22.0, Align::Left, BODY, "No step of this run was recorded.");
    } else {
        steps::draw(canvas, run, y + 24.0);
    }
}

fn integrity(canvas: &mut Canvas<'_>, report: &Report) {
    canvas.page();
    let y = part_title(canvas, 0, "Integrity");
    let y = checkpoint_panel(canvas, report, y - 4.0) + 30.0;
    let Integrity { entries, ranges, proof_kind, redactions, .. } = &report.integrity;
    let mut spans: Vec<String> = ranges
        .iter()
        .take(12)
        .map(|range| match range.end.saturating_sub(range.start) {
            1 => grouped(range.start),
            _ => format!("{} to {}", grouped(range.start), grouped(range.end.saturating_sub(1))),
        })
        .collect();
    if ranges.len() > spans.len() {
        spans.push(format!("and {} more", grouped((ranges.len() - spans.len()) as u64)));
    }
    let redacted: Vec<String> =
        redactions.iter().map(|(kind, count)| format!("{kind} {}", grouped(*count))).collect();
    let redacted = if redacted.is_empty() { "none".to_owned() } else { redacted.join(", ") };
    let contents = contents(&report.integrity);
    let rows = [
        ("Entries in this export", grouped(*entries)),
        ("Their sequence numbers", spans.join(", ")),
        ("Proof", proof_kind.clone()),
        ("Contents", contents),
        ("Redacted before recording", redacted),
    ];
    let y = pairs(canvas, y, &rows) + 22.0;
    let y = sentences(canvas, y, "What this bundle proves", "✓", &report.integrity.proved);
    let y = sentences(canvas, y, "What it does not prove", "–", &report.integrity.not_proved);

    let y = room(canvas, y, 70.0);
    canvas.heading("How to check it", 1, y);
    canvas.text(LEFT, y, Align::Left, style(Family::Bold, 12.0, INK), "How to check it");
    let text = "Take the public key from the log’s owner over a channel you trust, not from this \
                file. Offline, without access to the platform:";
    let y = canvas.paragraph((LEFT, y + 20.0), WIDTH, 14.0, BODY, text);
    canvas.text(LEFT, y + 4.0, Align::Left, CODE, "factlog bundle verify FILE --key VKEY");
}

fn contents(integrity: &Integrity) -> String {
    let Integrity { contents_included, contents_withheld, contents_erased, .. } = integrity;
    let mut text = format!(
        "{} included, {} withheld",
        grouped(*contents_included),
        grouped(*contents_withheld)
    );
    if *contents_erased > 0 {
        text.push_str(&format!(", {} erased", grouped(*contents_erased)));
    }
    text
}

/// A title at the top of a page; gives the line after it.
pub(super) fn part_title(canvas: &mut Canvas<'_>, depth: usize, title: &str) -> f32 {
    let y = TOP + 16.0;
    canvas.heading(title, depth, y);
    let large = style(Family::Bold, 19.0, INK);
    let shown = canvas.fit(large, WIDTH, title);
    canvas.text(LEFT, y, Align::Left, large, &shown);
    y + 26.0
}

/// Label and value, a line or more each; gives the line after.
fn pairs(canvas: &mut Canvas<'_>, y: f32, rows: &[(&str, String)]) -> f32 {
    let indent = 148.0;
    let mut y = y;
    for (label, value) in rows {
        canvas.text(LEFT, y, Align::Left, LABEL, label);
        y = canvas.paragraph((LEFT + indent, y), WIDTH - indent, 14.0, BODY, value) + 4.0;
    }
    y
}

pub(super) fn tile_row(canvas: &mut Canvas<'_>, y: f32, tiles: &[(&str, String)]) -> f32 {
    let step = WIDTH / tiles.len().max(1) as f32;
    canvas.rect(LEFT, y, WIDTH, 0.6, HAIRLINE);
    for (at, (label, value)) in tiles.iter().enumerate() {
        let x = LEFT + step * at as f32;
        let large = style(Family::Sans, 14.0, INK);
        let fitting = if canvas.width(large, value) > step - 6.0 {
            style(Family::Sans, 10.5, INK)
        } else {
            large
        };
        canvas.text(x, y + 28.0, Align::Left, fitting, value);
        canvas.text(x, y + 42.0, Align::Left, style(Family::Sans, 7.5, MUTED), label);
    }
    canvas.rect(LEFT, y + 56.0, WIDTH, 0.6, HAIRLINE);
    y + 56.0
}

/// The signed facts that everything rests on; gives the panel's lower edge.
fn checkpoint_panel(canvas: &mut Canvas<'_>, report: &Report, y: f32) -> f32 {
    let Integrity { size, root, vkey, .. } = &report.integrity;
    let rows = [
        ("Log", report.origin.clone()),
        ("Tree size", format!("{} entries", grouped(*size))),
        ("Root (SHA-256)", root.to_string()),
        ("Public key", vkey.clone()),
    ];
    let inner = WIDTH - 30.0 - LABELS;
    let lines: usize = rows.iter().map(|(_, value)| canvas.wrap(CODE, inner, value).len()).sum();
    let height = 46.0 + lines as f32 * 13.0 + rows.len() as f32 * 4.0;
    canvas.rect(LEFT, y, WIDTH, height, PANEL);
    canvas.rect(LEFT, y, 2.4, height, ACCENT);
    let x = LEFT + 18.0;
    canvas.text(x, y + 22.0, Align::Left, style(Family::Bold, 9.5, INK), "Signed checkpoint");
    let mut line = y + 42.0;
    for (label, value) in &rows {
        canvas.text(x, line, Align::Left, style(Family::Sans, 8.0, MUTED), label);
        line = canvas.paragraph((x + LABELS, line), inner, 13.0, CODE, value) + 4.0;
    }
    y + height
}

fn sentences(canvas: &mut Canvas<'_>, y: f32, title: &str, mark: &str, list: &[String]) -> f32 {
    let y = room(canvas, y, 60.0);
    canvas.heading(title, 1, y);
    canvas.text(LEFT, y, Align::Left, style(Family::Bold, 12.0, INK), title);
    let mut y = y + 20.0;
    for sentence in list {
        let lines = canvas.wrap(BODY, WIDTH - 18.0, sentence).len() as f32;
        y = room(canvas, y, lines * 14.0);
        canvas.text(LEFT, y, Align::Left, style(Family::Sans, 9.5, ACCENT), mark);
        y = canvas.paragraph((LEFT + 18.0, y), WIDTH - 18.0, 14.0, BODY, sentence) + 3.0;
    }
    y + 16.0
}

/// A new page if `height` does not fit any more.
pub(super) fn room(canvas: &mut Canvas<'_>, y: f32, height: f32) -> f32 {
    if y + height <= BOTTOM {
        return y;
    }
    canvas.page();
    TOP + 16.0
}

/// Running header and footer; the checkpoint stands on every page, so that a single printed page
/// still says which ledger it was made from.
fn furniture(canvas: &mut Canvas<'_>, report: &Report, page: usize) {
    let small = style(Family::Sans, 7.5, MUTED);
    let title = canvas.fit(small, WIDTH * 0.6, &report.title);
    canvas.text(LEFT, 54.0, Align::Left, small, &title);
    let tenant = canvas.fit(small, WIDTH * 0.35, &report.tenant);
    canvas.text(RIGHT, 54.0, Align::Right, small, &tenant);
    canvas.rule(LEFT, 62.0, WIDTH);

    let y = PAGE.1 - 44.0;
    canvas.rule(LEFT, y - 14.0, WIDTH);
    let root =
        format!("{} entries · root {}", grouped(report.integrity.size), report.integrity.root);
    canvas.text(LEFT, y, Align::Left, style(Family::Mono, 5.8, MUTED), &root);
    let number = format!("{} of {}", page + 1, canvas.pages.len());
    canvas.text(RIGHT, y, Align::Right, small, &number);
}
