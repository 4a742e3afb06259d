//! The ledger beside its limits, each measured in the same run: `cargo xtask bench ledger`, or
//! `cargo run --release -p logs-domain --example bench -- [sqlite|postgres|both] [FACTS]`.
//!
//! Limits: the same bytes by the database's own bulk insert into one plain table with one index;
//! reading the rows through the driver; hashing the bytes. And what does the like of the work and nothing
//! else: single rows of callers who share commits; reading, hashing and parsing. Every commit is durable.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use audit_evidence::{RecordError, Recorder, Trust, inclusion_proof, verify_ledger};
use ledger_store::test_support::{PlainTable, PostgresServer, SharedTable};
use ledger_store::{Ledger, OpenMode, Projection};
use logs_domain::{OsEntropy, SystemClock};
use store_traits::{Draft, LedgerStore, SignatureVerifier, TenantId};

#[path = "support/facts.rs"]
mod facts;
use facts::draft;

type Failure = Box<dyn std::error::Error>;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Facts of one call.
const BATCH: u64 = 1_000;
/// Batches of each caller before the same bytes go into the plain table. Of fewer, the first and the last,
/// which have nothing beside them, would be more than a tenth.
const EACH: u64 = 10;
/// Callers of single facts, and facts of each.
const CALLERS: u64 = 64;
const SINGLES: u64 = 400;
/// What a fact of the bench takes.
const BYTES: usize = 946;
/// Facts of one call where there are many tenants.
const CALL: u64 = 20;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let which = arguments.next().unwrap_or_else(|| "both".to_owned());
    let facts: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    println!("| database | work | rate | limit in the same run | ratio |\n|---|---|---|---|---|");
    if which != "postgres" {
        let folder = tempfile::tempdir()?;
        let url = |name: &str| format!("sqlite://{}/{name}.db", folder.path().display());
        let plain = PlainTable::in_file(&folder.path().join("plain.db")).await;
        Bench { name: "SQLite", url: url("ledger"), tenants: url("tenants"), facts }
            .run(plain)
            .await?;
    }
    if which != "sqlite" {
        let Some(server) = PostgresServer::start() else { return Ok(()) };
        let plain = PlainTable::in_postgres(&server.database().await).await;
        let (url, tenants) = (server.database().await, server.database().await);
        Bench { name: "PostgreSQL", url, tenants, facts }.run(plain).await?;
    }
    Ok(())
}

struct Bench {
    name: &'static str,
    url: String,
    tenants: String,
    facts: u64,
}

struct Open {
    ledger: Arc<Ledger>,
    store: Arc<dyn LedgerStore>,
    recorder: Arc<Recorder>,
}

impl Bench {
    async fn run(&self, mut plain: PlainTable) -> Result<(), Failure> {
        let acme = TenantId::parse("acme")?;
        let open = open(&self.url).await?;
        self.append(&open, &acme, &mut plain, 1).await?;
        let (append, bulk) = self.append(&open, &acme, &mut plain, 4).await?;
        settle()?;
        let single = self.callers(&open, &acme, append).await?;
        let mut plain = self.plain_callers(plain, single, bulk).await?;
        settle()?;
        self.verify(&open, &acme, &mut plain).await?;
        self.proof(&open, &acme).await?;
        open.ledger.close().await;
        settle()?;
        self.tenants().await
    }

