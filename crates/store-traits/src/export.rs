//! Completed exports in lists, and the trait that reads them.

use async_trait::async_trait;

use crate::{Digest, Filter, ListRequest, Page, Period, StoreError, Timestamp};

/// A completed export in a list; the entry has the whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRecord {
    /// The entry that records it.
    pub seq: u64,
    /// Its id.
    pub export_id: Option<String>,
    /// Which profile: `evidence`, `soc2`, `executive`.
    pub profile: Option<String>,
    /// The run that was exported, if it was one run.
    pub run_id: Option<String>,
    /// The digest of the file.
    pub sha256: Option<Digest>,
    /// When it was made.
    pub occurred_at: Timestamp,
}

/// Which exports to list. All that is named must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// Exports of this run.
    pub run: Option<String>,
    /// Exports of this profile.
    pub profile: Option<String>,
    /// What was made in this period.
    pub period: Period,
}

impl Filter for ExportFilter {
    fn order(&self) -> &'static str {
        match &self.run {
            Some(_) => "exports/run",
            None => "exports",
        }
    }

    fn period(&self) -> Period {
        self.period
    }
}

/// Reads which evidence left the house.
#[async_trait]
pub trait ExportStore: Send + Sync {
    /// A page of exports, newest entry first.
    async fn exports(
        &self,
        request: &ListRequest<ExportFilter>,
    ) -> Result<Page<ExportRecord>, StoreError>;
}
