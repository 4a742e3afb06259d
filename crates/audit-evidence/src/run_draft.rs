//! What a platform says of its own runs, and the facts that it becomes.

use redaction::{Redactor, Report};
use store_traits::{
    Actor, CommitForm, Committed, Draft, DraftMeta, FactId, FactKind, IdempotencyKey, Identity,
    Object, Origin, RunId, SourceDomain, StepClass, Timestamp, TraceId, Value,
};

/// The mapping that made the view of these facts.
const MAPPING: &str = "trace/1";
const COMPONENT: &str = "trace-facade";

/// Whose run it is: what all its facts say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunScope {
    /// The run.
    pub run_id: RunId,
    /// Its W3C trace, if it has one.
    pub trace_id: Option<TraceId>,
    /// A conversation or session that it belongs to.
    pub correlation_id: Option<String>,
    /// The agent that acts.
    pub agent: String,
    /// Policies that it runs under.
    pub policy_ids: Vec<String>,
}

impl RunScope {
    /// A run of an agent, of which nothing else is known.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let scope = RunScope::new(RunId::parse("run-1")?, "support");
    /// assert_eq!((scope.agent.as_str(), scope.policy_ids.len()), ("support", 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(run_id: RunId, agent: impl Into<String>) -> Self {
        let agent = agent.into();
        Self { run_id, trace_id: None, correlation_id: None, agent, policy_ids: Vec::new() }
    }
}

/// A run begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStart {
    /// Whose.
    pub scope: RunScope,
    /// When.
    pub at: Timestamp,
    /// The plan that it follows.
    pub plan_hash: Option<String>,
    /// The seed of its randomness.
    pub seed: Option<String>,
    /// The scenario of a synthetic run; none: the run is real. There is no synthetic run without.
    pub synthetic_scenario_id: Option<String>,
    /// In what it runs: names and versions.
    pub environment: Object,
}

/// A step of a run is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStep {
    /// Whose.
    pub scope: RunScope,
    /// Its number, from 0. A number that was recorded with other content is a conflict.
    pub index: u32,
    /// What it is.
    pub class: StepClass,
    /// What it does: a tool's name, a skill.
    pub skill: String,
    /// The model's provider and its model, of a model call.
    pub model: Option<(String, String)>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What went wrong: the error's type. Redacted.
    pub error: Option<String>,
    /// How often it was tried again.
    pub retry_count: u32,
    /// Tokens in, tokens out, of a model call.
    pub tokens: Option<(u32, u32)>,
    /// What it cost in millionths of a US dollar.
    pub cost_micros: Option<u32>,
    /// What it was given. Redacted, and committed to: the entry does not hold it.
    pub params: Option<Value>,
    /// What came out. As `params`.
    pub result: Option<Value>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It came to its end.
    Completed {
        /// The root hash of its trace.
        root_hash: Option<String>,
    },
    /// It came to its end with an error.
    Failed {
        /// The error's type. Redacted.
        error: String,
    },
    /// It was given up.
    Aborted {
        /// Why. Redacted.
        reason: String,
    },
}

/// A run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnding {
    /// Whose.
    pub scope: RunScope,
    /// When.
    pub at: Timestamp,
    /// How.
    pub ending: Ending,
}

/// One fact about a run on its way: its draft, and what it is called in its acknowledgement.
#[derive(Debug)]
pub(crate) struct RunDraft {
    pub(crate) draft: Draft,
    pub(crate) key: String,
    pub(crate) what: &'static str,
}

impl RunStart {
    /// A run begins, of which nothing else is known.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let start = RunStart::new(RunScope::new(run(), "support"), at(0));
    /// let start = RunStart { seed: Some("42".into()), ..start };
    /// assert_eq!(start.plan_hash, None, "nothing else is known");
    /// ```
    #[must_use]
    pub fn new(scope: RunScope, at: Timestamp) -> Self {
        Self {
            scope,
            at,
            plan_hash: None,
            seed: None,
            synthetic_scenario_id: None,
            environment: Object::new(),
        }
    }

