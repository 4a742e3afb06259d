//! Parity of two traces of 100,000 steps: alike, with steps put in, wholly different, hostile.
//! Prints seconds and what the comparison added to the peak of memory.
//! `cargo bench -p replay-determinism --bench parity`

#![allow(clippy::unwrap_used, reason = "a measurement may panic")]

use std::time::Instant;

use replay_determinism::{Content, DeterminismLevel, ReplayValidator, StepRecord, TraceRecord};

const STEPS: u64 = 100_000;

fn trace(steps: u64, of: impl Fn(u64) -> (u64, u64)) -> TraceRecord {
    let step = |index: u64| {
        let (skill, content) = of(index);
        StepRecord {
            params: Content::Recorded(format!(
                "{{\"query\":\"what is item {content} of the list?\",\"limit\":{content},\"exact\":true}}"
            )),
            result: Content::Recorded(format!(
                "{{\"items\":[{content},{content}.5],\"note\":\"found in the second place\"}}"
            )),
            ..StepRecord::new(index, format!("skill-{skill}"))
        }
    };
    TraceRecord { steps: (0..steps).map(step).collect(), ..TraceRecord::default() }
}

/// A step that looks random and is not.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn main() {
    let plain = |n| (n % 20, n);
    println!("{:<44} {:>9} {:>10}  match", "two traces of 100,000 steps", "seconds", "peak +MiB");
    let original = trace(STEPS, plain);
    for (name, replay) in [
        ("the same", trace(STEPS, plain)),
        ("every step put in anew at the front", trace(STEPS, |n| plain((n + STEPS - 1) % STEPS))),
        (
            "1,000 steps changed",
            trace(STEPS, |n| if n % 100 == 7 { (n % 20, n + 1) } else { plain(n) }),
        ),
        ("every tenth step missing", trace(STEPS * 9 / 10, |n| plain(n + n / 9))),
        ("every result another", trace(STEPS, |n| (n % 20, n + STEPS))),
        ("nothing in common", trace(STEPS, |n| (n % 20 + 20, n + STEPS))),
        ("backwards", trace(STEPS, |n| plain(STEPS - n))),
    ] {
        row(name, &original, &replay);
    }
    // No step stands once, no beginning and no end in common.
    let two = |seed: u64| move |n: u64| (0, scattered(n + seed) % 2);
    row("two kinds of steps, scattered", &trace(STEPS, two(1)), &trace(STEPS, two(900_000)));
    let blocks = |n: u64| (0, n * 2 / STEPS);
    row(
        "two blocks, the other way round",
        &trace(STEPS, blocks),
        &trace(STEPS, |n| (0, 1 - blocks(n).1)),
    );
    let few = |seed: u64| move |n: u64| (scattered(n + seed) % 50, scattered(n + seed) % 50);
    row("fifty kinds of steps, scattered", &trace(STEPS, few(1)), &trace(STEPS, few(900_000)));
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn row(name: &str, original: &TraceRecord, replay: &TraceRecord) {
    let before = peak_kib();
    let begin = Instant::now();
    let report = ReplayValidator::new(DeterminismLevel::Strict).validate(original, replay).unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    let added = peak_kib().saturating_sub(before) as f64 / 1024.0;
    let parity = &report.parity;
    println!(
        "{name:<44} {seconds:>9.2} {added:>10.0}  {} same {} changed {} +{} -{}",
        report.matched, parity.same, parity.changed, parity.inserted, parity.removed
    );
}
