//! How far a job is, and when it will be done, from its recorded facts alone.
//!
//! The facts are `job.queued`, `.started`, `.progress`, `.retried`, `.completed`, `.failed` and
//! `.cancelled`; the body names the `job`, and progress says `done` and `total`. An estimate is
//! arithmetic over recorded times, not a promise: the pace since the last start, continued.

use std::collections::BTreeMap;
use std::fmt;

use store_traits::{RecordedFact, Timestamp};

use crate::said;

/// What a job's newest fact says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It waits.
    Queued,
    /// It runs.
    Running,
    /// It failed and waits to be tried again.
    Waiting,
    /// It is done.
    Completed,
    /// It failed for good.
    Failed,
    /// It was given up.
    Cancelled,
}

impl JobState {
    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(audit_evidence::JobState::Running.as_str(), "running");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Can nothing follow?
    ///
    /// ```
    /// use audit_evidence::JobState;
    /// assert!(JobState::Failed.is_final() && !JobState::Waiting.is_final());
    /// ```
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// Something in a job's facts that does not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFinding {
    /// The entry that shows it.
    pub seq: u64,
    /// What does not fit.
    pub what: JobDisorder,
}

/// What does not fit in a job's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobDisorder {
    /// The fact names no job.
    NoJob,
    /// It went on, or ended, and no fact says that it began.
    NotStarted,
    /// It ended before.
    AlreadyEnded,
    /// Less is done than before.
    Backwards,
    /// More is done than there is.
    MoreThanAll,
    /// Progress that does not say how much of how much.
    NoCount,
}

impl fmt::Display for JobFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            JobDisorder::NoJob => "names no job",
            JobDisorder::NotStarted => "comes before any fact that the job began",
            JobDisorder::AlreadyEnded => "comes after the job ended",
            JobDisorder::Backwards => "says that less is done than before",
            JobDisorder::MoreThanAll => "says that more is done than there is",
            JobDisorder::NoCount => "does not say how much of how much is done",
        };
        write!(f, "entry {} {what}", self.seq)
    }
}

/// A job, as its facts say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobProgress {
    /// Its name.
    pub job: String,
    /// What its newest fact says that it is.
    pub state: JobState,
    /// How much is done, of how much.
    pub done_of: Option<(u64, u64)>,
    /// How often it was started.
    pub attempts: u64,
    /// When it was started last.
    pub started_at: Option<Timestamp>,
    /// The time of its newest fact.
    pub last_at: Timestamp,
    /// What does not fit together.
    pub findings: Vec<JobFinding>,
}

impl JobProgress {
    /// How much is done in thousandths; `None` where no fact says so.
    ///
    /// ```
    /// use audit_evidence::{JobProgress, JobState};
    /// use store_traits::Timestamp;
    /// let job = JobProgress {
    ///     job: "export-7".into(),
    ///     state: JobState::Running,
    ///     done_of: Some((1, 3)),
    ///     attempts: 1,
    ///     started_at: Some(Timestamp::UNIX_EPOCH),
    ///     last_at: Timestamp::from_unix_nanos(2_000)?,
    ///     findings: vec![],
    /// };
    /// assert_eq!(job.thousandths(), Some(333));
    /// assert_eq!(job.done_at(), Some(Timestamp::from_unix_nanos(6_000)?));
    /// # Ok::<(), store_traits::TimestampError>(())
    /// ```
    #[must_use]
    pub fn thousandths(&self) -> Option<u16> {
        if self.state == JobState::Completed {
            return Some(1_000);
        }
        let (done, total) = self.done_of.filter(|(_, total)| *total > 0)?;
        u16::try_from(u128::from(done.min(total)) * 1_000 / u128::from(total)).ok()
    }

