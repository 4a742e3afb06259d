//! Which entries an export holds.

use std::ops::Range;

use audit_evidence::{ChainSubject, fact_of};
use store_traits::{Checkpoint, Period, RecordedFact, TenantId};

use super::ExportSubject;
use crate::run_entries::ranges;
use crate::{DomainError, LogsDomain};

/// Entries read at once.
const PAGE: u64 = 1_000;

/// The entries of an export, and the checkpoint that covers them.
pub(super) struct Selected {
    pub(super) checkpoint: Checkpoint,
    /// Stretches without a gap, in order.
    pub(super) ranges: Vec<Range<u64>>,
    /// Entries that answer the request, in order. What else lies in the ranges is there to show that
    /// nothing was left out.
    pub(super) answering: Vec<u64>,
}

impl LogsDomain {
    pub(super) async fn selected(
        &self,
        tenant: &TenantId,
        subject: &ExportSubject,
    ) -> Result<Selected, DomainError> {
        if let ExportSubject::Period(period) = subject {
            return self.of_period(tenant, *period).await;
        }
        let seqs = self.answering(tenant, subject).await?;
        let Some(last) = seqs.last() else {
            return Err(DomainError::NoSuchFact(format!(
                "tenant `{tenant}` has no fact of {}",
                subject.words()
            )));
        };
        let checkpoint = self.checkpoint_covering(tenant, last + 1).await?;
        Ok(Selected { checkpoint, ranges: ranges(&seqs), answering: seqs })
    }

    /// Entries that a subject is about, in order.
    pub(crate) async fn answering(
        &self,
        tenant: &TenantId,
        subject: &ExportSubject,
    ) -> Result<Vec<u64>, DomainError> {
        match subject {
            ExportSubject::Run(run) => Ok(self.ledger.run_seqs(tenant, run).await?),
            ExportSubject::Incident(incident) => {
                self.chain_seqs(tenant, ChainSubject::Incident(incident.clone()), Period::default())
                    .await
            }
            ExportSubject::Actor { name, period } => {
                self.chain_seqs(tenant, ChainSubject::Actor(name.clone()), *period).await
            }
            ExportSubject::Period(period) => {
                let size = self.ledger.head(tenant).await?.size;
                Ok(self.found_of(tenant, *period, size).await?.answering)
            }
        }
    }

    async fn chain_seqs(
        &self,
        tenant: &TenantId,
        subject: ChainSubject,
        period: Period,
    ) -> Result<Vec<u64>, DomainError> {
        let chain = self.evidence().chain(tenant, subject).await?.value;
        let within = chain.links.iter().filter(|link| period.contains(link.occurred_at));
        Ok(within.map(|link| link.seq).collect())
    }

    /// Every entry is looked at: what happened in a period may have been recorded at any time.
    async fn found_of(
        &self,
        tenant: &TenantId,
        period: Period,
        size: u64,
    ) -> Result<Found, DomainError> {
        let mut found = Found::default();
        let mut next = 0;
        while next < size {
            let entries = self.ledger.entries(tenant, next..size.min(next + PAGE)).await?;
            let Some(last) = entries.last() else {
                let why = format!("entry {next} is missing from the database");
                return Err(DomainError::Proof(why));
            };
            next = last.seq + 1;
            for entry in &entries {
                found.add(period, &fact_of(entry)?);
            }
        }
        Ok(found)
    }

    async fn of_period(&self, tenant: &TenantId, period: Period) -> Result<Selected, DomainError> {
        let size = self.ledger.head(tenant).await?.size;
        if size == 0 {
            return Err(DomainError::EmptyLedger(tenant.clone()));
        }
        let found = self.found_of(tenant, period, size).await?;
        let recorded = found.recorded(size);
        let last = found.answering.last().map_or(0, |last| last + 1);
        let checkpoint = self.checkpoint_covering(tenant, last.max(recorded.end).max(1)).await?;
        // The entries at the borders show that nothing recorded between them was left out.
        let shown = recorded.start.saturating_sub(1)..checkpoint.size.min(recorded.end + 1);
        let mut seqs: Vec<u64> = shown.chain(found.answering.iter().copied()).collect();
        seqs.sort_unstable();
        seqs.dedup();
        Ok(Selected { checkpoint, ranges: ranges(&seqs), answering: found.answering })
    }
}

/// What was found of a period.
#[derive(Debug, Default)]
struct Found {
    answering: Vec<u64>,
    /// The first and the last entry that was recorded in it.
    recorded: Option<(u64, u64)>,
    /// The first that was recorded behind it.
    after: Option<u64>,
}

impl Found {
    fn add(&mut self, period: Period, fact: &RecordedFact) {
        let recorded = period.contains(fact.recorded_at);
        if recorded {
            let first = self.recorded.map_or(fact.seq, |(first, _)| first);
            self.recorded = Some((first, fact.seq));
        }
        if recorded || period.contains(fact.occurred_at) {
            self.answering.push(fact.seq);
        }
        if period.until.is_some_and(|until| until <= fact.recorded_at) {
            self.after.get_or_insert(fact.seq);
        }
    }

    /// The stretch that was recorded in the period; an empty one lies where it would.
    fn recorded(&self, size: u64) -> Range<u64> {
        let at = self.after.unwrap_or(size);
        self.recorded.map_or(at..at, |(first, last)| first..last + 1)
    }
}

impl ExportSubject {
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Run(run) => format!("the run `{run}`"),
            Self::Incident(incident) => format!("the incident `{incident}`"),
            Self::Actor { name, .. } => format!("the actor `{name}` there"),
            Self::Period(_) => "the period".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_without_entries_lies_before_the_first_that_came_after_it() {
        let none = Found { after: Some(4), ..Found::default() };
        assert_eq!(none.recorded(9), 4..4);
        assert_eq!(Found::default().recorded(9), 9..9);
        let some = Found { recorded: Some((2, 5)), after: Some(6), ..Found::default() };
        assert_eq!(some.recorded(9), 2..6);
    }
}
