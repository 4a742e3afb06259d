//! Steps that a platform recorded itself: through the trace facade, or as native JSON Lines.

use replay_determinism::{Content, Missing, ModelUsed, Outcome, StepRecord, StepStatus};
use store_traits::Value;

use super::part::Part;
use super::span::{ending, scalar};
use super::trace::Found;

/// The step that a fact of the platform records.
pub(super) fn native_step(part: &Part) -> Option<Found> {
    let step = matches!(part.kind.as_str(), "run.step" | "run.llm_call");
    if !step || !matches!(part.record(), "native" | "trace") {
        return None;
    }
    let own = Own { part, place: part.at(&["step"]).and(Some("step")) };
    let error = own.text(&["error", "error_type"]);
    let (mut status, mut outcome) = ending(error.as_deref(), true);
    if let Some(word) = own.text(&["status"]) {
        status = status_of(&word);
        outcome = Outcome { category: category_of(&status).to_owned(), code: outcome.code };
    }
    if let Some(category) = own.text(&["outcome_category", "outcome"]) {
        outcome.category = category;
    }
    if let Some(code) = own.text(&["outcome_code"]) {
        outcome.code = Some(code);
    }
    let calls = own.text(&["skill", "tool"]);
    let skill = calls.or_else(|| own.text(&["name"])).or_else(|| part.view("name").map(Into::into));
    let step = StepRecord {
        params: own.content(&["params", "arguments", "input"]),
        result: own.content(&["result", "output"]),
        status,
        outcome,
        retry_count: own
            .count(&["retry_count", "retries"])
            .map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX)),
        model: own.model(),
        ..StepRecord::new(0, skill.unwrap_or_else(|| "unnamed".to_owned()))
    };
    let number = own.count(&["index", "step_index"]);
    Some(Found { began_at: part.began_at(), seq: part.seq, number, step })
}

/// Where the step's members stand: in `step`, or in the body itself.
struct Own<'p> {
    part: &'p Part,
    place: Option<&'static str>,
}

impl Own<'_> {
    fn path<'n>(&self, name: &'n str) -> Vec<&'n str> {
        self.place.into_iter().chain([name]).collect()
    }

    fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.part.text(&self.path(name))).map(str::to_owned)
    }

    fn count(&self, names: &[&str]) -> Option<u64> {
        let number = |name: &&str| match self.part.at(&self.path(name))? {
            Value::Int(number) => u64::try_from(number.get()).ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        names.iter().find_map(number)
    }

    /// A content; what does not stand there was not captured.
    fn content(&self, names: &[&str]) -> Content {
        let found = names.iter().map(|name| self.part.content(&self.path(name)));
        let found = found.into_iter().find(|content| *content != Content::None);
        found.unwrap_or(Content::NotRecorded(Missing::NotCaptured))
    }

    fn model(&self) -> Option<ModelUsed> {
        let said = |names: &[&str]| {
            names.iter().find_map(|name| self.part.at(&self.path(name)).and_then(scalar))
        };
        let used = ModelUsed {
            provider: said(&["provider"]),
            model: said(&["model"]),
            version: said(&["model_version", "version"]),
            temperature: said(&["temperature"]),
            seed: said(&["seed"]),
        };
        (used != ModelUsed::default()).then_some(used)
    }
}

/// A source's word for how far a step came.
fn status_of(word: &str) -> StepStatus {
    match word {
        "success" | "ok" | "done" | "completed" => StepStatus::Completed,
        "failure" | "error" | "failed" => StepStatus::Failed,
        "running" | "started" | "open" => StepStatus::Open,
        other => StepStatus::parse(other),
    }
}

fn category_of(status: &StepStatus) -> &'static str {
    match status {
        StepStatus::Completed => "success",
        StepStatus::Failed => "error",
        StepStatus::Skipped | StepStatus::Open | StepStatus::Other(_) => "unknown",
    }
}