    pub(crate) fn draft(self, redactor: &Redactor) -> RunDraft {
        let Self { scope, at, plan_hash, seed, synthetic_scenario_id, environment } = self;
        let mut start = Object::from([("at", at.to_string().into())]);
        put(&mut start, "agent", Some(scope.agent.clone()));
        let mut body = Object::new();
        if !environment.is_empty() {
            body.insert("environment", environment.into());
        }
        put(&mut body, "plan_hash", plan_hash);
        put(&mut body, "seed", seed);
        if synthetic_scenario_id.is_some() {
            body.insert("is_synthetic", true.into());
        }
        put(&mut body, "synthetic_scenario_id", synthetic_scenario_id);
        body.insert("start", start.into());
        let view = view(StepClass::Agent, "start", &scope, at);
        let named = Named { kind: FactKind::RunStarted, what: "trace.start", name: "start" };
        made(named, &scope, at, body, view, Vec::new(), redactor)
    }
}

impl RunStep {
    /// A step that went well, of which nothing else is known.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let scope = RunScope::new(run(), "support");
    /// let step = RunStep::new(scope, 0, StepClass::Tool, "lookup_order", at(1), at(2));
    /// let step = RunStep { params: Some("order 10-4471".into()), ..step };
    /// assert_eq!((step.retry_count, step.error), (0, None), "it went well");
    /// ```
    #[must_use]
    pub fn new(
        scope: RunScope,
        index: u32,
        class: StepClass,
        skill: impl Into<String>,
        started_at: Timestamp,
        ended_at: Timestamp,
    ) -> Self {
        Self {
            scope,
            index,
            class,
            skill: skill.into(),
            model: None,
            started_at,
            ended_at,
            error: None,
            retry_count: 0,
            tokens: None,
            cost_micros: None,
            params: None,
            result: None,
        }
    }

    pub(crate) fn draft(self, redactor: &Redactor) -> RunDraft {
        let Self { scope, index, class, skill, model, started_at, ended_at, .. } = self;
        let Self { error, retry_count, tokens, cost_micros, params, result, .. } = self;
        let mut view = view(class, &skill, &scope, started_at);
        let mut step = Object::from([
            ("index", index.into()),
            ("class", class.as_str().into()),
            ("started_at", started_at.to_string().into()),
            ("ended_at", ended_at.to_string().into()),
            ("retry_count", retry_count.into()),
            ("status", if error.is_none() { "success" } else { "failed" }.into()),
        ]);
        view.insert("ended_at", ended_at.to_string().into());
        view.insert("span_id", format!("step-{index}").into());
        if matches!(class, StepClass::Tool | StepClass::McpTool) {
            view.insert("tool", skill.as_str().into());
        }
        put(&mut step, "skill", Some(skill));
        let (provider, model) = model.unzip();
        let (input_tokens, output_tokens) = tokens.unzip();
        for (name, text) in [("provider", provider), ("model", model)] {
            put(&mut view, name, text.clone());
            put(&mut step, name, text);
        }
        put(&mut step, "error", error);
        let counts = [
            ("input_tokens", input_tokens),
            ("output_tokens", output_tokens),
            ("cost_micros", cost_micros),
        ];
        for (name, count) in counts {
            if let Some(count) = count {
                view.insert(name, count.into());
                step.insert(name, count.into());
            }
        }
        let mut committed = Vec::new();
        for (name, content) in [("params", params), ("result", result)] {
            if let Some(content) = content {
                step.insert(name, content);
                let path = vec!["step".to_owned(), name.to_owned()];
                committed.push(Committed { path, form: CommitForm::Blob });
            }
        }
        let body = Object::from([("step", step.into())]);
        let kind = match class {
            StepClass::Llm | StepClass::Embedding => FactKind::RunLlmCall,
            _ => FactKind::RunStep,
        };
        let name = format!("step:{index}");
        let named = Named { kind, what: "trace.step", name: &name };
        made(named, &scope, ended_at, body, view, committed, redactor)
    }
}

impl RunEnding {
    pub(crate) fn draft(self, redactor: &Redactor) -> RunDraft {
        let Self { scope, at, ending } = self;
        let mut view = view(StepClass::Agent, "end", &scope, at);
        view.insert("ended_at", at.to_string().into());
        let mut end = Object::from([("at", at.to_string().into())]);
        let mut body = Object::new();
        let (kind, what, outcome) = match ending {
            Ending::Completed { root_hash } => {
                put(&mut body, "root_hash", root_hash);
                (FactKind::RunCompleted, "trace.complete", "completed")
            }
            Ending::Failed { error } => {
                put(&mut end, "error", Some(error));
                (FactKind::RunCompleted, "trace.complete", "failed")
            }
            Ending::Aborted { reason } => {
                put(&mut end, "reason", Some(reason));
                (FactKind::RunAborted, "trace.abort", "aborted")
            }
        };
        end.insert("outcome", outcome.into());
        body.insert("end", end.into());
        // One key for all endings: of two, the second is a conflict whoever records it.
        made(Named { kind, what, name: "end" }, &scope, at, body, view, Vec::new(), redactor)
    }
}

