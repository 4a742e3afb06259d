//! Making and opening a database, whichever it is.

use std::fmt;

use store_traits::StoreError;

use crate::given::Given;
use crate::keys::Keys;
use crate::postgres::{self, Connections};
use crate::reader::Pool;
use crate::run_entries::RUN_ENTRIES;
use crate::{KeyTag, Projection, Reader, sqlite};

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// To record and to read; migrations are run.
    ReadWrite,
    /// To read only, also from a read-only file or a standby server; nothing is written.
    ReadOnly,
}

/// The ledger of all tenants in one database: a SQLite file or a PostgreSQL database.
pub struct Ledger {
    pub(crate) reader: Reader,
    writer: Option<Writer>,
    pub(crate) projections: Vec<&'static Projection>,
    pub(crate) keys: Keys,
    pub(crate) given: Given,
    /// The address without a password.
    url: String,
}

/// The connections that write.
#[derive(Debug)]
pub(crate) enum Writer {
    Sqlite(Box<sqlite::Writer>),
    Postgres(Connections),
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Makes an empty ledger with its origin: a new file at `sqlite://path`, `sqlite:path` or a
    /// plain path; tables in an empty database at `postgres://…`, which somebody has made.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where a file or a ledger is already (it is left alone),
    /// [`StoreError::Address`] for a URL that names no database, or the database refuses.
    pub async fn create(url: &str, origin: &str) -> Result<(), StoreError> {
        if postgres::names(url) {
            postgres::create(url, origin).await
        } else {
            sqlite::create(url, origin).await
        }
    }

    /// Opens a ledger, and registers the projections that get each commit. `key_tag` must be the same
    /// function for every process that ever writes the ledger.
    ///
    /// # Errors
    /// [`StoreError::Open`] where there is none, [`StoreError::Address`] for a URL that names no
    /// database, [`StoreError::Foreign`] for a database of another
    /// program, [`StoreError::ReadOnly`] where it cannot be written but should.
    pub async fn open(
        url: &str,
        mode: OpenMode,
        projections: Vec<&'static Projection>,
        key_tag: KeyTag,
    ) -> Result<Self, StoreError> {
        let (keys, given) = (Keys::new(key_tag), Given::default());
        let projections = [&RUN_ENTRIES].into_iter().chain(projections).collect();
        if postgres::names(url) {
            let connections = postgres::open(url, mode).await?;
            let writer = match mode {
                OpenMode::ReadWrite => Some(Writer::Postgres(connections.clone())),
                OpenMode::ReadOnly => None,
            };
            let url = postgres::without_password(url);
            let reader = Reader(Pool::Postgres(connections));
            Ok(Self { reader, writer, projections, keys, given, url })
        } else {
            let opened = sqlite::open(url, mode).await?;
            let writer = opened.writer.map(|writer| Writer::Sqlite(Box::new(writer)));
            let reader = Reader(Pool::Sqlite(opened.readers));
            Ok(Self { reader, writer, projections, keys, given, url: url.to_owned() })
        }
    }

    /// The connections that read: what topic stores query through.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The connections that write.
    pub(crate) fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or_else(|| StoreError::ReadOnly {
            why: format!("`{}` was opened for reading only", self.url),
        })
    }

    /// Closes all connections. SQLite's writer goes last: it moves the write-ahead log into the
    /// file, so that one file remains.
    pub async fn close(&self) {
        match &self.reader.0 {
            Pool::Sqlite(readers) => readers.close().await,
            Pool::Postgres(connections) => connections.close().await,
        }
        if let Some(Writer::Sqlite(writer)) = &self.writer {
            writer.close().await;
        }
    }
}

/// Do two addresses name one database, as far as they tell? A file has many names.
#[must_use]
pub fn same_database(one: &str, other: &str) -> bool {
    one == other || sqlite::same_file(one, other)
}

/// A database's address as it may be printed: without a password.
#[must_use]
pub fn shown(url: &str) -> String {
    if postgres::names(url) { postgres::without_password(url) } else { url.to_owned() }
}
