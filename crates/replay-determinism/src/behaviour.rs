//! Running a trace again, step by step, with an executor of the caller's.
//!
//! Nothing is executed here and no runtime is named: a worker gives an executor and drives the future
//! on whatever runtime it has.

use async_trait::async_trait;
use thiserror::Error;

use crate::difference::{Detail, Difference, Differences};
use crate::step::StepRecord;
use crate::trace::TraceRecord;

/// What a replay does with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayBehaviour {
    /// Run it; what comes out is the replay's.
    Execute,
    /// Do not run it; what is recorded stands. For steps that must not happen twice.
    Skip,
    /// Run it, and compare what comes out with the record.
    Check,
}

/// What a replay does when a checked step comes out another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDivergence {
    /// It ends there.
    Stop,
    /// It goes on.
    Continue,
}

/// Runs steps.
#[async_trait]
pub trait StepExecutor: Send + Sync {
    /// Runs a step that was recorded, and says how it came out now.
    ///
    /// # Errors
    /// It could not be run. A step that ran and failed is no error: its record says so.
    ///
    /// ```
    /// use async_trait::async_trait;
    /// use replay_determinism::{ExecuteError, StepExecutor, StepRecord, StepStatus};
    ///
    /// struct Refuses;
    ///
    /// #[async_trait]
    /// impl StepExecutor for Refuses {
    ///     async fn execute(&self, recorded: &StepRecord) -> Result<StepRecord, ExecuteError> {
    ///         Ok(StepRecord { status: StepStatus::Failed, ..recorded.clone() })
    ///     }
    /// }
    /// # let step = StepRecord::new(1, "pay");
    /// # let mut future = Refuses.execute(&step);
    /// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// # let std::task::Poll::Ready(Ok(ran)) = future.as_mut().poll(&mut context) else { panic!() };
    /// # assert_eq!(ran.status, StepStatus::Failed);
    /// ```
    async fn execute(&self, recorded: &StepRecord) -> Result<StepRecord, ExecuteError>;
}

/// A step could not be run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ExecuteError(pub String);

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// It was run.
    Executed,
    /// It was not run, and the record stands.
    Skipped,
    /// It was run and came out as recorded, to the byte.
    Confirmed,
    /// It was run and came out another way.
    Diverged(Vec<Difference>),
}

/// A replay that came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The trace that it made: compare it with a [`ReplayValidator`](crate::ReplayValidator).
    pub trace: TraceRecord,
    /// What became of each of its steps.
    pub steps: Vec<Replayed>,
    /// Did it run to the original's end?
    pub whole: bool,
}

/// A replay that could not go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("step {step} could not be run: {source}")]
pub struct ReplayStopped {
    /// The number of the step.
    pub step: u64,
    /// What was done before it.
    pub before: Box<Replay>,
    /// Why.
    #[source]
    pub source: ExecuteError,
}

