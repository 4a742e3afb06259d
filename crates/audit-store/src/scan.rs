//! What all lists ask with: how far to look, and between which times.

use ledger_store::Cell;
use store_traits::{Filter, ListRequest, Period, Timestamp, indexed};

/// Rows that are looked at for a page where an index does not answer the whole question.
const SCANNED: usize = 200;
/// Before and after every time, in text order.
const BEGINNING: &str = "";
const END: &str = "~";

/// `$2` where the page before ended, `$3` how many rows to look at, `$4` how many are wanted.
pub(crate) fn scanned<'v, F: Filter>(request: &ListRequest<F>, one_index: bool) -> Vec<Cell<'v>> {
    // Where an index gives just what is asked, one more than the page tells whether there is more.
    let scanned = if one_index { request.limit() + 1 } else { SCANNED.max(request.limit() + 1) };
    vec![
        request.after().map_or(u64::MAX, |place| place.seq).into(),
        (scanned as u64).into(),
        (request.limit() as u64 + 1).into(),
    ]
}

/// A text that is asked for, as the rows have it.
pub(crate) fn asked(text: Option<&str>) -> Cell<'_> {
    Cell::searchable(text.map(indexed))
}

pub(crate) fn period<'v>(period: Period) -> [Cell<'v>; 2] {
    [time(period.since, BEGINNING).into(), time(period.until, END).into()]
}

/// The time at which the page before ended, else the end of the period.
pub(crate) fn before<F: Filter>(request: &ListRequest<F>, period: Period) -> Cell<'static> {
    let after = request.after().map(|place| place.value.clone());
    // Of the period's end nothing is wanted, whatever its entry: no entry is less than none.
    Cell::from(after.unwrap_or_else(|| time(period.until, END)))
}

fn time(at: Option<Timestamp>, open: &str) -> String {
    at.map_or_else(|| open.to_owned(), |at| at.to_string())
}
