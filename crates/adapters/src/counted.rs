//! What the entries of an export give beside themselves, for whoever writes a bundle and for whoever
//! checks one.

use store_traits::{Object, Value};

use crate::asked::{self, Recorded, WholePeriod};
use crate::overview::{Count, Overview};
use crate::soc2::{Collect, Soc2Package};

/// Takes the entries in order; counts what the query asks for.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    count: Option<Count>,
    criteria: Option<Collect>,
    recorded: Option<Recorded>,
}

impl Counted {
    pub(crate) fn of(query: &Object) -> Self {
        Self {
            count: Count::of(query),
            criteria: Collect::of(query),
            recorded: asked::period(query).map(Recorded::new),
        }
    }

    pub(crate) fn add(&mut self, seq: u64, fact: &Value) {
        let Self { count, criteria, recorded } = self;
        if let Some(count) = count {
            count.add(seq, fact);
        }
        if let Some(criteria) = criteria {
            criteria.add(seq, fact);
        }
        if let Some(recorded) = recorded {
            recorded.add(seq, fact);
        }
    }

    /// The one of these complete ranges that holds everything that was recorded in the period.
    pub(crate) fn whole(&self, complete: &[(u64, u64)], size: u64) -> Option<WholePeriod> {
        self.recorded.as_ref()?.whole(complete, size)
    }

    /// What a report says beside the steps of a run.
    pub(crate) fn finish(self) -> (Option<Overview>, Option<Soc2Package>) {
        (self.count.map(Count::finish), self.criteria.map(Collect::finish))
    }
}
