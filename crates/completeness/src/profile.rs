//! Export profiles: what a record must hold to be whole for a reader.
//! The table is in the documentation of the crate. `evidence` is what shows a run to somebody who
//! doubts it; `soc2` is what a tester of controls samples (opening and close with declared counts,
//! inputs and outputs, decisions under named policies); `executive` is what a summary states.

use std::fmt;

/// Whom a record must satisfy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Somebody who doubts the run.
    Evidence,
    /// Somebody who tests controls over a period.
    Soc2,
    /// Somebody who reads a summary.
    Executive,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Evidence, Self::Soc2, Self::Executive];

    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(completeness::Profile::Soc2.as_str(), "soc2");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Soc2 => "soc2",
            Self::Executive => "executive",
        }
    }

    /// Reads the word.
    ///
    /// ```
    /// use completeness::Profile;
    /// assert_eq!(Profile::parse("executive"), Some(Profile::Executive));
    /// assert_eq!(Profile::parse("EVIDENCE"), None);
    /// ```
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == word)
    }

    /// Its fields in the order of the table, with what it needs of each.
    ///
    /// ```
    /// use completeness::{Field, Need, Profile};
    /// let needed = Profile::Executive.fields();
    /// assert!(needed.contains(&(Field::Model, Need::Required)));
    /// assert!(!needed.iter().any(|(field, _)| *field == Field::Provider));
    /// ```
    #[must_use]
    pub fn fields(self) -> Vec<(Field, Need)> {
        let of = |(field, needs): &(Field, [Option<Need>; 3])| {
            let [evidence, soc2, executive] = *needs;
            let need = match self {
                Self::Evidence => evidence,
                Self::Soc2 => soc2,
                Self::Executive => executive,
            };
            Some((*field, need?))
        };
        TABLE.iter().filter_map(of).collect()
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a profile needs a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Without it the record is incomplete.
    Required,
    /// Without it the record is partial; in strict mode incomplete.
    Recommended,
}

impl Need {
    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(completeness::Need::Required.as_str(), "required");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Recommended => "recommended",
        }
    }
}

/// What recommended fields count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Without one the record is partial.
    Usual,
    /// They count as required.
    Strict,
}

macro_rules! fields {
    ($($variant:ident = $text:literal: $evidence:tt $soc2:tt $executive:tt;)+) => {
        /// Something that a record may hold; the table of the crate says when it does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field { $(#[doc = concat!("`", $text, "`")] $variant),+ }

        impl Field {
            /// The word that names it.
            ///
            /// ```
            /// assert_eq!(completeness::Field::EndedAt.as_str(), "ended_at");
            /// ```
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        const TABLE: &[(Field, [Option<Need>; 3])] =
            &[$((Field::$variant, [need!($evidence), need!($soc2), need!($executive)])),+];
    };
}

macro_rules! need {
    (R) => {
        Some(Need::Required)
    };
    (r) => {
        Some(Need::Recommended)
    };
    (_) => {
        None
    };
}

fields! {
    Tenant = "tenant": R R R;
    Agent = "agent": R R R;
    StartedAt = "started_at": R R R;
    EndedAt = "ended_at": R R R;
    Outcome = "outcome": R R R;
    Steps = "steps": R R _;
    Checkpoint = "checkpoint": R R r;
    Provider = "provider": R R _;
    Model = "model": R R R;
    TraceId = "trace_id": r r _;
    Opening = "opening": r R _;
    DeclaredSteps = "declared_steps": r R _;
    InputTokens = "input_tokens": r r R;
    OutputTokens = "output_tokens": r r R;
    Cost = "cost": r _ r;
    Inputs = "inputs": r R _;
    Outputs = "outputs": r R _;
    Actor = "actor": r R _;
    PolicyIds = "policy_ids": r R _;
    PolicyDecision = "policy_decision": r R r;
    Environment = "environment": r r _;
    Mapping = "mapping": r r _;
    CorrelationId = "correlation_id": r _ _;
    IncidentIds = "incident_ids": _ r r;
    Expectation = "expectation": _ r _;
    Ack = "ack": _ r _;
    ReplayProof = "replay_proof": r r _;
    Tools = "tools": r r r;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the documentation is read by people, the one in the code by the engine.
    #[test]
    fn the_documented_table_is_the_one_that_is_used() {
        let source = include_str!("lib.rs");
        let mut documented = Vec::new();
        for line in source.lines().filter_map(|line| line.strip_prefix("//! | `")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            for name in cells[0].split(',') {
                let name = name.trim().trim_matches('`');
                documented.push((name.to_owned(), cells[2..5].to_vec()));
            }
        }
        let word = |need: Option<Need>| need.map_or("–", Need::as_str);
        let used: Vec<_> = TABLE
            .iter()
            .map(|(field, needs)| {
                (field.as_str().to_owned(), needs.iter().map(|need| word(*need)).collect())
            })
            .collect();
        assert_eq!(documented, used);
    }

    #[test]
    fn a_strict_mode_has_something_to_be_strict_about_in_each_profile() {
        for profile in Profile::ALL {
            let fields = profile.fields();
            assert!(fields.iter().any(|(_, need)| *need == Need::Required), "{profile}");
            assert!(fields.iter().any(|(_, need)| *need == Need::Recommended), "{profile}");
        }
    }
}
