//! Runs and steps in memory, read from the facts of a ledger in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::MemoryLedger;
use crate::{
    ListRequest, Page, Period, Place, RunEnd, RunExtent, RunFilter, RunId, RunStatus, RunSummary,
    Scanned, Step, StepClass, StepOutcome, StoreError, TenantId, Timestamp, TraceStore, Usage,
    Value,
};

/// The twin of the topic stores: what they say is read from the facts of a ledger, at each question.
/// It sums up steps and not distinct calls: for facts that say each call once.
#[derive(Debug, Clone)]
pub struct MemoryTopics(pub Arc<MemoryLedger>);

/// A step and the fact that makes it.
struct Seen {
    kind: String,
    fact: Value,
    step: Step,
}

impl MemoryTopics {
    /// The facts of a tenant in order.
    pub(super) fn facts(&self, tenant: &TenantId) -> Vec<(u64, Value)> {
        self.0.tables(tenant, |t| t.facts.iter().map(|(seq, fact)| (*seq, fact.clone())).collect())
    }

    fn seen(&self, tenant: &TenantId) -> Vec<Seen> {
        let facts = self.facts(tenant).into_iter();
        facts.filter_map(|(seq, fact)| seen(seq, fact)).collect()
    }

    fn seen_of(&self, tenant: &TenantId, run: &RunId) -> Vec<Seen> {
        let mut steps = self.seen(tenant);
        steps.retain(|seen| seen.step.run_id == run.as_str());
        steps.sort_by_key(|seen| (seen.step.started_at, seen.step.seq));
        steps
    }
}

pub(super) fn text<'f>(fact: &'f Value, path: &[&str]) -> Option<&'f str> {
    fact.at(path).and_then(Value::as_str)
}

pub(super) fn time(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(|text| Timestamp::parse(text).ok())
}

fn seen(seq: u64, fact: Value) -> Option<Seen> {
    let own = |path: &[&str]| text(&fact, path).map(str::to_owned);
    let view = |name: &str| own(&["body", "view", name]);
    let count = |name: &str| {
        let count = fact.at(&["body", "view", name]).and_then(Value::as_i64);
        count.and_then(|count| u64::try_from(count).ok())
    };
    let kind = own(&["kind"])?;
    let step = Step {
        seq,
        run_id: own(&["meta", "run_id"])?,
        span_id: view("span_id"),
        parent_span_id: view("parent_span_id"),
        class: StepClass::parse(&view("class")?),
        name: view("name").unwrap_or_else(|| kind.clone()),
        agent: view("agent"),
        provider: view("provider"),
        model: view("model"),
        response_id: view("response_id"),
        tool: view("tool"),
        started_at: time(view("started_at").or_else(|| own(&["meta", "occurred_at"])).as_deref())?,
        ended_at: time(view("ended_at").as_deref()),
        input_tokens: count("input_tokens"),
        output_tokens: count("output_tokens"),
        cost_micros: count("cost_micros"),
        error: view("error"),
        root: fact.at(&["body", "view", "root"]) == Some(&Value::Bool(true)),
    };
    Some(Seen { kind, fact, step })
}

impl Seen {
    fn ends(&self) -> bool {
        matches!(self.kind.as_str(), "run.completed" | "run.aborted")
            || (self.step.root && self.step.ended_at.is_some())
    }

    fn last_at(&self) -> Timestamp {
        self.step.ended_at.unwrap_or(self.step.started_at)
    }
}

fn summary(run: &str, steps: &[&Seen], entries: u64) -> Option<RunSummary> {
    let of = |class: StepClass| steps.iter().filter(|s| s.step.class == class).count() as u64;
    let sum = |count: fn(&Step) -> Option<u64>| -> Option<u64> {
        steps.iter().filter_map(|seen| count(&seen.step)).reduce(|sum, n| sum + n)
    };
    let end = steps.iter().rfind(|seen| seen.ends());
    let status = match end {
        None => RunStatus::Running,
        Some(seen) if seen.kind == "run.aborted" => RunStatus::Aborted,
        Some(seen) if seen.step.error.is_some() => RunStatus::Failed,
        Some(_) => RunStatus::Completed,
    };
    Some(RunSummary {
        run_id: run.to_owned(),
        agent: steps.iter().find_map(|seen| seen.step.agent.clone()),
        started_at: steps.iter().map(|seen| seen.step.started_at).min()?,
        ended_at: end.map(|seen| seen.last_at()),
        status,
        llm_calls: of(StepClass::Llm),
        tool_calls: of(StepClass::Tool) + of(StepClass::McpTool),
        input_tokens: sum(|step| step.input_tokens).unwrap_or(0),
        output_tokens: sum(|step| step.output_tokens).unwrap_or(0),
        cost_micros: sum(|step| step.cost_micros),
        errors: steps.iter().filter(|seen| seen.step.error.is_some()).count() as u64,
        entries,
    })
}

