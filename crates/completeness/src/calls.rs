//! Calls of a run: distinct ones, however many facts report each, and those that were never answered.

use std::collections::BTreeMap;

use store_traits::{RecordedFact, Timestamp};

use crate::outer::{ToolReport, outermost};
use crate::said::{self, Contents};

/// What was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// A model.
    Model,
    /// A tool.
    Tool,
    /// Anything else that is answered: an MCP request.
    Exchange,
}

impl CallKind {
    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(completeness::CallKind::Model.as_str(), "model");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Tool => "tool",
            Self::Exchange => "exchange",
        }
    }

    fn of_class(class: &str) -> Option<Self> {
        match class {
            "llm" => Some(Self::Model),
            "tool" | "mcp_tool" => Some(Self::Tool),
            "mcp" => Some(Self::Exchange),
            _ => None,
        }
    }
}

/// A distinct call, put together from the facts that report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What was called.
    pub kind: CallKind,
    /// What makes it one call: the response's id, else the span, else the entry.
    pub key: String,
    /// The first entry that reports it.
    pub first_seq: u64,
    /// Does any fact say how it came out?
    pub answered: bool,
    /// Does any fact say that it failed? Then it has no answer to count.
    pub failed: bool,
    /// Is the provider named?
    pub provider: bool,
    /// Is the model named?
    pub model: bool,
    /// Is the tool named?
    pub tool: bool,
    /// Tokens in.
    pub input_tokens: Option<u64>,
    /// Tokens out.
    pub output_tokens: Option<u64>,
    /// Cost in millionths of a US dollar.
    pub cost_micros: Option<u64>,
    /// Was what was asked recorded, clear or committed?
    pub input: bool,
    /// Was what was answered recorded, clear or committed?
    pub output: bool,
}

/// What a fact says of a call.
#[derive(Debug, Clone)]
struct Report {
    call: Call,
    response_id: Option<String>,
    span_id: Option<String>,
    parent_span_id: Option<String>,
    /// The tool's name, of an MCP report or of the tool's own span.
    tool: Option<String>,
    mcp: bool,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
}

/// What the facts of a span say of the call that the span is.
#[derive(Debug, Clone, Default)]
struct Lent {
    response_id: Option<String>,
    contents: Contents,
}

/// Takes facts in order of their entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls {
    reports: Vec<Report>,
    spans: BTreeMap<String, Lent>,
}

impl Calls {
    pub(crate) fn add(&mut self, fact: &RecordedFact) {
        let said = |names: &[&str]| said::text(&fact.fact, names).map(str::to_owned);
        let class = said::class(&fact.kind, &fact.fact);
        let kind = match fact.kind.as_str() {
            "audit.tool" => class.and_then(CallKind::of_class).or_else(|| tool_event(fact)),
            kind if kind.starts_with("run.") => class.and_then(CallKind::of_class),
            _ => None,
        };
        let (span_id, response_id) = (said(&["span_id"]), said(&["response_id"]));
        let contents = Contents::of(&fact.fact);
        if matches!(class, Some("llm" | "event"))
            && let Some(span) = &span_id
        {
            let lent = self.spans.entry(span.clone()).or_default();
            lent.contents.and(contents);
            if let Some(id) = &response_id {
                lent.response_id.get_or_insert_with(|| id.clone());
            }
        }
        let Some(kind) = kind else { return };
        let call = Call {
            kind,
            key: format!("entry {}", fact.seq),
            first_seq: fact.seq,
            answered: answered(kind, fact),
            failed: said(&["error"]).is_some() || said(&["event"]).as_deref() == Some("failed"),
            provider: said(&["provider"]).is_some(),
            model: said(&["model"]).is_some(),
            tool: said(&["tool"]).is_some(),
            input_tokens: said::count(&fact.fact, &["input_tokens"]),
            output_tokens: said::count(&fact.fact, &["output_tokens"]),
            cost_micros: said::count(&fact.fact, &["cost_micros"]),
            input: contents.input,
            output: contents.output,
        };
        let response_id = response_id.or_else(|| said(&["call", "call_id", "tool_call_id"]));
        let time = |name: &str| Timestamp::parse(said::text(&fact.fact, &[name])?).ok();
        self.reports.push(Report {
            call,
            response_id,
            span_id,
            parent_span_id: said(&["parent_span_id"]),
            tool: said(&["tool"]),
            mcp: class == Some("mcp_tool"),
            started_at: time("started_at").unwrap_or(fact.occurred_at),
            ended_at: time("ended_at"),
        });
    }

