//! The package: criteria with the entries that speak to them.

use store_traits::{Object, Period, Value};

use super::criteria::{Row, TABLE};
use super::{Evidence, Support};
use crate::asked;
use crate::report::object;

/// `soc2-criteria.json` as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Soc2Package {
    period: Period,
    entries: u64,
    criteria: Vec<Criterion>,
}

/// A criterion with what supports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    id: &'static str,
    about: &'static str,
    most: Support,
    evidence: Vec<Shown>,
}

/// Entries that speak to a criterion; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    evidence: Evidence,
    entries: u64,
    /// Half open, in order.
    ranges: Vec<(u64, u64)>,
}

impl Soc2Package {
    /// The period, as it was asked for.
    #[must_use]
    pub fn period(&self) -> Period {
        self.period
    }

    /// Entries that happened or were recorded in it: the population.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The criteria in the order of the table.
    #[must_use]
    pub fn criteria(&self) -> &[Criterion] {
        &self.criteria
    }

    pub(crate) fn to_value(&self) -> Value {
        let Self { period, entries, criteria } = self;
        let time = |at: Option<store_traits::Timestamp>| {
            at.map_or(Value::Null, |at| at.to_string().into())
        };
        object([
            ("format", "factlog/soc2/1".into()),
            (
                "note",
                "Evidence, not a conclusion: which entries speak to a criterion. Whether a control is designed well and works is for the auditor to say."
                    .into(),
            ),
            ("since", time(period.since)),
            ("until", time(period.until)),
            ("entries", Value::unsigned(*entries)),
            ("criteria", criteria.iter().map(Criterion::to_value).collect::<Vec<_>>().into()),
        ])
    }
}

impl Criterion {
    /// Its number in the Trust Services Criteria.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What it is about, in our own words.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// How far the entries support it: not at all where there are none.
    #[must_use]
    pub fn support(&self) -> Support {
        if self.evidence.is_empty() { Support::NotEvidenced } else { self.most }
    }

    /// What supports it.
    #[must_use]
    pub fn evidence(&self) -> &[Shown] {
        &self.evidence
    }

    fn to_value(&self) -> Value {
        object([
            ("id", self.id.into()),
            ("about", self.about.into()),
            ("support", self.support().as_str().into()),
            ("evidence", self.evidence.iter().map(Shown::to_value).collect::<Vec<_>>().into()),
        ])
    }
}

impl Shown {
    /// What they are, in a few words.
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.evidence.names().1
    }

    /// How many there are.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Which, half open, in order.
    #[must_use]
    pub fn ranges(&self) -> &[(u64, u64)] {
        &self.ranges
    }

    fn to_value(&self) -> Value {
        let (id, what) = self.evidence.names();
        let range = |(first, end): &(u64, u64)| {
            object([("first", Value::unsigned(*first)), ("end", Value::unsigned(*end))])
        };
        object([
            ("class", id.into()),
            ("what", what.into()),
            ("entries", Value::unsigned(self.entries)),
            ("ranges", self.ranges.iter().map(range).collect::<Vec<_>>().into()),
        ])
    }
}

/// Takes the entries of an export in order.
#[derive(Debug, Clone)]
pub(crate) struct Collect {
    period: Period,
    entries: u64,
    shown: Vec<Shown>,
}

impl Collect {
    /// `None` unless a SOC 2 package of a period was asked for.
    pub(crate) fn of(query: &Object) -> Option<Self> {
        let asked = query.get("profile").and_then(Value::as_str) == Some("soc2");
        let period = asked::period(query).filter(|_| asked)?;
        let none = |evidence| Shown { evidence, entries: 0, ranges: Vec::new() };
        Some(Self { period, entries: 0, shown: Evidence::ALL.map(none).to_vec() })
    }

