//! An engine that wants one particular store instead of a trait.

use ledger_store::Ledger;

fn of(_: &Ledger) {}

fn main() {}
