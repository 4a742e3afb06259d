//! What an export asks for, and of a period, what its entries show of it.
//!
//! Facts are recorded after they happen, some much later. So an export of a period holds what happened
//! in it and what was recorded in it; of the latter a range proof can show that nothing was left out,
//! if the entries at its borders were recorded outside.

use std::collections::BTreeMap;

use store_traits::{Object, Period, Timestamp, Value};

/// What the parts of a bundle must fit, of a query that an export answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Every entry is of this run.
    pub(crate) run: Option<String>,
    /// No content goes out.
    pub(crate) withheld: bool,
}

impl Asked {
    /// Reads a query about a tenant.
    ///
    /// # Errors
    /// No export answers it: why.
    pub(crate) fn of(query: &Object, tenant: &str) -> Result<Self, String> {
        const MEMBERS: [&str; 8] =
            ["actor", "incident", "profile", "run", "since", "tenant", "until", "withhold"];
        if let Some(name) = query.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(format!("`{name}` is no member of it"));
        }
        let text = |name: &str| query.get(name).map(|value| value.as_str().unwrap_or_default());
        if let Some(name) = query.keys().find(|name| text(name) == Some("")) {
            return Err(format!("its `{name}` is no text"));
        }
        if text("tenant") != Some(tenant) {
            return Err(format!("its `tenant` is not `{tenant}`"));
        }
        let of_a_period = match text("profile") {
            Some("evidence") => false,
            Some("soc2" | "executive") => true,
            _ => return Err("its `profile` is none that there is".to_owned()),
        };
        let withheld = match text("withhold") {
            Some("nothing") if text("profile") != Some("executive") => false,
            Some("content") => true,
            _ => return Err("its `withhold` is not what is left out of such an export".to_owned()),
        };
        let times = ["since", "until"].map(text);
        if times.iter().flatten().any(|time| !Timestamp::is_spelling(time)) {
            return Err("its times are not spelt as an export spells them".to_owned());
        }
        let fits = match (["run", "incident", "actor"].map(text), times) {
            ([None, None, None], [Some(_), Some(_)]) => true,
            ([Some(_), None, None] | [None, Some(_), None], [None, None]) => !of_a_period,
            ([None, None, Some(_)], _)
            | ([None, None, None], [Some(_), None] | [None, Some(_)]) => !of_a_period,
            _ => false,
        };
        if !fits {
            return Err("it is not about one run, one incident, one actor or one period".to_owned());
        }
        Ok(Self { run: text("run").map(str::to_owned), withheld })
    }
}

/// The period of a query that asks for everything in it.
pub(crate) fn period(query: &Object) -> Option<Period> {
    let narrower = ["run", "incident", "actor"].iter().any(|name| query.contains_key(name));
    let time = |name: &str| Timestamp::parse(query.get(name)?.as_str()?).ok();
    let period = Period { since: time("since"), until: time("until") };
    (!narrower && !period.is_open()).then_some(period)
}

/// Did the fact happen in the period, or was it recorded in it?
pub(crate) fn concerns(period: Period, fact: &Value) -> bool {
    let at = |name: &str| Timestamp::parse(fact.at(&["meta", name])?.as_str()?).ok();
    let within = |at: Timestamp| When::of(period, at) == When::Within;
    ["occurred_at", "recorded_at"].into_iter().filter_map(at).any(within)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    Within,
    After,
}

impl When {
    fn of(Period { since, until }: Period, at: Timestamp) -> Self {
        if since.is_some_and(|since| at < since) {
            return Self::Before;
        }
        if until.is_some_and(|until| until <= at) { Self::After } else { Self::Within }
    }
}

/// When the entries of an export of a period were recorded.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    period: Period,
    when: BTreeMap<u64, When>,
}

