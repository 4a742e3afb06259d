//! A run as a time line: nesting as a tree, durations as bars, errors in view.

use std::fmt::Write as _;

use logs_domain::{Gap, Nested, RunStatus, RunSummary, Step, StepClass, Timestamp, nest};
use owo_colors::OwoColorize as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::text::{count, dollars, duration, printable, tokens};

const BAR_MIN: usize = 16;
const NAME_MAX: usize = 44;
const RIGHT: usize = 26;

/// A line of the tree.
struct Row<'s> {
    step: &'s Step,
    /// The branches before the name: `│  ├─ `.
    branches: String,
}

impl<'s> From<Nested<'s>> for Row<'s> {
    fn from(nested: Nested<'s>) -> Self {
        let mut branches = String::new();
        if let Some((own, above)) = nested.last.split_last() {
            for last in above {
                branches.push_str(if *last { "   " } else { "│  " });
            }
            branches.push_str(if *own { "└─ " } else { "├─ " });
        }
        Self { step: nested.step, branches }
    }
}

/// Draws a run, `width` columns wide. Colours are ANSI; the caller strips them where they are not
/// wanted.
pub(crate) fn draw(summary: &RunSummary, steps: &[Step], gaps: &[Gap], width: usize) -> String {
    let mut out = String::new();
    header(&mut out, summary);
    let rows: Vec<Row<'_>> = nest(steps).into_iter().map(Row::from).collect();
    let (Some(start), Some(end)) = (
        rows.iter().map(|row| row.step.started_at).min(),
        rows.iter().map(|row| row.step.ended_at.unwrap_or(row.step.started_at)).max(),
    ) else {
        let _ = writeln!(out, "\n  {}", "no steps with times were recorded".dimmed());
        return out;
    };
    let total = end.nanos_since(start).max(1);
    let name_width = rows
        .iter()
        .map(|row| row.branches.width() + 2 + label(row.step).width())
        .max()
        .unwrap_or(0)
        .clamp(12, NAME_MAX);
    let bar_width = width.saturating_sub(name_width + RIGHT + 6).clamp(BAR_MIN, 72);
    let _ = writeln!(
        out,
        "\n  {:name_width$}  {:bar_width$}  {:>9}  {:>14}",
        "step".dimmed(),
        scale(bar_width, total).dimmed(),
        "took".dimmed(),
        "tokens in/out".dimmed(),
    );
    for row in &rows {
        line(&mut out, row, start, total, name_width, bar_width);
    }
    for gap in gaps {
        let _ = writeln!(out, "\n  {} {gap}", "gap:".yellow());
    }
    out
}

fn header(out: &mut String, run: &RunSummary) {
    let status = match run.status {
        RunStatus::Completed => "completed".green().to_string(),
        RunStatus::Failed => "failed".red().to_string(),
        RunStatus::Aborted => "aborted".red().to_string(),
        RunStatus::Running => "open".yellow().to_string(),
    };
    let took = run
        .ended_at
        .map(|end| format!(" in {}", duration(end.nanos_since(run.started_at))))
        .unwrap_or_default();
    let agent = printable(run.agent.as_deref().unwrap_or("(agent not recorded)"));
    let _ = writeln!(out, "{}  {status}{took}", agent.bold());
    let _ = writeln!(out, "  run      {}", printable(&run.run_id));
    let _ = writeln!(out, "  started  {}", run.started_at);
    let errors = match run.errors {
        0 => "no errors".to_owned(),
        n => count(n, "error", "errors").red().to_string(),
    };
    let _ = writeln!(
        out,
        "  {} · {} · {} tokens in, {} out · {} · {errors}",
        count(run.llm_calls, "model call", "model calls"),
        count(run.tool_calls, "tool call", "tool calls"),
        tokens(run.input_tokens),
        tokens(run.output_tokens),
        run.cost_micros.map_or_else(|| "cost not recorded".to_owned(), dollars),
    );
}

