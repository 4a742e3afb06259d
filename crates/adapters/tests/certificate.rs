//! Certificates: the same bytes each time, nothing unproved is signed, nothing changed passes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::single_range_in_vec_init)]

mod common;

use adapters::certificate::{
    CertificateFormatError, CertificateReport, CertificateSignError, CertificateStatement, Claim,
    Decision, IncidentClaim, MAX_CERTIFICATE_BYTES, PolicyClaim, PolicyScope, ReplayClaim,
    ReplayedRun, SignedCertificate, Stretch, ValidAt, verify_certificate,
};
use adapters::{Ed25519Signer, StrictVerifier, dsse};
use audit_evidence::{VerifierKey, sign_checkpoint};
use common::at;
use common::ledger::{self, ORIGIN};
use replay_determinism::{
    Content, DeterminismLevel, ReplayValidator, StepRecord, TraceRecord, leaf_hash,
};
use store_traits::{Digest, Head, Value};

/// A run, its decisions, and its replay; what concerns the incident lies apart.
fn entries() -> Vec<String> {
    let fact = |seq: usize, kind: &str, run: &str, more: &str, body: &str| {
        format!(
            r#"{{"body":{body},"id":"01935a2e-0000-7000-8000-00000000000{seq}","kind":"{kind}","meta":{{"actor":{{"component":"gateway","kind":"system"}}{more},"occurred_at":"2026-11-23T08:32:0{seq}.000000000Z","origin":"SYSTEM","recorded_at":"2026-11-23T08:32:1{seq}.000000000Z","run_id":"{run}","source_component":"gateway","source_domain":"POLICY"}},"tenant":"acme","v":1}}"#
        )
    };
    let incident = r#","incident_ids":["inc-7"]"#;
    let policies = r#","incident_ids":["inc-7"],"policy_ids":["p-1","p-2"]"#;
    let escalated = r#"{"source":{"attributes":{"policy.id":"p-2","policy.outcome":"escalate"}}}"#;
    vec![
        fact(0, "run.started", "r1", "", "{}"),
        fact(1, "audit.authorization", "r1", policies, r#"{"outcome":"allow"}"#),
        fact(2, "audit.authorization", "r1", "", escalated),
        fact(3, "run.step", "r1", "", r#"{"record":"native"}"#),
        fact(4, "audit.authorization", "r1", "", r#"{"note":"\"quoted\" – nothing in clear"}"#),
        fact(5, "run.step", "r2", incident, "{}"),
        fact(6, "run.completed", "r2", "", "{}"),
    ]
}

fn leaves() -> Vec<Digest> {
    entries().iter().map(|entry| leaf_hash(entry.as_bytes())).collect()
}

fn note(signer: &Ed25519Signer) -> String {
    let leaves = leaves();
    let head = Head { size: leaves.len() as u64, peaks: Vec::new(), root: ledger::root(&leaves) };
    sign_checkpoint(ORIGIN, &head, signer).unwrap()
}

fn stretch(start: usize, end: usize) -> Stretch {
    let proof = ledger::range(&leaves(), start, end);
    let leaf_hashes = leaves()[start..end].to_vec();
    Stretch { first: start as u64, leaf_hashes, left: proof.left, right: proof.right }
}

fn statement(issued: usize, stretches: Vec<Stretch>, claim: Claim) -> CertificateStatement {
    let signer = ledger::signer();
    CertificateStatement {
        tenant: "acme".to_owned(),
        origin: ORIGIN.to_owned(),
        key: dsse::key_id(&ledger::key(&signer)),
        issued_at: at(&format!("2026-11-23T08:32:1{issued}Z")),
        valid_until: None,
        checkpoint: note(&signer),
        stretches,
        claim,
    }
}

fn of_the_ledger() -> CertificateStatement {
    statement(6, Vec::new(), Claim::LedgerCheckpoint)
}

fn replayed(result: &str) -> ReplayClaim {
    let run = |result: &str| TraceRecord {
        agent: Some("fx-agent".to_owned()),
        steps: vec![StepRecord {
            result: Content::Recorded(result.into()),
            ..StepRecord::new(1, "fx_rate")
        }],
        ..TraceRecord::default()
    };
    let (original, replay) = (run(r#"{"rate":"157.01"}"#), run(result));
    let report = ReplayValidator::new(DeterminismLevel::Strict).validate(&original, &replay);
    let side = |run_id: &str, entries| ReplayedRun {
        run_id: run_id.to_owned(),
        agent: Some("fx-agent".to_owned()),
        steps: 1,
        entries,
    };
    let (first, second) = (side("r1", vec![0..5]), side("r2", vec![5..7]));
    ReplayClaim::of(&report.unwrap(), first, second)
}

fn of_a_replay() -> CertificateStatement {
    let claim = replayed(r#"{"rate":"secret 156.42"}"#);
    statement(6, vec![stretch(0, 7)], Claim::ReplayProof(Box::new(claim)))
}

fn decisions() -> PolicyClaim {
    let decisions = [1, 2, 4].map(|seq| {
        let entry = entries()[seq].clone();
        Decision::of_entry(seq as u64, entry).unwrap()
    });
    PolicyClaim { scope: PolicyScope::Run("r1".to_owned()), decisions: decisions.to_vec() }
}

fn of_policies() -> CertificateStatement {
    let stretches = vec![stretch(1, 3), stretch(4, 5)];
    let of = statement(4, stretches, Claim::PolicyAudit(decisions()));
    CertificateStatement { valid_until: Some(at("2027-11-23T00:00:00Z")), ..of }
}

fn of_an_incident() -> CertificateStatement {
    let claim = IncidentClaim { incident: "inc-7".to_owned(), entries: 2 };
    statement(5, vec![stretch(1, 2), stretch(5, 6)], Claim::IncidentExport(claim))
}

fn all() -> [CertificateStatement; 4] {
    [of_the_ledger(), of_a_replay(), of_policies(), of_an_incident()]
}

fn key() -> VerifierKey {
    ledger::key(&ledger::signer())
}

fn issue(statement: CertificateStatement) -> SignedCertificate {
    let proven = statement.prove(&key(), &[key()], &StrictVerifier);
    proven.unwrap_or_else(|found| panic!("{found:#?}")).sign(&ledger::signer()).unwrap()
}

fn verify(bytes: &[u8]) -> Result<CertificateReport, CertificateFormatError> {
    verify_certificate(bytes, &[key()], &StrictVerifier, ValidAt::NotAsked)
}

fn holds(bytes: &[u8]) -> bool {
    verify(bytes).is_ok_and(|report| report.holds)
}

/// What only the key's holder can do: sign any statement.
fn signed(statement: &Value) -> Vec<u8> {
    let key = dsse::key_id(&key());
    dsse::sign(statement, &key, &ledger::signer()).unwrap()
}

#[test]
fn each_kind_holds_in_both_forms_and_keeps_its_bytes() {
    for statement in all() {
        let kind = statement.claim.kind().as_str();
        let certificate = issue(statement.clone());
        assert_eq!(issue(statement.clone()), certificate);
        let report = verify(&certificate.envelope).unwrap();
        assert_eq!(report.findings, [], "{kind}");
        assert_eq!(verify(certificate.armoured().as_bytes()).unwrap(), report);
        assert_eq!(report.summary.as_ref().unwrap().id, certificate.id);
        let payload = replay_determinism::canonical::write(&statement.to_value());
        let payload = String::from_utf8(payload).unwrap();
        assert!(!payload.contains("secret"), "{payload}");
        let text = format!("{payload}\n\n{}", certificate.armoured());
        insta::assert_snapshot!(kind, text);
        let told = [report.proved.join("\n"), report.not_proved.join("\n")].join("\n– not –\n");
        insta::assert_snapshot!(format!("{kind}_told"), told);
    }
}

#[test]
fn no_flipped_bit_no_cut_and_no_addition_passes() {
    for statement in all() {
        let certificate = issue(statement);
        for good in [certificate.envelope.clone(), certificate.armoured().into_bytes()] {
            for at in 0..good.len() {
                let mut bad = good.clone();
                bad[at] ^= 1 << (at % 8);
                assert!(!holds(&bad), "byte {at}");
            }
            for length in (0..good.len()).step_by(31) {
                assert!(!holds(&good[..length]), "{length}");
            }
            for (before, behind) in [("", "\n"), (" ", ""), ("\u{feff}", ""), ("", "\0")] {
                assert!(!holds(&[before.as_bytes(), &good, behind.as_bytes()].concat()));
            }
        }
    }
}

#[test]
fn another_key_is_a_finding_and_no_key_and_no_certificate_are_errors() {
    let certificate = issue(of_policies());
    let check = |keys: &[VerifierKey]| {
        verify_certificate(&certificate.envelope, keys, &StrictVerifier, ValidAt::NotAsked)
    };
    let stranger = ledger::key(&Ed25519Signer::from_seed(&[66; 32]));
    let report = check(std::slice::from_ref(&stranger)).unwrap();
    assert_eq!((report.holds, report.findings[0].place.as_str()), (false, "the signature"));
    assert!(report.summary.is_none() && report.proved.is_empty());
    assert!(check(&[stranger, key()]).unwrap().holds, "one of several, while keys are rotated");
    assert_eq!(check(&[]), Err(CertificateFormatError::NoKey));
    for bytes in
        [&b""[..], b"{}", b"\xff\xfe", b"-----BEGIN FACTLOG CERTIFICATE-----", b"PK\x03\x04"]
    {
        assert!(verify(bytes).is_err());
    }
    let long = vec![b'a'; MAX_CERTIFICATE_BYTES + 1];
    assert_eq!(verify(&long), Err(CertificateFormatError::TooLong));
}

#[test]
fn a_certificate_ends_where_it_says_and_begins_where_it_was_issued() {
    let check = |statement: CertificateStatement, time: &str| {
        let envelope = issue(statement).envelope;
        let time = ValidAt::Time(at(time));
        let report = verify_certificate(&envelope, &[key()], &StrictVerifier, time).unwrap();
        let place = report.findings.first().map(|found| found.place.clone());
        assert_eq!(report.holds, place.is_none());
        place
    };
    let named = |place: &str| Some(place.to_owned());
    assert_eq!(check(of_policies(), "2026-11-23T08:32:14Z"), None);
    assert_eq!(check(of_policies(), "2027-11-22T23:59:59.999999999Z"), None);
    assert_eq!(check(of_policies(), "2027-11-23T00:00:00Z"), named("valid_until"));
    assert_eq!(check(of_policies(), "2026-11-23T08:32:13Z"), named("issued_at"));
    assert_eq!(check(of_the_ledger(), "2999-01-01T00:00:00Z"), None, "it names no end");
}

/// What is not shown cannot be signed, and where the key's holder signs it by other means, it is found.
#[track_caller]
fn check_unproved(
    mut statement: CertificateStatement,
    place: &str,
    change: impl Fn(&mut CertificateStatement),
) {
    change(&mut statement);
    let findings = statement.clone().prove(&key(), &[key()], &StrictVerifier).unwrap_err();
    assert!(findings.iter().any(|found| found.place.contains(place)), "{findings:#?}");
    let report = verify(&signed(&statement.to_value())).unwrap();
    assert!(!report.holds && report.proved.is_empty());
    assert!(report.findings.iter().any(|found| found.place.contains(place)), "{report:#?}");
}

#[test]
fn a_statement_that_the_ledger_does_not_show_is_neither_signed_nor_believed() {
    let other = Digest::new([7; 32]);
    check_unproved(of_the_ledger(), "the origin", |it| it.tenant = "other".to_owned());
    check_unproved(of_the_ledger(), "the origin", |it| it.origin = "logs.evil/acme".to_owned());
    check_unproved(of_the_ledger(), "the key", |it| it.key.push('0'));
    check_unproved(of_the_ledger(), "the checkpoint", |it| {
        it.checkpoint = it.checkpoint.replace("\n7\n", "\n8\n");
    });
    check_unproved(of_the_ledger(), "the stretches", |it| it.stretches = vec![stretch(0, 1)]);
    check_unproved(of_the_ledger(), "valid_until", |it| it.valid_until = Some(it.issued_at));
    check_unproved(of_an_incident(), "entries 1..2", |it| it.stretches[0].leaf_hashes[0] = other);
    check_unproved(of_an_incident(), "entries 1..2", |it| it.stretches[0].left.clear());
    check_unproved(of_an_incident(), "the stretches", |it| it.stretches.reverse());
    check_unproved(of_an_incident(), "the stretches", |it| {
        it.stretches = vec![stretch(1, 2), stretch(2, 3)];
    });
    check_unproved(of_an_incident(), "the incident", |it| drop(it.stretches.pop()));
    check_unproved(of_a_replay(), "the replay", |it| drop(it.stretches.pop()));
    check_unproved(of_policies(), "issued_at", |it| it.issued_at = at("2026-11-23T08:32:15Z"));
}

#[test]
fn a_replay_says_of_its_runs_no_more_than_is_proved() {
    let check = |change: &dyn Fn(&mut ReplayClaim)| {
        check_unproved(of_a_replay(), "the replay", |it| {
            let Claim::ReplayProof(claim) = &mut it.claim else { panic!() };
            change(claim);
        });
    };
    check(&|claim| claim.original.entries = vec![0..8]);
    check(&|claim| claim.original.entries = vec![0..4]);
    check(&|claim| claim.original.entries = vec![2..5, 0..2]);
    check(&|claim| claim.replay.entries = Vec::new());
    check(&|claim| claim.replay.entries = vec![5..u64::MAX >> 12]);
    check(&|claim| claim.first_divergence = None);
    let mut passed = of_a_replay();
    passed.claim = Claim::ReplayProof(Box::new(replayed(r#"{"rate":"157.01"}"#)));
    let report = verify(&issue(passed).envelope).unwrap();
    assert!(report.proved.iter().any(|line| line.contains("passed at STRICT")), "{report:#?}");
}

#[test]
fn a_decision_is_what_its_entry_says() {
    let check = |place: &str, change: &dyn Fn(&mut PolicyClaim)| {
        check_unproved(of_policies(), place, |it| {
            let Claim::PolicyAudit(claim) = &mut it.claim else { panic!() };
            change(claim);
        });
    };
    let escalated = |text: &mut String| *text = text.replace("escalate", "approved");
    check("entry 1", &|claim| claim.decisions[0].outcome = Some("deny".to_owned()));
    check("entry 1", &|claim| drop(claim.decisions[0].policy_ids.pop()));
    check("entry 2", &|claim| escalated(&mut claim.decisions[1].entry));
    check("entry 4", &|claim| claim.decisions[2].leaf_hash = Digest::new([7; 32]));
    check("the decisions", &|claim| drop(claim.decisions.remove(0)));
    check("the decisions", &|claim| claim.decisions.swap(0, 1));
    check("entry 1", &|claim| claim.scope = PolicyScope::Run("r2".to_owned()));
    check("entry 4", &|claim| {
        let (since, until) = (at("2026-11-23T08:32:01Z"), at("2026-11-23T08:32:04Z"));
        claim.scope = PolicyScope::Period { since, until };
    });
    let entry = entries()[3].clone();
    assert_eq!(Decision::of_entry(3, entry), None, "a step is no decision");
}

#[test]
fn a_payload_has_one_spelling() {
    let good = of_policies().to_value();
    assert!(holds(&signed(&good)));
    let check = |change: &dyn Fn(&mut Value)| {
        let mut bad = good.clone();
        change(&mut bad);
        let report = verify(&signed(&bad)).unwrap();
        assert_eq!((report.holds, report.findings[0].place.as_str()), (false, "the statement"));
    };
    fn member<'v>(value: &'v mut Value, path: &[&str]) -> &'v mut Value {
        path.iter().fold(value, |value, name| match value {
            Value::Object(members) => members.get_mut(name).unwrap(),
            _ => panic!("{name}"),
        })
    }
    let add = |value: &mut Value, name: &str| match value {
        Value::Object(members) => drop(members.insert(name, Value::Null)),
        _ => panic!("{name}"),
    };
    check(&|it| add(it, "more"));
    check(&|it| add(member(it, &["predicate"]), "more"));
    check(&|it| add(member(it, &["predicate", "claim", "of"]), "since"));
    check(&|it| *member(it, &["predicateType"]) = "urn:factlog:certificate:policy_audit:2".into());
    check(&|it| *member(it, &["predicate", "version"]) = 2_u32.into());
    check(&|it| *member(it, &["predicate", "type"]) = "incident_export".into());
    check(&|it| *member(it, &["predicate", "claim", "counts", "decisions"]) = 2_u32.into());
    check(&|it| *member(it, &["_type"]) = "https://in-toto.io/Statement/v0.1".into());
    check(&|it| match member(it, &["subject"]) {
        Value::Array(subjects) => {
            *member(&mut subjects[1], &["digest", "sha256"]) = "0".repeat(64).into();
        }
        _ => panic!(),
    });
}

#[test]
fn another_signer_and_one_too_long_are_refused() {
    let proven = of_the_ledger().prove(&key(), &[key()], &StrictVerifier).unwrap();
    let other = proven.sign(&Ed25519Signer::from_seed(&[66; 32]));
    assert!(matches!(other, Err(CertificateSignError::OtherKey(_))));
    let mut long = of_a_replay();
    let Claim::ReplayProof(claim) = &mut long.claim else { panic!() };
    claim.original.agent = Some("a".repeat(MAX_CERTIFICATE_BYTES * 3 / 4));
    let proven = long.prove(&key(), &[key()], &StrictVerifier).unwrap();
    let long = proven.sign(&ledger::signer());
    assert!(matches!(long, Err(CertificateSignError::TooLong { .. })));
}
