//! A ledger of six entries, its proofs, and the bundle of a run in it.

use adapters::{BundleEntry, Ed25519Signer, EntryProofs, EvidenceBundle, Report};
use audit_evidence::{ProofText, RangeProof, VerifierKey, sign_checkpoint};
use replay_determinism::{blob_commitment, canonical, disclosure, leaf_hash, node_hash};
use store_traits::{Content, Digest, Head, Object, Signer as _, Value};

pub const ORIGIN: &str = "logs.example.com/acme";

pub fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(&[42; 32])
}

pub fn key(signer: &Ed25519Signer) -> VerifierKey {
    VerifierKey::ed25519(ORIGIN, signer.public_key()).unwrap()
}

/// The root of the RFC 6962 tree over these leaves.
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => replay_determinism::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

fn split(leaves: usize) -> usize {
    1 << (leaves - 1).ilog2()
}

pub fn inclusion(leaves: &[Digest], index: usize) -> Vec<Digest> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, sibling) = if index < left.len() {
        (inclusion(left, index), root(right))
    } else {
        (inclusion(right, index - left.len()), root(left))
    };
    path.push(sibling);
    path
}

pub fn range(leaves: &[Digest], start: usize, end: usize) -> RangeProof {
    fn walk(leaves: &[Digest], from: usize, proof: &mut RangeProof) {
        let to = (from + leaves.len()) as u64;
        if to <= proof.start {
            proof.left.push(root(leaves));
        } else if from as u64 >= proof.end {
            proof.right.push(root(leaves));
        } else if leaves.len() > 1 {
            let (left, right) = leaves.split_at(split(leaves.len()));
            walk(left, from, proof);
            walk(right, from + left.len(), proof);
        }
    }
    let mut proof = RangeProof {
        start: start as u64,
        end: end as u64,
        size: leaves.len() as u64,
        left: Vec::new(),
        right: Vec::new(),
    };
    walk(leaves, 0, &mut proof);
    proof
}

pub struct Ledger {
    pub entries: Vec<BundleEntry>,
    pub leaves: Vec<Digest>,
    pub note: String,
}

fn object(members: &[(&str, Value)]) -> Value {
    Value::Object(members.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect())
}

fn fact(seq: u64, kind: &str, body: Value) -> Object {
    let time = format!("2026-11-23T08:32:0{seq}.000000000Z");
    let actor = object(&[("kind", "agent".into()), ("name", "travel-planner".into())]);
    let meta = object(&[
        ("actor", actor),
        ("occurred_at", time.as_str().into()),
        ("recorded_at", time.as_str().into()),
        ("run_id", "5b8efff798038103d269b633813fc60c".into()),
    ]);
    let members = [
        ("v", Value::from(1_u32)),
        ("id", format!("01935a2e-0000-7000-8000-00000000000{seq}").into()),
        ("kind", kind.into()),
        ("tenant", "acme".into()),
        ("meta", meta),
        ("body", body),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Six facts; the second commits to a prompt, the third to an argument, the fourth to a value that
/// the fifth says was erased.
pub fn ledger(signer: &Ed25519Signer) -> Ledger {
    let view = |class: &str, name: &str| {
        object(&[("view", object(&[("class", class.into()), ("name", name.into())]))])
    };
    let mut facts = vec![
        fact(0, "run.started", view("agent", "invoke_agent travel-planner")),
        fact(1, "run.llm_call", view("llm_call", "=chat, \"gpt\"")),
        fact(2, "run.step", view("tool_call", "search_flights")),
        fact(3, "run.step", view("tool_call", "book_hotel")),
        fact(
            4,
            "content.erased",
            object(&[("pointer", "/body/guest".into()), ("seq", Value::from(3_u32))]),
        ),
        fact(5, "run.completed", object(&[("redacted", object(&[("email", 2_u32.into())]))])),
    ];
    let mut contents: Vec<Vec<Content>> = vec![Vec::new(); facts.len()];

    let (pointer, salt, bytes) = ("/body/prompt", [7; 32], b"Find me a flight to Tokyo.".to_vec());
    let blob = object(&[
        ("alg", "sha-256".into()),
        ("c", blob_commitment(&salt, &bytes).to_string().into()),
        ("len", Value::unsigned(bytes.len() as u64)),
    ]);
    facts[1].insert("_blob".to_owned(), object(&[(pointer, blob)]));
    contents[1].push(Content {
        seq: 1,
        pointer: pointer.to_owned(),
        form: "blob".to_owned(),
        salt: salt.to_vec(),
        bytes,
    });
    for (seq, pointer, value) in [(2, "/body/passenger", "Ada"), (3, "/body/guest", "Grace")] {
        let shown = disclosure(&[seq as u8; 32], pointer, &Value::from(value));
        facts[seq].insert("_sd_alg".to_owned(), "sha-256".into());
        facts[seq].insert("_sd".to_owned(), object(&[(pointer, shown.digest.as_str().into())]));
        if seq == 2 {
            contents[seq].push(Content {
                seq: 2,
                pointer: pointer.to_owned(),
                form: "sd".to_owned(),
                salt: Vec::new(),
                bytes: shown.text.into_bytes(),
            });
        }
    }
    let entries: Vec<BundleEntry> = facts
        .into_iter()
        .zip(contents)
        .enumerate()
        .map(|(seq, (fact, contents))| BundleEntry {
            seq: seq as u64,
            bytes: canonical::write(&fact.into()),
            contents,
        })
        .collect();
    let leaves: Vec<Digest> = entries.iter().map(|entry| leaf_hash(&entry.bytes)).collect();
    let head = Head { size: leaves.len() as u64, peaks: Vec::new(), root: root(&leaves) };
    let note = sign_checkpoint(ORIGIN, &head, signer).unwrap();
    Ledger { entries, leaves, note }
}

/// What an export about one thing was asked for.
pub fn query(about: &'static str, name: &str) -> Object {
    Object::from([
        (about, name.into()),
        ("profile", "evidence".into()),
        ("tenant", "acme".into()),
        ("withhold", "nothing".into()),
    ])
}

/// Entries 1 to 5 with a range proof; the disclosure of entry 2 is withheld.
pub fn bundle(signer: &Ed25519Signer) -> EvidenceBundle {
    let Ledger { mut entries, leaves, note } = ledger(signer);
    entries.remove(0);
    entries[1].contents.clear();
    let mut proofs = EntryProofs::default();
    let text = ProofText::range(range(&leaves, 1, 6), None, note.clone());
    proofs.range(1, 6, text.to_string());
    let mut report: Report = super::report();
    report.runs[0].steps.truncate(4);
    report.runs[0].steps.remove(0);
    EvidenceBundle {
        tenant: "acme".to_owned(),
        origin: ORIGIN.to_owned(),
        vkey: key(signer).to_string(),
        query: query("run", "5b8efff798038103d269b633813fc60c"),
        checkpoint_note: note,
        tree_size: leaves.len() as u64,
        root: root(&leaves),
        entries,
        proofs,
        report,
    }
}
