//! Lists of exports.

use async_trait::async_trait;
use ledger_store::{Cell, Reader, Statement, from_i64};
use sqlx::FromRow;
use store_traits::{
    Digest, ExportFilter, ExportRecord, ExportStore, ListRequest, Page, Place, Scanned, StoreError,
    Timestamp,
};

/// Rows that are looked at for a page where an index does not answer the whole question.
const SCANNED: usize = 1_000;

/// Newest entry first, which never changes: a page neither skips nor repeats. `$2` the entry before
/// which to begin, `$3` how many rows to look at, `$4` how many are wanted, `$5` run, `$6` profile,
/// `$7` and `$8` from when on and before when (a null is not asked for). The last row comes back also
/// where it does not fit: the next page begins there. Exports are few beside facts, so that no index is
/// kept by their time.
macro_rules! exports {
    ($doing:literal, $lead:literal) => {
        Statement::both(
            $doing,
            concat!(
                "WITH scanned AS MATERIALIZED (
    SELECT e.seq, e.export_id, e.profile, e.run_id, e.sha256, e.occurred_at
    FROM exports e
    WHERE e.tenant = $1 AND e.seq < $2 AND ", $lead, "
    ORDER BY e.seq DESC
    LIMIT $3
), judged AS (
    SELECT e.seq, e.export_id, e.profile, e.run_id, e.sha256, e.occurred_at,
           row_number() OVER (ORDER BY e.seq DESC) = $3 AS at_end,
           (CAST($5 AS TEXT) IS NULL OR e.run_id = $5) AND (CAST($6 AS TEXT) IS NULL OR e.profile = $6)
           AND (CAST($7 AS TEXT) IS NULL OR e.occurred_at >= $7) AND (CAST($8 AS TEXT) IS NULL OR e.occurred_at < $8) AS fits
    FROM scanned e
)
SELECT coalesce(e.fits, 1 = 0) AS fits, e.at_end, e.seq, e.export_id, e.profile, e.run_id, e.sha256, e.occurred_at
FROM judged e
WHERE e.fits OR e.at_end
ORDER BY e.seq DESC
LIMIT $4"
            ),
        )
    };
}

pub(crate) static SELECT_PAGE: Statement = exports!("listing exports", "1 = 1");
pub(crate) static SELECT_PAGE_OF_RUN: Statement =
    exports!("listing exports of a run", "e.run_id = $5");

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
        request: &ListRequest<ExportFilter>,
    ) -> Result<Page<ExportRecord>, StoreError> {
        let ExportFilter { run, profile, period } = request.filter();
        let statement = match run {
            Some(_) => &SELECT_PAGE_OF_RUN,
            None => &SELECT_PAGE,
        };
        let by_index = profile.is_none() && period.is_open();
        let scanned = if by_index { request.limit() + 1 } else { SCANNED };
        let values = [
            request.after().map_or(u64::MAX, |place| place.seq).into(),
            (scanned as u64).into(),
            (request.limit() as u64 + 1).into(),
            Cell::searchable(run.as_deref()),
            Cell::searchable(profile.as_deref()),
            Cell::from(period.since.map(|at| at.to_string())),
            Cell::from(period.until.map(|at| at.to_string())),
        ];
        let rows: Vec<ExportRow> = self.reader.rows(statement, request.tenant(), &values).await?;
        let rows = rows.into_iter().map(ExportRow::into_scanned).collect::<Result<_, _>>()?;
        Ok(request.page(rows))
    }
}

#[derive(FromRow)]
struct ExportRow {
    fits: bool,
    at_end: bool,
    seq: i64,
    export_id: Option<String>,
    profile: Option<String>,
    run_id: Option<String>,
    sha256: Option<String>,
    occurred_at: String,
}

impl ExportRow {
    fn into_scanned(self) -> Result<Scanned<ExportRecord>, StoreError> {
        let Self { fits, at_end, seq, export_id, profile, run_id, sha256, occurred_at } = self;
        let corrupt = |why: String| StoreError::Corrupt { what: format!("exports.{seq}: {why}") };
        let sha256 = sha256.map(|text| Digest::from_hex(&text)).transpose();
        let seq = from_i64(seq, "exports.seq")?;
        let item = ExportRecord {
            seq,
            export_id,
            profile,
            run_id,
            sha256: sha256.map_err(|error| corrupt(error.to_string()))?,
            occurred_at: Timestamp::parse(&occurred_at)
                .map_err(|error| corrupt(error.to_string()))?,
        };
        let place = Place { value: String::new(), seq };
        Ok(Scanned { place, fits, last: at_end, item })
    }
}
