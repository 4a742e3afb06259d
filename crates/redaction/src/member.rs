//! What the members around a value say about it.

use crate::custom::Custom;
use crate::field::{self, Rule};

/// Members that are asked what their neighbour `name` is; more would cost their square.
pub(crate) const NEIGHBOURS: usize = 64;

/// What stands around a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'k> {
    /// The member that holds it, or that holds the array that holds it.
    pub(crate) name: Option<&'k str>,
    pub(crate) rule: Option<Rule>,
}

impl Around<'_> {
    pub(crate) const NOTHING: Self = Self { name: None, rule: None };
}

/// The rule for a member, from its name, the object's name and its neighbours.
pub(crate) fn member_rule<'k, I>(
    key: &str,
    around: Around<'_>,
    members: impl Fn() -> I,
    custom: Option<&Custom>,
) -> Option<Rule>
where
    I: Iterator<Item = (&'k str, Option<&'k str>)> + Clone,
{
    // A container that is secret as a whole.
    if let Some(Rule::Whole(_)) = around.rule {
        return around.rule;
    }
    // `{"stringValue": …}` of an attribute: the rule was handed down for it.
    if around.rule.is_some() && key == "stringValue" {
        return around.rule;
    }
    // In a JSON Schema these names are those of parameters; their values are types.
    if around.name == Some("properties") {
        return None;
    }
    let has = |name: &str| members().any(|(key, _)| key == name);
    match key {
        // `{"key": "password", "value": …}`, as attributes and environments are written.
        "value" => {
            let named = members()
                .find(|(key, _)| matches!(*key, "key" | "name"))
                .and_then(|(_, text)| text);
            named.and_then(|name| field::rule(name, None, custom))
        }
        "name" => field::rule(key, around.name, custom)
            .filter(|_| !has("arguments") && !has("role"))
            .or_else(|| field::name_among(members().map(|(key, _)| key))),
        // The tokens of a model's log probabilities are words.
        "token" if has("logprob") => None,
        _ => field::rule(key, around.name, custom),
    }
}

/// The rule that a container hands on to its members.
pub(crate) fn passed(rule: Option<Rule>, attribute: bool) -> Option<Rule> {
    if attribute { rule } else { rule.and_then(Rule::inherited) }
}
