//! Rates beside their limits, measured in one run: `cargo run --release -p logs-domain --example
//! rates -- [OTLP-FILE]`.
//!
//! With a file: mere parsing, then import. Without: a ledger of a million facts of about 1 KB, then
//! verification beside plain SHA-256 over the same bytes.

use std::path::Path;
use std::time::Instant;

use logs_domain::{Hint, Input, LogsDomain, Place, TenantId};

const FACTS: u64 = 1_000_000;
const LIMIT: u64 = 64 << 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let place = Place {
        url: format!("sqlite://{}", folder.path().join("factlog.db").display()),
        key_file: folder.path().join("factlog.key"),
    };
    let domain = LogsDomain::init(&place, "rates.test").await?;
    let tenant = TenantId::parse("acme")?;
    match std::env::args().nth(1) {
        Some(file) => import(&domain, &tenant, Path::new(&file)).await?,
        None => verify(&domain, &tenant, folder.path()).await?,
    }
    domain.close().await?;
    Ok(())
}

async fn import(
    domain: &LogsDomain,
    tenant: &TenantId,
    file: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut source = std::fs::File::open(file)?;
    let name = file.display().to_string();
    let start = Instant::now();
    let mut records = 0_u64;
    if let intake::Format::Otlp { form, signal } =
        intake::detect(&mut source, Hint::default(), &name)?
    {
        intake::read_otlp(&mut source, form, signal, &name, &mut |_| {
            records += 1;
            Ok(())
        })?;
    }
    show("parse", records, start);
    let start = Instant::now();
    let summary = domain.import(tenant, Input::open(file, LIMIT)?, Hint::default()).await?;
    show("import", summary.facts, start);
    Ok(())
}

async fn verify(
    domain: &LogsDomain,
    tenant: &TenantId,
    folder: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let file = folder.join("facts.jsonl");
    let text = "every fact is of about one kilobyte ".repeat(14);
    let mut lines = String::new();
    for n in 0..FACTS {
        lines.push_str(&format!(
            "{{\"kind\":\"system.event\",\"key\":\"event:{n}\",\"occurred_at\":\"2026-01-01T00:00:00Z\",\"body\":{{\"n\":{n},\"text\":\"{text}\"}}}}\n"
        ));
    }
    std::fs::write(&file, &lines)?;
    drop(lines);
    let start = Instant::now();
    let summary = domain.import(tenant, Input::open(&file, LIMIT)?, Hint::default()).await?;
    show("import", summary.facts, start);
    domain.checkpoint(tenant).await?;

    let start = Instant::now();
    let report = domain.verify(tenant, &[], &|_| {}).await?;
    show("verify", report.entries, start);
    println!("findings {}, {} bytes of entries", report.findings.len(), report.bytes);

    let average = usize::try_from(report.bytes / report.entries.max(1))?;
    let entry = vec![b'x'; average];
    let start = Instant::now();
    for _ in 0..report.entries {
        std::hint::black_box(replay_determinism::leaf_hash(std::hint::black_box(&entry)));
    }
    show("sha-256", report.entries, start);
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn show(what: &str, count: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what:8} {count} in {seconds:.2} s: {:.0}/s", count as f64 / seconds);
}
