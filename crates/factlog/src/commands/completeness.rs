//! `factlog completeness`: what the record of a run or a period holds and lacks.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use logs_api::shape;
use logs_domain::{
    Access, CallKind, ClassState, Completeness, FieldState, Found, LackingRun, Mode, Need, Period,
    PeriodCompleteness, Profile, Reason, RunCompleteness, Timestamp,
};
use owo_colors::OwoColorize as _;

use super::Context;
use crate::args::Tenant;
use crate::fail::{BadInput, DOES_NOT_HOLD};
use crate::output::{Output, width};
use crate::text::{count, moment, printable, tokens};

/// Runs of a period that are shown with their reasons.
const MOST_SHOWN: usize = 20;
/// Reasons of a run that are shown in the answer for a period.
const REASONS_SHOWN: usize = 3;

/// A run, or a period; and for whom.
#[derive(Args)]
#[command(
    override_usage = "factlog completeness [OPTIONS] <ID>\n       factlog completeness [OPTIONS] --since <TIME> --until <TIME>"
)]
pub(crate) struct CompletenessArgs {
    /// The run's id, or its first characters.
    #[arg(required_unless_present_all = ["since", "until"], conflicts_with_all = ["since", "until"])]
    id: Option<String>,
    /// All runs that began at or after this time (RFC 3339).
    #[arg(long, value_name = "TIME", requires = "until")]
    since: Option<Timestamp>,
    /// All runs that began before this time (RFC 3339).
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<Timestamp>,
    /// Whom the record must satisfy.
    #[arg(long, value_enum, default_value_t = ProfileArg::Evidence)]
    profile: ProfileArg,
    /// What is recommended counts as required.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    tenant: Tenant,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileArg {
    /// Somebody who doubts a run.
    Evidence,
    /// Somebody who tests controls over a period.
    Soc2,
    /// Somebody who reads a summary.
    Executive,
}

impl From<ProfileArg> for Profile {
    fn from(profile: ProfileArg) -> Self {
        match profile {
            ProfileArg::Evidence => Self::Evidence,
            ProfileArg::Soc2 => Self::Soc2,
            ProfileArg::Executive => Self::Executive,
        }
    }
}

pub(crate) async fn run(context: &Context, args: CompletenessArgs) -> anyhow::Result<ExitCode> {
    let CompletenessArgs { id, since, until, profile, strict, tenant } = args;
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        let why = "--since is not before --until: no run can have begun in between";
        return Err(BadInput(why.to_owned()).into());
    }
    let (profile, mode) = (profile.into(), if strict { Mode::Strict } else { Mode::Usual });
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(tenant.tenant).await?;
    if domain.verifier_key(&tenant).is_err() {
        context.output.hint("no signing key is there to check with: nothing counts as signed");
    }
    let found = if let Some(id) = id {
        let run = domain.run_named(&tenant, &id).await?;
        let found = domain.check_run(&tenant, &run, profile, mode).await?;
        context.output.answer(&shape::object(&found.to_object()), &of_run(&found))?;
        found.completeness
    } else {
        let bar = entries_bar(context.output, domain.size(&tenant).await?);
        let period = Period { since, until };
        let heard = |entries| bar.set_position(entries);
        let found = domain.check_period(&tenant, period, profile, mode, &heard).await?;
        bar.finish_and_clear();
        context.output.answer(&shape::object(&found.to_object()), &of_period(&found))?;
        found.completeness
    };
    domain.close().await?;
    let complete = found == Completeness::Complete;
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) })
}

fn entries_bar(output: Output, entries: u64) -> indicatif::ProgressBar {
    if output.progress() {
        indicatif::ProgressBar::new(entries)
    } else {
        indicatif::ProgressBar::hidden()
    }
}

fn word(found: Completeness) -> String {
    match found {
        Completeness::Complete => found.as_str().green().bold().to_string(),
        Completeness::Partial => found.as_str().yellow().bold().to_string(),
        Completeness::Incomplete => found.as_str().red().bold().to_string(),
    }
}

fn for_whom(profile: Profile, mode: Mode) -> String {
    let strictly = if mode == Mode::Strict { ", strictly" } else { "" };
    format!("for the profile {profile}{strictly}")
}