    /// Batches of so many callers at once; their rate and that of the bulk insert. A few of each are followed by the same bytes into the plain
    /// table, so that both meet the same moments of a shared machine.
    async fn append(
        &self,
        open: &Open,
        tenant: &TenantId,
        plain: &mut PlainTable,
        callers: u64,
    ) -> Result<(f64, f64), Failure> {
        let (mut ours, mut bulk) = (Duration::ZERO, Duration::ZERO);
        let begin = open.store.head(tenant).await?.size;
        let mut size = begin;
        while size < begin + self.facts {
            let after = size + callers * EACH * BATCH;
            let batches: Vec<Vec<Draft>> = (size..after)
                .step_by(1_000)
                .map(|from| (from..from + BATCH).map(draft).collect())
                .collect();
            let mut batches = batches.into_iter();
            let start = Instant::now();
            let mut tasks = Vec::new();
            for _ in 0..callers {
                let (recorder, tenant) = (Arc::clone(&open.recorder), tenant.clone());
                let own: Vec<_> = batches.by_ref().take(usize::try_from(EACH)?).collect();
                tasks.push(tokio::spawn(async move {
                    for drafts in own {
                        recorder.record_owned(&tenant, drafts).await?;
                    }
                    Ok::<_, RecordError>(())
                }));
            }
            for task in tasks {
                task.await??;
            }
            ours += start.elapsed();
            for from in (size..after).step_by(1_000) {
                let entries = open.store.entries(tenant, from..from + BATCH).await?;
                let bytes: Vec<_> = entries.into_iter().map(|entry| entry.bytes).collect();
                let start = Instant::now();
                plain.insert(&bytes).await;
                bulk += start.elapsed();
            }
            size = after;
        }
        let (ours, bulk) = (rate(size - begin, ours), rate(size - begin, bulk));
        let work = match callers {
            1 => "batch append, 1,000 facts a commit, one caller",
            _ => "batch append, 1,000 facts a commit, 4 callers",
        };
        self.line(work, ours, "bulk insert", bulk);
        Ok((ours, bulk))
    }

    async fn callers(&self, open: &Open, tenant: &TenantId, append: f64) -> Result<f64, Failure> {
        // One caller alone: what a commit takes.
        let mut alone = Vec::new();
        for n in 0..SINGLES {
            let start = Instant::now();
            open.recorder.record_with_proofs(tenant, vec![draft(7_000_000_000 + n)]).await?;
            alone.push(start.elapsed());
        }
        let before = open.store.head(tenant).await?.size;
        // The facts are there before anybody looks at the clock, as those of batches are.
        let of_caller = |caller: u64| -> Vec<Draft> {
            (0..SINGLES).map(|n| draft(5_000_000_000 + caller * 1_000_000 + n)).collect()
        };
        let facts: Vec<Vec<Draft>> = (0..CALLERS).map(of_caller).collect();
        let mut callers = Vec::new();
        let start = Instant::now();
        for own in facts {
            let (recorder, tenant) = (Arc::clone(&open.recorder), tenant.clone());
            callers.push(tokio::spawn(async move {
                let mut took = Vec::new();
                for fact in own {
                    let start = Instant::now();
                    recorder.record_with_proofs(&tenant, vec![fact]).await?;
                    took.push(start.elapsed());
                }
                Ok::<_, RecordError>(took)
            }));
        }
        let mut took = Vec::new();
        for caller in callers {
            took.extend(caller.await??);
        }
        let spent = start.elapsed();
        let single = rate(CALLERS * SINGLES, spent);
        let commits = u32::try_from(commits_since(open, tenant, before).await?)?;
        let shared = spent / commits.max(1);
        self.line("64 callers of single facts, with proofs", single, "batch append", append);
        let (commit, p50, p99) = (at(&mut alone, 50), at(&mut took, 50), at(&mut took, 99));
        println!(
            "| {} | … waiting, {} facts a commit | p50 {:.1} ms, p99 {:.1} ms | a commit of these {:.1} ms (one alone {:.1} ms) | p99 {:.1} × |",
            self.name,
            CALLERS * SINGLES / u64::from(commits.max(1)),
            millis(p50),
            millis(p99),
            millis(shared),
            millis(commit),
            millis(p99) / millis(shared)
        );
        Ok(single)
    }

