//! Lists in pages: what is asked, where a page ended, and what came back.

use std::fmt::Write as _;

use thiserror::Error;

use crate::{TenantId, Timestamp};

/// The longest page.
pub const MOST_ITEMS: u32 = 500;

/// A page that nobody can be given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListError {
    /// A page that is empty or too long.
    #[error(
        "a page holds 1 to {MOST_ITEMS} items, not {0} (a list goes on with the cursor of its page)"
    )]
    Limit(u64),
    /// Not a cursor.
    #[error("`{0}` is no cursor (take it unchanged from the page before)")]
    Cursor(String),
    /// A cursor that another tenant was given.
    #[error("the cursor was given to another tenant (begin the list without one)")]
    OtherTenant,
    /// A cursor of another list, or of the same list in another order.
    #[error(
        "the cursor belongs to another question (ask with the filters of the page before, or begin without one)"
    )]
    OtherList,
    /// A period that nothing can lie in: an empty page would say that nothing was recorded.
    #[error("the period ends before it begins, or where it begins (its end is not part of it)")]
    Period,
}

/// Where a page ended: the values by which its list is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The first ordering value; empty where a list is ordered by sequence numbers alone.
    pub value: String,
    /// The sequence number.
    pub seq: u64,
}

/// A filter of a list.
pub trait Filter {
    /// The list and its order, in a word without white space. Filters that order a list by the same
    /// values share the word, and nobody else does: a cursor is good for one word.
    fn order(&self) -> &'static str;

    /// Of which time.
    fn period(&self) -> Period;
}

/// A page that somebody asks for. There is none with a limit out of bounds, or with a cursor of
/// another tenant or list.
///
/// ```
/// use store_traits::{ListError, ListRequest, RunFilter, TenantId};
/// let (acme, other) = (TenantId::parse("acme")?, TenantId::parse("other")?);
/// let first = ListRequest::new(&acme, RunFilter::default(), 20, None)?;
/// let cursor = first.cursor("", 41);
/// let next = ListRequest::new(&acme, RunFilter::default(), 20, Some(&cursor))?;
/// assert_eq!(next.after().map(|place| place.seq), Some(41));
/// let stolen = ListRequest::new(&other, RunFilter::default(), 20, Some(&cursor));
/// assert_eq!(stolen, Err(ListError::OtherTenant));
/// assert_eq!(
///     ListRequest::new(&acme, RunFilter::default(), 1_000_000_000, None),
///     Err(ListError::Limit(1_000_000_000))
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest<F> {
    tenant: TenantId,
    filter: F,
    /// The word of the filter that was asked with, also where it was narrowed since: who asks for the
    /// next page asks with that filter again.
    order: &'static str,
    limit: u32,
    after: Option<Place>,
}

impl<F: Filter> ListRequest<F> {
    /// Checks what is asked.
    ///
    /// # Errors
    /// The limit is not 1 to [`MOST_ITEMS`], the period is empty, or the cursor is none of this tenant's
    /// list.
    pub fn new(
        tenant: &TenantId,
        filter: F,
        limit: u64,
        cursor: Option<&str>,
    ) -> Result<Self, ListError> {
        let checked = u32::try_from(limit).ok().filter(|n| (1..=MOST_ITEMS).contains(n));
        let limit = checked.ok_or(ListError::Limit(limit))?;
        filter.period().checked()?;
        let order = filter.order();
        let after = cursor.map(|cursor| opened(cursor, tenant, order)).transpose()?;
        Ok(Self { tenant: tenant.clone(), filter, order, limit, after })
    }

    /// The same page with something more asked for. It may lead to another index, but not to other
    /// ordering values: the place where the page before ended must stay one.
    pub(crate) fn narrowed(&self, narrow: impl FnOnce(&mut F)) -> Self
    where
        F: Clone,
    {
        let mut narrowed = self.clone();
        narrow(&mut narrowed.filter);
        narrowed
    }

    /// Whose list.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// What of it.
    #[must_use]
    pub fn filter(&self) -> &F {
        &self.filter
    }

    /// At most so many.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// Where the page before ended.
    #[must_use]
    pub fn after(&self) -> Option<&Place> {
        self.after.as_ref()
    }