/// Replays a trace: for each step in order of its number, what `behaviour` says.
///
/// # Errors
/// A step could not be run; what was done before it is in the error.
///
/// ```
/// use async_trait::async_trait;
/// use replay_determinism::{
///     ExecuteError, OnDivergence, ReplayBehaviour, Replayed, StepExecutor, StepRecord,
///     TraceRecord, replay,
/// };
///
/// struct Again;
///
/// #[async_trait]
/// impl StepExecutor for Again {
///     async fn execute(&self, recorded: &StepRecord) -> Result<StepRecord, ExecuteError> {
///         Ok(StepRecord { retry_count: 0, ..recorded.clone() })
///     }
/// }
///
/// # async fn worker() -> Result<(), replay_determinism::ReplayStopped> {
/// let steps = vec![StepRecord::new(1, "look_up"), StepRecord::new(2, "pay")];
/// let recorded = TraceRecord { steps, ..TraceRecord::default() };
/// let paid_once = |step: &StepRecord| match step.skill.as_str() {
///     "pay" => ReplayBehaviour::Skip,
///     _ => ReplayBehaviour::Check,
/// };
/// let made = replay(&recorded, &paid_once, &Again, OnDivergence::Stop).await?;
/// assert_eq!(made.steps, [Replayed::Confirmed, Replayed::Skipped]);
/// # Ok(())
/// # }
/// # let mut future = std::pin::pin!(worker());
/// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert!(future.as_mut().poll(&mut context).is_ready());
/// ```
pub async fn replay(
    recorded: &TraceRecord,
    behaviour: &(dyn Fn(&StepRecord) -> ReplayBehaviour + Send + Sync),
    executor: &dyn StepExecutor,
    on_divergence: OnDivergence,
) -> Result<Replay, ReplayStopped> {
    let trace = TraceRecord { agent: recorded.agent.clone(), ..TraceRecord::default() };
    let mut made = Replay { trace, steps: Vec::new(), whole: true };
    for step in recorded.in_order() {
        let behaviour = behaviour(step);
        if behaviour == ReplayBehaviour::Skip {
            made.trace.steps.push(step.clone());
            made.steps.push(Replayed::Skipped);
            continue;
        }
        let again = match executor.execute(step).await {
            Ok(again) => again,
            Err(source) => {
                made.whole = false;
                return Err(ReplayStopped { step: step.index, before: Box::new(made), source });
            }
        };
        let became = match behaviour {
            ReplayBehaviour::Execute | ReplayBehaviour::Skip => Replayed::Executed,
            ReplayBehaviour::Check => match Differences::of(step, &again, 0, Detail::Told).found {
                found if found.is_empty() => Replayed::Confirmed,
                found => Replayed::Diverged(found),
            },
        };
        made.trace.steps.push(again);
        let diverged = matches!(became, Replayed::Diverged(_));
        made.steps.push(became);
        if diverged && on_divergence == OnDivergence::Stop {
            made.whole = made.steps.len() == recorded.steps.len();
            break;
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::content::Content;

    /// Answers each step with a text of its own, and fails to run one.
    struct Answers {
        text: &'static str,
        broken: u64,
    }

    #[async_trait]
    impl StepExecutor for Answers {
        async fn execute(&self, recorded: &StepRecord) -> Result<StepRecord, ExecuteError> {
            if recorded.index == self.broken {
                return Err(ExecuteError("no such tool".to_owned()));
            }
            Ok(StepRecord { result: Content::Recorded(self.text.to_owned()), ..recorded.clone() })
        }
    }

    fn run(
        behaviour: ReplayBehaviour,
        text: &'static str,
        broken: u64,
        on: OnDivergence,
    ) -> Result<Replay, ReplayStopped> {
        let step = |index| StepRecord {
            result: Content::Recorded("a".to_owned()),
            ..StepRecord::new(index, "s")
        };
        // Out of order in the record: replayed in order of number.
        let recorded = TraceRecord { steps: [2, 1, 3].map(step).into(), ..TraceRecord::default() };
        let executor = Answers { text, broken };
        let choose = move |_: &StepRecord| behaviour;
        let mut future = pin!(replay(&recorded, &choose, &executor, on));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("nothing to wait for"),
        }
    }

    #[test]
    fn executed_steps_are_the_replays_own_and_skipped_ones_the_originals() {
        let executed = run(ReplayBehaviour::Execute, "b", 0, OnDivergence::Stop).unwrap();
        assert_eq!(executed.steps, vec![Replayed::Executed; 3]);
        assert_eq!(executed.trace.steps.first().unwrap().result.text(), Some("b"));
        assert_eq!(executed.trace.findings(), []);
        let skipped = run(ReplayBehaviour::Skip, "b", 1, OnDivergence::Stop).unwrap();
        assert_eq!(skipped.steps, vec![Replayed::Skipped; 3]);
        assert_eq!(skipped.trace.steps.first().unwrap().result.text(), Some("a"));
    }

    #[test]
    fn a_checked_step_is_confirmed_or_diverges_and_then_stops_or_goes_on() {
        let confirmed = run(ReplayBehaviour::Check, "a", 0, OnDivergence::Stop).unwrap();
        assert_eq!(confirmed.steps, vec![Replayed::Confirmed; 3]);
        assert!(confirmed.whole);
        let stopped = run(ReplayBehaviour::Check, "b", 0, OnDivergence::Stop).unwrap();
        assert_eq!((stopped.steps.len(), stopped.whole), (1, false));
        let [Replayed::Diverged(found)] = stopped.steps.as_slice() else { panic!("{stopped:?}") };
        assert_eq!(found.first().unwrap().pointer, "/result");
        let all = run(ReplayBehaviour::Check, "b", 0, OnDivergence::Continue).unwrap();
        assert_eq!((all.steps.len(), all.whole), (3, true));
    }

    #[test]
    fn a_step_that_cannot_be_run_ends_the_replay_and_keeps_what_was_done() {
        let stopped = run(ReplayBehaviour::Execute, "b", 2, OnDivergence::Stop).unwrap_err();
        assert_eq!(stopped.to_string(), "step 2 could not be run: no such tool");
        assert_eq!((stopped.step, stopped.before.steps.len()), (2, 1));
        assert!(!stopped.before.whole);
    }
}
