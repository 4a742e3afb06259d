//! The population of a period: every run that began in it, closed or named as open, none left out.
//!
//! Facts are recorded after they happen and may be imported much later, so no stretch of entries
//! belongs to a period. Therefore every entry of the ledger is looked at, and that it was every entry
//! is shown by the root: the leaf hashes `[0, size)`, folded as RFC 6962 §2.1 says, must give the root
//! that the ledger recorded, which is a range proof without borders.

use std::collections::BTreeMap;

use audit_evidence::{CompactRange, RangeProof};
use store_traits::{Digest, Head, Object, Period, RecordedFact, Timestamp, Value};
use thiserror::Error;

use crate::ends::Ends;
use crate::{Completeness, End};

/// How many open runs the object of a population names; the value has all of them.
pub const MOST_OPEN_NAMED: usize = 1_000;

/// Entries that do not follow each other: a population cannot be counted over a gap.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("entry {expected} was expected and entry {actual} came (run `factlog ledger verify`)")]
pub struct PopulationError {
    /// The entry that comes next.
    pub expected: u64,
    /// The one that came.
    pub actual: u64,
}

/// A run of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodRun {
    /// Its id.
    pub run_id: String,
    /// Its first entry.
    pub first_seq: u64,
    /// Entries that belong to it, words about it too.
    pub entries: u64,
    /// When it began, as far as its facts say.
    pub started_at: Option<Timestamp>,
    /// The first fact that ends it; `None` while it is open.
    pub end: Option<End>,
}

/// Counts the runs of a period over the entries of a ledger.
///
/// ```
/// use completeness::{Completeness, PopulationCount};
/// use store_traits::{Head, Period};
/// let population = PopulationCount::new(Period::default()).finish(&Head::empty());
/// assert!(population.whole());
/// assert_eq!(population.completeness(), Completeness::Complete);
/// ```
#[derive(Debug, Clone)]
pub struct PopulationCount {
    period: Period,
    leaves: CompactRange,
    runs: BTreeMap<String, (u64, Ends)>,
    /// Entries by run.
    entries: BTreeMap<String, u64>,
}

impl PopulationCount {
    /// A count before the first entry.
    ///
    /// ```
    /// use completeness::PopulationCount;
    /// let count = PopulationCount::new(store_traits::Period::default());
    /// assert_eq!(count.size(), 0);
    /// ```
    #[must_use]
    pub fn new(period: Period) -> Self {
        Self {
            period,
            leaves: CompactRange::new(),
            runs: BTreeMap::new(),
            entries: BTreeMap::new(),
        }
    }

    /// Entries counted.
    ///
    /// ```
    /// use completeness::PopulationCount;
    /// assert_eq!(PopulationCount::new(store_traits::Period::default()).size(), 0);
    /// ```
    #[must_use]
    pub fn size(&self) -> u64 {
        self.leaves.size()
    }

    /// The root over the entries counted so far: what a checkpoint of that size must have.
    ///
    /// ```
    /// use completeness::PopulationCount;
    /// use store_traits::Head;
    /// let count = PopulationCount::new(store_traits::Period::default());
    /// assert_eq!(count.root(), Head::empty().root);
    /// ```
    #[must_use]
    pub fn root(&self) -> Digest {
        self.leaves.root()
    }

    /// Takes the leaf hash of the next entry, computed from its bytes. Every entry is taken, also
    /// those that belong to no run.
    ///
    /// ```
    /// use completeness::PopulationCount;
    /// use store_traits::{Digest, Period};
    /// let mut count = PopulationCount::new(Period::default());
    /// assert!(count.leaf(0, Digest::new([0; 32])).is_ok());
    /// assert!(count.leaf(2, Digest::new([2; 32])).is_err(), "entry 1 was left out");
    /// ```
    ///
    /// # Errors
    /// It is not the next entry.
    pub fn leaf(&mut self, seq: u64, leaf_hash: Digest) -> Result<(), PopulationError> {
        let expected = self.leaves.size();
        if seq != expected {
            return Err(PopulationError { expected, actual: seq });
        }
        self.leaves.append(leaf_hash, &mut |_| {});
        Ok(())
    }

