//! The triggers that refuse changes: which there must be, and which there are.

use sqlx::SqlitePool;
use store_traits::StoreError;

use super::sql;
use crate::database;
use crate::statement::dropped_tables;

/// What SQLite finds wrong with the file: damaged pages, rows that an index does not lead to.
pub(crate) async fn damage(pool: &SqlitePool) -> Result<Vec<String>, StoreError> {
    let mut lines: Vec<String> = sqlx::query_scalar(sql::INTEGRITY_CHECK)
        .fetch_all(pool)
        .await
        .map_err(database("checking the file"))?;
    lines.retain(|line| line != "ok");
    Ok(lines)
}

/// Triggers that the migrations make and the database lacks or has in another wording.
pub(crate) async fn missing(pool: &SqlitePool) -> Result<Vec<String>, StoreError> {
    let present: Vec<(String, String)> = sqlx::query_as(sql::SELECT_TRIGGERS)
        .fetch_all(pool)
        .await
        .map_err(database("reading the triggers"))?;
    let (mut missing, expected) = (Vec::new(), expected());
    for (name, _) in &present {
        if !expected.iter().any(|(wanted, _)| wanted == name) {
            missing.push(format!(
                "the trigger `{name}` was added: it may change or keep away what is written"
            ));
        }
    }
    for (name, wanted) in expected {
        match present.iter().find(|(there, _)| *there == name) {
            None => missing.push(format!("the trigger `{name}` is gone: its table can be changed")),
            Some((_, text)) if words(text) != wanted => {
                missing.push(format!("the trigger `{name}` was replaced by another one"));
            }
            Some(_) => {}
        }
    }
    missing.sort();
    Ok(missing)
}

/// Name and text of each trigger in the migrations, but of those whose table a later one dropped.
fn expected() -> Vec<(String, String)> {
    let mut expected: Vec<(String, String)> = Vec::new();
    for migration in sql::MIGRATOR.iter() {
        for dropped in dropped_tables(migration.sql.as_str()) {
            let on = format!(" ON {dropped} BEGIN ");
            expected.retain(|(_, text)| !text.contains(&on));
        }
        expected.extend(triggers(migration.sql.as_str()));
    }
    expected
}

fn triggers(migration: &str) -> Vec<(String, String)> {
    const BEGINS: &str = "CREATE TRIGGER ";
    const ENDS: &str = "END;";
    let mut found = Vec::new();
    let mut rest = migration;
    while let Some((_, after)) = rest.split_once(BEGINS) {
        let Some((body, tail)) = after.split_once(ENDS) else { break };
        let name = body.split_whitespace().next().unwrap_or_default().to_owned();
        found.push((name, words(&format!("{BEGINS}{body}END"))));
        rest = tail;
    }
    found
}

/// White space is not part of a trigger's meaning.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_table_has_both_guards_in_the_migrations() {
        let names: Vec<_> = expected().into_iter().map(|(name, _)| name).collect();
        for table in [
            "ledger",
            "blocks",
            "commits",
            "subtrees",
            "checkpoints",
            "run_entries",
            "audit_events",
            "exports",
            "labels_of_runs",
            "system_events",
            "fact_refs",
            "audit_labels",
            "index_backlog",
        ] {
            for event in ["update", "delete"] {
                assert!(names.contains(&format!("{table}_no_{event}")), "{table} {event}");
            }
        }
        for gone in ["entries_no_update", "steps_no_update", "run_steps_no_update"] {
            assert!(!names.contains(&gone.to_owned()), "{gone}: the table is gone");
        }
        assert!(names.contains(&"contents_no_update".to_owned()));
        assert!(!names.contains(&"contents_no_delete".to_owned()), "contents may be erased");
    }
}