    /// When it would be done at the pace since it was started last, as of its newest fact; `None`
    /// where it does not run, or where nothing is done yet. The example stands at
    /// [`JobProgress::thousandths`].
    ///
    /// ```
    /// use audit_evidence::{JobProgress, JobState};
    /// use store_traits::Timestamp;
    /// let job = JobProgress {
    ///     job: "export-7".into(),
    ///     state: JobState::Running,
    ///     done_of: Some((0, 3)),
    ///     attempts: 1,
    ///     started_at: Some(Timestamp::UNIX_EPOCH),
    ///     last_at: Timestamp::UNIX_EPOCH,
    ///     findings: vec![],
    /// };
    /// assert_eq!(job.done_at(), None, "no pace is known yet");
    /// ```
    #[must_use]
    pub fn done_at(&self) -> Option<Timestamp> {
        let (done, total) = self.done_of.filter(|(done, _)| *done > 0)?;
        if self.state != JobState::Running {
            return None;
        }
        let elapsed = self.last_at.nanos_since(self.started_at?).max(0);
        let left = i128::from(total.saturating_sub(done));
        let nanos = elapsed.checked_mul(left)? / i128::from(done);
        Timestamp::from_unix_nanos(self.last_at.as_unix_nanos().checked_add(nanos)?).ok()
    }
}

/// The jobs that these facts speak of, by name. Facts come in order of their entries; what is no
/// `job.*` fact is left out.
///
/// ```
/// assert!(audit_evidence::jobs(&[]).0.is_empty());
/// ```
#[must_use]
pub fn jobs(facts: &[RecordedFact]) -> (BTreeMap<String, JobProgress>, Vec<JobFinding>) {
    let mut jobs: BTreeMap<String, JobProgress> = BTreeMap::new();
    let mut nameless = Vec::new();
    for fact in facts {
        let Some(event) = fact.kind.strip_prefix("job.") else { continue };
        let Some(job) = said::text(fact, &["job", "job_id"]) else {
            nameless.push(JobFinding { seq: fact.seq, what: JobDisorder::NoJob });
            continue;
        };
        let progress = jobs.entry(job.to_owned()).or_insert_with(|| JobProgress {
            job: job.to_owned(),
            state: JobState::Queued,
            done_of: None,
            attempts: 0,
            started_at: None,
            last_at: fact.occurred_at,
            findings: Vec::new(),
        });
        progress.take(event, fact);
    }
    (jobs, nameless)
}

impl JobProgress {
    fn take(&mut self, event: &str, fact: &RecordedFact) {
        let mut found = |what| self.findings.push(JobFinding { seq: fact.seq, what });
        if self.state.is_final() {
            // What ended has ended: later words are reported and change nothing.
            return found(JobDisorder::AlreadyEnded);
        }
        self.last_at = self.last_at.max(fact.occurred_at);
        let next = match event {
            "queued" => JobState::Queued,
            "started" => JobState::Running,
            "progress" => JobState::Running,
            "retried" => JobState::Waiting,
            "completed" => JobState::Completed,
            "failed" => JobState::Failed,
            "cancelled" => JobState::Cancelled,
            // A newer writer's word says nothing to this reader.
            _ => return,
        };
        let goes_on = matches!(event, "progress" | "retried" | "completed" | "failed");
        if goes_on && self.attempts == 0 {
            found(JobDisorder::NotStarted);
        }
        if event == "started" {
            self.attempts += 1;
            self.started_at = Some(fact.occurred_at);
            // Whoever starts again starts from nothing, unless progress says otherwise.
            self.done_of = self.done_of.map(|(_, total)| (0, total));
        }
        if event == "progress" {
            self.progress(fact);
        }
        self.state = next;
    }

    fn progress(&mut self, fact: &RecordedFact) {
        let mut found = |what| self.findings.push(JobFinding { seq: fact.seq, what });
        let known = self.done_of;
        let total = said::count(fact, "total").or(known.map(|(_, total)| total));
        let (Some(done), Some(total)) = (said::count(fact, "done"), total) else {
            return found(JobDisorder::NoCount);
        };
        if known.is_some_and(|(before, _)| done < before) {
            found(JobDisorder::Backwards);
        }
        if done > total {
            found(JobDisorder::MoreThanAll);
        }
        self.done_of = Some((done, total));
    }
}
