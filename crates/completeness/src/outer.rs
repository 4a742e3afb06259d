//! Tool calls that are seen inside another report of the same call.
//!
//! An MCP tool call is often reported three times: by the tool's span, by the client's, by the
//! server's. It is one call where its parent is the outer report, or where a tool span of the same
//! name encloses it in time. A tool that calls an MCP tool of another name makes a second call.

use std::collections::BTreeMap;

use store_traits::Timestamp;

/// What is known of a report of a tool call, for finding the one around it.
#[derive(Debug, Clone)]
pub(crate) struct ToolReport {
    /// The key of the call, were it a call of its own.
    pub(crate) key: String,
    pub(crate) seq: u64,
    /// Is it an MCP message or span? Otherwise it is the tool's own span.
    pub(crate) mcp: bool,
    pub(crate) tool: Option<String>,
    pub(crate) span_id: Option<String>,
    pub(crate) parent_span_id: Option<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// For each key that is seen inside another one: the outermost.
pub(crate) fn outermost(reports: &[ToolReport]) -> BTreeMap<String, String> {
    let mut inside: BTreeMap<&str, &str> = BTreeMap::new();
    let spans: BTreeMap<&str, &ToolReport> =
        reports.iter().filter_map(|report| Some((report.span_id.as_deref()?, report))).collect();
    for inner in reports.iter().filter(|report| report.mcp) {
        let parent = inner.parent_span_id.as_deref().and_then(|parent| spans.get(parent));
        if let Some(outer) =
            parent.filter(|outer| outer.key != inner.key && same_tool(inner, outer))
        {
            smaller(&mut inside, &inner.key, &outer.key);
        }
    }
    for (inner, outer) in enclosed(reports) {
        smaller(&mut inside, inner, outer);
    }
    // Server inside client inside tool: two steps outwards reach the outermost report.
    let out = |key: &str| inside.get(key).copied();
    inside
        .iter()
        .map(|(key, outer)| ((*key).to_owned(), out(outer).unwrap_or(outer).to_owned()))
        .collect()
}

fn smaller<'r>(inside: &mut BTreeMap<&'r str, &'r str>, inner: &'r str, outer: &'r str) {
    inside.entry(inner).and_modify(|known| *known = outer.min(known)).or_insert(outer);
}

/// Frameworks put the server's name before the tool's.
fn same_tool(inner: &ToolReport, outer: &ToolReport) -> bool {
    match (&inner.tool, &outer.tool) {
        (Some(inner), Some(outer)) => outer.ends_with(inner.as_str()),
        _ => true,
    }
}

/// MCP reports that a tool span of the same name, begun no later, outlasts: one pass in order of
/// time, where a comparison of each with each would take for ever.
fn enclosed(reports: &[ToolReport]) -> Vec<(&str, &str)> {
    let mut ordered: Vec<&ToolReport> = reports.iter().collect();
    ordered.sort_by_key(|report| (report.started_at, report.mcp, report.seq));
    let mut longest: BTreeMap<&str, (Timestamp, &str)> = BTreeMap::new();
    let mut found = Vec::new();
    for report in ordered {
        let Some(tool) = report.tool.as_deref() else { continue };
        if report.mcp {
            let end = report.ended_at.unwrap_or(report.started_at);
            if let Some((_, outer)) = longest.get(tool).filter(|(until, _)| *until >= end) {
                found.push((report.key.as_str(), *outer));
            }
        } else if let Some(end) = report.ended_at {
            let this = (end, report.key.as_str());
            longest.entry(tool).and_modify(|known| *known = this.max(*known)).or_insert(this);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(key: &str, mcp: bool, parent: Option<&str>, time: (i128, i128)) -> ToolReport {
        let at = |nanos| Timestamp::from_unix_nanos(nanos).unwrap();
        ToolReport {
            key: key.to_owned(),
            seq: 0,
            mcp,
            tool: Some("search".to_owned()),
            span_id: Some(key.to_owned()),
            parent_span_id: parent.map(str::to_owned),
            started_at: at(time.0),
            ended_at: Some(at(time.1)),
        }
    }

    #[track_caller]
    fn check(reports: &[ToolReport], expect: &[(&str, &str)]) {
        let found = outermost(reports);
        let found: Vec<_> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn server_inside_client_inside_tool_is_one_call() {
        let reports = [
            report("tool", false, None, (0, 9)),
            report("client", true, Some("tool"), (20, 29)),
            report("server", true, Some("client"), (40, 49)),
        ];
        check(&reports, &[("client", "tool"), ("server", "tool")]);
    }

    #[test]
    fn a_tool_span_of_the_same_name_encloses_in_time() {
        let mut reports = [report("tool", false, None, (0, 9)), report("mcp", true, None, (3, 5))];
        check(&reports, &[("mcp", "tool")]);
        reports[1].tool = Some("other".to_owned());
        check(&reports, &[]);
        let later = [report("tool", false, None, (0, 9)), report("mcp", true, None, (3, 10))];
        check(&later, &[]);
    }

    #[test]
    fn a_tool_that_calls_another_tool_makes_a_second_call() {
        let mut reports =
            [report("tool", false, None, (0, 9)), report("mcp", true, Some("tool"), (3, 5))];
        reports[0].tool = Some("orders.search".to_owned());
        check(&reports, &[("mcp", "tool")]);
        reports[0].tool = Some("plan".to_owned());
        check(&reports, &[]);
    }
}
