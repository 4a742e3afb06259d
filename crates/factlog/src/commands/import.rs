//! `factlog import`

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use logs_domain::{
    Access, CheckpointPolicy, DomainError, FormatHint, Hint, ImportSummary, Input, LogsDomain,
    Redactor, Replaced, Report, Rules, Signal, TenantId, read_small_text,
};
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use super::Context;
use crate::args::{FormatArg, ImportArgs, SignalArg};
use crate::fail::{BadInput, DOES_NOT_HOLD};
use crate::output::Output;
use crate::text::{count, printable, tokens};

/// Places that people are shown.
const MOST_PLACES: usize = 20;
/// Characters of a path that people are shown.
const LONGEST_PATH: usize = 60;

pub(crate) async fn run(context: &Context, args: ImportArgs) -> anyhow::Result<ExitCode> {
    let policy = CheckpointPolicy {
        every_entries: args.checkpoint_every,
        every: args.checkpoint_after.map(Duration::from_secs),
        at_close: args.checkpoint_at_end,
    };
    let builder = context.builder().redactor(redactor(args.redact.as_deref())?).checkpoints(policy);
    let domain = builder.open(Access::Write).await?;
    let tenant = tenant(&domain, args.tenant.clone()).await?;
    let limit = args.max_inflated.saturating_mul(1024 * 1024);
    let mut total = ImportSummary::default();
    let mut failed = None;
    for file in &args.files {
        match import(context, &domain, &tenant, file, hint_of(args.format, args.signal), limit)
            .await
        {
            Ok(summary) => total.add(summary),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    // The first failure is the one to tell.
    let closed = domain.close().await;
    failed = failed.or(closed.err().map(Into::into));
    let notes: Vec<String> = total.notes.iter().map(|note| printable(note)).collect();
    for note in &notes {
        context.output.hint(&format!("{} {note}", "note:".yellow()));
    }
    // Where a later file failed, what the files before it recorded is still said.
    if failed.is_none() || total != ImportSummary::default() {
        context.output.answer(&document(&tenant, &total), &human(&tenant, &total))?;
    }
    match failed {
        Some(error) => Err(error),
        None if total.conflicts > 0 => Ok(ExitCode::from(DOES_NOT_HOLD)),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The standard rules, and those of a file where one is named.
pub(crate) fn redactor(file: Option<&Path>) -> Result<Redactor, BadInput> {
    let Some(file) = file else { return Ok(Redactor::standard()) };
    let text = read_small_text(file).map_err(|error| {
        BadInput(format!("cannot read the rules `{}`: {error}", file.display()))
    })?;
    Rules::parse(&text)
        .and_then(|rules| Redactor::with_rules(&rules))
        .map_err(|error| BadInput(format!("`{}` cannot be used: {error}", file.display())))
}

/// Imports one file under a progress bar.
pub(crate) async fn import(
    context: &Context,
    domain: &LogsDomain,
    tenant: &TenantId,
    file: &Path,
    hint: Hint,
    limit: u64,
) -> anyhow::Result<ImportSummary> {
    let input = if file.as_os_str() == "-" {
        Input::spool("standard input", &mut io::stdin().lock(), limit)?
    } else {
        Input::open(file, limit)?
    };
    let progress = input.progress();
    let bar = bar(context.output, progress.length, &file.display().to_string());
    let work = domain.import(tenant, input, hint);
    tokio::pin!(work);
    let summary = loop {
        tokio::select! {
            done = &mut work => break done,
            () = tokio::time::sleep(Duration::from_millis(100)) => bar.set_position(progress.read()),
        }
    };
    bar.finish_and_clear();
    Ok(summary?)
}

fn bar(output: Output, length: u64, name: &str) -> ProgressBar {
    if !output.progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{msg} {bar:30.cyan} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    // Read twice: once to validate the whole, once to record it; the bar runs through each.
    ProgressBar::new(length).with_style(style).with_message(name.to_owned())
}

pub(crate) async fn tenant(
    domain: &LogsDomain,
    named: Option<TenantId>,
) -> anyhow::Result<TenantId> {
    match domain.tenant(named).await {
        Ok(tenant) => Ok(tenant),
        Err(DomainError::NothingRecorded) => {
            Ok(TenantId::parse("default").map_err(|error| BadInput(error.to_string()))?)
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn hint_of(format: FormatArg, signal: SignalArg) -> Hint {
    Hint {
        format: match format {
            FormatArg::Auto => None,
            FormatArg::OtlpJson => Some(FormatHint::OtlpJson),
            FormatArg::OtlpProtobuf => Some(FormatHint::OtlpProtobuf),
            FormatArg::Mcp => Some(FormatHint::Mcp),
            FormatArg::Jsonl => Some(FormatHint::Native),
        },
        signal: match signal {
            SignalArg::Auto => None,
            SignalArg::Traces => Some(Signal::Traces),
            SignalArg::Logs => Some(Signal::Logs),
            SignalArg::Metrics => Some(Signal::Metrics),
        },
    }
}

fn document(tenant: &TenantId, summary: &ImportSummary) -> Value {
    json!({
        "tenant": tenant.as_str(),
        "facts": summary.facts,
        "duplicates": summary.duplicates,
        "conflicts": summary.conflicts,
        "rejected": summary.rejected,
        "redactions": summary.redacted.total(),
        "redacted": summary.redacted.places().map(place).collect::<Vec<_>>(),
        "redacted_elsewhere": summary.redacted.unplaced(),
        "notes": summary.notes,
    })
}

fn human(tenant: &TenantId, summary: &ImportSummary) -> String {
    format!(
        "tenant {tenant}: {}, {}, {}, {} rejected, {}\n",
        count(summary.facts, "fact", "facts"),
        count(summary.duplicates, "duplicate", "duplicates"),
        count(summary.conflicts, "conflict", "conflicts"),
        tokens(summary.rejected),
        count(summary.redacted.total(), "redaction", "redactions"),
    ) + &table(&summary.redacted)
}

fn place(at: Replaced<'_>) -> Value {
    json!({ "path": at.pointer, "kind": at.kind, "count": at.count })
}

/// What was replaced where: paths and counts, never a value.
fn table(redacted: &Report) -> String {
    // A text of its own has no members; its whole is the place.
    let path = |at: &Replaced<'_>| match at.pointer {
        "" => "(the text)".to_owned(),
        pointer => cut(&printable(pointer), LONGEST_PATH),
    };
    let rows: Vec<_> = redacted.places().take(MOST_PLACES).map(|at| (path(&at), at)).collect();
    let wide = rows.iter().map(|(path, _)| path.chars().count()).max().unwrap_or(0);
    let kinds = rows.iter().map(|(_, at)| at.kind.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (path, at) in &rows {
        let count = tokens(at.count);
        text.push_str(&format!("  {path:wide$}  {:kinds$}  {count:>6}\n", at.kind));
    }
    let shown = rows.iter().fold(0_u64, |sum, (_, at)| sum.saturating_add(at.count));
    let rest = redacted.total().saturating_sub(shown);
    if rest > 0 {
        text.push_str(&format!("  and {} more elsewhere (see --json)\n", tokens(rest)));
    }
    text
}

/// A path that is too long loses its beginning: its end says what it is.
fn cut(path: &str, most: usize) -> String {
    let chars = path.chars().count();
    if chars <= most {
        return path.to_owned();
    }
    format!("…{}", path.chars().skip(chars - most + 1).collect::<String>())
}
