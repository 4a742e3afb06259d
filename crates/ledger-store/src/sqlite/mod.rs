//! What is particular to SQLite: files, pragmas, one writer, bare placeholders.

mod commit;
mod erase;
mod guards;
mod insert;
mod location;
mod open;
mod sql;
mod writer;

pub(crate) use commit::commit;
pub(crate) use erase::erase;
pub(crate) use guards::{damage, missing};
pub(crate) use insert::Statements;
pub(crate) use location::same_file;
pub(crate) use open::{create, open};
pub(crate) use sql::INSERT_COMMIT;
pub(crate) use writer::Writer;
