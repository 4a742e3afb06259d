//! Reads of runs and steps.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use ledger_store::{Cell, Reader};
use store_traits::{
    ListRequest, Page, Period, RunEnd, RunExtent, RunFilter, RunId, RunOrder, RunStatus,
    RunSummary, Scanned, Step, StepClass, StepOutcome, StoreError, TenantId, Timestamp, TraceStore,
    Unreadable, Usage, Value, indexed,
};

use crate::line::Line;
use crate::row::{CandidateRow, StepFact, stored_time, summary};
use crate::sql;
use crate::summary::{status, summed};
use crate::usage::Sums;

/// Runs that are looked at for a page where an index does not answer the whole question; and, for each
/// run of a page of a period, where only those repeat that began steps in several hours.
const SCANNED: usize = 200;
const SCANNED_OF_HOURS: usize = 3;
/// Runs whose steps are read for a page where labels leave it open whether they fit: as many as take
/// about as long as the page itself.
const JUDGED: usize = 64;
/// Runs of a sum that are read at a time.
const SUMMED: u64 = 200;
/// Steps of a run, and others of its members, that one answer holds.
const MOST_STEPS: usize = 100_000;
const MOST_MEMBERS: usize = 20;
/// Before and after every time and hour, in text order.
const BEGINNING: &str = "";
const END: &str = "~";
/// The label that every run has, and its one value.
const SEEN: (&str, &str) = ("run", "seen");

/// Reads the fact in the bytes of an entry that has this leaf hash; `None` where it is not there as it was
/// recorded. Handed in by whoever knows the one canonical form and the one hash.
pub type ReadFact = fn(bytes: &[u8], leaf_hash: &[u8]) -> Option<Value>;

/// Runs and steps, read through a ledger's connections.
#[derive(Debug, Clone)]
pub struct Traces {
    reader: Reader,
    read_fact: ReadFact,
}

/// An entry that is not there as it was recorded.
struct Damaged;

/// What is recorded of a run.
#[derive(Default)]
struct Part {
    entries: u64,
    steps: Vec<Line>,
    /// The first of its entries that is gone or damaged.
    unreadable: Option<u64>,
}

impl Part {
    /// Its steps, all of them.
    fn whole(self, tenant: &TenantId, run: &str) -> Result<Vec<Line>, StoreError> {
        match self.unreadable {
            None => Ok(self.steps),
            Some(seq) => Err(StoreError::Corrupt {
                what: format!(
                    "entry {seq} of `{tenant}`, of run `{run}`, is not there as it was recorded"
                ),
            }),
        }
    }
}

impl Traces {
    /// Reads runs by what [`crate::PROJECTION`] wrote into this database, and their steps from the entries.
    #[must_use]
    pub fn new(reader: &Reader, read_fact: ReadFact) -> Self {
        Self { reader: reader.clone(), read_fact }
    }