    /// Takes what an entry of a run says.
    ///
    /// ```
    /// use completeness::PopulationCount;
    /// use store_traits::{Digest, Object, Period, RecordedFact, Timestamp, Value};
    /// let mut count = PopulationCount::new(Period::default());
    /// count.fact(&RecordedFact {
    ///     seq: 0,
    ///     kind: "run.started".into(),
    ///     run_id: Some("run-1".into()),
    ///     occurred_at: Timestamp::UNIX_EPOCH,
    ///     recorded_at: Timestamp::UNIX_EPOCH,
    ///     leaf_hash: Digest::new([0; 32]),
    ///     fact: Value::Object(Object::new()),
    /// });
    /// let population = count.finish(&store_traits::Head::empty());
    /// assert_eq!(population.runs.len(), 1);
    /// ```
    pub fn fact(&mut self, fact: &RecordedFact) {
        let Some(run) = fact.run_id.as_ref() else { return };
        match self.entries.get_mut(run) {
            Some(entries) => *entries += 1,
            None => drop(self.entries.insert(run.clone(), 1)),
        }
        // Expectations, certificates and other words about a run do not make it one.
        if !(fact.kind.starts_with("run.") || fact.kind == "audit.tool") {
            return;
        }
        if !self.runs.contains_key(run) {
            self.runs.insert(run.clone(), (fact.seq, Ends::default()));
        }
        if let Some((_, ends)) = self.runs.get_mut(run) {
            ends.add(fact);
        }
    }

    /// The population, measured by the head that the ledger recorded.
    ///
    /// ```
    /// use completeness::PopulationCount;
    /// use store_traits::{Digest, Head, Period};
    /// let mut count = PopulationCount::new(Period::default());
    /// let leaf = Digest::new([7; 32]);
    /// count.leaf(0, leaf)?;
    /// let head = Head { size: 1, peaks: vec![leaf], root: leaf };
    /// assert!(count.finish(&head).whole());
    /// # Ok::<(), completeness::PopulationError>(())
    /// ```
    #[must_use]
    pub fn finish(self, head: &Head) -> Population {
        let Self { period, leaves, runs, entries } = self;
        let (mut known, mut untimed) = (Vec::new(), Vec::new());
        for (run_id, (first_seq, ends)) in runs {
            let Ends { started, ends, .. } = ends;
            let started_at = started.map(|(at, _)| at);
            let entries = entries.get(&run_id).copied().unwrap_or(0);
            let end = ends.into_iter().next();
            let run = PeriodRun { run_id, first_seq, entries, started_at, end };
            match started_at {
                None => untimed.push(run),
                Some(at) if period.contains(at) => known.push(run),
                Some(_) => {}
            }
        }
        known.sort_by_key(|run| (run.started_at, run.first_seq));
        untimed.sort_by_key(|run| run.first_seq);
        Population {
            period,
            size: leaves.size(),
            root: leaves.root(),
            recorded: (head.size, head.root),
            runs: known,
            untimed,
        }
    }
}

/// Every run that began in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// Which period.
    pub period: Period,
    /// Entries that were looked at, from the first on.
    pub size: u64,
    /// The root that they give.
    pub root: Digest,
    /// Size and root that the ledger recorded.
    pub recorded: (u64, Digest),
    /// The runs in order of (start, entry).
    pub runs: Vec<PeriodRun>,
    /// Runs whose facts say no time: they are in no period, and so are named here.
    pub untimed: Vec<PeriodRun>,
}

impl Population {
    /// Were these all entries of the ledger, unchanged?
    ///
    /// ```
    /// use completeness::PopulationCount;
    /// use store_traits::{Digest, Head, Period};
    /// let mut count = PopulationCount::new(Period::default());
    /// count.leaf(0, Digest::new([7; 32]))?;
    /// assert!(!count.finish(&Head::empty()).whole(), "the ledger recorded another root");
    /// # Ok::<(), completeness::PopulationError>(())
    /// ```
    #[must_use]
    pub fn whole(&self) -> bool {
        self.recorded == (self.size, self.root)
    }