fn of_run(found: &RunCompleteness) -> String {
    let mut out = String::new();
    let whom = for_whom(found.profile, found.mode);
    let _ = writeln!(out, "{}  {whom}", word(found.completeness));
    let _ = writeln!(out, "run {}", printable(&found.run_id).bold());
    if let Some((first, last)) = found.seqs {
        let began = found.started_at.map_or("at no recorded time".to_owned(), moment);
        let ended = match found.ends.first() {
            Some(end) => format!("{} {} (entry {})", end.outcome, moment(end.at), end.seq),
            None => "open".to_owned(),
        };
        let many = count(found.entries, "entry", "entries");
        let _ = writeln!(out, "{many} ({first} to {last}), began {began}, {ended}");
    }
    let _ =
        writeln!(out, "{}", signed(found.coverage.signed_size, found.coverage.as_of_size).dimmed());
    for need in [Need::Required, Need::Recommended] {
        let fields: Vec<_> = found.fields.iter().filter(|field| field.need == need).collect();
        if !fields.is_empty() {
            let _ = writeln!(out, "\n  {}", need.as_str().bold());
            fields.into_iter().for_each(|state| field(&mut out, state));
        }
    }
    evidence(&mut out, found);
    calls_and_steps(&mut out, found);
    if !found.reasons.is_empty() {
        let _ = writeln!(out, "\n  {}", "why it is not complete".bold());
        reasons(&mut out, &found.reasons, found.mode, usize::MAX);
    }
    out
}

/// What no table shows, one a line, then the fields that were not recorded, by name.
fn reasons(out: &mut String, why: &[Reason], mode: Mode, most: usize) {
    let field = |why: &Reason| match why {
        Reason::FieldMissing { field, need } => Some((*need, field.as_str().to_owned())),
        Reason::FieldInPart { field, need, have, of } => {
            Some((*need, format!("{} ({have} of {of})", field.as_str())))
        }
        _ => None,
    };
    let others: Vec<&Reason> = why.iter().filter(|why| field(why).is_none()).collect();
    for why in others.iter().take(most) {
        let _ = writeln!(out, "    {} {}", mark(why.need(), mode), printable(&why.to_string()));
    }
    if others.len() > most {
        let more = count((others.len() - most) as u64, "more reason", "more reasons");
        let _ = writeln!(out, "      and {more}");
    }
    for need in [Need::Required, Need::Recommended] {
        let fields: Vec<String> = why
            .iter()
            .filter_map(field)
            .filter(|(n, _)| *n == need)
            .map(|(_, name)| name)
            .collect();
        if !fields.is_empty() {
            let head = format!("{} and not recorded: ", need.as_str());
            let _ = writeln!(out, "    {} {}", mark(need, mode), wrapped(&head, &fields));
        }
    }
}

/// Names in lines that fit beside a mark.
fn wrapped(head: &str, names: &[String]) -> String {
    let width = width().saturating_sub(8);
    let mut text = head.to_owned();
    let mut used = head.chars().count();
    for (at, name) in names.iter().enumerate() {
        let comma = if at + 1 < names.len() { ", " } else { "" };
        if used + name.chars().count() > width {
            text = format!("{}\n        ", text.trim_end());
            used = 2;
        }
        text.push_str(name);
        text.push_str(comma);
        used += name.chars().count() + comma.len();
    }
    text
}

fn signed(signed: u64, size: u64) -> String {
    match signed {
        0 => format!("the ledger has {}, none signed", count(size, "entry", "entries")),
        signed if signed == size => {
            format!("the ledger has {}, all signed", count(size, "entry", "entries"))
        }
        signed => format!(
            "the ledger has {}, the first {} signed",
            count(size, "entry", "entries"),
            tokens(signed)
        ),
    }
}

fn field(out: &mut String, state: &FieldState) {
    let name = format!("{:16}", state.field.as_str());
    let line = match &state.found {
        Found::Present { first_seq: Some(seq), entries: 1 } => {
            format!("{} {name} entry {seq}", "✓".green())
        }
        Found::Present { first_seq: Some(seq), entries } => {
            format!("{} {name} {}, first {seq}", "✓".green(), count(*entries, "entry", "entries"))
        }
        Found::Present { first_seq: None, entries } => {
            format!("{} {name} in all {}", "✓".green(), tokens(*entries))
        }
        Found::InPart { have, of } => {
            format!("{} {name} in {} of {}", "~".yellow(), tokens(*have), tokens(*of))
        }
        Found::Absent if state.need == Need::Required => {
            format!("{} {name} not recorded", "✗".red())
        }
        Found::Absent => format!("{} {name} not recorded", "·".yellow()),
        Found::NotApplicable => {
            format!("{} {}", "–".dimmed(), format!("{name} does not apply").dimmed())
        }
    };
    let _ = writeln!(out, "    {line}");
}

fn evidence(out: &mut String, found: &RunCompleteness) {
    let _ = writeln!(out, "\n  {}", "evidence".bold());
    for evidence in &found.classes {
        let name = evidence.class.as_str().replace('_', " ");
        let many = count(evidence.entries, "entry", "entries");
        let state = match &evidence.state {
            ClassState::Observed => format!("{} {name:16} {many}", "✓".green()),
            ClassState::Missing => format!("{} {name:16} missing", "·".yellow()),
            ClassState::CaptureFailed { seq, reason } => {
                format!("{} {name:16} not captured (entry {seq}: {})", "✗".red(), printable(reason))
            }
            ClassState::Superseded { seq, by_seq } => {
                let by = by_seq.map_or("a checkpoint".to_owned(), |seq| format!("entry {seq}"));
                format!("{} {name:16} {many}, after a failure (entry {seq}) came {by}", "✓".green())
            }
        };
        let _ = writeln!(out, "    {state}");
    }
}

