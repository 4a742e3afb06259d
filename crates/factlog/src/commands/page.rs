//! What all lists take: a period, a limit, a cursor.

use clap::Args;
use logs_domain::{Answer, ListError, Page, Period, Timestamp};
use owo_colors::OwoColorize as _;

use crate::fail::BadInput;

/// Items of a page that nobody asks otherwise for.
const USUAL: u64 = 20;
/// Scans that a page may take: where few of many fit, the rest is asked for with the cursor.
const MOST_SCANS: u32 = 2_000;

/// A page of a list.
#[derive(Args)]
pub(crate) struct PageArgs {
    /// Only from this time on (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Timestamp>,
    /// Only before this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Timestamp>,
    /// Items a page, 1 to 500; 20 where nothing is said.
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// Where the page before ended.
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

impl PageArgs {
    /// The period that is asked for; a list refuses one that nothing can lie in.
    pub(crate) fn period(&self) -> Period {
        Period { since: self.since, until: self.until }
    }
}

/// How to go on, if there is more.
pub(crate) fn more<T>(page: &Page<T>) -> String {
    let hint = |cursor: &String| format!("more: add --cursor {cursor}\n").dimmed().to_string();
    page.next.as_ref().map(hint).unwrap_or_default()
}

/// What is said of an empty page: where not all of the list was looked at, nobody may say that there is
/// nothing.
pub(crate) fn none<T>(page: &Page<T>, nothing: String) -> String {
    if page.has_more() {
        "none among those that were looked at so far\n".to_owned()
    } else {
        format!("{nothing}\n")
    }
}

/// A page that cannot be asked for.
pub(crate) fn bad(error: ListError) -> anyhow::Error {
    BadInput(error.to_string()).into()
}

/// Asks until the page is full or the list is at its end. A store looks at a bounded number of rows at
/// once, so that one answer may hold fewer than there are.
pub(crate) async fn pages<T>(
    args: &PageArgs,
    ask: impl AsyncFn(u64, Option<&str>) -> anyhow::Result<Answer<Page<T>>>,
) -> anyhow::Result<Answer<Page<T>>> {
    let limit = args.limit.unwrap_or(USUAL);
    let mut answer = ask(limit, args.cursor.as_deref()).await?;
    let page = &mut answer.value;
    for _ in 0..MOST_SCANS {
        let there = page.items.len() + page.unreadable.len();
        let missing = limit.saturating_sub(there as u64);
        let Some(cursor) = page.next.as_deref().filter(|_| missing > 0) else { break };
        let more = ask(missing, Some(cursor)).await?.value;
        page.items.extend(more.items);
        page.unreadable.extend(more.unreadable);
        page.next = more.next;
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_page_with_more_to_come_does_not_say_that_nothing_was_recorded() {
        let page = |next: Option<&str>| Page::<u64> {
            items: Vec::new(),
            unreadable: Vec::new(),
            next: next.map(Into::into),
        };
        assert_eq!(none(&page(None), "not recorded".to_owned()), "not recorded\n");
        assert!(!none(&page(Some("31")), "not recorded".to_owned()).contains("not recorded"));
    }
}