    fn key(&self, report: &Report) -> String {
        let lent = report.span_id.as_ref().and_then(|span| self.spans.get(span));
        let response = match report.call.kind {
            CallKind::Model => {
                report.response_id.as_ref().or(lent.and_then(|l| l.response_id.as_ref()))
            }
            // The id that a tool's span carries is the model's name for the call, not the span's.
            CallKind::Tool | CallKind::Exchange if report.span_id.is_some() => None,
            CallKind::Tool | CallKind::Exchange => report.response_id.as_ref(),
        };
        match (response, &report.span_id) {
            (Some(id), _) => format!("response {id}"),
            (None, Some(span)) => format!("span {span}"),
            (None, None) => report.call.key.clone(),
        }
    }

    fn tool_report(&self, report: &Report) -> ToolReport {
        ToolReport {
            key: self.key(report),
            seq: report.call.first_seq,
            mcp: report.mcp,
            tool: report.tool.clone(),
            span_id: report.span_id.clone(),
            parent_span_id: report.parent_span_id.clone(),
            started_at: report.started_at,
            ended_at: report.ended_at,
        }
    }

    /// The distinct calls, in order of their first entries.
    pub(crate) fn finish(&self) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        let mut places: BTreeMap<(CallKind, String), usize> = BTreeMap::new();
        let tools = self.reports.iter().filter(|report| report.call.kind == CallKind::Tool);
        let tools: Vec<ToolReport> = tools.map(|report| self.tool_report(report)).collect();
        let outer = outermost(&tools);
        for report in &self.reports {
            let mut call = report.call.clone();
            let key = self.key(report);
            let lent = report.span_id.as_ref().and_then(|span| self.spans.get(span));
            if let Some(lent) = lent.filter(|_| call.kind == CallKind::Model) {
                call.input |= lent.contents.input;
                call.output |= lent.contents.output;
            }
            let around = outer.get(&key).filter(|_| call.kind == CallKind::Tool);
            call.key = around.cloned().unwrap_or(key);
            let place = places.entry((call.kind, call.key.clone())).or_insert(calls.len());
            match calls.get_mut(*place) {
                Some(known) => known.merge(&call),
                None => calls.push(call),
            }
        }
        calls
    }
}

impl Call {
    fn merge(&mut self, other: &Self) {
        self.answered |= other.answered;
        self.failed |= other.failed;
        self.provider |= other.provider;
        self.model |= other.model;
        self.tool |= other.tool;
        self.input |= other.input;
        self.output |= other.output;
        // Reports of one call repeat its counts; they are not added up.
        self.input_tokens = self.input_tokens.max(other.input_tokens);
        self.output_tokens = self.output_tokens.max(other.output_tokens);
        self.cost_micros = self.cost_micros.max(other.cost_micros);
    }
}

/// An MCP tool event that belongs to a call, in a fact without a step's class.
fn tool_event(fact: &RecordedFact) -> Option<CallKind> {
    let event = said::text(&fact.fact, &["event"])?;
    let of_a_call =
        ["requested", "allowed", "denied", "started", "completed", "failed"].contains(&event);
    of_a_call.then_some(CallKind::Tool)
}

fn answered(kind: CallKind, fact: &RecordedFact) -> bool {
    let said = |names: &[&str]| said::text(&fact.fact, names);
    let ended = said(&["ended_at", "error", "outcome"]).is_some();
    let event = matches!(said(&["event"]), Some("completed" | "failed" | "denied"));
    match kind {
        CallKind::Model => {
            let answer = said::count(&fact.fact, &["output_tokens"]).is_some();
            ended || answer || said(&["response_id"]).is_some()
        }
        CallKind::Tool => ended || event,
        CallKind::Exchange => ended,
    }
}
