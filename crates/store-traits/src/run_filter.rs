//! Which runs to list, and in which order.

use crate::{Filter, Period, RunStatus, indexed};

/// Which runs to list. All that is named must fit; an empty filter lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// The run with this id.
    pub run: Option<String>,
    /// Runs in which an agent or service of this name acted.
    pub agent: Option<String>,
    /// Runs that asked this provider.
    pub provider: Option<String>,
    /// Runs that asked this model.
    pub model: Option<String>,
    /// Runs whose facts say this of their end.
    pub status: Option<RunStatus>,
    /// Runs that were recorded as synthetic, or that were not.
    pub synthetic: Option<bool>,
    /// Synthetic runs of this scenario.
    pub scenario: Option<String>,
    /// Runs with this correlation id (a conversation, a session).
    pub correlation: Option<String>,
    /// Runs with this seed.
    pub seed: Option<String>,
    /// Runs of this plan.
    pub plan_hash: Option<String>,
    /// Runs whose trace ended with this root hash.
    pub root_hash: Option<String>,
    /// Runs with a step that began in this period.
    pub period: Period,
}

/// What a list of runs is ordered by. Each order is total and never changes for the past, so that a
/// page never skips or repeats a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOrder<'f> {
    /// By the first entry of each run, newest first.
    FirstEntry,
    /// By the entry that first gave the run this label, newest first.
    Label {
        /// The label's name.
        name: &'static str,
        /// Its value.
        value: &'f str,
    },
    /// By the first hour of the period in which a step of the run began, then by entry, newest
    /// first.
    Hour,
}

impl RunFilter {
    /// The labels that a run must have, the rarest kind first.
    #[must_use]
    pub fn labels(&self) -> Vec<(&'static str, &str)> {
        let ended = self.status.filter(|status| *status != RunStatus::Running);
        let rare = ended.filter(|status| *status != RunStatus::Completed).map(RunStatus::as_str);
        let usual = ended.filter(|status| *status == RunStatus::Completed).map(RunStatus::as_str);
        let synthetic = self.synthetic.filter(|synthetic| *synthetic).map(|_| "true");
        [
            ("root_hash", self.root_hash.as_deref()),
            ("correlation", self.correlation.as_deref()),
            ("plan_hash", self.plan_hash.as_deref()),
            ("scenario", self.scenario.as_deref()),
            ("seed", self.seed.as_deref()),
            ("end", rare),
            ("synthetic", synthetic),
            ("agent", self.agent.as_deref()),
            ("model", self.model.as_deref()),
            ("provider", self.provider.as_deref()),
            ("end", usual),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, indexed(value?))))
        .collect()
    }

    /// What the list is ordered by: the rarest label, because few runs have it.
    #[must_use]
    pub fn ordered_by(&self) -> RunOrder<'_> {
        match self.labels().first() {
            _ if self.run.is_some() => RunOrder::FirstEntry,
            Some((name, value)) => RunOrder::Label { name, value },
            None if self.period.is_open() => RunOrder::FirstEntry,
            None => RunOrder::Hour,
        }
    }
}

impl Filter for RunFilter {
    fn order(&self) -> &'static str {
        match self.ordered_by() {
            RunOrder::FirstEntry => "runs",
            RunOrder::Hour => "runs/hour",
            RunOrder::Label { name, .. } => match name {
                "root_hash" => "runs/root_hash",
                "correlation" => "runs/correlation",
                "plan_hash" => "runs/plan_hash",
                "scenario" => "runs/scenario",
                "seed" => "runs/seed",
                "end" => "runs/end",
                "synthetic" => "runs/synthetic",
                "agent" => "runs/agent",
                "model" => "runs/model",
                _ => "runs/provider",
            },
        }
    }

    fn period(&self) -> Period {
        self.period
    }
}