    /// The range proof that goes with it: entries `[0, size)` are complete in the tree of that size.
    /// `None` where there is no entry.
    ///
    /// ```
    /// use audit_evidence::verify_range;
    /// use completeness::PopulationCount;
    /// use store_traits::{Digest, Head, Period};
    /// let leaf = Digest::new([7; 32]);
    /// let mut count = PopulationCount::new(Period::default());
    /// count.leaf(0, leaf)?;
    /// let population = count.finish(&Head { size: 1, peaks: vec![leaf], root: leaf });
    /// let proof = population.range_proof().ok_or("no entry")?;
    /// assert!(verify_range(&proof, &[leaf], &population.root).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn range_proof(&self) -> Option<RangeProof> {
        let (end, size) = (self.size, self.size);
        let borderless = RangeProof { start: 0, end, size, left: Vec::new(), right: Vec::new() };
        (self.size > 0).then_some(borderless)
    }

    /// The runs that no fact ends.
    ///
    /// ```
    /// use completeness::PopulationCount;
    /// use store_traits::{Head, Period};
    /// let population = PopulationCount::new(Period::default()).finish(&Head::empty());
    /// assert_eq!(population.open().count(), 0);
    /// ```
    pub fn open(&self) -> impl Iterator<Item = &PeriodRun> {
        self.runs.iter().filter(|run| run.end.is_none())
    }

    /// Is the population known, and is every run of it closed?
    ///
    /// ```
    /// use completeness::{Completeness, PopulationCount};
    /// use store_traits::{Head, Period};
    /// let population = PopulationCount::new(Period::default()).finish(&Head::empty());
    /// assert_eq!(population.completeness(), Completeness::Complete);
    /// ```
    #[must_use]
    pub fn completeness(&self) -> Completeness {
        if !self.whole() {
            return Completeness::Incomplete;
        }
        if self.open().next().is_some() || !self.untimed.is_empty() {
            return Completeness::Partial;
        }
        Completeness::Complete
    }

    /// The same as an object of the restricted JSON that facts are made of.
    ///
    /// ```
    /// use completeness::PopulationCount;
    /// use store_traits::{Head, Period};
    /// let population = PopulationCount::new(Period::default()).finish(&Head::empty());
    /// assert_eq!(population.to_object()["runs"].as_i64(), Some(0));
    /// ```
    #[must_use]
    pub fn to_object(&self) -> Object {
        let time = |at: Option<Timestamp>| at.map_or(Value::Null, |at| at.to_string().into());
        let count = |n: usize| Value::unsigned(u64::try_from(n).unwrap_or(u64::MAX));
        let named = |runs: &mut dyn Iterator<Item = &PeriodRun>| {
            runs.take(MOST_OPEN_NAMED)
                .map(|run| {
                    Value::Object(Object::from([
                        ("run_id", run.run_id.as_str().into()),
                        ("first_seq", Value::unsigned(run.first_seq)),
                        ("started_at", time(run.started_at)),
                    ]))
                })
                .collect::<Vec<_>>()
        };
        let open = self.open().count();
        Object::from([
            ("since", time(self.period.since)),
            ("until", time(self.period.until)),
            ("completeness", self.completeness().as_str().into()),
            ("whole", self.whole().into()),
            ("first_seq", Value::unsigned(0)),
            ("end_seq", Value::unsigned(self.size)),
            ("root", self.root.to_string().into()),
            ("recorded_size", Value::unsigned(self.recorded.0)),
            ("recorded_root", self.recorded.1.to_string().into()),
            ("runs", count(self.runs.len())),
            ("closed", count(self.runs.len() - open)),
            ("open", count(open)),
            ("open_runs", named(&mut self.open()).into()),
            ("untimed", count(self.untimed.len())),
            ("untimed_runs", named(&mut self.untimed.iter()).into()),
        ])
    }
}
