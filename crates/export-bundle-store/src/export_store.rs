//! Lists of exports.

use async_trait::async_trait;
use ledger_store::{Reader, Statement, from_i64};
use sqlx::FromRow;
use store_traits::{
    Digest, ExportPage, ExportRecord, ExportStore, StoreError, TenantId, Timestamp,
};

/// In descending order of the sequence number, which never changes: a page neither skips nor repeats.
pub(crate) static SELECT_PAGE: Statement = Statement::both(
    "listing exports",
    "SELECT seq, export_id, profile, run_id, sha256, occurred_at FROM exports WHERE tenant = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
);

/// The longest page.
const MOST_RECORDS: u32 = 500;

/// Exports, read through a ledger's connections.
#[derive(Debug, Clone)]
pub struct Exports {
    reader: Reader,
}

impl Exports {
    /// Reads what [`crate::PROJECTION`] wrote into this database.
    #[must_use]
    pub fn new(reader: &Reader) -> Self {
        Self { reader: reader.clone() }
    }
}

#[async_trait]
impl ExportStore for Exports {
    async fn exports(
        &self,
        tenant: &TenantId,
        limit: u32,
        before_seq: Option<u64>,
    ) -> Result<ExportPage, StoreError> {
        let limit = limit.clamp(1, MOST_RECORDS);
        let values = [before_seq.unwrap_or(u64::MAX).into(), (u64::from(limit) + 1).into()];
        let mut rows: Vec<ExportRow> = self.reader.rows(&SELECT_PAGE, tenant, &values).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let items: Vec<_> =
            rows.into_iter().map(ExportRow::into_record).collect::<Result<_, _>>()?;
        let next_before_seq = items.last().filter(|_| more).map(|last| last.seq);
        Ok(ExportPage { items, next_before_seq })
    }
}

#[derive(FromRow)]
struct ExportRow {
    seq: i64,
    export_id: Option<String>,
    profile: Option<String>,
    run_id: Option<String>,
    sha256: Option<String>,
    occurred_at: String,
}

impl ExportRow {
    fn into_record(self) -> Result<ExportRecord, StoreError> {
        let Self { seq, export_id, profile, run_id, sha256, occurred_at } = self;
        let corrupt = |why: String| StoreError::Corrupt { what: format!("exports.{seq}: {why}") };
        let sha256 = sha256.map(|text| Digest::from_hex(&text)).transpose();
        Ok(ExportRecord {
            seq: from_i64(seq, "exports.seq")?,
            export_id,
            profile,
            run_id,
            sha256: sha256.map_err(|error| corrupt(error.to_string()))?,
            occurred_at: Timestamp::parse(&occurred_at)
                .map_err(|error| corrupt(error.to_string()))?,
        })
    }
}
