//! M002: exceptions are counted, reasoned, and expire.

use crate::Finding;
use crate::topology::{Exception, Topology};

/// Rules that no exception silences: what could not be judged, the declaration itself, the lock.
const NEVER: [&str; 9] = ["G001", "G002", "T007", "T008", "M002", "K001", "K002", "K003", "K004"];

/// Takes out what a complete exception lets through, adds M002 for the others, and gives the number
/// in force. `as_of` is a date; without one nothing expires, because an audit reads no clock.
pub(crate) fn apply(
    topology: &Topology,
    as_of: Option<&str>,
    findings: &mut Vec<Finding>,
) -> usize {
    let mut in_force = 0;
    for (number, exception) in topology.exceptions.iter().enumerate() {
        let faults = faults(exception, as_of);
        if !faults.is_empty() {
            findings.extend(
                faults.into_iter().map(|fault| finding(topology, number, exception, fault)),
            );
            continue;
        }
        let before = findings.len();
        findings.retain(|f| !lets_through(exception, f));
        if findings.len() == before {
            let fault = "matches no finding: nothing is let through any more".to_owned();
            findings.push(finding(topology, number, exception, fault));
        } else {
            in_force += 1;
        }
    }
    in_force
}

fn faults(exception: &Exception, as_of: Option<&str>) -> Vec<String> {
    let Exception { rule, krate, target, reason, owner, expires } = exception;
    let mut out = Vec::new();
    for (what, value) in [
        ("rule", rule),
        ("crate", krate),
        ("reason", reason),
        ("owner", owner),
        ("expires", expires),
    ] {
        if value.as_ref().is_none_or(|v| v.trim().is_empty()) {
            out.push(format!("lacks `{what}`"));
        }
    }
    for (what, value) in [("rule", rule), ("crate", krate), ("target", target)] {
        if value.as_ref().is_some_and(|v| v.contains('*')) {
            out.push(format!(
                "has a wildcard in `{what}`: it would let through what nobody has seen"
            ));
        }
    }
    let id = rule.as_deref().map(bare).unwrap_or_default();
    if NEVER.contains(&id) {
        out.push(format!("names {id}, which nothing lets through"));
    }
    if let Some(date) = expires.as_deref().filter(|d| !d.trim().is_empty()) {
        if !is_date(date) {
            out.push(format!("expires on `{date}`, which is no date (YYYY-MM-DD)"));
        } else if as_of.is_some_and(|today| date < today) {
            out.push(format!("expired on {date}"));
        }
    }
    out
}

fn lets_through(exception: &Exception, finding: &Finding) -> bool {
    let rule = exception.rule.as_deref().map(bare);
    let target = exception.target.as_deref();
    rule == Some(finding.rule.as_str())
        && exception.krate.as_deref() == Some(finding.krate.as_str())
        && target.is_none_or(|t| t == finding.subject || t == finding.file)
}

fn bare(rule: &str) -> &str {
    rule.strip_prefix("BLCA-").unwrap_or(rule)
}

/// `YYYY-MM-DD` with a month and a day that exist somewhere.
pub(crate) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, width: usize| {
        let digits = part.len() == width && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u32>().ok()).flatten()
    };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|m| (1..=12).contains(&m))
        && number(day, 2).is_some_and(|d| (1..=31).contains(&d))
}

fn finding(topology: &Topology, number: usize, exception: &Exception, fault: String) -> Finding {
    let mut headings =
        topology.text.lines().enumerate().filter(|(_, line)| line.trim() == "[[exception]]");
    let place = headings.nth(number);
    let (line, frame) =
        place.map_or((0, String::new()), |(index, line)| (index + 1, line.to_owned()));
    let subject = format!(
        "{}:{}",
        exception.rule.as_deref().unwrap_or("?"),
        exception.krate.as_deref().unwrap_or("?")
    );
    Finding {
        rule: "M002".to_owned(),
        file: "blca.toml".to_owned(),
        line,
        frame,
        message: format!("the exception for {subject} {fault}"),
        subject,
        ..Finding::default()
    }
}