/// A range that holds everything that was recorded in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WholePeriod {
    pub(crate) period: Period,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Recorded {
    pub(crate) fn new(period: Period) -> Self {
        Self { period, when: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, seq: u64, fact: &Value) {
        let at = fact.at(&["meta", "recorded_at"]).and_then(Value::as_str);
        if let Some(at) = at.and_then(|at| Timestamp::parse(at).ok()) {
            self.when.insert(seq, When::of(self.period, at));
        }
    }

    /// The one of these complete ranges that holds all of them and whose borders lie outside.
    pub(crate) fn whole(&self, complete: &[(u64, u64)], size: u64) -> Option<WholePeriod> {
        let period = self.period;
        let mut within = self.when.iter().filter(|(_, when)| **when == When::Within);
        let first = within.next().map(|(seq, _)| *seq);
        let last = within.next_back().map(|(seq, _)| *seq).or(first);
        let at = |seq: u64| self.when.get(&seq).copied();
        let shows = |(start, end): &&(u64, u64)| {
            let begins = *start == 0 || at(*start) == Some(When::Before);
            let ends = *end == size || at(end.saturating_sub(1)) == Some(When::After);
            let holds = |seq: Option<u64>| seq.is_none_or(|seq| (*start..*end).contains(&seq));
            begins && ends && holds(first) && holds(last)
        };
        complete.iter().find(shows).map(|(start, end)| WholePeriod {
            period,
            start: *start,
            end: *end,
        })
    }
}

impl WholePeriod {
    /// What is proved, in a sentence.
    pub(crate) fn sentence(&self, size: u64) -> String {
        let begins = match self.start {
            0 => "with the ledger".to_owned(),
            start => format!("before the period, at entry {start}"),
        };
        let ends = match self.end {
            end if end == size => "with the checkpoint".to_owned(),
            end => format!("after the period, at entry {}", end.saturating_sub(1)),
        };
        let period = words(self.period);
        format!(
            "Of what the checkpoint holds as recorded {period}, nothing was left out: what is here begins {begins}, and ends {ends}."
        )
    }
}

/// A period in words.
pub(crate) fn words(Period { since, until }: Period) -> String {
    match (since, until) {
        (Some(since), Some(until)) => format!("from {since} up to {until}"),
        (Some(since), None) => format!("from {since} on"),
        (None, Some(until)) => format!("before {until}"),
        (None, None) => "at any time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(seconds: &[(u64, u8)]) -> Recorded {
        let at = |second: u8| format!("2026-01-01T00:00:{second:02}.000000000Z");
        let query = Object::from([("since", at(10).into()), ("until", at(20).into())]);
        let mut recorded = Recorded::new(period(&query).unwrap());
        for (seq, second) in seconds {
            let meta = Object::from([("recorded_at", Value::from(at(*second)))]);
            recorded.add(*seq, &Object::from([("meta", Value::from(meta))]).into());
        }
        recorded
    }

    #[track_caller]
    fn check(seconds: &[(u64, u8)], complete: (u64, u64), size: u64, expect: bool) {
        assert_eq!(recorded(seconds).whole(&[complete], size).is_some(), expect, "{seconds:?}");
    }

    #[test]
    fn a_period_is_whole_between_entries_that_lie_outside_of_it() {
        check(&[(3, 9), (4, 10), (5, 19), (6, 20)], (3, 7), 9, true);
        check(&[(0, 10), (1, 19), (2, 20)], (0, 3), 9, true);
        check(&[(3, 9), (4, 10)], (3, 5), 5, true);
        check(&[(3, 9), (4, 20)], (3, 5), 9, true);
        check(&[(4, 10), (5, 19), (6, 20)], (4, 7), 9, false);
        check(&[(3, 9), (4, 10), (5, 19)], (3, 6), 9, false);
        check(&[(3, 9), (4, 10), (5, 20), (8, 19)], (3, 6), 9, false);
    }

    #[test]
    fn a_query_is_one_that_an_export_answers() {
        let at = "2026-01-01T00:00:00.000000000Z";
        let query = |members: &[(&'static str, &str)]| {
            let mut query = Object::from([("profile", Value::from("evidence"))]);
            query.extend([("tenant", "acme".into()), ("withhold", "nothing".into())]);
            query.extend(members.iter().map(|(name, text)| (*name, Value::from(*text))));
            Asked::of(&query, "acme")
        };
        let of_a_run = Asked { run: Some("r".to_owned()), withheld: false };
        assert_eq!(query(&[("run", "r")]), Ok(of_a_run));
        let anything = Asked { run: None, withheld: false };
        for members in [
            &[("incident", "i")][..],
            &[("actor", "a")],
            &[("actor", "a"), ("since", at)],
            &[("until", at)],
            &[("profile", "soc2"), ("since", at), ("until", at)],
        ] {
            assert_eq!(query(members), Ok(anything.clone()), "{members:?}");
        }
        let executive = [("profile", "executive"), ("withhold", "content")];
        assert!(
            query(&[&executive[..], &[("since", at), ("until", at)]].concat()).unwrap().withheld
        );
        for (members, why) in [
            (&[][..], "not about one run"),
            (&[("run", "r"), ("incident", "i")], "not about one run"),
            (&[("run", "r"), ("since", at)], "not about one run"),
            (&[("profile", "soc2"), ("run", "r")], "not about one run"),
            (&[("profile", "soc2"), ("since", at)], "not about one run"),
            (&[("run", "r"), ("tenant", "other")], "its `tenant` is not `acme`"),
            (&[("run", "r"), ("profile", "all")], "its `profile`"),
            (&[("run", "r"), ("withhold", "some")], "its `withhold`"),
            (&[("profile", "executive"), ("since", at), ("until", at)], "its `withhold`"),
            (&[("run", "")], "its `run` is no text"),
            (&[("until", "2026-01-01T00:00:00Z")], "its times"),
            (&[("run", "r"), ("note", "n")], "`note` is no member"),
        ] {
            let refused = query(members).unwrap_err();
            assert!(refused.contains(why), "{members:?}: {refused}");
        }
    }

    #[test]
    fn what_is_narrower_than_a_period_is_none() {
        let at = "2026-01-01T00:00:00.000000000Z";
        assert!(period(&Object::from([("since", at.into())])).is_some());
        assert!(period(&Object::from([("since", at.into()), ("actor", "a".into())])).is_none());
        assert!(period(&Object::from([("run", "r".into())])).is_none());
    }
}
