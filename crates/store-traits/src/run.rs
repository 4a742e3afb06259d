//! Runs and their steps, as recorded: immutable snapshots, and the trait that reads them.

use async_trait::async_trait;

use crate::{
    ListRequest, Page, Period, RunExtent, RunFilter, RunId, StepOutcome, StoreError, TenantId,
    Timestamp, Usage,
};

/// What a step is, in the normalised view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepClass {
    /// A model answered a prompt.
    Llm,
    /// A model made embeddings.
    Embedding,
    /// A tool ran.
    Tool,
    /// An MCP `tools/call`, seen by client or server.
    McpTool,
    /// Any other MCP exchange.
    Mcp,
    /// An agent or workflow was invoked.
    Agent,
    /// Documents were retrieved.
    Retrieval,
    /// A log record inside a run.
    Event,
    /// Anything else.
    Other,
}

impl StepClass {
    /// The text as stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Embedding => "embedding",
            Self::Tool => "tool",
            Self::McpTool => "mcp_tool",
            Self::Mcp => "mcp",
            Self::Agent => "agent",
            Self::Retrieval => "retrieval",
            Self::Event => "event",
            Self::Other => "other",
        }
    }

    /// Reads the stored text; what is not known is [`StepClass::Other`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "llm" => Self::Llm,
            "embedding" => Self::Embedding,
            "tool" => Self::Tool,
            "mcp_tool" => Self::McpTool,
            "mcp" => Self::Mcp,
            "agent" => Self::Agent,
            "retrieval" => Self::Retrieval,
            "event" => Self::Event,
            _ => Self::Other,
        }
    }
}

/// One recorded step of a run (a span, a log record of the run, an MCP call).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The entry that records it.
    pub seq: u64,
    /// Its run.
    pub run_id: String,
    /// Its span id, if it is a span or belongs to one.
    pub span_id: Option<String>,
    /// The span that caused it.
    pub parent_span_id: Option<String>,
    /// What it is.
    pub class: StepClass,
    /// The name that the source gave it.
    pub name: String,
    /// The agent that acted.
    pub agent: Option<String>,
    /// The model's provider.
    pub provider: Option<String>,
    /// The model that answered, else the one asked.
    pub model: Option<String>,
    /// The provider's id of the response.
    pub response_id: Option<String>,
    /// The tool's name.
    pub tool: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, if the source said so.
    pub ended_at: Option<Timestamp>,
    /// Tokens in.
    pub input_tokens: Option<u64>,
    /// Tokens out.
    pub output_tokens: Option<u64>,
    /// What the source said it cost, in millionths of a US dollar.
    pub cost_micros: Option<u64>,
    /// What went wrong, if the source said so: the error's type, else `error`.
    pub error: Option<String>,
    /// Is it the root of its trace?
    pub root: bool,
}

/// What is known of a run's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// No fact says that it ended.
    Running,
    /// A root span or a terminal fact says that it ended without error.
    Completed,
    /// It ended, and its last word is an error.
    Failed,
    /// It was given up.
    Aborted,
}

impl RunStatus {
    /// The text that clients read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}

/// A run in a list: counts over distinct calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// Its id.
    pub run_id: String,
    /// The agent's name, else the service's.
    pub agent: Option<String>,
    /// First start.
    pub started_at: Timestamp,
    /// Last end, if the run ended.
    pub ended_at: Option<Timestamp>,
    /// What is known of its end.
    pub status: RunStatus,
    /// Distinct model calls, failed ones included.
    pub llm_calls: u64,
    /// Distinct tool calls, failed ones included.
    pub tool_calls: u64,
    /// Tokens in, over distinct calls.
    pub input_tokens: u64,
    /// Tokens out, over distinct calls.
    pub output_tokens: u64,
    /// What the distinct calls cost in millionths of a US dollar, as far as sources said so.
    pub cost_micros: Option<u64>,
    /// Steps that ended in an error.
    pub errors: u64,
    /// Entries recorded for it.
    pub entries: u64,
}

/// Reads runs and steps.
#[async_trait]
pub trait TraceStore: Send + Sync {
    /// A page of runs, in the order that the filter gives ([`RunFilter::ordered_by`]).
    async fn runs(&self, request: &ListRequest<RunFilter>) -> Result<Page<RunSummary>, StoreError>;

    /// One run.
    async fn run(&self, tenant: &TenantId, run: &RunId) -> Result<Option<RunSummary>, StoreError>;

    /// The steps of a run in order of (start, seq), at most 100,000.
    async fn steps(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<Step>, StoreError>;

    /// Run ids that begin with this text, at most 10: people type the first digits.
    async fn runs_starting_with(
        &self,
        tenant: &TenantId,
        prefix: &str,
    ) -> Result<Vec<String>, StoreError>;

    /// When a run's steps were, who took part, and which facts end it; `None` for a run without
    /// steps.
    async fn extent(&self, tenant: &TenantId, run: &RunId)
    -> Result<Option<RunExtent>, StoreError>;

    /// What became of each step of a run, in order of (start, seq), at most 100,000.
    async fn outcomes(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Vec<StepOutcome>, StoreError>;

    /// Tokens and cost by day, agent and model, of the model calls that began in a period; in order
    /// of (day, agent, provider, model), at most 10,000.
    async fn usage(&self, tenant: &TenantId, period: Period) -> Result<Vec<Usage>, StoreError>;
}