    /// The cursor of a page that ended there, for whoever asks the same question again.
    #[must_use]
    pub fn cursor(&self, value: &str, seq: u64) -> String {
        let plain = format!("1 {} {} {seq} {value}", self.order, self.tenant);
        plain.bytes().fold(String::with_capacity(plain.len() * 2), |mut out, byte| {
            // Writing into a string cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
    }
}

/// A row that a store looked at for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned<T> {
    /// Where it stands in the list.
    pub place: Place,
    /// Does it fit the whole filter? Rows that do not are only of interest where the looking ended.
    pub fits: bool,
    /// Did the store stop looking here, though there may be more?
    pub last: bool,
    /// What it says.
    pub item: T,
}

impl<F: Filter> ListRequest<F> {
    /// The page that these rows make, in their order.
    #[must_use]
    pub fn page<T>(&self, rows: Vec<Scanned<T>>) -> Page<T> {
        let (mut items, mut end): (Vec<T>, Option<Place>) = (Vec::new(), None);
        for Scanned { place, fits, last, item } in rows {
            if fits && items.len() == self.limit() {
                let next = end.map(|end| self.cursor(&end.value, end.seq));
                return Page { items, unreadable: Vec::new(), next };
            }
            if fits {
                items.push(item);
            }
            if last {
                let next = Some(self.cursor(&place.value, place.seq));
                return Page { items, unreadable: Vec::new(), next };
            }
            if fits {
                end = Some(place);
            }
        }
        Page { items, unreadable: Vec::new(), next: None }
    }
}

/// A cursor's text is hexadecimal: nobody reads a meaning into it, and any shell takes it.
fn opened(cursor: &str, tenant: &TenantId, order: &str) -> Result<Place, ListError> {
    let wrong = || ListError::Cursor(cursor.chars().take(80).collect());
    let plain = unhexed(cursor).ok_or_else(wrong)?;
    let mut words = plain.splitn(5, ' ');
    let mut word = || words.next().ok_or_else(wrong);
    let (version, list, owner, seq, value) = (word()?, word()?, word()?, word()?, word()?);
    let seq = seq.parse().map_err(|_| wrong())?;
    match (version == "1", owner == tenant.as_str(), list == order) {
        (false, _, _) => Err(wrong()),
        (true, false, _) => Err(ListError::OtherTenant),
        (true, true, false) => Err(ListError::OtherList),
        (true, true, true) => Ok(Place { value: value.to_owned(), seq }),
    }
}

fn unhexed(text: &str) -> Option<String> {
    if text.len() > 1_024 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    // What is cut in the middle of a byte is no cursor either.
    let whole = bytes.filter(|_| text.len().is_multiple_of(2))?;
    String::from_utf8(whole).ok().filter(|plain| !plain.contains('\0'))
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items. A store looks at a bounded number of rows for a page, so that there may be fewer
    /// than asked for, even none, with more to come.
    pub items: Vec<T>,
    /// What is not among the items, because an entry that it is made of is not there as it was recorded.
    pub unreadable: Vec<Unreadable>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// Something that a list cannot show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Which run.
    pub run_id: String,
    /// The first of its entries that is gone or damaged.
    pub seq: u64,
}

impl<T> Page<T> {
    /// Is there more?
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.next.is_some()
    }
}

/// A period: from `since` up to and not including `until`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Up to and not including this time.
    pub until: Option<Timestamp>,
}

impl Period {
    /// Does it leave nothing out?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Does a time lie in it?
    ///
    /// ```
    /// use store_traits::{Period, Timestamp};
    /// let at = Timestamp::UNIX_EPOCH;
    /// assert!(Period { since: Some(at), until: None }.contains(at));
    /// assert!(!Period { since: None, until: Some(at) }.contains(at), "its end is not part of it");
    /// ```
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }

    /// The period itself, if something can lie in it.
    ///
    /// ```
    /// use store_traits::{ListError, Period, Timestamp};
    /// let at = Some(Timestamp::UNIX_EPOCH);
    /// assert_eq!(Period { since: at, until: at }.checked(), Err(ListError::Period));
    /// assert!(Period { since: at, until: None }.checked().is_ok());
    /// ```
    ///
    /// # Errors
    /// It ends before it begins, or where it begins.
    pub fn checked(self) -> Result<Self, ListError> {
        match self.since.zip(self.until) {
            Some((since, until)) if since >= until => Err(ListError::Period),
            _ => Ok(self),
        }
    }
}

