//! Cosignatures, policies and the conversation with a witness.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::sync::Mutex;

use async_trait::async_trait;
use audit_evidence::{
    CheckpointBody, CompactRange, CosignedError, HttpAnswer, PolicyError, PolicyWitness,
    SignedNote, TrustPolicy, WitnessClient, WitnessError, WitnessKey, WitnessUnreachable,
    add_checkpoint, cosign, cosignatures, sign_checkpoint, verify_consistency,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{MemoryTiles, Strict, TestKey, digest, now};
use replay_determinism::{empty_root, leaf_hash};
use store_traits::{Digest, Signer as _, TenantId};

const ORIGIN: &str = "logs.example/root-log";

fn tenant() -> TenantId {
    TenantId::parse("root-log").unwrap()
}

fn leaves(count: u64) -> Vec<Digest> {
    (0..count).map(|at| leaf_hash(&at.to_be_bytes())).collect()
}

fn checkpoint(count: u64) -> String {
    let mut range = CompactRange::new();
    for leaf in leaves(count) {
        range.append(leaf, &mut |_| {});
    }
    sign_checkpoint(ORIGIN, &range.head(), &TestKey::new(1)).unwrap()
}

fn witness(seed: u8) -> WitnessKey {
    WitnessKey::ed25519(&format!("w{seed}.example"), TestKey::new(seed).public_key()).unwrap()
}

fn cosigned(note: &str, seeds: &[u8]) -> String {
    let note = SignedNote::parse(note).unwrap();
    let text = note.text().to_owned();
    let lines = seeds.iter().map(|seed| {
        cosign(&text, witness(*seed).name(), 1_700_000_000, &TestKey::new(*seed)).unwrap()
    });
    lines.fold(note, |note, line| note.with_line(line).unwrap()).to_string()
}

fn policy(groups: &str) -> Result<TrustPolicy, PolicyError> {
    let mut text = format!("# whom we believe\nlog {}\n\n", TestKey::new(1).named(ORIGIN));
    for seed in 2..=6 {
        text += &format!("witness\tw{seed}  {} https://w{seed}.example/\n", witness(seed));
    }
    TrustPolicy::parse(&(text + groups))
}

#[track_caller]
fn opens(groups: &str, seeds: &[u8], wanted: bool) {
    let note = cosigned(&checkpoint(5), seeds);
    let opened = policy(groups).unwrap().open(&note, &Strict);
    match opened {
        Ok(opened) => {
            assert!(wanted, "{groups}: {seeds:?}");
            assert_eq!(opened.checkpoint.size, 5);
            assert_eq!(opened.cosigned_by.len(), seeds.len());
            assert!(opened.cosigned_by.iter().all(|by| by.at == 1_700_000_000));
        }
        Err(CosignedError::NoQuorum { cosigned_by, .. }) => {
            assert!(!wanted, "{groups}: {seeds:?}");
            assert_eq!(cosigned_by.len(), seeds.len());
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_quorum_is_met_by_as_many_as_it_asks_for() {
    opens("quorum none\n", &[], true);
    opens("quorum w2", &[], false);
    opens("quorum w2", &[3], false);
    opens("quorum w2", &[2], true);
    let two = "group two 2 w2 w3 w4\nquorum two\n";
    opens(two, &[2], false);
    opens(two, &[2, 4], true);
    opens(two, &[2, 3, 4], true);
    opens("group all all w2 w3\nquorum all\n", &[2], false);
    opens("group all all w2 w3\nquorum all\n", &[3, 2], true);
    let nested = "group x 2 w2 w3 w4\ngroup y any w5 w6\ngroup both all x y\nquorum both\n";
    opens(nested, &[2, 3, 4], false);
    opens(nested, &[5, 6], false);
    opens(nested, &[2, 4, 6], true);
}

#[test]
fn what_is_not_a_policy_is_refused_with_its_line() {
    let refuse = |groups: &str, line: usize| match policy(groups) {
        Err(PolicyError::Line { line: at, .. }) => assert_eq!(at, line, "{groups}"),
        other => panic!("{groups}: {other:?}"),
    };
    refuse("quorum w9\n", 9);
    refuse("group g 0 w2\n", 9);
    refuse("group g 2 w2\n", 9);
    refuse("group g 01 w2\n", 9);
    refuse("group g any\n", 9);
    refuse("group g any g\n", 9);
    refuse("group none any w2\n", 9);
    refuse("group w3 any w2\n", 9);
    refuse("group a any w2\ngroup b any w2\n", 10);
    refuse("quorum w2\nquorum w2\n", 10);
    refuse("witness again w7\n", 9);
    refuse("lag x\n", 9);
    refuse("quorum w2 w3\n", 9);
    refuse("quorum w2\r\n", 9);
    refuse(&format!("witness other {}\n", witness(2)), 9);
    refuse(&format!("log {}\n", TestKey::new(1).named("other")), 9);
    refuse(&format!("log {}\n", witness(7)), 9);
    refuse(&format!("witness w7 {}\n", TestKey::new(7).named("w7")), 9);
    assert_eq!(policy(""), Err(PolicyError::NoQuorum));
}

#[test]
fn a_known_witness_whose_line_does_not_hold_refuses_the_note() {
    let note = cosigned(&checkpoint(5), &[2]);
    let known = [witness(2)];
    let of = |text: &str| cosignatures(&SignedNote::parse(text).unwrap(), &known, &Strict);
    assert_eq!(of(&note).unwrap().len(), 1);
    // The same line below another checkpoint.
    let line = note.lines().last().unwrap();
    assert!(of(&format!("{}{line}\n", checkpoint(6))).is_err());
    // Another time than the one that was signed.
    let (head, encoded) = line.rsplit_once(' ').unwrap();
    let mut bytes = STANDARD.decode(encoded).unwrap();
    bytes[11] ^= 1;
    let forged = note.replace(line, &format!("{head} {}", STANDARD.encode(&bytes)));
    assert!(of(&forged).is_err());
    // An unknown witness's line says nothing.
    assert_eq!(of(&cosigned(&checkpoint(5), &[3])).unwrap(), []);
}

/// Made with another implementation of Ed25519 (`cryptography` for Python) from the seed of 32
/// bytes 0x02.
#[test]
fn the_cosignature_vector_is_reproduced() {
    let text = "example.com/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let line = cosign(text, "witness.example/w1", 1_679_315_147, &TestKey::new(2)).unwrap();
    let bytes = [&line.key_id.to_be_bytes()[..], &line.signature].concat();
    assert_eq!(STANDARD.encode(bytes), include_str!("vectors/cosignature.txt").trim());
}

/// A witness that keeps to tlog-witness; its answers can be bent.
struct Witness {
    seed: u8,
    seen: Mutex<(u64, Digest)>,
    asked: Mutex<Vec<u64>>,
    always: Option<HttpAnswer>,
}

impl Witness {
    fn new(seed: u8) -> Self {
        let seen = Mutex::new((0, empty_root()));
        Self { seed, seen, asked: Mutex::default(), always: None }
    }

    fn answering(status: u16, body: &str) -> Self {
        Self { always: Some(HttpAnswer { status, body: body.into() }), ..Self::new(2) }
    }

    fn answer(&self, body: &str) -> HttpAnswer {
        let says = |status, body: String| HttpAnswer { status, body };
        let (head, note) = body.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let old: u64 = lines.next().unwrap().strip_prefix("old ").unwrap().parse().unwrap();
        self.asked.lock().unwrap().push(old);
        let proof: Vec<Digest> = lines.map(|line| digest(line).unwrap()).collect();
        let note = SignedNote::parse(note).unwrap();
        let known = [TestKey::new(1).named(ORIGIN)];
        if note.verify(&known, &Strict).is_err() {
            return says(403, String::new());
        }
        let new = CheckpointBody::parse(note.text()).unwrap();
        let mut seen = self.seen.lock().unwrap();
        if seen.0 != old {
            return says(409, format!("{}\n", seen.0));
        }
        if verify_consistency(old, new.size, &seen.1, &new.root, &proof).is_err() {
            return says(422, String::new());
        }
        *seen = (new.size, new.root);
        let name = witness(self.seed).name().to_owned();
        let line = cosign(note.text(), &name, 1_700_000_000, &TestKey::new(self.seed)).unwrap();
        let bytes = [&line.key_id.to_be_bytes()[..], &line.signature].concat();
        says(200, format!("— {name} {}\n", STANDARD.encode(bytes)))
    }
}

#[async_trait]
impl WitnessClient for Witness {
    async fn post(&self, url: &str, body: String) -> Result<HttpAnswer, WitnessUnreachable> {
        assert_eq!(url, "https://w2.example/add-checkpoint");
        Ok(self.always.clone().unwrap_or_else(|| self.answer(&body)))
    }
}

fn ask(client: &Witness, size: u64, old: u64) -> Result<String, WitnessError> {
    let known = PolicyWitness {
        name: "w2".into(),
        key: witness(2),
        url: Some("https://w2.example/".into()),
    };
    let tiles = MemoryTiles(leaves(size));
    let (tenant, note) = (tenant(), checkpoint(size));
    let line = now(add_checkpoint(client, &known, &tiles, (&tenant, &note), old, &Strict))?;
    Ok(SignedNote::parse(&note).unwrap().with_line(line).unwrap().to_string())
}

#[test]
fn a_witness_is_asked_from_the_size_that_it_knows() {
    let client = Witness::new(2);
    for size in [5, 5, 9, 300] {
        let note = ask(&client, size, 0).unwrap();
        policy("quorum w2\n").unwrap().open(&note, &Strict).unwrap();
    }
    assert_eq!(*client.asked.lock().unwrap(), [0, 0, 5, 0, 5, 0, 9]);
    ask(&client, 301, 300).unwrap();
    assert_eq!(client.asked.lock().unwrap().last(), Some(&300));
}

#[test]
fn each_refusal_says_whose_turn_it_is() {
    let refused = |status, body: &str| ask(&Witness::answering(status, body), 5, 0).unwrap_err();
    assert!(matches!(refused(404, ""), WitnessError::UnknownLog));
    assert!(matches!(refused(403, ""), WitnessError::UnknownKey));
    assert!(matches!(refused(422, ""), WitnessError::Inconsistent));
    assert!(matches!(refused(409, "6\n"), WitnessError::Ahead { theirs: 6, ours: 5 }));
    assert!(matches!(refused(409, "0\n"), WitnessError::Conflict(0)));
    for body in ["", "5", "05\n", "five\n", "-1\n"] {
        assert!(matches!(refused(409, body), WitnessError::Answer { status: 409, .. }), "{body}");
    }
    assert!(matches!(refused(400, "no"), WitnessError::Answer { status: 400, .. }));
    assert!(matches!(refused(500, ""), WitnessError::Answer { status: 500, .. }));
    for body in ["", "no line\n", "— w2.example AAAA\n"] {
        assert!(matches!(refused(200, body), WitnessError::Answer { status: 200, .. }), "{body}");
    }
    // A good line of another witness, and a line of this one for another checkpoint.
    let other = cosigned(&checkpoint(5), &[3]);
    let other = other.lines().last().unwrap();
    assert!(matches!(refused(200, &format!("{other}\n")), WitnessError::Answer { .. }));
    let elsewhere = cosigned(&checkpoint(6), &[2]);
    let elsewhere = elsewhere.lines().last().unwrap();
    assert!(matches!(refused(200, &format!("{elsewhere}\n")), WitnessError::Signature(_)));
}

#[test]
fn a_witness_that_saw_another_history_refuses_this_one() {
    let client = Witness::new(2);
    *client.seen.lock().unwrap() = (3, leaf_hash(b"another history"));
    assert!(matches!(ask(&client, 5, 0), Err(WitnessError::Inconsistent)));
}
