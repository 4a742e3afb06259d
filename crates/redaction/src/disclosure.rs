//! Which attributes may stand in clear in an entry, and which are content.
//!
//! The rule: a short scalar under a key of the allow-list ([`is_clear`]) stands in clear, because
//! an auditor needs it and it describes the call, not what was said in it. Everything else is
//! committed: the entry holds a digest, and the value can be withheld or erased later without
//! breaking the ledger. A key that nobody knows is committed. [`is_content`] names the keys that
//! are known to carry prompts, outputs and tool payloads; it only tells an export with
//! `--withhold content` what content is, and no key is ever both.

/// Keys that are content, word for word.
const CONTENT_KEYS: &[&str] = &[
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.tool.definitions",
    "gen_ai.tool.description",
    "gen_ai.retrieval.query.text",
    "gen_ai.retrieval.documents",
    "gen_ai.agent.description",
    "gen_ai.evaluation.explanation",
    "input.value",
    "output.value",
    "tool.parameters",
    "tool.description",
    "llm.function_call",
    "llm.invocation_parameters",
    "exception.message",
    "exception.stacktrace",
    "db.query.text",
    "db.statement",
    "url.full",
    "url.query",
    "http.url",
    "http.target",
];

/// Families of keys that are content: the name itself, or the name, a dot and anything.
const CONTENT_FAMILIES: &[&str] = &[
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.content",
    "gen_ai.event.content",
    "llm.input_messages",
    "llm.output_messages",
    "llm.prompts",
    "llm.completions",
    "llm.prompt_template",
    "llm.tools",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "traceloop.prompt",
    "retrieval.documents",
    "reranker.query",
    "reranker.input_documents",
    "reranker.output_documents",
    "embedding.embeddings",
    "embedding.text",
    "message.content",
    "message.contents",
    "http.request.body",
    "http.response.body",
    "http.request.header",
    "http.response.header",
    "mcp.request.argument",
    "mcp.tool.arguments",
    "mcp.tool.result",
    "mcp.response.value",
    "jsonrpc.params",
    "jsonrpc.result",
];

/// Keys that stand in clear, word for word.
const CLEAR_KEYS: &[&str] = &[
    "gen_ai.operation.name",
    "gen_ai.system",
    "gen_ai.provider.name",
    "gen_ai.agent.id",
    "gen_ai.agent.name",
    "gen_ai.agent.version",
    "gen_ai.tool.name",
    "gen_ai.tool.type",
    "gen_ai.tool.call.id",
    "gen_ai.conversation.id",
    "gen_ai.output.type",
    "gen_ai.data_source.id",
    "gen_ai.token.type",
    "gen_ai.workflow.name",
    "gen_ai.prompt.name",
    "gen_ai.evaluation.name",
    "gen_ai.evaluation.score.label",
    "gen_ai.evaluation.score.value",
    "gen_ai.embeddings.dimension.count",
    "error.type",
    "exception.type",
    "exception.escaped",
    "event.name",
    "session.id",
    "llm.model_name",
    "llm.provider",
    "llm.system",
    "llm.request.type",
    "llm.usage.total_tokens",
    "llm.is_streaming",
    "embedding.model_name",
    "reranker.model_name",
    "reranker.top_k",
    "tool.name",
    "tool.id",
    "tool_call.id",
    "agent.name",
    "graph.node.id",
    "graph.node.parent_id",
    "openinference.span.kind",
    "input.mime_type",
    "output.mime_type",
    "traceloop.span.kind",
    "traceloop.workflow.name",
    "traceloop.entity.name",
    "traceloop.entity.path",
    "traceloop.entity.version",
    "http.method",
    "http.route",
    "http.request.method",
    "http.status_code",
    "http.response.status_code",
    "http.request.resend_count",
    "url.scheme",
    "otel.status_code",
    "otel.scope.name",
    "otel.scope.version",
    "host.name",
    "host.arch",
    "os.type",
    "os.name",
    "os.version",
    "process.pid",
    "process.executable.name",
    "process.runtime.name",
    "process.runtime.version",
    "thread.id",
    "thread.name",
    "code.function.name",
    "run_id",
    "correlation_id",
    "incident_id",
];

