//! What answers look like in JSON: the same members over HTTP and behind `--json` of the command line.

mod audit;
mod ledger;
mod page;
mod run;
mod system;

pub use audit::{actor, audit_record, entry, export_record};
pub use ledger::{chain_link, ledger_reports};
pub use page::{object, page};
pub use run::{governance, run, run_summary, step, trace};
pub use system::{snapshot, system_record, telemetry, window};