fn fits(filter: &RunFilter, summary: &RunSummary, steps: &[&Seen]) -> bool {
    let said = |wanted: &Option<String>, path: &[&str]| {
        wanted
            .as_deref()
            .is_none_or(|wanted| steps.iter().any(|seen| text(&seen.fact, path) == Some(wanted)))
    };
    let synthetic =
        |seen: &&&Seen| seen.fact.at(&["body", "is_synthetic"]) == Some(&Value::Bool(true));
    filter.run.as_ref().is_none_or(|run| *run == summary.run_id)
        && filter.status.is_none_or(|status| status == summary.status)
        && filter.synthetic.is_none_or(|wanted| steps.iter().any(|s| synthetic(&s)) == wanted)
        && steps.iter().any(|seen| filter.period.contains(seen.step.started_at))
        && said(&filter.agent, &["body", "view", "agent"])
        && said(&filter.provider, &["body", "view", "provider"])
        && said(&filter.model, &["body", "view", "model"])
        && said(&filter.scenario, &["body", "synthetic_scenario_id"])
        && said(&filter.correlation, &["meta", "correlation_id"])
        && said(&filter.seed, &["body", "seed"])
        && said(&filter.plan_hash, &["body", "plan_hash"])
        && said(&filter.root_hash, &["body", "root_hash"])
}

#[async_trait]
impl TraceStore for MemoryTopics {
    async fn runs(&self, request: &ListRequest<RunFilter>) -> Result<Page<RunSummary>, StoreError> {
        let (seen, facts) = (self.seen(request.tenant()), self.facts(request.tenant()));
        let mut runs: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
        for seen in &seen {
            runs.entry(&seen.step.run_id).or_default().push(seen);
        }
        let rows = runs.into_iter().filter_map(|(run, steps)| {
            let of_run = |(_, fact): &&(u64, Value)| text(fact, &["meta", "run_id"]) == Some(run);
            let summary = summary(run, &steps, facts.iter().filter(of_run).count() as u64)?;
            let place = Place { value: String::new(), seq: steps.first()?.step.seq };
            let fits = fits(request.filter(), &summary, &steps);
            Some(Scanned { place, fits, last: false, item: summary })
        });
        Ok(newest_first(request, rows.collect()))
    }

    async fn run(&self, tenant: &TenantId, run: &RunId) -> Result<Option<RunSummary>, StoreError> {
        let filter = RunFilter { run: Some(run.to_string()), ..RunFilter::default() };
        let request = ListRequest::new(tenant, filter, 1, None).unwrap();
        Ok(self.runs(&request).await?.items.pop())
    }

    async fn steps(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<Step>, StoreError> {
        Ok(self.seen_of(tenant, run).into_iter().map(|seen| seen.step).collect())
    }

    async fn runs_starting_with(
        &self,
        tenant: &TenantId,
        prefix: &str,
    ) -> Result<Vec<String>, StoreError> {
        let mut runs: Vec<String> =
            self.seen(tenant).into_iter().map(|seen| seen.step.run_id).collect();
        runs.retain(|run| run.starts_with(prefix));
        runs.sort();
        runs.dedup();
        runs.truncate(10);
        Ok(runs)
    }

    async fn extent(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Option<RunExtent>, StoreError> {
        let seen = self.seen_of(tenant, run);
        let Some(first) = seen.first() else { return Ok(None) };
        let mut services: Vec<String> = seen.iter().filter_map(|s| s.step.agent.clone()).collect();
        services.sort();
        services.dedup();
        let ends = seen.iter().filter(|seen| seen.ends());
        let ends = ends.map(|seen| RunEnd { seq: seen.step.seq, kind: seen.kind.clone() });
        Ok(Some(RunExtent {
            started_at: first.step.started_at,
            last_at: seen.iter().map(Seen::last_at).max().unwrap(),
            services,
            ends: ends.collect(),
        }))
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Vec<StepOutcome>, StoreError> {
        let outcome = |seen: Seen| StepOutcome {
            seq: seen.step.seq,
            at: seen.last_at(),
            class: seen.step.class,
            name: seen.step.tool.unwrap_or(seen.step.name),
            error: seen.step.error,
        };
        Ok(self.seen_of(tenant, run).into_iter().map(outcome).collect())
    }

    async fn usage(&self, tenant: &TenantId, period: Period) -> Result<Vec<Usage>, StoreError> {
        let mut lines: BTreeMap<_, Vec<Step>> = BTreeMap::new();
        for Seen { step, .. } in self.seen(tenant) {
            if step.class == StepClass::Llm && period.contains(step.started_at) {
                let day: String = step.started_at.to_string().chars().take(10).collect();
                let line = (day, step.agent.clone(), step.provider.clone(), step.model.clone());
                lines.entry(line).or_default().push(step);
            }
        }
        let usage = |((day, agent, provider, model), calls): (_, Vec<Step>)| {
            let mut runs: Vec<&str> = calls.iter().map(|call| call.run_id.as_str()).collect();
            runs.sort_unstable();
            runs.dedup();
            Usage {
                day,
                agent,
                provider,
                model,
                runs: runs.len() as u64,
                calls: calls.len() as u64,
                errors: calls.iter().filter(|call| call.error.is_some()).count() as u64,
                input_tokens: calls.iter().filter_map(|call| call.input_tokens).sum(),
                output_tokens: calls.iter().filter_map(|call| call.output_tokens).sum(),
                cost_micros: calls.iter().filter_map(|c| c.cost_micros).reduce(|a, b| a + b),
            }
        };
        Ok(lines.into_iter().map(usage).collect())
    }
}

/// The page of rows by entry, the newest first.
pub(super) fn newest_first<F: crate::Filter, T>(
    request: &ListRequest<F>,
    mut rows: Vec<Scanned<T>>,
) -> Page<T> {
    rows.sort_by_key(|row| std::cmp::Reverse(row.place.seq));
    let after = request.after().map_or(u64::MAX, |place| place.seq);
    rows.retain(|row| row.place.seq < after);
    request.page(rows)
}
