//! What policies decided, as recorded.

use replay_determinism::PolicyDecision;
use store_traits::Value;

use super::part::Part;
use super::span::scalar;

/// Words of sources that say: passed. Any other word is what was done instead.
const PASSED: [&str; 9] =
    ["allow", "allowed", "approve", "approved", "granted", "ok", "pass", "passed", "permit"];

const OUTCOME: [&str; 4] =
    ["policy.outcome", "policy.decision", "guardrail.outcome", "guardrail.decision"];
const GUARDRAIL: [&str; 4] = ["guardrail.id", "guardrail.name", "policy.id", "policy.name"];

/// The decision that a fact records; none where it names no outcome.
pub(super) fn decision_of(part: &Part) -> Option<PolicyDecision> {
    if part.kind != "audit.authorization" {
        return None;
    }
    let said = |members: &[&str], attributes: &[&str]| {
        values(part, members, attributes)
            .find_map(|value| scalar(value).filter(|text| !text.is_empty()))
    };
    let word = said(&["outcome", "decision", "verdict", "result"], &OUTCOME);
    let passed =
        values(part, &["passed"], &["guardrail.passed", "policy.passed"]).find_map(|value| {
            match value {
                Value::Bool(passed) => Some(*passed),
                _ => None,
            }
        });
    let passed = match (passed, word.as_deref()) {
        (Some(passed), _) => passed,
        (None, Some(word)) => PASSED.contains(&word.to_ascii_lowercase().as_str()),
        (None, None) => return None,
    };
    let guardrail = said(&["guardrail", "guardrail_id", "policy_id", "policy"], &GUARDRAIL)
        .or_else(|| part.policy.clone())
        .or_else(|| said(&["rule"], &[]))?;
    let action = said(&["action"], &["guardrail.action", "policy.action"]);
    Some(PolicyDecision { guardrail, passed, action: action.or(word).filter(|_| !passed) })
}

/// Members of the body, attributes, members of a log record's body.
fn values<'p>(
    part: &'p Part,
    members: &[&str],
    attributes: &[&str],
) -> impl Iterator<Item = &'p Value> {
    let own = members.iter().filter_map(|name| part.at(&[*name]));
    let said = attributes.iter().filter_map(|name| part.attribute(&[*name]));
    let logged = members.iter().filter_map(|name| part.at(&["source", "body", *name]));
    own.chain(said).chain(logged).collect::<Vec<_>>().into_iter()
}
