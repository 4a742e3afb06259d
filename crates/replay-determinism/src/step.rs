//! A step as replay sees it.

use std::fmt;

use store_traits::{Digest, Value};

use crate::canonical;
use crate::content::Content;
use crate::hash::Sha256Stream;

/// What separates these hashes from all others, and their version.
const STEP_DOMAIN: &[u8] = b"factlog/step/v1\0";

/// One step of a run.
///
/// What it did is told by its **determinism fields**: index, skill, params, status, outcome category
/// and code, retry count. What came out (`result`) is compared beside them; times, cost, durations
/// and ids of responses are not here at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    /// Its number in the run.
    pub index: u64,
    /// What was done: a tool's name, a skill, an operation of a model.
    pub skill: String,
    /// What it was given.
    pub params: Content,
    /// How far it came.
    pub status: StepStatus,
    /// How it came out.
    pub outcome: Outcome,
    /// How often it was tried again.
    pub retry_count: u32,
    /// What came out.
    pub result: Content,
    /// The model that was asked, if one was.
    pub model: Option<ModelUsed>,
}

/// How far a step came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepStatus {
    /// It was done.
    Completed,
    /// It failed.
    Failed,
    /// It was left out.
    Skipped,
    /// No fact says that it ended.
    Open,
    /// A word of the source.
    Other(String),
}

impl StepStatus {
    /// The word for it.
    ///
    /// ```
    /// use replay_determinism::StepStatus;
    /// assert_eq!(StepStatus::Failed.as_str(), "failed");
    /// assert_eq!(StepStatus::Other("parked".into()).as_str(), "parked");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Open => "open",
            Self::Other(word) => word,
        }
    }

    /// Reads a word; never fails.
    ///
    /// ```
    /// use replay_determinism::StepStatus;
    /// assert_eq!(StepStatus::parse("completed"), StepStatus::Completed);
    /// assert_eq!(StepStatus::parse("parked"), StepStatus::Other("parked".into()));
    /// ```
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "skipped" => Self::Skipped,
            "open" => Self::Open,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a step came out; its data is the step's `result`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The sort, for example `success`, `error`, `unknown`.
    pub category: String,
    /// What exactly, for example the error's type.
    pub code: Option<String>,
}

/// The model of a step, as far as it is recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelUsed {
    /// Who runs it.
    pub provider: Option<String>,
    /// Which was asked for.
    pub model: Option<String>,
    /// Which answered.
    pub version: Option<String>,
    /// The temperature, as a decimal.
    pub temperature: Option<String>,
    /// The seed.
    pub seed: Option<String>,
}

impl StepRecord {
    /// A step that was done and has neither params nor result.
    ///
    /// ```
    /// use replay_determinism::{Content, StepRecord, StepStatus};
    /// let step = StepRecord { params: Content::Recorded("{}".into()), ..StepRecord::new(1, "fx_rate") };
    /// assert_eq!((step.index, step.status), (1, StepStatus::Completed));
    /// ```
    #[must_use]
    pub fn new(index: u64, skill: impl Into<String>) -> Self {
        Self {
            index,
            skill: skill.into(),
            params: Content::None,
            status: StepStatus::Completed,
            outcome: Outcome { category: "success".to_owned(), code: None },
            retry_count: 0,
            result: Content::None,
            model: None,
        }
    }

