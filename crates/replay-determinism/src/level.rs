//! How alike two runs are, and how alike they must be.

use std::fmt;

use thiserror::Error;

/// How alike two runs are, the least first.
///
/// The order is that of the levels, not a chain of implications: LOGICAL says that policies decided
/// alike, which SEMANTIC contents neither follow from nor imply. A report says of each by itself
/// whether it holds.
///
/// ```
/// use replay_determinism::ReplayMatch;
/// assert!(ReplayMatch::Exact > ReplayMatch::Logical);
/// assert!(ReplayMatch::Logical > ReplayMatch::Semantic);
/// assert!(ReplayMatch::Semantic > ReplayMatch::Mismatch);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReplayMatch {
    /// None of the others is shown.
    Mismatch,
    /// The same canonical content: the same JSON values whatever their formatting, the same texts
    /// after Unicode and white-space normalisation.
    Semantic,
    /// The same policy decisions, of which there is at least one: the same guardrails, the same
    /// pass or fail, the same action where it failed.
    Logical,
    /// The same bytes.
    Exact,
}

impl ReplayMatch {
    /// The word for it.
    ///
    /// ```
    /// assert_eq!(replay_determinism::ReplayMatch::Exact.as_str(), "EXACT");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mismatch => "MISMATCH",
            Self::Semantic => "SEMANTIC",
            Self::Logical => "LOGICAL",
            Self::Exact => "EXACT",
        }
    }
}

impl fmt::Display for ReplayMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How alike two runs must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeterminismLevel {
    /// The same bytes.
    Strict,
    /// The same policy decisions.
    Logical,
    /// The same canonical content.
    Semantic,
}

/// A word that is no level.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no determinism level (strict, logical or semantic)")]
pub struct LevelError(String);

impl DeterminismLevel {
    /// The least match that passes.
    ///
    /// ```
    /// use replay_determinism::{DeterminismLevel, ReplayMatch};
    /// assert_eq!(DeterminismLevel::Strict.wants(), ReplayMatch::Exact);
    /// ```
    #[must_use]
    pub fn wants(self) -> ReplayMatch {
        match self {
            Self::Strict => ReplayMatch::Exact,
            Self::Logical => ReplayMatch::Logical,
            Self::Semantic => ReplayMatch::Semantic,
        }
    }

    /// The word for it.
    ///
    /// ```
    /// assert_eq!(replay_determinism::DeterminismLevel::Strict.as_str(), "STRICT");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::Logical => "LOGICAL",
            Self::Semantic => "SEMANTIC",
        }
    }

    /// Reads a level, in lower or upper case.
    ///
    /// # Errors
    /// The word is no level.
    ///
    /// ```
    /// use replay_determinism::DeterminismLevel;
    /// assert_eq!(DeterminismLevel::parse("logical"), Ok(DeterminismLevel::Logical));
    /// assert!(DeterminismLevel::parse("roughly").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, LevelError> {
        match text {
            "strict" | "STRICT" => Ok(Self::Strict),
            "logical" | "LOGICAL" => Ok(Self::Logical),
            "semantic" | "SEMANTIC" => Ok(Self::Semantic),
            _ => Err(LevelError(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for DeterminismLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
