//! The command line: parse, call, print.
//!
//! Layer: L1
//! Audience: CUSTOMER
//! Intent: audit
//! Role: composition

mod args;
mod commands;
mod fail;
mod output;
mod parity;
mod text;
mod timeline;

use std::process::ExitCode;

use clap::Parser as _;

use args::Arguments;

/// A fact is a tree of small values that one thread makes and another gives back, which the system's
/// allocator is slow at: appending takes a tenth longer with it, verification a quarter.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                return fail::report(&anyhow::anyhow!("no async runtime: {error}"));
            }
        };
    match runtime.block_on(commands::run(arguments)) {
        Ok(code) => code,
        Err(error) => fail::report(&error),
    }
}
