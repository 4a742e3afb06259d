//! What a certificate proves and what it does not, in words.

use std::collections::BTreeMap;

use super::claim::Claim;
use super::decision::{PolicyClaim, PolicyScope};
use super::id::CertificateId;
use super::replayed::ReplayClaim;
use super::report::ValidAt;
use super::statement::{CertificateStatement, ProvenCertificate};
use crate::claims::never_proved;

/// Outcomes that a sentence counts; the certificate counts all.
const MOST_OUTCOMES: usize = 8;
/// What no certificate can say of itself.
pub const REVOCATION_UNKNOWN: &str =
    "That it was not revoked later: only the log knows (ask it with --ledger).";

/// What holds, a sentence each.
pub(super) fn proved(proven: &ProvenCertificate, id: CertificateId, at: ValidAt) -> Vec<String> {
    let ProvenCertificate { statement, checkpoint, .. } = proven;
    let (size, root, key) = (checkpoint.size, checkpoint.root, &statement.key);
    let mut out = vec![
        format!(
            "The holder of the key {key} signed the certificate {id}, and no byte of it was changed."
        ),
        format!(
            "The holder of that key signed the ledger {} at {size} entries with root {root}.",
            statement.origin
        ),
    ];
    match proven.leaves().len() {
        0 => {}
        1 => out.push("The entry that it rests on lies in that ledger at its sequence number.".to_owned()),
        entries => out.push(format!(
            "Each of the {entries} entries that it rests on lies in that ledger at its sequence number."
        )),
    }
    out.extend(claimed(&statement.claim));
    if let ValidAt::Time(at) = at {
        out.push(match statement.valid_until {
            Some(until) => format!("It is valid at {at}: it ends at {until}."),
            None => format!("It is valid at {at}: it names no end."),
        });
    }
    out
}

/// What the claim proves or, where it cannot be proved from the certificate, who says it.
fn claimed(claim: &Claim) -> Option<String> {
    match claim {
        Claim::LedgerCheckpoint => None,
        Claim::ReplayProof(claim) => {
            Some(format!("The holder of that key states of these entries: {}.", compared(claim)))
        }
        Claim::PolicyAudit(claim) => Some(format!(
            "Policies and outcome of each decision are what its entry says, byte for byte: {}.",
            counted(claim)
        )),
        Claim::IncidentExport(claim) => Some(format!(
            "The holder of that key states that these {} entries name the incident {}.",
            claim.entries, claim.incident
        )),
    }
}

fn compared(claim: &ReplayClaim) -> String {
    let ReplayClaim { original, replay, required, matched, first_divergence, .. } = claim;
    let outcome = if claim.passed() { "passed" } else { "failed" };
    let place = first_divergence.as_ref().map_or(String::new(), |found| {
        let step = found.step.map_or(String::new(), |step| format!(" in step {step}"));
        format!(", first{step} ({}) at `{}`", found.name, found.pointer)
    });
    format!(
        "the replay {} of the run {} {outcome} at {required}, its match is {matched}{place}",
        replay.run_id, original.run_id
    )
}

fn counted(claim: &PolicyClaim) -> String {
    let scope = match &claim.scope {
        PolicyScope::Run(run) => format!("of the run {run}"),
        PolicyScope::Period { since, until } => format!("from {since} until before {until}"),
    };
    let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
    for decision in &claim.decisions {
        *outcomes.entry(decision.outcome.as_deref().unwrap_or("not in clear")).or_default() += 1;
    }
    let more = if outcomes.len() > MOST_OUTCOMES { ", …" } else { "" };
    let outcomes = outcomes.iter().take(MOST_OUTCOMES).map(|(outcome, n)| format!("{n} {outcome}"));
    let outcomes: Vec<String> = outcomes.collect();
    let decisions = if claim.decisions.len() == 1 { "decision" } else { "decisions" };
    format!("{} {decisions} {scope} ({}{more})", claim.decisions.len(), outcomes.join(", "))
}

/// What does not follow, a sentence each.
pub(super) fn not_proved(statement: &CertificateStatement, at: ValidAt) -> Vec<String> {
    let mut out = never_proved();
    out.extend(unclaimed(&statement.claim).map(str::to_owned));
    if at == ValidAt::NotAsked {
        out.push(match statement.valid_until {
            Some(until) => format!("That it is still valid: it ends at {until} (ask with --at)."),
            None => {
                "That it is valid at some time: it names no end, and none was asked for.".to_owned()
            }
        });
    }
    out.push(format!(
        "When it was issued: {} is the log's own time for the newest entry that it rests on.",
        statement.issued_at
    ));
    out.push(REVOCATION_UNKNOWN.to_owned());
    out
}

fn unclaimed(claim: &Claim) -> Option<&'static str> {
    match claim {
        Claim::LedgerCheckpoint => None,
        Claim::ReplayProof(_) => Some(
            "That the comparison came out so: the entries commit to what was compared, and whoever has them can repeat it (`factlog replay compare`).",
        ),
        Claim::PolicyAudit(_) => Some(
            "That these are all decisions of that run or period, nor that one of them was right.",
        ),
        Claim::IncidentExport(_) => Some(
            "That these entries name the incident, and no others: only their hashes are here (compare them with a bundle, or `factlog ledger prove`).",
        ),
    }
}