    /// What is recorded of each of these runs, its steps in order of (start, entry): a source may report
    /// the end of a step before its beginning.
    async fn parts<'r>(
        &self,
        tenant: &TenantId,
        runs: impl Iterator<Item = &'r str> + Send,
    ) -> Result<BTreeMap<String, Part>, StoreError> {
        let runs: serde_json::Value = runs.collect();
        if runs.as_array().is_none_or(Vec::is_empty) {
            return Ok(BTreeMap::new());
        }
        let values = [Cell::from(runs.to_string())];
        let rows: Vec<(String, Option<String>)> =
            self.reader.rows(&sql::SELECT_PARTS, tenant, &values).await?;
        let (mut parts, mut all) = (BTreeMap::<String, Part>::new(), Vec::new());
        let mut runs = Vec::with_capacity(rows.len());
        for (run, seqs) in rows {
            let mut own = Vec::new();
            for seq in seqs.iter().flat_map(|seqs| seqs.split(',')) {
                let wrong = |_| StoreError::Corrupt {
                    what: format!("run_entries of `{run}`: `{seq}` is no number"),
                };
                own.push(seq.parse::<u64>().map_err(wrong)?);
            }
            all.extend_from_slice(&own);
            let part = Part { entries: own.len() as u64, ..Part::default() };
            parts.insert(run.clone(), part);
            runs.push((run, own));
        }
        let steps = self.reader.of_entries(tenant, all, |seq, bytes, leaf_hash| {
            let fact = (self.read_fact)(bytes, leaf_hash).ok_or(Damaged)?;
            let step = StepFact::of(&fact);
            Ok(step.and_then(|step| Some((step.run.to_owned(), Line::of(seq, &step)?))))
        });
        let mut lost = BTreeSet::new();
        for (seq, step) in steps.await? {
            match step {
                Some(Ok(Some((run, step)))) => {
                    if let Some(part) = parts.get_mut(&run) {
                        part.steps.push(step);
                    }
                }
                // A fact that makes no step.
                Some(Ok(None)) => {}
                Some(Err(Damaged)) | None => drop(lost.insert(seq)),
            }
        }
        for (run, own) in runs.iter().filter(|_| !lost.is_empty()) {
            if let Some(part) = parts.get_mut(run) {
                part.unreadable = own.iter().copied().filter(|seq| lost.contains(seq)).min();
            }
        }
        for part in parts.values_mut() {
            part.steps.sort_by(|a, b| (&a.started_at, a.seq).cmp(&(&b.started_at, b.seq)));
        }
        Ok(parts)
    }

    async fn lines(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<Line>, StoreError> {
        let mut parts = self.parts(tenant, std::iter::once(run.as_str())).await?;
        let part = parts.remove(run.as_str()).unwrap_or_default();
        let mut steps = part.whole(tenant, run.as_str())?;
        steps.truncate(MOST_STEPS);
        Ok(steps)
    }

    /// Summaries of these runs, in their order; and the runs of which there can be none.
    async fn summaries(
        &self,
        tenant: &TenantId,
        runs: Vec<String>,
    ) -> Result<(Vec<RunSummary>, Vec<Unreadable>), StoreError> {
        let mut parts = self.parts(tenant, runs.iter().map(String::as_str)).await?;
        let (mut summaries, mut unreadable) = (Vec::with_capacity(runs.len()), Vec::new());
        for run_id in runs {
            let Some(Part { entries, steps, unreadable: lost }) = parts.remove(&run_id) else {
                continue;
            };
            match (lost, summed(&steps)) {
                (Some(seq), _) => unreadable.push(Unreadable { run_id, seq }),
                (None, Some(summed)) => summaries.push(summary(run_id, summed, entries)?),
                (None, None) => {}
            }
        }
        Ok((summaries, unreadable))
    }

    /// Those of the candidates that fit, where labels leave it open by their steps. Of too many such the
    /// looking ends early, and the next page goes on from there.
    async fn judged(
        &self,
        request: &ListRequest<RunFilter>,
        mut rows: Vec<CandidateRow>,
    ) -> Result<Vec<Scanned<String>>, StoreError> {
        let (tenant, filter) = (request.tenant(), request.filter());
        let mut open = rows.iter().enumerate().filter(|(_, row)| row.fits && row.unsure);
        if let Some((last, _)) = open.nth(JUDGED.max(request.limit())) {
            rows.truncate(last);
            if let Some(row) = rows.last_mut() {
                row.at_end = true;
            }
        }
        let unsure =
            rows.iter().filter(|row| row.fits && row.unsure).map(|row| row.run_id.as_str());
        let parts = self.parts(tenant, unsure).await?;
        let (since, until) = (time(filter.period.since, BEGINNING), time(filter.period.until, END));
        let of_steps = |steps: &[Line]| {
            steps.iter().any(|step| step.started_at >= since && step.started_at < until)
                && filter.status.is_none_or(|asked| asked == status(steps))
        };
        let judge = |row: CandidateRow| {
            // Of a run that cannot be read nobody knows whether it fits: it is told.
            let fit = |part: &Part| part.unreadable.is_some() || of_steps(&part.steps);
            let fits = row.fits && (!row.unsure || parts.get(&row.run_id).is_some_and(fit));
            Ok(Scanned { place: row.place()?, fits, last: row.at_end, item: row.run_id })
        };
        rows.into_iter().map(judge).collect()
    }
}

