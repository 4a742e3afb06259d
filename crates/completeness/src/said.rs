//! What a fact says, wherever its writer put it.

use store_traits::{Object, Value};

/// The objects of a body that say something: a mapping's view first, then the body itself (a native
/// fact), the step in it (a run recorded step by step), then what arrived.
fn places(fact: &Value) -> impl Iterator<Item = &Object> {
    let places: [&[&str]; 4] =
        [&["body", "view"], &["body"], &["body", "step"], &["body", "source"]];
    places.into_iter().filter_map(|place| fact.at(place)?.as_object())
}

/// The first of these members that is a text and not empty.
pub(crate) fn text<'f>(fact: &'f Value, names: &[&str]) -> Option<&'f str> {
    let named = |members: &'f Object| names.iter().find_map(|name| members.get(name)?.as_str());
    places(fact).find_map(named).filter(|text| !text.is_empty())
}

/// The first of these members that is a count.
pub(crate) fn count(fact: &Value, names: &[&str]) -> Option<u64> {
    places(fact).find_map(|members| names.iter().find_map(|name| number(members.get(name)?)))
}

/// The first of these attributes of what arrived that is a count.
pub(crate) fn attribute(fact: &Value, names: &[&str]) -> Option<u64> {
    let attributes = fact.at(&["body", "source", "attributes"])?.as_object()?;
    names.iter().find_map(|name| number(attributes.get(name)?))
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(number.get()).ok(),
        Value::String(text) => text.parse().ok(),
        Value::Object(_) => value.member("u64")?.as_str()?.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

/// A member of the envelope's `meta`.
pub(crate) fn meta<'f>(fact: &'f Value, name: &str) -> Option<&'f str> {
    fact.at(&["meta", name])?.as_str().filter(|text| !text.is_empty())
}

/// Does `meta` hold a list under this name that is not empty?
pub(crate) fn meta_list(fact: &Value, name: &str) -> bool {
    let list = fact.at(&["meta", name]).and_then(Value::as_array);
    list.is_some_and(|items| !items.is_empty())
}

/// The class of the step that a fact records: the view's, else what the kind implies. That a run
/// began or ended is no step, unless it is a span as well.
pub(crate) fn class<'f>(kind: &str, fact: &'f Value) -> Option<&'f str> {
    let boundary = matches!(kind, "run.started" | "run.completed" | "run.aborted");
    if boundary && text(fact, &["span_id"]).is_none() {
        return None;
    }
    text(fact, &["class"]).or(match kind {
        "run.llm_call" => Some("llm"),
        "run.step" => Some("other"),
        _ => None,
    })
}

/// Does the fact end its run: a terminal kind, or the root of a trace with its end?
pub(crate) fn ends(kind: &str, fact: &Value) -> bool {
    let root = fact.at(&["body", "view", "root"]) == Some(&Value::Bool(true));
    matches!(kind, "run.completed" | "run.aborted")
        || (root && fact.at(&["body", "view", "ended_at"]).is_some())
}

/// What was asked and what was answered: content that stands in the fact or behind a commitment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// A prompt, arguments, parameters.
    pub input: bool,
    /// An answer, a result.
    pub output: bool,
}

impl Contents {
    /// What a fact has of both.
    ///
    /// ```
    /// use completeness::Contents;
    /// use store_traits::{Object, Value};
    /// let promise = Object::from([("/body/prompt", Value::from("a digest"))]);
    /// let fact = Value::from(Object::from([("_sd", promise.into())]));
    /// assert_eq!(Contents::of(&fact), Contents { input: true, output: false });
    /// ```
    #[must_use]
    pub fn of(fact: &Value) -> Self {
        let mut contents = Self::default();
        let committed = ["_blob", "_sd"].into_iter().filter_map(|name| fact.member(name));
        for pointer in committed.filter_map(Value::as_object).flat_map(Object::keys) {
            contents.take(pointer.rsplit('/').next().unwrap_or_default());
        }
        let clear: [&[&str]; 3] = [&["body", "source", "attributes"], &["body"], &["body", "step"]];
        for members in clear.iter().filter_map(|path| fact.at(path)?.as_object()) {
            members.keys().for_each(|name| contents.take(name));
        }
        contents
    }

    fn take(&mut self, name: &str) {
        const INPUT: [&str; 10] = [
            "gen_ai.input.messages",
            "gen_ai.prompt",
            "llm.input_messages",
            "llm.prompts",
            "input.value",
            "traceloop.entity.input",
            "prompt",
            "input",
            "messages",
            "params",
        ];
        const OUTPUT: [&str; 9] = [
            "gen_ai.output.messages",
            "gen_ai.completion",
            "llm.output_messages",
            "output.value",
            "traceloop.entity.output",
            "response",
            "output",
            "completion",
            "result",
        ];
        // Indexed attributes: `gen_ai.prompt.0.content`.
        let among = |names: &[&str]| {
            names.iter().any(|known| {
                name.strip_prefix(known)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        self.input |= among(&INPUT);
        self.output |= among(&OUTPUT);
    }

    pub(crate) fn and(&mut self, other: Self) {
        self.input |= other.input;
        self.output |= other.output;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(members: &[(&str, Value)]) -> Value {
        Value::Object(members.iter().map(|(name, v)| ((*name).to_owned(), v.clone())).collect())
    }

    #[test]
    fn the_view_is_believed_before_the_body_and_the_body_before_the_source() {
        let inner = |text: &str| object(&[("tool", text.into())]);
        let mut body = object(&[("source", inner("arrived")), ("tool", "body".into())]);
        assert_eq!(text(&object(&[("body", body.clone())]), &["tool"]), Some("body"));
        if let Value::Object(members) = &mut body {
            members.insert("view", inner("view"));
        }
        assert_eq!(text(&object(&[("body", body)]), &["tool"]), Some("view"));
        assert_eq!(
            text(&object(&[("body", object(&[("source", inner("s"))]))]), &["tool"]),
            Some("s")
        );
    }

    #[test]
    fn negative_counts_and_other_things_are_no_counts() {
        let fact = |value: Value| object(&[("body", object(&[("n", value)]))]);
        assert_eq!(count(&fact(Value::integer(7)), &["n"]), Some(7));
        assert_eq!(
            count(&fact("12345678901234567890".into()), &["n"]),
            Some(12_345_678_901_234_567_890)
        );
        assert_eq!(count(&fact(Value::integer(-7)), &["n"]), None);
        assert_eq!(count(&fact(Value::f64(7.0)), &["n"]), None);
    }

    #[test]
    fn a_committed_prompt_is_a_recorded_input() {
        let blob = object(&[("/body/source/attributes/gen_ai.input.messages", Value::Null)]);
        let contents = Contents::of(&object(&[("_blob", blob)]));
        assert!(contents.input && !contents.output);
        let indexed = object(&[("gen_ai.completion.0.content", "hi".into())]);
        let fact = object(&[("body", object(&[("source", object(&[("attributes", indexed)]))]))]);
        assert!(Contents::of(&fact).output);
    }
}
