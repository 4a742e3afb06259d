//! Two runs side by side.

use std::fmt::Write as _;

use logs_domain::{
    Aligned, Difference, DifferenceKind, Differs, ReplayMatch, ReplayReport, StepRecord,
    TraceRecord,
};
use owo_colors::OwoColorize as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::text::{count, printable};

/// Like steps that are shown before and after a difference.
const AROUND: usize = 2;
/// Lines of steps; what does not fit is counted.
const MOST_LINES: usize = 60;
/// Differences that are spelt out.
const MOST_DIFFERENCES: usize = 8;

/// Two runs: their ids and traces.
pub(crate) struct Ends<'t> {
    pub(crate) original: (&'t str, &'t TraceRecord),
    pub(crate) replay: (&'t str, &'t TraceRecord),
}

/// What a replay is to its original, for people.
pub(crate) fn draw(
    report: &ReplayReport<'_>,
    ends: &Ends<'_>,
    findings: &[String],
    width: usize,
) -> String {
    let mut out = verdict(report);
    let column = (width.saturating_sub(7) / 2).clamp(24, 48);
    let _ = writeln!(
        out,
        "\n  {}     {}",
        padded(&end("original", ends.original, column), column).bold(),
        end("replay", ends.replay, column).bold(),
    );
    steps(&mut out, report, column);
    divergence(&mut out, report, width);
    beside(&mut out, report);
    if !findings.is_empty() {
        let _ = writeln!(out, "\n{}", "what is odd in the records".bold());
        for finding in findings {
            let _ = writeln!(out, "  {} {}", "·".yellow(), printable(finding));
        }
    }
    out
}

fn verdict(report: &ReplayReport<'_>) -> String {
    let parity = &report.parity;
    let matched = report.matched.as_str();
    let (mark, matched) = if report.passed() {
        ("✓".green().to_string(), matched.green().bold().to_string())
    } else {
        ("✗".red().to_string(), matched.red().bold().to_string())
    };
    let mut told = vec![format!("{} the same", count(parity.same, "step", "steps"))];
    for (steps, what) in
        [(parity.changed, "changed"), (parity.inserted, "inserted"), (parity.removed, "removed")]
    {
        if steps > 0 {
            told.push(format!("{steps} {what}"));
        }
    }
    format!(
        "{mark} {matched}  {} wants {}  {}\n",
        report.required.as_str(),
        report.required.wants().as_str(),
        told.join(", ").dimmed()
    )
}

fn end(side: &str, (id, trace): (&str, &TraceRecord), column: usize) -> String {
    let agent = printable(trace.agent.as_deref().unwrap_or("agent not recorded"));
    let short: String = id.chars().take(8).collect();
    cut(&format!("{side} {} · {agent}", printable(&short)), column)
}

fn steps(out: &mut String, report: &ReplayReport<'_>, column: usize) {
    let steps = &report.parity.steps;
    let differs: Vec<bool> = steps.iter().map(|step| !is_same(step)).collect();
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        differs.iter().take(at + AROUND + 1).skip(from).any(|differs| *differs)
    };
    // A line that says that one step is left out is no shorter than the step.
    let lone = |at: usize| (at == 0 || near(at - 1)) && (at + 1 == steps.len() || near(at + 1));
    let whole = !differs.contains(&true);
    let (mut lines, mut left_out) = (0, 0_u64);
    for (at, step) in steps.iter().enumerate() {
        if lines >= MOST_LINES || !(whole || near(at) || lone(at)) {
            left_out += 1;
            continue;
        }
        skipped(out, &mut left_out);
        line(out, step, column);
        lines += 1;
    }
    skipped(out, &mut left_out);
}

fn skipped(out: &mut String, left_out: &mut u64) {
    if *left_out > 0 {
        let _ = writeln!(out, "  {}", format!("… {}", count(*left_out, "step", "steps")).dimmed());
        *left_out = 0;
    }
}

fn is_same(step: &Aligned<'_>) -> bool {
    matches!(step, Aligned::Both { differs, .. } if differs.nowhere())
}

fn line(out: &mut String, step: &Aligned<'_>, column: usize) {
    let (left, mark, right) = match step {
        Aligned::Both { original, replay, differs } => {
            (Some(*original), mark(*differs), Some(*replay))
        }
        Aligned::Removed(step) => (Some(*step), "−".red().to_string(), None),
        Aligned::Inserted(step) => (None, "+".green().to_string(), Some(*step)),
    };
    let shown = |step: Option<&StepRecord>| step.map_or(String::new(), |s| cut(&name(s), column));
    let text = format!("  {}  {mark}  {}", padded(&shown(left), column), shown(right));
    let _ = writeln!(out, "{}", text.trim_end());
}