fn time(at: Option<Timestamp>, open: &str) -> String {
    at.map_or_else(|| open.to_owned(), |at| at.to_string())
}

/// The hour in which a period begins, as the label spells it.
fn hour(at: Option<Timestamp>) -> String {
    time(at, BEGINNING).chars().take(13).collect()
}

fn asked(text: Option<&str>) -> Cell<'_> {
    Cell::searchable(text.map(indexed))
}

/// `$2` to `$19` of the statements that list runs.
fn values(request: &ListRequest<RunFilter>) -> Vec<Cell<'_>> {
    let filter = request.filter();
    let RunFilter { agent, provider, model, correlation, seed, scenario, .. } = filter;
    let RunFilter { run, plan_hash, root_hash, synthetic, status, period, .. } = filter;
    // Where an index gives just what is asked, one more than the page tells whether there is more.
    let page = request.limit() + 1;
    let unfiltered = run.is_none() && status.is_none() && *synthetic != Some(false);
    let scanned = match filter.ordered_by() {
        RunOrder::FirstEntry if unfiltered => page,
        RunOrder::Label { .. } if unfiltered && filter.labels().len() == 1 && period.is_open() => {
            page
        }
        RunOrder::Hour if unfiltered && filter.labels().is_empty() => page * SCANNED_OF_HOURS,
        RunOrder::FirstEntry | RunOrder::Label { .. } | RunOrder::Hour => SCANNED.max(page),
    };
    let (label, least, last) = match filter.ordered_by() {
        RunOrder::FirstEntry => (SEEN.0, SEEN.1.into(), SEEN.1.into()),
        RunOrder::Label { name, value } => (name, asked(Some(value)), asked(Some(value))),
        RunOrder::Hour => {
            let ended = request.after().map(|place| place.value.clone());
            let last = ended.unwrap_or_else(|| time(period.until, END));
            ("hour", hour(period.since).into(), last.into())
        }
    };
    vec![
        request.after().map_or(u64::MAX, |place| place.seq).into(),
        (scanned as u64).into(),
        time(period.since, BEGINNING).into(),
        time(period.until, END).into(),
        asked(agent.as_deref()),
        asked(provider.as_deref()),
        asked(model.as_deref()),
        asked(correlation.as_deref()),
        asked(seed.as_deref()),
        asked(scenario.as_deref()),
        asked(plan_hash.as_deref()),
        asked(root_hash.as_deref()),
        asked(synthetic.map(|synthetic| if synthetic { "true" } else { "false" })),
        asked(status.map(RunStatus::as_str)),
        Cell::searchable(run.as_deref()),
        label.into(),
        least,
        last,
    ]
}

#[async_trait]
impl TraceStore for Traces {
    async fn runs(&self, request: &ListRequest<RunFilter>) -> Result<Page<RunSummary>, StoreError> {
        let (tenant, filter) = (request.tenant(), request.filter());
        let statement = match filter.ordered_by() {
            RunOrder::FirstEntry if filter.run.is_some() => &sql::SELECT_RUNS_BY_ID,
            RunOrder::FirstEntry | RunOrder::Label { .. } | RunOrder::Hour => {
                &sql::SELECT_RUNS_BY_LABEL
            }
        };
        let rows = self.reader.rows(statement, tenant, &values(request)).await?;
        let page = request.page(self.judged(request, rows).await?);
        let (items, unreadable) = self.summaries(tenant, page.items).await?;
        Ok(Page { items, unreadable, next: page.next })
    }

