//! The auditor against its floor: cargo metadata, and reading and parsing every source once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use blca::{Request, Stop};

/// Runs of each; the median is shown.
const RUNS: usize = 5;

pub(super) fn run(root: PathBuf) -> Result<(), Stop> {
    let request = Request { root: root.clone(), offline: true, ..Request::default() };
    let files = blca::sources(&request)?;
    let metadata = median(|| metadata(&root))?;
    let parse = median(|| {
        parse(&files);
        Ok(())
    })?;
    let cold = median(|| {
        forget(&root);
        audit(&request)
    })?;
    let warm = median(|| audit(&request))?;
    let floor = metadata + parse;
    println!("layer auditor, {} sources, median of {RUNS}", files.len());
    line("cargo metadata --all-features", metadata, None);
    line("reading and parsing every source once", parse, None);
    line("audit, cold", cold, Some(("of the two above", floor)));
    line("audit, warm", warm, Some(("of the two above", floor)));
    Ok(())
}

fn line(what: &str, took: Duration, against: Option<(&str, Duration)>) {
    let ratio = against
        .map(|(name, floor)| format!("  {:.2} × {name}", took.as_secs_f64() / floor.as_secs_f64()));
    println!("  {what:<40} {:>8.3} s{}", took.as_secs_f64(), ratio.unwrap_or_default());
}

fn median(mut work: impl FnMut() -> Result<(), Stop>) -> Result<Duration, Stop> {
    let mut took = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        work()?;
        took.push(start.elapsed());
    }
    took.sort();
    Ok(took.get(RUNS / 2).copied().unwrap_or_default())
}

fn metadata(root: &Path) -> Result<(), Stop> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--all-features", "--offline"])
        .output()
        .map_err(|e| Stop::Incomplete(format!("cannot run cargo: {e}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Stop::Incomplete(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

fn parse(files: &[PathBuf]) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = std::fs::read_to_string(file).unwrap_or_default();
                    let parsed = syn::parse_file(&text);
                    std::hint::black_box(&parsed);
                }
            });
        }
    });
}

fn forget(root: &Path) {
    let _ = std::fs::remove_file(root.join("target/blca/verdicts.json"));
}

fn audit(request: &Request) -> Result<(), Stop> {
    blca::audit(request).map(drop)
}
