//! What the database refuses, and what it says when it cannot be used.

mod support;

use ledger_store::{Ledger, OpenMode};
use sqlx::{Connection, Executor};
use store_traits::{CommitOutcome, LedgerStore, StoreError};
use support::{Fresh, batch, head, open, tenant};

#[tokio::test]
async fn facts_can_neither_be_changed_nor_removed() {
    let fresh = Fresh::new().await;
    fresh.open().await.commit(&batch(0, 300)).await.unwrap();
    let mut intruder = fresh.intruder().await;
    for statement in [
        "UPDATE blocks SET keys = 'x'",
        "DELETE FROM blocks",
        "UPDATE commits SET root = zeroblob(32)",
        "DELETE FROM commits",
        "UPDATE subtrees SET root = zeroblob(32)",
        "DELETE FROM subtrees",
        "UPDATE contents SET bytes = x'00'",
    ] {
        let error = intruder.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
    intruder.execute("DELETE FROM contents").await.expect("contents may be erased");
}

#[tokio::test]
async fn a_guard_that_is_gone_or_replaced_is_named() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    assert!(ledger.missing_guards().await.unwrap().is_empty());
    let mut intruder = fresh.intruder().await;
    intruder.execute("DROP TRIGGER blocks_no_delete").await.unwrap();
    intruder.execute("DROP TRIGGER commits_no_update").await.unwrap();
    intruder
        .execute("CREATE TRIGGER commits_no_update BEFORE UPDATE ON commits BEGIN SELECT 1; END")
        .await
        .unwrap();
    let missing = ledger.missing_guards().await.unwrap();
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing[0].contains("blocks_no_delete") && missing[0].contains("gone"));
    assert!(missing[1].contains("commits_no_update") && missing[1].contains("replaced"));
}

#[tokio::test]
async fn a_row_of_nobody_is_named_and_stops_nobody() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    ledger.commit(&batch(0, 3)).await.unwrap();
    let mut intruder = fresh.intruder().await;
    for statement in [
        "INSERT INTO index_backlog VALUES ('x/y', 'run_parts', 0, 5)",
        "INSERT INTO commits SELECT 'A B', size, on_size, peaks, root, recorded_at FROM commits",
    ] {
        intruder.execute(statement).await.unwrap();
    }
    assert_eq!(ledger.tenants().await.unwrap(), [tenant()]);
    assert_eq!(ledger.backlog().await.unwrap(), []);
    assert_eq!(ledger.missing_guards().await.unwrap(), [""; 0], "no tenant is told of others");
    let damage = ledger.damage().await.unwrap();
    assert_eq!(damage.len(), 2, "{damage:?}");
    assert!(damage[0].starts_with("`commits` has a row of `A B`"), "{damage:?}");
    assert!(damage[1].starts_with("`index_backlog` has a row of `x/y`"), "{damage:?}");
}

#[tokio::test]
async fn a_missing_file_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("none.db").display());
    for mode in [OpenMode::ReadWrite, OpenMode::ReadOnly] {
        let error = open(&url, mode).await.unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }));
        assert!(error.to_string().contains("factlog init"), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn a_database_is_never_made_over_an_existing_file() {
    let fresh = Fresh::new().await;
    fresh.open().await.commit(&batch(0, 1)).await.unwrap();
    let error = Ledger::create(&fresh.url, "log.example").await.unwrap_err();
    assert!(error.to_string().contains("never overwritten"), "{error}");
    assert_eq!(fresh.open().await.head(&tenant()).await.unwrap(), head(1));
}

#[tokio::test]
async fn files_of_other_programs_are_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "not a database at all, but long enough to be read as a header".repeat(4),
    )
    .unwrap();
    let other = folder.path().join("other.db");
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(&other).create_if_missing(true);
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    conn.execute("CREATE TABLE theirs (a)").await.unwrap();
    conn.close().await.unwrap();

    for path in [text, other] {
        let before = std::fs::read(&path).unwrap();
        for mode in [OpenMode::ReadWrite, OpenMode::ReadOnly] {
            let url = path.display().to_string();
            let error = open(&url, mode).await.unwrap_err();
            assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no -wal, no -shm");
}

#[tokio::test]
async fn a_read_only_file_is_read_and_not_written() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    ledger.commit(&batch(0, 2)).await.unwrap();
    ledger.close().await;
    let mut permissions = std::fs::metadata(fresh.path()).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(fresh.path(), permissions).unwrap();

    let error = open(&fresh.url, OpenMode::ReadWrite).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");

    let ledger = fresh.open_for_reading().await;
    assert_eq!(ledger.head(&tenant()).await.unwrap(), head(2));
    let error = ledger.commit(&batch(2, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}

#[tokio::test]
async fn readers_see_what_a_writer_of_another_process_committed() {
    let fresh = Fresh::new().await;
    let writer = fresh.open().await;
    let reader = fresh.open_for_reading().await;
    assert_eq!(writer.commit(&batch(0, 3)).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(reader.head(&tenant()).await.unwrap(), head(3));
}