    /// The same callers with rows of the same length for the plain table: no fact, no proof, no list. Beside
    /// the bulk insert of such rows, it is what the database leaves of a rate when callers come one by one.
    async fn plain_callers(
        &self,
        plain: PlainTable,
        single: f64,
        bulk: f64,
    ) -> Result<PlainTable, Failure> {
        let shared = Arc::new(SharedTable::new(plain));
        let row = format!("\"{}\"", "x".repeat(BYTES - 2)).into_bytes();
        let mut callers = Vec::new();
        let start = Instant::now();
        for _ in 0..CALLERS {
            let (shared, row) = (Arc::clone(&shared), row.clone());
            callers.push(tokio::spawn(async move {
                for _ in 0..SINGLES {
                    shared.insert(row.clone()).await;
                }
            }));
        }
        for caller in callers {
            caller.await?;
        }
        let rows = rate(CALLERS * SINGLES, start.elapsed());
        self.line("… beside single rows of a plain table, in shared commits", single, "rows", rows);
        self.line("single rows of a plain table, in shared commits", rows, "bulk insert", bulk);
        Ok(Arc::into_inner(shared).ok_or("a caller is left")?.into_table())
    }

    async fn verify(
        &self,
        open: &Open,
        tenant: &TenantId,
        plain: &mut PlainTable,
    ) -> Result<(), Failure> {
        let trust = Trust { keys: &[], verifier: &Nobody, origin: "example.test/acme" };
        let start = Instant::now();
        let report = verify_ledger(open.store.as_ref(), tenant, &trust, &|_| {}).await?;
        let verify = rate(report.entries, start.elapsed());
        let (read, spent) = plain.read().await;
        let reading = rate(read, spent);
        let sample = open.store.entries(tenant, 0..10_000).await?;
        let start = Instant::now();
        for n in 0..report.entries {
            let entry = sample.get(usize::try_from(n)? % sample.len().max(1));
            std::hint::black_box(entry.map(|entry| replay_determinism::leaf_hash(&entry.bytes)));
        }
        let hashing = rate(report.entries, start.elapsed());
        let limit = if reading < hashing { "reading the rows" } else { "hashing the bytes" };
        self.line("full verify", verify, limit, reading.min(hashing));
        let least = rate(read, read_hash_and_parse(plain).await?);
        self.line("… beside reading, hashing and parsing", verify, "doing these", least);
        let bytes: usize = sample.iter().map(|entry| entry.bytes.len()).sum();
        println!(
            "| {} | … of {} entries of {} bytes | peak memory {} MB | {} findings | |",
            self.name,
            report.entries,
            bytes / sample.len().max(1),
            peak_memory() / 1_000_000,
            report.findings.len()
        );
        Ok(())
    }

    async fn proof(&self, open: &Open, tenant: &TenantId) -> Result<(), Failure> {
        let size = open.store.head(tenant).await?.size;
        let mut took = Vec::new();
        for n in 0..200 {
            let seq = (n * 7_919) % size;
            let start = Instant::now();
            inclusion_proof(open.store.as_ref(), tenant, seq, size).await?;
            took.push(start.elapsed());
        }
        println!(
            "| {} | an inclusion proof in {size} entries | p50 {:.2} ms | | |",
            self.name,
            millis(at(&mut took, 50))
        );
        Ok(())
    }

    /// The same facts by 64 callers, spread over 10 tenants and over 1,000; first the first call of
    /// each tenant, which makes its secret too.
    async fn tenants(&self) -> Result<(), Failure> {
        let open = open(&self.tenants).await?;
        let mut rates = Vec::new();
        for tenants in [10_u64, 1_000] {
            let each = 40_000 / tenants;
            let first = calls(&open, tenants, 0..CALL).await?;
            rates.push((
                rate(tenants, first),
                rate(40_000, calls(&open, tenants, CALL..each + CALL).await?),
            ));
        }
        if let [(_, ten), (new, thousand)] = rates[..] {
            self.line("1,000 tenants, 20 facts a call", thousand, "10 tenants", ten);
            println!("| {} | … that are new | {new:.0} tenants/s | | |", self.name);
        }
        open.ledger.close().await;
        Ok(())
    }

    fn line(&self, work: &str, ours: f64, against: &str, limit: f64) {
        let name = self.name;
        println!(
            "| {name} | {work} | {ours:.0}/s | {against} {limit:.0}/s | {:.2} |",
            ours / limit
        );
    }
}

