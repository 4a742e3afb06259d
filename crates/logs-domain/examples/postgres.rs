//! A PostgreSQL server for `cargo xtask crash`: prints the address of an empty database; each line
//! `crash` on standard input stops the server as a loss of power would and starts it again, and is
//! answered with `up`. It ends with its input.

use std::io::{BufRead, Write};

use ledger_store::test_support::PostgresServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = PostgresServer::start().ok_or("no PostgreSQL server is installed")?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", server.database().await)?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        if line? == "crash" {
            server.crash();
            server.start_again();
            writeln!(out, "up")?;
            out.flush()?;
        }
    }
    Ok(())
}
