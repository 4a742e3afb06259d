//! The one transaction that removes: contents, never an entry.

use sqlx::Connection as _;
use store_traits::{ContentPlace, Erased, Leftover, StoreError, TenantId};

use super::{Writer, sql};
use crate::database;
use crate::row::to_i64;

const DOING: &str = "erasing contents";

/// Erases contents, and overwrites what they leave behind in the file and in its log.
pub(crate) async fn erase(
    writer: &Writer,
    tenant: &TenantId,
    places: &[ContentPlace],
) -> Result<Erased, StoreError> {
    if places.is_empty() {
        return Ok(Erased { contents: 0, leftover: Leftover::Nothing });
    }
    let failed = database(DOING);
    let mut turn = writer.turn().await;
    let conn = turn.connection().await.map_err(&failed)?;
    // Space that is freed is overwritten with zeros; by default its bytes stay until it is used again.
    sqlx::query(sql::SECURE_DELETE).execute(&mut *conn).await.map_err(&failed)?;
    let mut contents = 0;
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(&failed)?;
    for ContentPlace { seq, pointer } in places {
        let query = sqlx::query(sql::DELETE_CONTENT)
            .bind(tenant.as_str())
            .bind(to_i64(*seq))
            .bind(pointer.as_str());
        contents += query.execute(&mut *tx).await.map_err(&failed)?.rows_affected();
    }
    tx.commit().await.map_err(&failed)?;
    // The log still holds the pages as they were: it is moved into the file and cut to nothing. Where
    // others go on reading an older state for longer than a writer waits, that is left for later.
    let (busy, _, _): (i64, i64, i64) =
        sqlx::query_as(sql::CUT_LOG).fetch_one(conn).await.map_err(&failed)?;
    turn.give_back();
    let leftover = if busy == 0 { Leftover::Nothing } else { Leftover::WriteAheadLog };
    Ok(Erased { contents, leftover })
}

#[cfg(test)]
mod tests {
    use store_traits::{Content, ContentPlace, LedgerStore, Leftover};

    use crate::support::{Fresh, batch, tenant};

    const SECRET: &[u8] = b"a sentence that nobody may find again";

    fn files_that_hold_it(fresh: &Fresh) -> Vec<String> {
        let folder = fresh.path().parent().unwrap().to_owned();
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let holds = |path: &std::path::PathBuf| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(SECRET.len()).any(|window| window == SECRET)
        };
        let mut names: Vec<_> = files
            .filter(holds)
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn an_erased_content_is_in_no_file_of_the_database() {
        let fresh = Fresh::new().await;
        let ledger = fresh.open().await;
        let mut batch = batch(0, 2);
        let content = |seq: u64, bytes: Vec<u8>| Content {
            seq,
            pointer: "/body/told".into(),
            form: "sd".into(),
            salt: Vec::new(),
            bytes,
        };
        // One lies in a page beside others, one takes pages of its own.
        batch.contents = vec![content(0, SECRET.to_vec()), content(1, SECRET.repeat(1_000))];
        ledger.commit(&batch).await.unwrap();
        assert_ne!(files_that_hold_it(&fresh), [""; 0]);

        let place = |seq| ContentPlace { seq, pointer: "/body/told".into() };
        let erased = ledger.erase(&tenant(), &[place(0), place(1)]).await.unwrap();
        assert_eq!((erased.contents, erased.leftover), (2, Leftover::Nothing));
        assert_eq!(files_that_hold_it(&fresh), [""; 0]);
    }

    #[tokio::test]
    async fn a_ledger_that_was_opened_to_read_erases_nothing() {
        let fresh = Fresh::new().await;
        fresh.open().await.commit(&batch(0, 1)).await.unwrap();
        let reader = fresh.open_for_reading().await;
        let error = reader.erase(&tenant(), &[]).await.unwrap_err();
        assert!(error.to_string().contains("opened for reading only"), "{error}");
    }
}
