//! Appending and verifying beside their limits, in one run on one SQLite file:
//! `cargo run --release -p logs-domain --example append -- [FACTS]`.
//!
//! Limits: the same bytes in one plain table with one index; reading the rows through the driver;
//! hashing the bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use audit_evidence::{Recorder, Trust, verify_ledger};
use ledger_store::test_support::{PlainTable, read_entries};
use ledger_store::{Ledger, OpenMode, Projection};
use logs_domain::{OsEntropy, SystemClock};
use store_traits::{
    Actor, Draft, DraftMeta, FactKind, IdempotencyKey, Identity, LedgerStore, Object, Origin,
    RunId, SignatureVerifier, SourceDomain, TenantId, Timestamp, Value,
};

const BATCH: u64 = 1_000;

/// No checkpoint is signed here.
struct Nobody;

impl SignatureVerifier for Nobody {
    fn verify(&self, _: &[u8; 32], _: &[u8], _: &[u8; 64]) -> bool {
        false
    }
}

fn draft(n: u64) -> Draft {
    let text = "a fact is of about one kilobyte ".repeat(12);
    let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let view = [
        ("class", "llm"),
        ("name", "chat gpt-4o"),
        ("span_id", "39c984c96262725b"),
        ("provider", "openai"),
        ("model", "gpt-4o-mini"),
        ("started_at", "2026-01-01T00:00:00.000000000Z"),
        ("ended_at", "2026-01-01T00:00:01.000000000Z"),
    ];
    let view: Object =
        view.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
    Draft {
        kind: FactKind::RunLlmCall,
        meta: DraftMeta {
            run_id: RunId::parse(&format!("run-{:016x}", mixed / 20)).ok(),
            trace_id: None,
            correlation_id: None,
            policy_ids: Vec::new(),
            incident_ids: Vec::new(),
            actor: Actor::Agent { name: "agent".into() },
            occurred_at: Timestamp::UNIX_EPOCH,
            source_domain: SourceDomain::Activity,
            source_component: "example".into(),
            origin: Origin::System,
        },
        body: Object::from([
            ("text".to_owned(), Value::from(text)),
            ("view".to_owned(), view.into()),
        ]),
        committed: Vec::new(),
        identity: IdempotencyKey::parse(&format!("span:{mixed:016x}"))
            .map_or(Identity::Content, Identity::Key),
    }
}

fn drafts(from: u64, to: u64) -> Vec<Draft> {
    (from..to).map(draft).collect()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let facts: u64 = std::env::args().nth(1).map_or(Ok(50_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let tenant = TenantId::parse("acme")?;
    let typed: Vec<&'static Projection> =
        vec![&trace_store::PROJECTION, &audit_store::PROJECTION, &export_bundle_store::PROJECTION];

    let mut written = Vec::new();
    for (name, projections) in [("without typed rows", Vec::new()), ("with typed rows", typed)] {
        let path = folder.path().join(format!("{}.db", projections.len()));
        let url = format!("sqlite://{}", path.display());
        Ledger::create(&url, "example.test").await?;
        let ledger = Arc::new(Ledger::open(&url, OpenMode::ReadWrite, projections).await?);
        let store: Arc<dyn LedgerStore> = Arc::<Ledger>::clone(&ledger);
        let recorder =
            Arc::new(Recorder::new(Arc::clone(&store), Arc::new(SystemClock), Arc::new(OsEntropy)));

        let mut spent = Duration::ZERO;
        for from in (0..facts).step_by(1_000) {
            let drafts = drafts(from, from + BATCH);
            let start = Instant::now();
            recorder.record_owned(&tenant, drafts).await?;
            spent += start.elapsed();
        }
        let append = show(&format!("append {name}"), facts, spent);

        // Two callers at once: one seals while the other's commit runs.
        let mut callers = Vec::new();
        let start = Instant::now();
        for caller in 0..2 {
            let (recorder, tenant) = (Arc::clone(&recorder), tenant.clone());
            callers.push(tokio::spawn(async move {
                for from in (0..facts / 2).step_by(1_000) {
                    let from = (caller + 1) * 1_000_000_000 + from;
                    recorder.record_owned(&tenant, drafts(from, from + BATCH)).await?;
                }
                Ok::<_, audit_evidence::RecordError>(())
            }));
        }
        for caller in callers {
            caller.await??;
        }
        show(
            &format!("append {name}, two callers (with making the facts)"),
            facts,
            start.elapsed(),
        );

        let mut callers = Vec::new();
        let start = Instant::now();
        for caller in 0..64 {
            let (recorder, tenant) = (Arc::clone(&recorder), tenant.clone());
            callers.push(tokio::spawn(async move {
                for n in 0..200 {
                    let one = vec![draft(5_000_000_000 + caller * 1_000_000 + n)];
                    recorder.record_with_proofs(&tenant, one).await?;
                }
                Ok::<_, audit_evidence::RecordError>(())
            }));
        }
        for caller in callers {
            caller.await??;
        }
        let single = show(&format!("64 callers {name}"), 12_800, start.elapsed());
        println!("  = {:.2} of append", single / append);

        let entries = store.entries(&tenant, 0..10_000).await?;
        written = entries.into_iter().map(|entry| entry.bytes).collect();
        let mut plain = PlainTable::create(&folder.path().join("plain.db")).await;
        let mut spent = Duration::ZERO;
        let mut rows = 0;
        while rows < facts {
            for batch in written.chunks(1_000) {
                let start = Instant::now();
                plain.insert(batch).await;
                spent += start.elapsed();
                rows += batch.len() as u64;
            }
        }
        drop(plain);
        std::fs::remove_file(folder.path().join("plain.db"))?;
        let limit = show("plain table", rows, spent);
        println!("  append = {:.2} of the plain table", append / limit);

        let trust = Trust { keys: &[], verifier: &Nobody, origin: "example.test/acme" };
        let start = Instant::now();
        let report = verify_ledger(store.as_ref(), &tenant, &trust, &|_| {}).await?;
        let verify = show(&format!("verify {name}"), report.entries, start.elapsed());
        println!("  {} findings", report.findings.len());
        let (read, spent) = read_entries(&path).await;
        let reading = show("reading the rows", read, spent);
        let start = Instant::now();
        for n in 0..report.entries {
            let at = usize::try_from(n)? % written.len().max(1);
            std::hint::black_box(written.get(at).map(|bytes| replay_determinism::leaf_hash(bytes)));
        }
        let hashing = show("hashing the bytes", report.entries, start.elapsed());
        println!("  verify = {:.2} of the lower", verify / reading.min(hashing));
        ledger.close().await;
    }
    let bytes: usize = written.iter().map(Vec::len).sum();
    println!("{} bytes an entry", bytes / written.len().max(1));
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn show(what: &str, count: u64, spent: Duration) -> f64 {
    let rate = count as f64 / spent.as_secs_f64();
    println!("{what}: {count} in {:.2} s, {rate:.0}/s", spent.as_secs_f64());
    rate
}