    async fn run(&self, tenant: &TenantId, run: &RunId) -> Result<Option<RunSummary>, StoreError> {
        let mut parts = self.parts(tenant, std::iter::once(run.as_str())).await?;
        let Some(part) = parts.remove(run.as_str()) else { return Ok(None) };
        let entries = part.entries;
        let summed = summed(&part.whole(tenant, run.as_str())?);
        summed.map(|summed| summary(run.as_str().to_owned(), summed, entries)).transpose()
    }

    async fn steps(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<Step>, StoreError> {
        let lines = self.lines(tenant, run).await?;
        lines.into_iter().map(|line| line.into_step(run.as_str())).collect()
    }

    async fn runs_starting_with(
        &self,
        tenant: &TenantId,
        prefix: &str,
    ) -> Result<Vec<String>, StoreError> {
        if prefix.contains('\0') {
            // No run id has it, and PostgreSQL would refuse the question.
            return Ok(Vec::new());
        }
        let values = [Cell::from(prefix), Cell::from(format!("{prefix}{}", char::MAX))];
        let rows: Vec<(String,)> =
            self.reader.rows(&sql::SELECT_RUNS_STARTING_WITH, tenant, &values).await?;
        Ok(rows.into_iter().map(|(run_id,)| run_id).collect())
    }

    async fn extent(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Option<RunExtent>, StoreError> {
        let lines = self.lines(tenant, run).await?;
        let started_at = lines.iter().map(|line| line.started_at.as_str()).min();
        let last_at = lines.iter().map(Line::last_time).max();
        let Some((started_at, last_at)) = started_at.zip(last_at) else { return Ok(None) };
        let services: BTreeSet<_> = lines.iter().filter_map(|line| line.service.clone()).collect();
        let mut ends: Vec<_> = lines.iter().filter(|line| line.is_end()).collect();
        ends.sort_by_key(|end| end.seq);
        let end = |line: &Line| RunEnd { seq: line.seq, kind: line.kind.clone() };
        let what = format!("the steps of run `{run}`");
        Ok(Some(RunExtent {
            started_at: stored_time(started_at, &what)?,
            last_at: stored_time(last_at, &what)?,
            services: services.into_iter().take(MOST_MEMBERS).collect(),
            ends: ends.into_iter().take(MOST_MEMBERS).map(end).collect(),
        }))
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Vec<StepOutcome>, StoreError> {
        let lines = self.lines(tenant, run).await?.into_iter();
        let outcome = |line: Line| {
            let what = format!("step {} of run `{run}`", line.seq);
            let at = stored_time(line.last_time(), &what)?;
            Ok(StepOutcome {
                seq: line.seq,
                class: StepClass::parse(&line.class),
                name: line.tool.unwrap_or(line.name),
                error: line.error,
                at,
            })
        };
        lines.map(outcome).collect()
    }

    async fn usage(&self, tenant: &TenantId, period: Period) -> Result<Vec<Usage>, StoreError> {
        let (since, until) = (time(period.since, BEGINNING), time(period.until, END));
        let first = hour(period.since);
        let mut sums = Sums::of_period(&since, &until);
        let mut behind = (String::new(), 0_i64);
        loop {
            let values = [
                first.as_str().into(),
                until.as_str().into(),
                behind.0.as_str().into(),
                Cell::Int(Some(behind.1)),
                SUMMED.into(),
            ];
            let runs: Vec<(String, i64, String)> =
                self.reader.rows(&sql::SELECT_RUNS_OF_HOURS, tenant, &values).await?;
            let Some((hour, seq, _)) = runs.last() else { break };
            behind = (hour.clone(), *seq);
            let ids = runs.iter().map(|(_, _, run)| run.as_str());
            for (run, part) in self.parts(tenant, ids).await? {
                sums.add(&part.whole(tenant, &run)?);
            }
        }
        Ok(sums.lines())
    }
}