fn calls_and_steps(out: &mut String, found: &RunCompleteness) {
    let answered = |kind, one: &str, many: &str| {
        let (all, answered) = found.calls_of(kind);
        let calls = count(all, one, many);
        match all - answered {
            0 => calls,
            open => format!("{calls} ({} unanswered)", tokens(open)),
        }
    };
    let steps = &found.steps;
    let numbers = match steps.range {
        Some((lowest, highest)) if steps.numbered == steps.steps => {
            format!(" (numbered {lowest} to {highest})")
        }
        Some((lowest, highest)) => {
            format!(" ({} numbered, {lowest} to {highest})", tokens(steps.numbered))
        }
        None if steps.steps == 0 => String::new(),
        None => " (not numbered)".to_owned(),
    };
    let _ = writeln!(
        out,
        "\n  {}{numbers}, {}, {}, {}",
        count(steps.steps, "step", "steps"),
        answered(CallKind::Model, "model call", "model calls"),
        answered(CallKind::Tool, "tool call", "tool calls"),
        answered(CallKind::Exchange, "other exchange", "other exchanges"),
    );
}

fn mark(need: Need, mode: Mode) -> String {
    match (need, mode) {
        (Need::Required, _) | (_, Mode::Strict) => "✗".red().to_string(),
        (Need::Recommended, Mode::Usual) => "·".yellow().to_string(),
    }
}

fn of_period(found: &PeriodCompleteness) -> String {
    let mut out = String::new();
    let population = &found.population;
    let whom = for_whom(found.profile, found.mode);
    let _ = writeln!(out, "{}  {whom}", word(found.completeness));
    let shown = |at: Option<Timestamp>| at.map_or("…".to_owned(), moment);
    let (since, until) = (shown(population.period.since), shown(population.period.until));
    let _ = writeln!(out, "runs that began from {since} up to {until} (UTC)");
    let _ = writeln!(out, "{}", signed(found.coverage.signed_size, population.size).dimmed());
    let open = population.open().count() as u64;
    let all = population.runs.len() as u64;
    let _ = writeln!(out, "\n  {}", "population".bold());
    let closed = match open {
        0 => "none open".to_owned(),
        open => format!("{} open", tokens(open)),
    };
    let _ =
        writeln!(out, "    {}, {} closed, {closed}", count(all, "run", "runs"), tokens(all - open));
    if population.whole() {
        let _ = writeln!(
            out,
            "    {} none left out: entries 0 to {} were read and give the recorded root\n      {}",
            "✓".green(),
            population.size.saturating_sub(1),
            population.root.to_string().dimmed()
        );
    } else {
        let _ = writeln!(
            out,
            "    {} the entries do not give the recorded root (run `factlog ledger verify`)\n      recorded {}\n      computed {}",
            "✗".red(),
            population.recorded.1,
            population.root
        );
    }
    for run in population.open().take(MOST_SHOWN) {
        let began = run.started_at.map_or("–".to_owned(), moment);
        let _ =
            writeln!(out, "    {} open: {} since {began}", "·".yellow(), printable(&run.run_id));
    }
    if open > MOST_SHOWN as u64 {
        let _ = writeln!(out, "      and {} more", tokens(open - MOST_SHOWN as u64));
    }
    for run in population.untimed.iter().take(MOST_SHOWN) {
        let (id, seq) = (printable(&run.run_id), run.first_seq);
        let _ = writeln!(out, "    {} in no period: {id} says no time (entry {seq})", "·".yellow());
    }
    let _ = writeln!(out, "\n  {}", "records".bold());
    for which in [Completeness::Complete, Completeness::Partial, Completeness::Incomplete] {
        let runs = found.counts.get(&which).copied().unwrap_or(0);
        let _ = writeln!(out, "    {:10} {:>6}", which.as_str().to_lowercase(), tokens(runs));
    }
    found.lacking.iter().take(MOST_SHOWN).for_each(|run| lacking(&mut out, run, found.mode));
    let unshown = found.lacking.len().saturating_sub(MOST_SHOWN);
    if unshown > 0 {
        let _ = writeln!(out, "\n  and {} more (see --json)", count(unshown as u64, "run", "runs"));
    }
    out
}

fn lacking(out: &mut String, run: &LackingRun, mode: Mode) {
    let _ = writeln!(out, "\n  {} {}", printable(&run.run_id), word(run.completeness));
    reasons(out, &run.reasons, mode, REASONS_SHOWN);
}
