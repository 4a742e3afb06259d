//! A fresh database for each test, and batches made by hand.

// Each test binary uses its part of this.
#![allow(dead_code, unused_imports, clippy::unwrap_used)]

use ledger_store::{Ledger, OpenMode};
pub(crate) use store_traits::test_support::batches::{batch as batch_of, hash, head};
use store_traits::{SealedBatch, StoreError, TenantId};

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

pub(crate) fn batch(on_size: u64, count: u64) -> SealedBatch {
    batch_of(&tenant(), on_size, count)
}

/// A ledger without projections.
pub(crate) async fn open(url: &str, mode: OpenMode) -> Result<Ledger, StoreError> {
    Ledger::open(url, mode, Vec::new(), ledger_store::test_support::key_tag).await
}

/// A fresh SQLite database in a folder that goes with the test.
pub(crate) struct Fresh {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) url: String,
}

impl Fresh {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("factlog.db").display());
        Ledger::create(&url, "log.example").await.unwrap();
        Self { folder, url }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("factlog.db")
    }

    pub(crate) async fn open(&self) -> Ledger {
        open(&self.url, OpenMode::ReadWrite).await.unwrap()
    }

    pub(crate) async fn open_for_reading(&self) -> Ledger {
        open(&self.url, OpenMode::ReadOnly).await.unwrap()
    }

    /// A connection of somebody who goes around the store.
    pub(crate) async fn intruder(&self) -> sqlx::SqliteConnection {
        use sqlx::Connection;
        sqlx::SqliteConnection::connect(&self.url).await.unwrap()
    }
}
