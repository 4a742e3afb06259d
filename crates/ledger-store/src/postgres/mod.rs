//! What is particular to PostgreSQL: roles, row-level security, arrays, outcomes that stay unknown.

mod commit;
mod connections;
mod erase;
mod guards;
mod insert;
mod open;
mod sql;
mod url;

pub(crate) use commit::commit;
pub(crate) use connections::{Connections, Scope};
pub(crate) use erase::erase;
pub(crate) use guards::missing;
pub(crate) use insert::Statements;
pub(crate) use open::{create, open};
pub(crate) use url::{names, without_password};