/// The longest text that an index holds, in characters; of a longer one, its beginning.
pub const MOST_INDEXED: usize = 200;

/// The text as an index holds it, for rows and for the questions about them.
#[must_use]
pub fn indexed(text: &str) -> &str {
    text.char_indices().nth(MOST_INDEXED).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuditFilter, RunFilter};

    fn request(limit: u64, cursor: Option<&str>) -> Result<ListRequest<RunFilter>, ListError> {
        let tenant = TenantId::parse("acme").unwrap();
        ListRequest::new(&tenant, RunFilter::default(), limit, cursor)
    }

    #[test]
    fn limits_are_one_to_five_hundred() {
        for limit in [0, 501, 1_000_000_000, u64::MAX] {
            assert_eq!(request(limit, None), Err(ListError::Limit(limit)));
        }
        assert!(request(1, None).is_ok() && request(500, None).is_ok());
    }

    #[test]
    fn a_period_that_nothing_can_lie_in_is_refused() {
        let at = |text| Timestamp::parse(text).ok();
        let (first, second) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        let tenant = TenantId::parse("acme").unwrap();
        let asked = |since, until| {
            let filter = AuditFilter { period: Period { since, until }, ..AuditFilter::default() };
            ListRequest::new(&tenant, filter, 9, None).map(|_| ())
        };
        assert_eq!(asked(second, first), Err(ListError::Period));
        assert_eq!(asked(first, first), Err(ListError::Period));
        assert_eq!(asked(first, second), Ok(()));
        assert_eq!(asked(second, None), Ok(()));
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_and_order() {
        let first = request(9, None).unwrap();
        let cursor = first.cursor("2026-01-01T00", 7);
        let place = request(9, Some(&cursor)).unwrap().after().cloned();
        assert_eq!(place, Some(Place { value: "2026-01-01T00".into(), seq: 7 }));
        let tenant = TenantId::parse("acme").unwrap();
        let audit = ListRequest::new(&tenant, AuditFilter::default(), 9, Some(&cursor));
        assert_eq!(audit, Err(ListError::OtherList));
        let by_model = RunFilter { model: Some("m".into()), ..RunFilter::default() };
        let other = ListRequest::new(&tenant, by_model, 9, Some(&cursor));
        assert_eq!(other, Err(ListError::OtherList));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let whole = request(9, None).unwrap().cursor("", 7);
        for text in ["", "7", "zz", "é", &whole[1..], &whole[2..], &"0".repeat(2_000)] {
            assert!(matches!(request(9, Some(text)), Err(ListError::Cursor(_))), "{text}");
        }
    }

    #[test]
    fn a_page_ends_at_its_limit_or_where_the_looking_ended() {
        let request = request(2, None).unwrap();
        let row = |seq, fits, last| Scanned {
            place: Place { value: String::new(), seq },
            fits,
            last,
            item: seq,
        };
        let check = |rows: Vec<Scanned<u64>>, items: &[u64], next: Option<u64>| {
            let page = request.page(rows);
            assert_eq!(page.items, items);
            assert_eq!(page.next, next.map(|seq| request.cursor("", seq)));
        };
        check(vec![], &[], None);
        check(vec![row(9, true, false), row(8, true, false)], &[9, 8], None);
        let full = vec![row(9, true, false), row(8, true, false), row(7, true, true)];
        check(full, &[9, 8], Some(8));
        check(vec![row(9, true, false), row(3, false, true)], &[9], Some(3));
        check(vec![row(9, true, false), row(3, true, true)], &[9, 3], Some(3));
        check(vec![row(3, false, true)], &[], Some(3));
    }

    #[test]
    fn an_index_holds_the_beginning_of_a_long_text() {
        assert_eq!(indexed("short"), "short");
        assert_eq!(indexed(&"é".repeat(300)), "é".repeat(MOST_INDEXED));
    }
}