/// Families that stand in clear; content within them is taken out by [`is_content`].
const CLEAR_FAMILIES: &[&str] = &[
    "gen_ai.request",
    "gen_ai.response",
    "gen_ai.usage",
    "gen_ai.openai",
    "gen_ai.token_count",
    "llm.token_count",
    "mcp",
    "jsonrpc",
    "rpc",
    "server",
    "client.port",
    "network",
    "service",
    "telemetry",
    "deployment",
    "policy",
    "openai",
    "cloud.region",
    "cloud.provider",
    "container.id",
    "k8s.namespace.name",
    "k8s.deployment.name",
];

fn in_family(key: &str, families: &[&str]) -> bool {
    families.iter().any(|family| {
        key.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Whether a short scalar under this attribute key may stand in clear.
///
/// ```
/// use redaction::disclosure::is_clear;
/// assert!(is_clear("gen_ai.response.id"));
/// assert!(!is_clear("gen_ai.input.messages"));
/// assert!(!is_clear("a.key.nobody.knows"));
/// ```
#[must_use]
pub fn is_clear(key: &str) -> bool {
    CLEAR_KEYS.contains(&key) || (in_family(key, CLEAR_FAMILIES) && !is_content(key))
}

/// Whether this attribute key carries a prompt, an output or a tool payload.
///
/// ```
/// use redaction::disclosure::is_content;
/// assert!(is_content("llm.input_messages.0.message.content"));
/// assert!(!is_content("gen_ai.request.model"));
/// ```
#[must_use]
pub fn is_content(key: &str) -> bool {
    !CLEAR_KEYS.contains(&key) && (CONTENT_KEYS.contains(&key) || in_family(key, CONTENT_FAMILIES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_describes_a_call_is_clear() {
        for key in [
            "gen_ai.operation.name",
            "gen_ai.provider.name",
            "gen_ai.request.model",
            "gen_ai.request.temperature",
            "gen_ai.response.finish_reasons",
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.tool.call.id",
            "gen_ai.conversation.id",
            "mcp.method.name",
            "mcp.session.id",
            "jsonrpc.request.id",
            "rpc.system",
            "error.type",
            "server.address",
            "network.transport",
            "service.name",
            "telemetry.sdk.version",
            "deployment.environment.name",
            "llm.token_count.prompt",
            "llm.token_count.prompt_details.cache_read",
            "openinference.span.kind",
            "traceloop.workflow.name",
            "policy.id",
            "openai.response.service_tier",
            "http.request.method",
            "process.runtime.name",
        ] {
            assert!(is_clear(key), "{key}");
            assert!(!is_content(key), "{key}");
        }
    }

    #[test]
    fn what_was_said_is_content_and_never_clear() {
        for key in [
            "gen_ai.input.messages",
            "gen_ai.output.messages",
            "gen_ai.system_instructions",
            "gen_ai.tool.call.arguments",
            "gen_ai.tool.call.result",
            "gen_ai.tool.definitions",
            "gen_ai.prompt",
            "gen_ai.prompt.0.content",
            "gen_ai.completion.0.content",
            "input.value",
            "output.value",
            "llm.input_messages.1.message.content",
            "llm.output_messages.0.message.content",
            "llm.prompts",
            "llm.tools.0.tool.json_schema",
            "traceloop.entity.input",
            "traceloop.entity.output",
            "tool.parameters",
            "gen_ai.retrieval.query.text",
            "gen_ai.retrieval.documents",
            "http.request.header.authorization",
        ] {
            assert!(is_content(key), "{key}");
            assert!(!is_clear(key), "{key}");
        }
    }

    #[test]
    fn a_key_nobody_knows_is_committed() {
        for key in
            ["", "customer", "gen_ai.requests", "gen_ai.unknown", "mcpx", "service", "user.email"]
        {
            assert!(!is_content(key), "{key}");
        }
        for key in ["", "customer", "gen_ai.requests", "gen_ai.unknown", "mcpx", "user.email"] {
            assert!(!is_clear(key), "{key}");
        }
    }

    #[test]
    fn no_listed_key_is_both_clear_and_content() {
        let listed = [CONTENT_KEYS, CONTENT_FAMILIES, CLEAR_KEYS, CLEAR_FAMILIES].concat();
        for key in listed {
            assert!(!(is_clear(key) && is_content(key)), "{key}");
        }
    }
}
