//! What growth costs: `cargo xtask bench growth`, or `cargo run --release -p logs-domain --example grow --
//! [FACTS]`.
//!
//! One SQLite ledger of one tenant grows to so many facts. On the way, at every 1, 3, 10 … × 100,000: the
//! rate of the last 20,000 facts, the memory that the process holds, how long the next recording waits in a
//! process that begins anew, and what the reads of an operator take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use audit_evidence::{Recorder, inclusion_proof};
use ledger_store::{Ledger, OpenMode, Projection};
use logs_domain::{OsEntropy, SystemClock};
use store_traits::{
    IdempotencyKey, LedgerStore, ListRequest, RunFilter, RunId, TenantId, TraceStore,
};
use trace_store::Traces;

#[path = "support/facts.rs"]
mod facts;

type Failure = Box<dyn std::error::Error>;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: u64 = 1_000;
/// Facts whose rate is shown.
const RECENT: u64 = 20_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let most = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("ledger.db").display());
    let tenant = TenantId::parse("acme")?;
    Ledger::create(&url, "example.test").await?;
    println!(
        "| entries | append | memory | first look-up | page of 50 runs | one run | proof | 1,000 keys |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let (mut size, mut next) = (0, 100_000.min(most));
    let mut ledger = open(&url).await?;
    let mut recent = Duration::ZERO;
    while size < most {
        let recorder = recorder(&ledger);
        while size < next {
            let drafts = (size..size + BATCH).map(facts::draft).collect();
            let start = Instant::now();
            recorder.record_owned(&tenant, drafts).await?;
            if size + RECENT >= next {
                recent += start.elapsed();
            }
            size += BATCH;
        }
        let held = resident();
        ledger.close().await;
        ledger = open(&url).await?;
        let row = Reads::of(&ledger, &tenant, size).await?;
        let last = RECENT.min(size);
        println!(
            "| {size} | {:.0}/s | {} MB | {} | {} | {} | {} | {} |",
            rate(last, recent),
            held / 1_000_000,
            shown(row.first),
            shown(row.page),
            shown(row.run),
            shown(row.proof),
            shown(row.keys)
        );
        recent = Duration::ZERO;
        next = most.min(if size.to_string().starts_with('1') { size * 3 } else { size / 3 * 10 });
    }
    ledger.close().await;
    Ok(())
}

async fn open(url: &str) -> Result<Arc<Ledger>, Failure> {
    let projections: Vec<&'static Projection> =
        vec![&trace_store::PROJECTION, &audit_store::PROJECTION, &export_bundle_store::PROJECTION];
    let opened = Ledger::open(url, OpenMode::ReadWrite, projections, replay_determinism::key_tag);
    Ok(Arc::new(opened.await?))
}

fn recorder(ledger: &Arc<Ledger>) -> Recorder {
    let store: Arc<dyn LedgerStore> = Arc::<Ledger>::clone(ledger);
    Recorder::new(store, Arc::new(SystemClock), Arc::new(OsEntropy))
}

/// What reads take, each in the middle of several.
struct Reads {
    first: Duration,
    page: Duration,
    run: Duration,
    proof: Duration,
    keys: Duration,
}

impl Reads {
    async fn of(ledger: &Ledger, tenant: &TenantId, size: u64) -> Result<Self, Failure> {
        let start = Instant::now();
        ledger.known(tenant, &keys(size, 0)?).await?;
        let first = start.elapsed();
        let traces = Traces::new(ledger.reader(), as_recorded);
        let (mut page, mut run, mut proof, mut known) = (vec![], vec![], vec![], vec![]);
        let mut cursor = None;
        for n in 0..40 {
            let request = ListRequest::new(tenant, RunFilter::default(), 50, cursor.as_deref())?;
            let start = Instant::now();
            let runs = traces.runs(&request).await?;
            page.push(start.elapsed());
            cursor = runs.next;
            let seq = (n * 7_919_777) % size;
            let id = RunId::parse(&facts::run(seq))?;
            let start = Instant::now();
            traces.steps(tenant, &id).await?;
            run.push(start.elapsed());
            let start = Instant::now();
            inclusion_proof(ledger, tenant, seq, size).await?;
            proof.push(start.elapsed());
            let start = Instant::now();
            ledger.known(tenant, &keys(size, n)?).await?;
            known.push(start.elapsed());
        }
        let [page, run, proof, keys] = [page, run, proof, known].map(middle);
        Ok(Self { first, page, run, proof, keys })
    }
}

fn as_recorded(bytes: &[u8], leaf: &[u8]) -> Option<store_traits::Value> {
    let same = replay_determinism::leaf_hash(bytes).as_bytes() == leaf;
    same.then(|| replay_determinism::canonical::parse(bytes).ok()).flatten()
}

/// Keys that nobody has recorded.
fn keys(size: u64, n: u64) -> Result<Vec<IdempotencyKey>, Failure> {
    let keys = (0..1_000).map(|at| facts::key(size + 1_000_000_000 + n * 1_000 + at));
    Ok(keys.collect())
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: u64, spent: Duration) -> f64 {
    count as f64 / spent.as_secs_f64()
}

fn middle(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default()
}

fn shown(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1_000.0)
}

/// The memory that this process holds now, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}
