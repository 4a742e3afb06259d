//! Rows that were given already, of tables that keep a row where it was first given.
//!
//! Each fact of a run says its labels again. Writing them changes nothing where they are, and finding
//! that out takes the database longer than writing the fact. So a process remembers the rows that it
//! saw committed; what it does not remember the database finds out.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use store_traits::TenantId;

use crate::{Cell, Check, Row, Table};

/// Rows that are remembered, some ten megabytes; with more, all are forgotten.
const MOST: usize = 100_000;

#[derive(Default)]
pub(crate) struct Given(Mutex<HashSet<String>>);

/// Rows of a batch that were not known: they are, once it is committed.
#[derive(Default)]
pub(crate) struct Fresh(Mutex<Vec<String>>);

impl Given {
    /// Drops the rows of a table that are known to be there, and notes the others.
    pub(crate) fn drop_known(
        &self,
        fresh: &Fresh,
        tenant: &TenantId,
        table: &Table,
        rows: &mut Vec<Row<'_>>,
    ) {
        if !matches!(table.check, Check::Set { earlier: Some(_), .. }) {
            return;
        }
        let (known, mut fresh) = (locked(&self.0), locked(&fresh.0));
        rows.retain(|row| {
            let name = named(tenant, table, row);
            let new = !known.contains(&name);
            if new {
                fresh.push(name);
            }
            new
        });
    }

    /// They were committed.
    pub(crate) fn learn(&self, fresh: &Fresh) {
        let (mut known, fresh) = (locked(&self.0), std::mem::take(&mut *locked(&fresh.0)));
        if known.len() + fresh.len() > MOST {
            known.clear();
        }
        known.extend(fresh);
    }

    /// Another process committed, or the database is not the one that it was: what is there is asked
    /// again.
    pub(crate) fn forget(&self) {
        locked(&self.0).clear();
    }
}

/// Each change is whole: what a panicking thread left is what it held.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A row but for its number. Texts that people search hold no U+0000.
fn named(tenant: &TenantId, table: &Table, row: &Row<'_>) -> String {
    let mut name = format!("{}\0{tenant}", table.name);
    for cell in &row.cells {
        name.push('\0');
        match cell {
            Cell::Text(text) => name.push_str(text.as_deref().unwrap_or_default()),
            Cell::Int(number) => name.push_str(&number.unwrap_or_default().to_string()),
            Cell::Bytes(bytes) => bytes.iter().for_each(|byte| name.push(char::from(*byte))),
        }
    }
    name
}
