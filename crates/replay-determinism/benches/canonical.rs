//! Canonical JSON beside plain `serde_json`, on texts of three kinds: prints megabytes a second and
//! the factor between them. `cargo bench -p replay-determinism --bench canonical`

#![allow(clippy::unwrap_used, reason = "a measurement may panic")]

use std::hint::black_box;
use std::time::Instant;

use replay_determinism::canonical::{self, full};
use serde_json::{Value, json};

fn messages() -> Value {
    let turn = |n: u32| {
        json!({
            "role": if n.is_multiple_of(2) { "user" } else { "assistant" },
            "parts": [{"type": "text", "content": format!(
                "Turn {n}: please convert 1250 USD to JPY at today's rate,\nand say \"done\" when it is."
            )}],
            "finish_reason": "stop",
        })
    };
    Value::from((0..200).map(turn).collect::<Vec<_>>())
}

fn numbers() -> Value {
    Value::from((1..4_000).map(|n| f64::from(n) / 7.0).collect::<Vec<_>>())
}

fn records() -> Value {
    let record =
        |n: u32| json!({"zeta": n, "id": format!("r-{n}"), "ok": true, "alpha": [n, n + 1]});
    Value::from((0..2_000).map(record).collect::<Vec<_>>())
}

/// The best of many runs, in nanoseconds: what else the machine does only adds.
fn best<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..60 {
        let begin = Instant::now();
        black_box(work());
        best = best.min(begin.elapsed().as_secs_f64() * 1e9);
    }
    best
}

fn main() {
    println!(
        "{:<10} {:>9} {:>22} {:>22} {:>7}",
        "text", "bytes", "serde_json MB/s", "canonical MB/s", "factor"
    );
    for (name, value) in [("messages", messages()), ("numbers", numbers()), ("records", records())]
    {
        let text = serde_json::to_vec(&value).unwrap();
        let plain = best(|| {
            let value: Value = serde_json::from_slice(black_box(&text)).unwrap();
            serde_json::to_vec(&value).unwrap()
        });
        let ours = best(|| full::canonicalize(black_box(&text)).unwrap());
        row(name, text.len(), plain, ours);
        let Ok(restricted) = canonical::parse(&text) else { continue };
        let fact = canonical::write(&restricted);
        let ours = best(|| canonical::write(&canonical::parse(black_box(&fact)).unwrap()));
        row("  as facts", fact.len(), plain, ours);
    }
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn row(name: &str, bytes: usize, plain: f64, ours: f64) {
    let speed = |ns: f64| bytes as f64 / ns * 1e3;
    println!(
        "{name:<10} {bytes:>9} {:>22.0} {:>22.0} {:>7.2}",
        speed(plain),
        speed(ours),
        ours / plain
    );
}
