//! `factlog replay`: did a run do the same again?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use logs_domain::{
    Access, DeterminismLevel, Difference, Input, ReplayReport, ReplayValidator, TraceRecord,
};
use serde_json::{Value, json};

use super::Context;
use super::import::{hint_of, redactor};
use crate::args::{FormatArg, SignalArg, Tenant};
use crate::fail::{BadInput, DOES_NOT_HOLD};
use crate::output::width;
use crate::parity::{Ends, draw};

#[derive(Subcommand)]
pub(crate) enum ReplayCommand {
    /// Compare two recorded runs of one agent, step by step.
    Compare(CompareArgs),
    /// Compare a recorded run with a second capture of the same agent, which is not recorded.
    Check(CheckArgs),
}

#[derive(Args)]
pub(crate) struct CompareArgs {
    /// The run that was first, by its id or its first characters.
    original: String,
    /// The run that should have done the same.
    replay: String,
    /// How alike they must be.
    #[arg(long, value_enum, default_value_t = LevelArg::Strict)]
    level: LevelArg,
    #[command(flatten)]
    tenant: Tenant,
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// The recorded run, by its id or its first characters.
    run: String,
    /// The files of the capture, in any format that `import` takes.
    #[arg(long, required = true, num_args = 1.., value_name = "CAPTURE")]
    against: Vec<PathBuf>,
    /// Which run of the capture, where it holds several: its id or its first characters.
    #[arg(long, value_name = "ID")]
    capture_run: Option<String>,
    /// How alike they must be.
    #[arg(long, value_enum, default_value_t = LevelArg::Strict)]
    level: LevelArg,
    /// The format, where it cannot be recognised.
    #[arg(long, value_enum, default_value_t = FormatArg::Auto)]
    format: FormatArg,
    /// The OTLP signal, where it cannot be recognised.
    #[arg(long, value_enum, default_value_t = SignalArg::Auto)]
    signal: SignalArg,
    /// Rules of redaction beside the built-in ones, as the run was imported with.
    #[arg(long, value_name = "FILE")]
    redact: Option<PathBuf>,
    /// The most that a gzip file may inflate to, in MiB.
    #[arg(long, default_value_t = 64)]
    max_inflated: u64,
    #[command(flatten)]
    tenant: Tenant,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelArg {
    /// The same bytes.
    Strict,
    /// The same policy decisions.
    Logical,
    /// The same content, whatever its formatting.
    Semantic,
}

impl From<LevelArg> for DeterminismLevel {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Strict => Self::Strict,
            LevelArg::Logical => Self::Logical,
            LevelArg::Semantic => Self::Semantic,
        }
    }
}

pub(crate) async fn run(context: &Context, command: ReplayCommand) -> anyhow::Result<ExitCode> {
    match command {
        ReplayCommand::Compare(args) => compare(context, args).await,
        ReplayCommand::Check(args) => check(context, args).await,
    }
}

async fn compare(context: &Context, args: CompareArgs) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant).await?;
    let (first, second) = (
        domain.run_named(&tenant, &args.original).await?,
        domain.run_named(&tenant, &args.replay).await?,
    );
    let (original, replay) = tokio::try_join!(
        domain.trace_record(&tenant, &first),
        domain.trace_record(&tenant, &second)
    )?;
    domain.close().await?;
    let pair = Pair { original: (first.as_str(), &original), replay: (second.as_str(), &replay) };
    pair.answer(context, args.level.into(), &[])
}

async fn check(context: &Context, args: CheckArgs) -> anyhow::Result<ExitCode> {
    let builder = context.builder().redactor(redactor(args.redact.as_deref())?);
    let domain = builder.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant).await?;
    let run = domain.run_named(&tenant, &args.run).await?;
    let original = domain.trace_record(&tenant, &run).await?;
    let limit = args.max_inflated.saturating_mul(1024 * 1024);
    let files = args.against.iter().map(|file| {
        if file.as_os_str() == "-" {
            Input::spool("standard input", &mut std::io::stdin().lock(), limit)
        } else {
            Input::open(file, limit)
        }
    });
    let inputs = files.collect::<Result<Vec<_>, _>>()?;
    let hint = hint_of(args.format, args.signal);
    let captured = domain.captured_trace(inputs, hint, args.capture_run.as_deref()).await?;
    domain.close().await?;
    let replay = (captured.run_id.as_str(), &captured.trace);
    let pair = Pair { original: (run.as_str(), &original), replay };
    pair.answer(context, args.level.into(), &captured.notes)
}

/// Two runs by their ids.
struct Pair<'t> {
    original: (&'t str, &'t TraceRecord),
    replay: (&'t str, &'t TraceRecord),
}

impl Pair<'_> {
    fn answer(
        &self,
        context: &Context,
        level: DeterminismLevel,
        notes: &[String],
    ) -> anyhow::Result<ExitCode> {
        let report = ReplayValidator::new(level)
            .validate(self.original.1, self.replay.1)
            .map_err(|error| BadInput(error.to_string()))?;
        let findings: Vec<String> = report
            .findings
            .iter()
            .map(|(side, finding)| format!("{side}: {finding}"))
            .chain(notes.iter().map(|note| format!("left out of the capture: {note}")))
            .collect();
        let ends = Ends { original: self.original, replay: self.replay };
        let text = draw(&report, &ends, &findings, width());
        context.output.answer(&self.document(&report, &findings), &text)?;
        Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) })
    }

    fn document(&self, report: &ReplayReport<'_>, findings: &[String]) -> Value {
        let ReplayReport { parity, decisions, .. } = report;
        let run = |(id, trace): (&str, &TraceRecord), signature: String| {
            json!({
                "run_id": id,
                "agent": trace.agent,
                "steps": trace.steps.len(),
                "trace_signature": signature,
            })
        };
        let drift: Vec<Value> = parity
            .drift
            .iter()
            .map(|drift| {
                json!({
                    "property": drift.property,
                    "original": drift.original,
                    "replay": drift.replay,
                    "first_step": drift.first_step,
                    "steps": drift.steps,
                })
            })
            .collect();
        let differences: Vec<Value> =
            parity.differences.iter().chain(&decisions.differences).map(difference).collect();
        json!({
            "passed": report.passed(),
            "match": report.matched.as_str(),
            "required": report.required.as_str(),
            "model_drift": drift,
            "first_divergence": report.first_divergence().map(difference),
            "original": run(self.original, report.original_signature.to_string()),
            "replay": run(self.replay, report.replay_signature.to_string()),
            "steps": {
                "same": parity.same,
                "changed": parity.changed,
                "inserted": parity.inserted,
                "removed": parity.removed,
                "not_recorded": parity.not_recorded,
            },
            "decisions": {
                "original": decisions.original,
                "replay": decisions.replay,
                "same": decisions.same(),
            },
            "differences": differences,
            "findings": findings,
        })
    }
}

fn difference(difference: &Difference) -> Value {
    let value = |text: &Option<String>| match text {
        None => Value::Null,
        // A value that was cut, or that is not recorded, is no JSON.
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())),
    };
    json!({
        "kind": difference.kind.as_str(),
        "step": difference.step,
        "name": difference.name,
        "pointer": difference.pointer,
        "original": value(&difference.original),
        "replay": value(&difference.replay),
    })
}
