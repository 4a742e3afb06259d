//! What an export of many runs comes to: counts, then the runs, in tables that break across pages.

use std::collections::BTreeMap;

use super::canvas::{ACCENT, ACCENT_LIGHT, Align, Canvas, HAIRLINE, INK, MUTED, style};
use super::face::Family;
use super::number::grouped;
use super::pages::{BODY, BOTTOM, LEFT, RIGHT, TOP, WIDTH, part_title, room, tile_row};
use crate::{Overview, RunLine};

/// Rows of a table of counts; the report's data has all.
const MOST_COUNTS: usize = 24;
/// Runs that are drawn; the report's data has all.
const MOST_RUNS: usize = 1_000;
const ROW: f32 = 16.0;
const BAR: f32 = LEFT + 250.0;
const BAR_WIDTH: f32 = 150.0;
const WHO: f32 = LEFT + 146.0;
const FIRST: f32 = LEFT + 234.0;
const LAST: f32 = LEFT + 319.0;
const ENTRIES: f32 = LEFT + 434.0;

pub(super) fn draw(canvas: &mut Canvas<'_>, overview: &Overview) {
    canvas.page();
    let y = part_title(canvas, 0, "Overview");
    let Overview { entries, by_kind, by_actor, by_outcome, runs, .. } = overview;
    let tiles = [
        ("Entries", grouped(*entries)),
        ("Runs", grouped(runs.len() as u64)),
        ("Actors", grouped(by_actor.len() as u64)),
        ("Kinds of facts", grouped(by_kind.len() as u64)),
    ];
    let mut y = tile_row(canvas, y + 4.0, &tiles) + 30.0;
    if *entries == 0 {
        canvas.text(LEFT, y, Align::Left, BODY, "Nothing was recorded that answers the request.");
        return;
    }
    for (title, counts) in
        [("By kind", by_kind), ("By actor", by_actor), ("Decisions and tool events", by_outcome)]
    {
        if !counts.is_empty() {
            y = table_of_counts(canvas, y, title, counts);
        }
    }
    if !runs.is_empty() {
        table_of_runs(canvas, y, runs);
    }
}

/// The largest first.
fn table_of_counts(
    canvas: &mut Canvas<'_>,
    y: f32,
    title: &str,
    counts: &BTreeMap<String, u64>,
) -> f32 {
    let mut rows: Vec<(&str, u64)> = counts.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let most = rows.first().map_or(1, |(_, count)| (*count).max(1));
    let left_out = rows.len().saturating_sub(MOST_COUNTS) as u64;
    rows.truncate(MOST_COUNTS);
    let mut y = section(canvas, y, title);
    for (name, count) in rows {
        y = room(canvas, y, ROW);
        let name = canvas.fit(BODY, BAR - LEFT - 12.0, name);
        canvas.text(LEFT, y, Align::Left, BODY, &name);
        let share = (count as f64 / most as f64) as f32 * BAR_WIDTH;
        canvas.rect(BAR, y - 3.0, BAR_WIDTH, 0.4, HAIRLINE);
        canvas.rect(BAR, y - 5.6, share.max(1.2), 5.0, ACCENT_LIGHT);
        canvas.text(RIGHT, y, Align::Right, BODY, &grouped(count));
        y += ROW;
    }
    if left_out > 0 {
        let text = format!("and {} more in report.json", grouped(left_out));
        canvas.text(LEFT, y, Align::Left, style(Family::Sans, 8.5, MUTED), &text);
        y += ROW;
    }
    y + 16.0
}

fn table_of_runs(canvas: &mut Canvas<'_>, y: f32, runs: &[RunLine]) {
    let y = section(canvas, y, "Runs");
    let mut y = head(canvas, y);
    for run in runs.iter().take(MOST_RUNS) {
        if y + ROW > BOTTOM {
            canvas.page();
            y = head(canvas, TOP + 12.0);
        }
        row(canvas, run, y);
        y += ROW;
        canvas.rect(LEFT, y - 11.0, WIDTH, 0.4, HAIRLINE);
    }
    if runs.len() > MOST_RUNS {
        let y = room(canvas, y, ROW);
        let more = grouped((runs.len() - MOST_RUNS) as u64);
        let text = format!("and {more} more in report.json");
        canvas.text(LEFT, y, Align::Left, style(Family::Sans, 8.5, MUTED), &text);
    }
}

fn head(canvas: &mut Canvas<'_>, y: f32) -> f32 {
    let label = style(Family::Bold, 7.0, MUTED);
    for (x, align, text) in [
        (LEFT, Align::Left, "Run"),
        (WHO, Align::Left, "Who"),
        (FIRST, Align::Left, "First (UTC)"),
        (LAST, Align::Left, "Last (UTC)"),
        (ENTRIES, Align::Right, "Entries"),
        (RIGHT, Align::Right, "End"),
    ] {
        canvas.text(x, y, align, label, text);
    }
    canvas.rect(LEFT, y + 5.5, WIDTH, 0.8, ACCENT);
    y + 18.0
}

fn row(canvas: &mut Canvas<'_>, run: &RunLine, y: f32) {
    let (mono, sans) = (style(Family::Mono, 7.0, INK), style(Family::Sans, 8.0, INK));
    let id = canvas.fit(mono, WHO - LEFT - 8.0, &run.run_id);
    canvas.text(LEFT, y, Align::Left, mono, &id);
    let who = canvas.fit(sans, FIRST - WHO - 8.0, &run.actor);
    canvas.text(WHO, y, Align::Left, sans, &who);
    canvas.text(FIRST, y, Align::Left, sans, &moment(&run.first_at));
    canvas.text(LAST, y, Align::Left, sans, &moment(&run.last_at));
    canvas.text(ENTRIES, y, Align::Right, sans, &grouped(run.entries));
    canvas.text(RIGHT, y, Align::Right, sans, run.end.unwrap_or("–"));
}

/// `2026-11-23T08:32:02.910083339Z` to the second.
fn moment(at: &str) -> String {
    at.chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// A title within a part; gives the line after.
pub(super) fn section(canvas: &mut Canvas<'_>, y: f32, title: &str) -> f32 {
    let y = room(canvas, y, 60.0);
    canvas.heading(title, 1, y);
    canvas.text(LEFT, y, Align::Left, style(Family::Bold, 12.0, INK), title);
    y + 22.0
}