    /// The step's signature: SHA-256(`"factlog/step/v1"` ‖ 0x00 ‖ canonical JSON of the determinism
    /// fields). Params count as recorded, byte for byte.
    ///
    /// ```
    /// use replay_determinism::{Content, StepRecord};
    /// let step = StepRecord::new(1, "fx_rate");
    /// let answered = StepRecord { result: Content::Recorded("157.01".into()), ..step.clone() };
    /// assert_eq!(step.signature(), answered.signature());
    /// assert_ne!(step.signature(), StepRecord { retry_count: 1, ..step.clone() }.signature());
    /// ```
    #[must_use]
    pub fn signature(&self) -> Digest {
        // Members in canonical order, written without a tree: a trace has very many steps.
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(br#"{"index":"#);
        out.extend_from_slice(&canonical::write(&Value::unsigned(self.index)));
        text(&mut out, "outcome_category", &self.outcome.category);
        if let Some(code) = &self.outcome.code {
            text(&mut out, "outcome_code", code);
        }
        match &self.params {
            Content::None => {}
            Content::Recorded(params) => text(&mut out, "params", params),
            Content::NotRecorded(why) => text(&mut out, "params_not_recorded", why.as_str()),
        }
        out.extend_from_slice(br#","retry_count":"#);
        canonical::write_integer(&mut out, self.retry_count.into());
        text(&mut out, "skill", &self.skill);
        text(&mut out, "status", self.status.as_str());
        out.push(b'}');
        let mut hash = Sha256Stream::new();
        hash.update(STEP_DOMAIN);
        hash.update(&out);
        hash.finish()
    }

    /// Is all that replay compares the same to the byte, but for the number?
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.skill == other.skill
            && self.status == other.status
            && self.outcome == other.outcome
            && self.retry_count == other.retry_count
            && self.params == other.params
            && self.result == other.result
    }

    /// Digests that are the same for steps that are alike, the narrowest first: they mean the same; the
    /// same skill was given the same; the same skill.
    pub(crate) fn likeness(&self) -> [Digest; 3] {
        let mut whole = Sha256Stream::new();
        part(&mut whole, self.skill.as_bytes());
        let skill = whole.clone().finish();
        part(&mut whole, &self.params.canonical());
        let asked = whole.clone().finish();
        part(&mut whole, self.status.as_str().as_bytes());
        part(&mut whole, self.outcome.category.as_bytes());
        part(&mut whole, self.outcome.code.as_deref().unwrap_or_default().as_bytes());
        part(&mut whole, &self.retry_count.to_be_bytes());
        part(&mut whole, &self.result.canonical());
        [whole.finish(), asked, skill]
    }
}

fn text(out: &mut Vec<u8>, name: &str, text: &str) {
    out.push(b',');
    canonical::write_string(out, name);
    out.push(b':');
    canonical::write_string(out, text);
}

/// The length goes before the bytes, so that no two lists of parts are one text.
fn part(hash: &mut Sha256Stream, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Missing;

    fn step() -> StepRecord {
        StepRecord {
            params: Content::Recorded(r#"{"base":"USD"}"#.into()),
            outcome: Outcome { category: "error".into(), code: Some("timeout".into()) },
            status: StepStatus::Failed,
            retry_count: 2,
            ..StepRecord::new(4, "fx_rate")
        }
    }

    #[test]
    fn the_signature_is_of_these_bytes() {
        // Computed by another implementation (Python's `hashlib`) over "factlog/step/v1\0" and
        // {"index":4,"outcome_category":"error","outcome_code":"timeout","params":"{\"base\":\"USD\"}",
        // "retry_count":2,"skill":"fx_rate","status":"failed"}.
        assert_eq!(
            step().signature().to_string(),
            "0aacb877f4dffb8e0c9207987e632feaaa2951ef181f908221d9899096ece62a"
        );
    }

    #[test]
    fn each_determinism_field_counts_and_nothing_else() {
        let signature = step().signature();
        for changed in [
            StepRecord { index: 5, ..step() },
            StepRecord { skill: "fx".into(), ..step() },
            StepRecord { params: Content::Recorded(r#"{"base": "USD"}"#.into()), ..step() },
            StepRecord { params: Content::None, ..step() },
            StepRecord { params: Content::NotRecorded(Missing::Erased), ..step() },
            StepRecord { status: StepStatus::Completed, ..step() },
            StepRecord { outcome: Outcome { category: "x".into(), ..step().outcome }, ..step() },
            StepRecord { outcome: Outcome { code: None, ..step().outcome }, ..step() },
            StepRecord { retry_count: 3, ..step() },
        ] {
            assert_ne!(changed.signature(), signature, "{changed:?}");
        }
        let model = Some(ModelUsed { seed: Some("7".into()), ..ModelUsed::default() });
        let same = StepRecord { result: Content::Recorded("x".into()), model, ..step() };
        assert_eq!(same.signature(), signature);
    }
}
