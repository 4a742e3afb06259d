//! A writer to be killed, and the check of what it left: the two halves of `cargo xtask crash`.
//!
//! `writer write URL SEED CALLER=NEXT…` records numbered facts of each caller from NEXT on, in calls of
//! random size, several callers at once, and prints `ack CALLER N SEQ ID` only when the call is
//! acknowledged. A fact that was sent before under the same number has the same key and content, so a
//! lost answer comes back as a duplicate with its first place.
//!
//! `writer check URL` reads `ack` and `head SIZE ROOT` lines and says what the ledger has lost, moved,
//! doubled or forked; it prints its own `head` line for the next check.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::Arc;

use audit_evidence::{Outcome, Recorder, Trust, root_at, verify_ledger};
use ledger_store::{Ledger, OpenMode};
use logs_domain::{OsEntropy, SystemClock};
use store_traits::{
    Actor, Draft, DraftMeta, FactId, FactKind, IdempotencyKey, Identity, LedgerStore, Object,
    Origin, RunId, SignatureVerifier, SourceDomain, StoreError, TenantId, Timestamp, Value,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["init", url] => Ok(Ledger::create(url, "crash.test").await?),
        ["write", url, seed, callers @ ..] => write(url, seed.parse()?, callers).await,
        ["check", url] => check(url).await,
        _ => Err("writer init|write|check URL …".into()),
    }
}

async fn open(url: &str) -> Result<Arc<Ledger>, Failure> {
    let projections =
        vec![&trace_store::PROJECTION, &audit_store::PROJECTION, &export_bundle_store::PROJECTION];
    Ok(Arc::new(
        Ledger::open(url, OpenMode::ReadWrite, projections, replay_determinism::key_tag).await?,
    ))
}

async fn write(url: &str, seed: u64, callers: &[&str]) -> Result<(), Failure> {
    let store: Arc<dyn LedgerStore> = open(url).await?;
    let recorder = Recorder::new(store, Arc::new(SystemClock), Arc::new(OsEntropy));
    // Few share a commit, so that the next is mostly made ready behind it.
    let recorder = Arc::new(recorder.sharing(1 + usize::try_from(seed % 16)?));
    let mut tasks = Vec::new();
    for caller in callers {
        let (name, next) = caller.split_once('=').ok_or("CALLER=NEXT")?;
        let (name, next) = (name.to_owned(), next.parse::<u64>()?);
        let recorder = Arc::clone(&recorder);
        tasks.push(tokio::spawn(async move { record(&recorder, &name, next, seed).await }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Records without end; the end comes from outside.
async fn record(recorder: &Recorder, caller: &str, next: u64, seed: u64) -> Result<(), Failure> {
    let tenant = TenantId::parse("acme")?;
    let mut random = seed ^ caller.bytes().fold(7, |sum, byte| sum * 31 + u64::from(byte));
    let mut from = next;
    loop {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let to = from + 1 + (random >> 33) % 20;
        let drafts: Vec<Draft> = (from..to).map(|n| draft(caller, n)).collect();
        let outcomes = match recorder.record(&tenant, &drafts).await {
            Ok(outcomes) => outcomes,
            // The answer was lost, or the server is away: send the same again.
            Err(audit_evidence::RecordError::Store(
                StoreError::Unknown { .. } | StoreError::Database { .. },
            )) => {
                tokio::task::yield_now().await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let mut said = String::new();
        for (n, outcome) in (from..to).zip(outcomes) {
            match outcome {
                Outcome::Recorded { seq, id } | Outcome::Duplicate { seq, id } => {
                    said.push_str(&format!("ack {caller} {n} {seq} {}\n", id.as_str()));
                }
                other => return Err(format!("{caller} {n}: {other:?}").into()),
            }
        }
        let mut out = std::io::stdout().lock();
        out.write_all(said.as_bytes())?;
        out.flush()?;
        from = to;
    }
}

fn draft(caller: &str, n: u64) -> Draft {
    Draft {
        kind: FactKind::RunStep,
        meta: DraftMeta {
            run_id: RunId::parse(&format!("{caller}-{}", n / 50)).ok(),
            trace_id: None,
            correlation_id: None,
            policy_ids: Vec::new(),
            incident_ids: Vec::new(),
            actor: Actor::Agent { name: caller.to_owned() },
            occurred_at: Timestamp::UNIX_EPOCH,
            source_domain: SourceDomain::Activity,
            source_component: "writer".into(),
            origin: Origin::System,
        },
        body: Object::from([
            ("caller", Value::from(caller)),
            ("n", Value::unsigned(n)),
            ("text", Value::from("what happened ".repeat(20))),
        ]),
        committed: Vec::new(),
        identity: IdempotencyKey::parse(&format!("{caller}:{n}"))
            .map_or(Identity::Content, Identity::Key),
    }
}

async fn check(url: &str) -> Result<(), Failure> {
    let store = open(url).await?;
    let tenant = TenantId::parse("acme")?;
    let mut ids = Vec::new();
    let mut numbers: BTreeMap<(String, i64), u64> = BTreeMap::new();
    let mut faults = Vec::new();
    loop {
        let start = ids.len() as u64;
        let entries = store.entries(&tenant, start..start + 5_000).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            if entry.seq != ids.len() as u64 {
                return Err(format!("entry {} is missing", ids.len()).into());
            }
            let fact = replay_determinism::canonical::parse(&entry.bytes)?;
            let caller = fact.at(&["body", "caller"]).and_then(Value::as_str).unwrap_or_default();
            let n = fact.at(&["body", "n"]).and_then(Value::as_i64).unwrap_or(-1);
            if let Some(first) = numbers.insert((caller.to_owned(), n), entry.seq) {
                faults.push(format!("{caller} {n} is recorded twice: {first} and {}", entry.seq));
            }
            ids.push(entry.id);
        }
    }
    let size = ids.len() as u64;
    let mut acknowledged = 0_u64;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["ack", caller, n, seq, id] => {
                acknowledged += 1;
                let place = seq.parse::<usize>()?;
                let there = ids.get(place).and_then(Option::as_ref).map(FactId::as_str);
                if there != Some(*id) {
                    faults.push(format!(
                        "{caller} {n} was acknowledged as {id} at {seq} and is not there"
                    ));
                }
            }
            ["head", before, root] => {
                let before = before.parse::<u64>()?;
                let now = if before <= size {
                    root_at(store.as_ref(), &tenant, before).await?.to_string()
                } else {
                    "nothing".to_owned()
                };
                if now != *root {
                    faults
                        .push(format!("the tree of size {before} had the root {root}, now {now}"));
                }
            }
            _ => return Err(format!("`{line}` is no line of a check").into()),
        }
    }
    let trust = Trust { keys: &[], verifier: &Nobody, origin: "crash.test/acme" };
    let report = verify_ledger(store.as_ref(), &tenant, &trust, &|_| {}).await?;
    faults.extend(report.findings.into_iter().map(|finding| finding.what));
    let head = store.head(&tenant).await?;
    store.close().await;
    for fault in &faults {
        println!("fault {fault}");
    }
    println!("checked {acknowledged} of {size}");
    println!("head {} {}", head.size, head.root);
    if faults.is_empty() { Ok(()) } else { Err("the ledger does not hold".into()) }
}

/// No checkpoint is signed here.
struct Nobody;

impl SignatureVerifier for Nobody {
    fn verify(&self, _: &[u8; 32], _: &[u8], _: &[u8; 64]) -> bool {
        false
    }
}
