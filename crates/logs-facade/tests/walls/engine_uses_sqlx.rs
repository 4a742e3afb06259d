//! An engine that wants to ask the database itself.

use sqlx::SqlitePool;

async fn runs(pool: &SqlitePool) -> u64 {
    let _ = pool;
    0
}

fn main() {}