    pub(crate) fn add(&mut self, seq: u64, fact: &Value) {
        // An entry at the border is not of the period, and supports nothing.
        if !asked::concerns(self.period, fact) {
            return;
        }
        self.entries += 1;
        let kind = fact.member("kind").and_then(Value::as_str).unwrap_or_default();
        for shown in &mut self.shown {
            if !shown.evidence.shown_by(kind, fact) {
                continue;
            }
            shown.entries += 1;
            match shown.ranges.last_mut() {
                Some((_, end)) if *end == seq => *end = seq + 1,
                _ => shown.ranges.push((seq, seq + 1)),
            }
        }
    }

    pub(crate) fn finish(self) -> Soc2Package {
        let Self { period, entries, shown } = self;
        let criterion = |row: &Row| {
            let of_row =
                |evidence: &Evidence| shown.iter().find(|shown| shown.evidence == *evidence);
            let evidence = row.by.iter().filter_map(of_row).filter(|shown| shown.entries > 0);
            Criterion {
                id: row.id,
                about: row.about,
                most: row.most,
                evidence: evidence.cloned().collect(),
            }
        };
        Soc2Package { period, entries, criteria: TABLE.iter().map(criterion).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(kind: &str, body: Value) -> Value {
        let at = |second: u8| Value::from(format!("2026-01-01T00:00:{second:02}.000000000Z"));
        let meta = Object::from([("occurred_at", at(5)), ("recorded_at", at(15))]);
        Object::from([("kind", Value::from(kind)), ("meta", meta.into()), ("body", body)]).into()
    }

    fn collect() -> Collect {
        let query = [
            ("profile", "soc2"),
            ("since", "2026-01-01T00:00:10.000000000Z"),
            ("until", "2026-01-01T00:00:20.000000000Z"),
        ];
        let query: Object =
            query.into_iter().map(|(name, text)| (name, Value::from(text))).collect();
        Collect::of(&query).unwrap()
    }

    fn support(package: &Soc2Package, id: &str) -> Support {
        package.criteria().iter().find(|criterion| criterion.id() == id).unwrap().support()
    }

    #[test]
    fn nothing_is_supported_without_an_entry() {
        let package = collect().finish();
        assert!(package.criteria().iter().all(|c| c.support() == Support::NotEvidenced));
        assert_eq!(package.criteria().len(), TABLE.len());
    }

    #[test]
    fn a_criterion_names_the_entries_that_speak_to_it() {
        let mut collect = collect();
        let denied = Object::from([("outcome", Value::from("denied"))]);
        collect.add(3, &fact("audit.authorization", denied.into()));
        collect.add(4, &fact("audit.authorization", Value::Null));
        collect.add(9, &fact("run.step", Value::Null));
        let package = collect.finish();
        assert_eq!(package.entries(), 3);
        assert_eq!(support(&package, "CC6.1"), Support::Supports);
        assert_eq!(support(&package, "CC7.4"), Support::NotEvidenced);
        let access = package.criteria().iter().find(|criterion| criterion.id() == "CC6.1").unwrap();
        let shown: Vec<_> = access
            .evidence()
            .iter()
            .map(|s| (s.what(), s.entries(), s.ranges().to_vec()))
            .collect();
        assert_eq!(
            shown,
            [
                ("recorded decisions of others", 2, vec![(3, 5)]),
                ("denials among them", 1, vec![(3, 4)])
            ]
        );
    }

    #[test]
    fn what_lies_outside_the_period_supports_nothing() {
        let mut collect = collect();
        let meta = Object::from([("recorded_at", Value::from("2026-01-01T00:00:20.000000000Z"))]);
        collect
            .add(3, &Object::from([("kind", "audit.access".into()), ("meta", meta.into())]).into());
        assert_eq!(collect.finish().entries(), 0);
    }

    #[test]
    fn every_class_is_used_and_named_once() {
        let names: std::collections::BTreeSet<_> = Evidence::ALL.map(|e| e.names().0).into();
        assert_eq!(names.len(), Evidence::ALL.len());
        for evidence in Evidence::ALL {
            assert!(TABLE.iter().any(|row| row.by.contains(&evidence)), "{evidence:?}");
        }
    }
}