/// Reads the rows of the plain table while other threads hash them and parse them as JSON: the least that a
/// check of facts can do.
async fn read_hash_and_parse(plain: &mut PlainTable) -> Result<Duration, Failure> {
    let start = Instant::now();
    let (pages, work) = std::sync::mpsc::sync_channel::<Vec<Vec<u8>>>(4);
    let work = Arc::new(std::sync::Mutex::new(work));
    let processors = std::thread::available_parallelism()?.get();
    let workers: Vec<_> = (0..processors)
        .map(|_| {
            let work = Arc::clone(&work);
            std::thread::spawn(move || {
                loop {
                    let page = work.lock().ok().and_then(|work| work.recv().ok());
                    let Some(page) = page else { return };
                    for row in page {
                        std::hint::black_box(replay_determinism::leaf_hash(&row));
                        let parsed = serde_json::from_slice::<serde_json::Value>(&row);
                        std::hint::black_box(parsed.is_ok());
                    }
                }
            })
        })
        .collect();
    let mut page = Vec::new();
    plain
        .each_row(&mut |row| {
            page.push(row);
            if page.len() == 1_000 {
                drop(pages.send(std::mem::take(&mut page)));
            }
        })
        .await;
    drop((pages.send(page), pages));
    for worker in workers {
        worker.join().map_err(|_| "a worker stopped")?;
    }
    Ok(start.elapsed())
}

/// Lets the system write what was measured before: it would do so in the middle of what comes.
fn settle() -> Result<(), Failure> {
    std::process::Command::new("sync").status()?;
    Ok(())
}

/// How long it takes to record facts of each tenant, [`CALL`] a call.
async fn calls(open: &Open, tenants: u64, facts: Range<u64>) -> Result<Duration, Failure> {
    let start = Instant::now();
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let (recorder, facts) = (Arc::clone(&open.recorder), facts.clone());
        callers.push(tokio::spawn(async move {
            for tenant in (caller..tenants).step_by(64) {
                let tenant = TenantId::parse(&format!("t{tenants}-{tenant}"))?;
                for from in facts.clone().step_by(20) {
                    let facts = (from..from + CALL).map(draft).collect();
                    recorder.record_owned(&tenant, facts).await?;
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        }));
    }
    for caller in callers {
        caller.await?.map_err(|error| error.to_string())?;
    }
    Ok(start.elapsed())
}

async fn commits_since(open: &Open, tenant: &TenantId, size: u64) -> Result<usize, Failure> {
    let (mut count, mut after) = (0, size);
    loop {
        let page = open.store.commits(tenant, after, 1_000).await?;
        let Some(last) = page.last() else { return Ok(count) };
        (count, after) = (count + page.len(), last.head.size);
    }
}

async fn open(url: &str) -> Result<Open, Failure> {
    let projections: Vec<&'static Projection> =
        vec![&trace_store::PROJECTION, &audit_store::PROJECTION, &export_bundle_store::PROJECTION];
    Ledger::create(url, "example.test").await?;
    let opened = Ledger::open(url, OpenMode::ReadWrite, projections, replay_determinism::key_tag);
    let ledger = Arc::new(opened.await?);
    let store: Arc<dyn LedgerStore> = Arc::<Ledger>::clone(&ledger);
    let recorder = Recorder::new(Arc::clone(&store), Arc::new(SystemClock), Arc::new(OsEntropy));
    Ok(Open { ledger, store, recorder: Arc::new(recorder) })
}

/// No checkpoint is signed here.
struct Nobody;

impl SignatureVerifier for Nobody {
    fn verify(&self, _: &[u8; 32], _: &[u8], _: &[u8; 64]) -> bool {
        false
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: u64, spent: Duration) -> f64 {
    count as f64 / spent.as_secs_f64()
}

fn millis(spent: Duration) -> f64 {
    spent.as_secs_f64() * 1_000.0
}

fn at(took: &mut [Duration], percent: usize) -> Duration {
    took.sort_unstable();
    took.get(took.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

/// The most memory that this process ever held, in bytes; 0 where the system does not say.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}
