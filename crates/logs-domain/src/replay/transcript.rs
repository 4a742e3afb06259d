//! Calls of an MCP transcript as steps: request and response are one.

use std::collections::BTreeMap;

use replay_determinism::{Content, Missing, StepRecord};
use store_traits::{Object, Value};

use super::part::Part;
use super::span::ending;
use super::trace::Found;

const MESSAGE: [&str; 2] = ["source", "message"];

/// The calls of a run by their identity.
pub(super) struct Calls<'p>(BTreeMap<&'p str, Call<'p>>);

#[derive(Default)]
struct Call<'p> {
    request: Option<&'p Part>,
    response: Option<&'p Part>,
}

impl<'p> Calls<'p> {
    pub(super) fn of(parts: &'p [Part]) -> Self {
        let mut calls: BTreeMap<&str, Call<'_>> = BTreeMap::new();
        for part in parts.iter().filter(|part| part.record() == "mcp") {
            let Some(id) = part.view("response_id") else { continue };
            let call = calls.entry(id).or_default();
            let side = match part.view("ended_at") {
                Some(_) => &mut call.response,
                None if part.text(&["source", "method"]).is_none() => &mut call.response,
                None => &mut call.request,
            };
            side.get_or_insert(part);
        }
        Self(calls)
    }

    pub(super) fn steps(&self) -> Vec<Found> {
        self.0.values().filter_map(Call::step).collect()
    }
}

impl Call<'_> {
    fn step(&self) -> Option<Found> {
        let first = self.request.or(self.response)?;
        let error = self.response.and_then(|response| response.view("error"));
        let (status, outcome) = ending(error, self.response.is_some());
        let skill = first.view("tool").or_else(|| first.text(&["source", "method"]));
        let step = StepRecord {
            params: match self.request {
                Some(request) => params(request),
                None => Content::NotRecorded(Missing::NotCaptured),
            },
            result: self.response.map_or(Content::None, result),
            status,
            outcome,
            ..StepRecord::new(0, skill.or_else(|| first.view("name")).unwrap_or("unnamed"))
        };
        Some(Found { began_at: first.began_at(), seq: first.seq, number: None, step })
    }
}

/// The arguments of a tool call; the params of any other, without what belongs to the protocol.
fn params(request: &Part) -> Content {
    if let Some(why) = request.missing(&MESSAGE) {
        return Content::NotRecorded(why);
    }
    let Some(params) = request.at(&["source", "message", "params"]) else { return Content::None };
    match params.member("arguments") {
        Some(arguments) if request.view("tool").is_some() => Content::of_value(arguments),
        _ => without_meta(params),
    }
}

/// The result, or the error that stands in its place.
fn result(response: &Part) -> Content {
    if let Some(why) = response.missing(&MESSAGE) {
        return Content::NotRecorded(why);
    }
    let message = |name| response.at(&["source", "message", name]);
    match message("result").or_else(|| message("error")) {
        Some(value) => without_meta(value),
        None => Content::None,
    }
}

/// `_meta` holds trace ids and progress tokens, which no replay has again.
fn without_meta(value: &Value) -> Content {
    match value.as_object() {
        Some(members) if members.contains_key("_meta") => {
            let kept = members.iter().filter(|(name, _)| *name != "_meta");
            let kept: Object = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
            if kept.is_empty() { Content::None } else { Content::of_value(&kept.into()) }
        }
        _ => Content::of_value(value),
    }
}
