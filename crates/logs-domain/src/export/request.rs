//! What evidence is asked for.

use ::completeness::Profile;
use store_traits::{Object, Period, RunId, TenantId, Value};

use crate::DomainError;

/// An export that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// For whom. A SOC 2 package also says which entries speak to which criterion; an executive one
    /// never holds contents.
    pub profile: Profile,
    /// About what.
    pub subject: ExportSubject,
    /// What is left out.
    pub withhold: Withhold,
}

/// What an export is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportSubject {
    /// Everything that was recorded of a run.
    Run(RunId),
    /// Every fact that names an incident.
    Incident(String),
    /// What a person, an agent or a component did, in a period that may be open.
    Actor {
        /// The name, as facts say it.
        name: String,
        /// When it happened.
        period: Period,
    },
    /// Everything that happened in a period or was recorded in it, with the entries at its borders:
    /// these show that nothing recorded in between was left out.
    Period(Period),
}

/// What an export leaves out. The commitments stay in the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withhold {
    /// Nothing: prompts, answers and payloads are in the bundle.
    Nothing,
    /// Everything that lies behind a commitment.
    Content,
}

impl ExportRequest {
    /// Evidence with everything that lies behind commitments.
    ///
    /// ```
    /// use logs_domain::{ExportRequest, ExportSubject, Withhold};
    /// let request = ExportRequest::evidence(ExportSubject::Incident("inc-7".into()));
    /// assert_eq!(request.withhold, Withhold::Nothing);
    /// ```
    #[must_use]
    pub fn evidence(subject: ExportSubject) -> Self {
        Self { profile: Profile::Evidence, subject, withhold: Withhold::Nothing }
    }

    /// The request itself, if it can be answered.
    ///
    /// # Errors
    /// A SOC 2 or executive export is not of a period with both ends, or the period ends before it
    /// begins.
    pub(crate) fn checked(&self) -> Result<(), DomainError> {
        self.subject.checked()?;
        // Who tests controls, or reads a summary, is told of which period: never of one that ends "now".
        let of_a_period = matches!(
            &self.subject,
            ExportSubject::Period(Period { since: Some(_), until: Some(_) })
        );
        if self.profile != Profile::Evidence && !of_a_period {
            return Err(DomainError::Request(format!(
                "the export `{}` is of a period: say from when and until when",
                self.profile
            )));
        }
        Ok(())
    }

    /// Do contents go out?
    pub(crate) fn contents(&self) -> Withhold {
        match self.profile {
            Profile::Executive => Withhold::Content,
            Profile::Evidence | Profile::Soc2 => self.withhold,
        }
    }

    pub(crate) fn title(&self) -> &'static str {
        match (self.profile, &self.subject) {
            (Profile::Soc2, _) => "SOC 2 evidence package",
            (Profile::Executive, _) => "Summary of a period",
            (Profile::Evidence, ExportSubject::Run(_)) => "Evidence of an agent run",
            (Profile::Evidence, ExportSubject::Incident(_)) => "Evidence of an incident",
            (Profile::Evidence, ExportSubject::Actor { .. }) => "Evidence of what somebody did",
            (Profile::Evidence, ExportSubject::Period(_)) => "Evidence of a period",
        }
    }

    /// The exact request, as data: the auditor sees what was asked.
    pub(crate) fn query(&self, tenant: &TenantId) -> Object {
        let withhold = match self.contents() {
            Withhold::Nothing => "nothing",
            Withhold::Content => "content",
        };
        let mut query = Object::from([
            ("profile", self.profile.as_str().into()),
            ("tenant", tenant.as_str().into()),
            ("withhold", withhold.into()),
        ]);
        query.extend(self.subject.query());
        query
    }
}

impl ExportSubject {
    /// What is asked about, as data.
    pub(crate) fn query(&self) -> Vec<(&'static str, Value)> {
        let (named, period) = match self {
            Self::Run(run) => (Some(("run", run.as_str())), Period::default()),
            Self::Incident(incident) => (Some(("incident", incident.as_str())), Period::default()),
            Self::Actor { name, period } => (Some(("actor", name.as_str())), *period),
            Self::Period(period) => (None, *period),
        };
        let mut query: Vec<_> = named.map(|(name, text)| (name, text.into())).into_iter().collect();
        for (name, at) in [("since", period.since), ("until", period.until)] {
            query.extend(at.map(|at| (name, at.to_string().into())));
        }
        query
    }

    /// The subject itself, if there can be one.
    ///
    /// # Errors
    /// A period ends before it begins, or has no end at all.
    pub(crate) fn checked(&self) -> Result<(), DomainError> {
        match self {
            Self::Run(_) | Self::Incident(_) => {}
            Self::Actor { period, .. } | Self::Period(period) => {
                period.checked()?;
            }
        }
        if matches!(self, Self::Period(period) if period.is_open()) {
            let why = "say from when or until when (all of it: a --since before the first fact)";
            return Err(DomainError::Request(why.to_owned()));
        }
        Ok(())
    }
}
