//! `cargo xtask lock` and `cargo xtask unlock`.

use std::path::PathBuf;

use blca::Stop;
use blca::lock::{Unlock, add, is_current, refresh, unlock as unlock_path};

#[derive(clap::Args)]
#[command(
    after_help = "Exit status: 0 locked or up to date, 1 not up to date (--check), 2 usage, 3 environment"
)]
pub(crate) struct LockArgs {
    /// A new domain; without one, every domain is locked at its files as they are
    #[arg(value_name = "NAME=PATH", requires = "because")]
    domain: Option<String>,
    /// Why the new domain is locked
    #[arg(long)]
    because: Option<String>,
    /// Write nothing; say whether the lock and its page are up to date
    #[arg(long, conflicts_with = "domain")]
    check: bool,
    /// Workspace (default: the nearest folder upwards that has a blca.toml)
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct UnlockArgs {
    /// A file or folder of the domain
    path: String,
    /// Why it is unlocked
    #[arg(long)]
    because: String,
    /// Who allowed it
    #[arg(long)]
    approver: String,
    /// The change that it is unlocked for
    #[arg(long)]
    change: String,
    /// The day after which it is locked again (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    expires: String,
    /// Workspace (default: the nearest folder upwards that has a blca.toml)
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

pub(crate) fn lock(args: LockArgs) -> Result<u8, Stop> {
    let root = crate::root(args.root)?;
    if args.check {
        let current = is_current(&root)?;
        println!(
            "the lock is {}",
            if current { "up to date" } else { "not up to date (cargo xtask lock)" }
        );
        return Ok(u8::from(!current));
    }
    let changes = match (&args.domain, &args.because) {
        (Some(domain), Some(because)) => {
            let (name, path) = domain
                .split_once('=')
                .ok_or_else(|| Stop::Declaration(format!("`{domain}` is not NAME=PATH")))?;
            add(&root, name, path, because)?
        }
        _ => refresh(&root)?,
    };
    for change in &changes {
        println!("{change}");
    }
    if changes.is_empty() {
        println!("nothing changed");
    }
    Ok(0)
}

pub(crate) fn unlock(args: UnlockArgs) -> Result<u8, Stop> {
    let root = crate::root(args.root)?;
    let UnlockArgs { path, because: reason, approver, change, expires, .. } = args;
    let name = unlock_path(&root, &path, Unlock { reason, approver, change, expires })?;
    println!("domain `{name}` is unlocked; `cargo xtask lock` locks it again");
    Ok(0)
}