fn scale(width: usize, total_ns: i128) -> String {
    let right = duration(total_ns);
    format!("0{right:>width$}", width = width.saturating_sub(1))
}

fn line(
    out: &mut String,
    row: &Row<'_>,
    start: Timestamp,
    total: i128,
    name_width: usize,
    bar_width: usize,
) {
    let step = row.step;
    let failed = step.error.is_some();
    let name = fit(&format!("{}{} {}", row.branches, mark(step), label(step)), name_width);
    let offset = step.started_at.nanos_since(start);
    let length = step.ended_at.map(|end| end.nanos_since(step.started_at));
    let bar = bar(offset, length, total, bar_width);
    let bar = match (failed, step.class) {
        (true, _) => bar.red().to_string(),
        (_, StepClass::Llm | StepClass::Embedding) => bar.magenta().to_string(),
        (_, StepClass::Tool | StepClass::McpTool | StepClass::Mcp) => bar.cyan().to_string(),
        (_, StepClass::Agent) => bar.blue().to_string(),
        _ => bar.dimmed().to_string(),
    };
    let name = if failed { name.red().to_string() } else { name };
    let took = match length {
        Some(length) => duration(length),
        None if step.class == StepClass::Event => "event".to_owned(),
        None => "no end".to_owned(),
    };
    let used = match (step.input_tokens, step.output_tokens) {
        (None, None) => String::new(),
        (input, output) => {
            let show = |n: Option<u64>| n.map_or("–".to_owned(), tokens);
            format!("{} / {}", show(input), show(output))
        }
    };
    let line = format!("  {name}  {bar}  {took:>9}  {used:>14}");
    let _ = writeln!(out, "{}", line.trim_end());
    if let Some(error) = &step.error {
        let below = row.branches.replace("├─ ", "│  ").replace("└─ ", "   ");
        let _ = writeln!(out, "  {below}  {}", format!("└ error: {}", printable(error)).red());
    }
}

/// A bar between two points of the scale, never invisible, in eighths of a column.
fn bar(offset: i128, length: Option<i128>, total: i128, width: usize) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let full = i128::try_from(width).unwrap_or(0) * 8;
    let place = |ns: i128| usize::try_from((ns.clamp(0, total) * full) / total).unwrap_or(0);
    let from = (place(offset) / 8).min(width.saturating_sub(1));
    let Some(length) = length else {
        return format!("{}·{}", " ".repeat(from), " ".repeat(width - from - 1));
    };
    let eighths = (place(offset + length.max(0)).saturating_sub(from * 8)).max(1);
    let whole = (eighths / 8).min(width - from);
    let mut text = " ".repeat(from) + &"█".repeat(whole);
    if whole < width - from {
        match EIGHTHS.get(eighths % 8) {
            Some(' ') | None if whole > 0 => text.push(' '),
            Some(' ') | None => text.push('▏'),
            Some(part) => text.push(*part),
        }
        text.push_str(&" ".repeat(width - from - whole - 1));
    }
    text
}

fn mark(step: &Step) -> char {
    match step.class {
        _ if step.error.is_some() => '✗',
        StepClass::Llm | StepClass::Embedding => '◆',
        StepClass::Tool | StepClass::McpTool => '▸',
        StepClass::Agent => '●',
        StepClass::Event => '◦',
        StepClass::Mcp | StepClass::Retrieval | StepClass::Other => '·',
    }
}

fn label(step: &Step) -> String {
    match (step.class, &step.tool) {
        (StepClass::Tool, Some(tool)) => printable(tool),
        _ => printable(&step.name),
    }
}

/// Cuts or pads a text to a number of columns.
fn fit(text: &str, columns: usize) -> String {
    let width = text.width();
    if width <= columns {
        return format!("{text}{}", " ".repeat(columns - width));
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > columns.saturating_sub(1) {
            break;
        }
        cut.push(c);
        used += wide;
    }
    cut.push('…');
    let pad = columns.saturating_sub(cut.width());
    format!("{cut}{}", " ".repeat(pad))
}