/// The fact that something was recorded, by whom and where it lies.
pub(crate) fn acknowledgement(of: &RunDraft, seq: u64, id: &FactId) -> Draft {
    let body = Object::from([
        ("record", "trace".into()),
        ("domain", SourceDomain::Logs.as_str().into()),
        ("action", of.what.into()),
        ("event", of.what.into()),
        ("status", "success".into()),
        ("outcome", "recorded".into()),
        ("fact_id", id.as_str().into()),
        ("fact_seq", Value::unsigned(seq)),
    ]);
    let meta = DraftMeta {
        actor: Actor::System { component: COMPONENT.to_owned() },
        source_domain: SourceDomain::Logs,
        origin: Origin::System,
        ..of.draft.meta.clone()
    };
    let identity = identity(&format!("{}:ack", of.key));
    Draft { kind: FactKind::AuditAck, meta, body, committed: Vec::new(), identity }
}

/// What a fact is, and what it is called: in its acknowledgement, and in its key.
struct Named<'n> {
    kind: FactKind,
    what: &'static str,
    name: &'n str,
}

fn made(
    Named { kind, what, name }: Named<'_>,
    scope: &RunScope,
    at: Timestamp,
    mut body: Object,
    mut view: Object,
    committed: Vec<Committed>,
    redactor: &Redactor,
) -> RunDraft {
    let mut report = Report::default();
    redact(&mut body, redactor, &mut report);
    // Lists read the error from the view: it must not say there what was taken out here.
    let error = ["step", "end"].iter().find_map(|part| body.get(part)?.member("error"));
    if let Some(error) = error.cloned() {
        view.insert("error", error);
    }
    body.insert("record", "trace".into());
    body.insert("view", view.into());
    if !report.is_empty() {
        let counts = report.iter().map(|(kind, n)| (kind.to_owned(), Value::unsigned(n)));
        body.insert("redacted", counts.collect::<Object>().into());
    }
    let meta = DraftMeta {
        run_id: Some(scope.run_id.clone()),
        trace_id: scope.trace_id.clone(),
        correlation_id: scope.correlation_id.clone(),
        policy_ids: scope.policy_ids.clone(),
        incident_ids: Vec::new(),
        actor: Actor::Agent { name: scope.agent.clone() },
        occurred_at: at,
        source_domain: SourceDomain::Activity,
        source_component: COMPONENT.to_owned(),
        origin: Origin::Agent,
    };
    let key = format!("run:{}:{name}", scope.run_id);
    let draft = Draft { kind, meta, body, committed, identity: identity(&key) };
    RunDraft { draft, key, what }
}

/// Secrets and personal data out of what was said freely. Ids, hashes and times are left: a root hash
/// must not be taken for a card number.
fn redact(body: &mut Object, redactor: &Redactor, report: &mut Report) {
    let free: [&[&str]; 6] = [
        &["environment"],
        &["step", "params"],
        &["step", "result"],
        &["step", "error"],
        &["end", "reason"],
        &["end", "error"],
    ];
    for path in free {
        let place = match path {
            [name] => body.get_mut(name),
            [outer, name] => match body.get_mut(outer) {
                Some(Value::Object(inner)) => inner.get_mut(name),
                _ => None,
            },
            _ => None,
        };
        if let Some(value) = place {
            redactor.value(value, report);
        }
    }
}

/// A run's id has at most 128 bytes without control characters, so that a key always fits.
fn identity(key: &str) -> Identity {
    IdempotencyKey::parse(key).map_or(Identity::Content, Identity::Key)
}

fn view(class: StepClass, name: &str, scope: &RunScope, started_at: Timestamp) -> Object {
    Object::from([
        ("mapping", MAPPING.into()),
        ("class", class.as_str().into()),
        ("name", name.into()),
        ("agent", scope.agent.as_str().into()),
        ("started_at", started_at.to_string().into()),
    ])
}

fn put(into: &mut Object, name: &str, text: Option<String>) {
    if let Some(text) = text {
        into.insert(name, text.into());
    }
}
