//! What refuses changes, and what tables and indexes are made of: which there must be, and which there are.

use sqlx::{Connection as _, SqliteConnection, SqlitePool};
use store_traits::StoreError;
use tokio::sync::OnceCell;

use super::sql;
use crate::database;

/// What SQLite finds wrong with the file: damaged pages, rows that an index does not lead to.
pub(crate) async fn damage(pool: &SqlitePool) -> Result<Vec<String>, StoreError> {
    let mut lines: Vec<String> = sqlx::query_scalar(sql::INTEGRITY_CHECK)
        .fetch_all(pool)
        .await
        .map_err(database("checking the file"))?;
    lines.retain(|line| line != "ok");
    Ok(lines)
}

/// Tables, indexes and triggers that the migrations make and the database lacks or has in another wording, and
/// triggers that they do not make. Without its key or its checks a table takes rows that no check of entries
/// comes by.
pub(crate) async fn missing(pool: &SqlitePool) -> Result<Vec<String>, StoreError> {
    let failed = database("reading the definitions");
    let present: Vec<Made> =
        sqlx::query_as(sql::SELECT_DEFINITIONS).fetch_all(pool).await.map_err(&failed)?;
    let expected = EXPECTED.get_or_try_init(expected).await.map_err(&failed)?;
    let (mut missing, same) = (Vec::new(), |one: &Made, other: &Made| {
        (one.kind.as_str(), one.name.as_str()) == (other.kind.as_str(), other.name.as_str())
    });
    for Made { name, kind, .. } in &present {
        if kind == "trigger" && !expected.iter().any(|wanted| wanted.name == *name) {
            missing.push(format!(
                "the trigger `{name}` was added: it may change or keep away what is written"
            ));
        }
    }
    for wanted in expected {
        let Made { kind, name, sql } = wanted;
        let then = match kind.as_str() {
            "trigger" => "its table can be changed",
            "table" => "what lay in it is not there",
            _ => "what it led to is found slowly, or not at all",
        };
        match present.iter().find(|there| same(there, wanted)) {
            None => missing.push(format!("the {kind} `{name}` is gone: {then}")),
            Some(there) if words(&there.sql) != words(sql) => {
                missing.push(format!("the {kind} `{name}` was replaced by another one"));
            }
            Some(_) => {}
        }
    }
    missing.sort();
    Ok(missing)
}

/// A table, an index or a trigger, and what made it.
#[derive(Debug, sqlx::FromRow)]
struct Made {
    kind: String,
    name: String,
    sql: String,
}

/// What the migrations make, as SQLite keeps it: found out once, in a database that is in memory and empty.
static EXPECTED: OnceCell<Vec<Made>> = OnceCell::const_new();

async fn expected() -> Result<Vec<Made>, sqlx::Error> {
    let mut conn = SqliteConnection::connect("sqlite::memory:").await?;
    for migration in sql::MIGRATOR.iter() {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut conn).await?;
    }
    sqlx::query_as(sql::SELECT_DEFINITIONS).fetch_all(&mut conn).await
}

/// White space is not part of a definition's meaning.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_fact_table_has_both_guards_in_the_migrations() {
        let made = expected().await.unwrap();
        let names = |kind| {
            let of_kind = made.iter().filter(move |made| made.kind == kind);
            of_kind.map(|made| made.name.as_str()).collect::<Vec<_>>()
        };
        let (tables, triggers) = (names("table"), names("trigger"));
        assert_eq!(tables.len(), 16, "{tables:?}");
        for table in tables {
            for event in ["update", "delete"] {
                // What lies behind commitments may be erased.
                let guarded = match table {
                    "contents" | "tenants" => event == "update",
                    _ => true,
                };
                let name = format!("{table}_no_{event}");
                assert_eq!(triggers.contains(&name.as_str()), guarded, "{name}");
            }
        }
    }
}
