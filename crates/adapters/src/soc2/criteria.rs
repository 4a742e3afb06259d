//! The criteria that a log of agents can speak to (Trust Services Criteria of 2017 with the points of
//! focus of 2022), and with what. The rest (availability, risk assessment, vendors and more) is left
//! out: no entry here would say anything of it.

use super::Evidence;

/// How far entries support a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Support {
    /// No entry of the period speaks to it.
    NotEvidenced,
    /// Entries speak to a part of it.
    Partial,
    /// Entries speak to it.
    Supports,
}

impl Support {
    /// The words that name it.
    ///
    /// ```
    /// assert_eq!(adapters::Support::NotEvidenced.as_str(), "not evidenced");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotEvidenced => "not evidenced",
            Self::Partial => "partial",
            Self::Supports => "supports",
        }
    }
}

/// A row of the table.
pub(super) struct Row {
    pub(super) id: &'static str,
    /// What it is about, in our own words.
    pub(super) about: &'static str,
    /// The most that a log can give.
    pub(super) most: Support,
    pub(super) by: &'static [Evidence],
}

use Evidence as E;
use Support::{Partial, Supports};

const fn row(id: &'static str, about: &'static str, most: Support, by: &'static [Evidence]) -> Row {
    Row { id, about, most, by }
}

pub(super) static TABLE: [Row; 18] = [
    row(
        "CC2.1",
        "Information that controls rely on is complete, ordered, unaltered",
        Supports,
        &[E::Entries, E::CaptureFailures],
    ),
    row(
        "CC4.1",
        "Controls are evaluated as work goes on",
        Supports,
        &[E::Decisions, E::Denials, E::Policies],
    ),
    row(
        "CC4.2",
        "Deficiencies reach those who act on them",
        Partial,
        &[E::Expectations, E::Acknowledgements, E::Alerts],
    ),
    row(
        "CC6.1",
        "Logical access, at the boundary of the agent",
        Supports,
        &[E::Decisions, E::Denials, E::Reads],
    ),
    row("CC6.2", "Who and what may act is registered and taken off", Partial, &[E::ToolServers]),
    row("CC6.3", "Rights are given, changed and taken away", Partial, &[E::PolicyChanges]),
    row(
        "CC7.1",
        "Changes of configuration are noticed",
        Partial,
        &[E::PolicyChanges, E::Changes, E::ToolServers, E::Environment],
    ),
    row(
        "CC7.2",
        "Operation is watched for what departs from the rules",
        Supports,
        &[E::Denials, E::Alerts],
    ),
    row("CC7.3", "Events are evaluated: is it an incident?", Partial, &[E::Incidents]),
    row("CC7.4", "Incidents are responded to", Partial, &[E::Incidents]),
    row(
        "CC8.1",
        "Changes are recorded with what was before and after",
        Supports,
        &[E::Changes, E::PolicyChanges],
    ),
    row("PI1.1", "What processing has to do is specified and bound to it", Partial, &[E::Policies]),
    row("PI1.2", "Inputs are complete and accurate", Supports, &[E::Inputs]),
    row(
        "PI1.3",
        "Processing is complete, step by step",
        Supports,
        &[E::Openings, E::Steps, E::Endings],
    ),
    row("PI1.4", "Outputs are complete and accurate", Supports, &[E::Outputs]),
    row("PI1.5", "What is stored stays complete and accurate", Supports, &[E::Entries]),
    row(
        "C1.1",
        "Confidential information is kept back",
        Supports,
        &[E::Commitments, E::Redactions],
    ),
    row("C1.2", "Confidential information is disposed of", Supports, &[E::Erasures]),
];