fn mark(differs: Differs) -> String {
    match differs {
        differs if differs.nowhere() => "=".dimmed().to_string(),
        Differs { fields: false, contents: false, not_recorded: false, .. } => {
            "≈".yellow().to_string()
        }
        Differs { fields: false, contents: false, .. } => "?".yellow().to_string(),
        _ => "≠".red().to_string(),
    }
}

fn name(step: &StepRecord) -> String {
    let outcome = match &step.outcome.code {
        Some(code) => format!("  {} ({code})", step.status),
        None if step.status.as_str() == "completed" => String::new(),
        None => format!("  {}", step.status),
    };
    printable(&format!("{:>3} {}{outcome}", step.index, step.skill))
}

fn divergence(out: &mut String, report: &ReplayReport<'_>, width: usize) {
    let Some(first) = report.first_divergence() else { return };
    let _ = writeln!(out, "\n{} {}", "first divergence:".bold(), place(first));
    let room = width.saturating_sub(12).max(24);
    for (side, value) in [("original", &first.original), ("replay", &first.replay)] {
        let value = value.as_deref().map_or("nothing".to_owned(), printable);
        let _ = writeln!(out, "  {side:<8}  {}", cut(&value, room));
    }
    let others = report.parity.differences.iter().chain(&report.decisions.differences);
    let others: Vec<&Difference> = others.filter(|other| *other != first).collect();
    if others.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", "also".bold());
    for other in others.iter().take(MOST_DIFFERENCES) {
        let _ = writeln!(out, "  {}", cut(&place(other), width.saturating_sub(2)));
    }
    if others.len() > MOST_DIFFERENCES {
        let more = count((others.len() - MOST_DIFFERENCES) as u64, "more", "more");
        let _ = writeln!(out, "  {}", format!("… {more} (--json)").dimmed());
    }
}

/// `step 4 inserted (fx_fee)`, `step 2 (fx_rate) /result/rate`.
fn place(difference: &Difference) -> String {
    let Difference { kind, step, name, pointer, .. } = difference;
    let name = printable(name);
    let step = match step {
        Some(step) => format!("step {step}"),
        None => "policy".to_owned(),
    };
    let pointer = printable(pointer);
    match kind {
        DifferenceKind::Inserted => format!("{step} inserted ({name})"),
        DifferenceKind::Removed => format!("{step} removed ({name})"),
        DifferenceKind::Field | DifferenceKind::Content | DifferenceKind::Decision => {
            format!("{step} ({name}) {pointer}")
        }
        DifferenceKind::Bytes => format!("{step} ({name}) {pointer}, in formatting only"),
        DifferenceKind::NotRecorded => {
            format!("{step} ({name}) {pointer}, which cannot be told")
        }
    }
}

/// What stands beside the steps: decisions, drift, what is not recorded.
fn beside(out: &mut String, report: &ReplayReport<'_>) {
    let ReplayReport { parity, decisions, .. } = report;
    let mut lines = Vec::new();
    let decided = decisions.original.max(decisions.replay);
    lines.push(match decisions.differences.len() {
        _ if decided == 0 => "policy decisions  none recorded".to_owned(),
        0 => format!("policy decisions  {decided} the same"),
        differences => {
            format!("policy decisions  {} differ", count(differences as u64, "place", "places"))
        }
    });
    if report.matched == ReplayMatch::Logical {
        lines.push(
            "LOGICAL           says that policies decided alike, not that contents agree"
                .to_owned(),
        );
    }
    if parity.not_recorded > 0 {
        let steps = count(parity.not_recorded, "step", "steps");
        lines.push(format!(
            "not recorded      content of {steps}: whether it is the same cannot be told"
        ));
    }
    for drift in &parity.drift {
        let side =
            |side: &Option<String>| side.as_deref().map_or("not recorded".to_owned(), printable);
        lines.push(format!(
            "model drift       {} {} → {} ({} from step {})",
            drift.property,
            side(&drift.original),
            side(&drift.replay),
            count(drift.steps, "step", "steps"),
            drift.first_step,
        ));
    }
    let _ = writeln!(out, "\n{}", lines.join("\n"));
}

fn padded(text: &str, column: usize) -> String {
    format!("{text}{}", " ".repeat(column.saturating_sub(text.width())))
}

/// At most so many columns.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}
