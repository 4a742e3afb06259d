//! What a PostgreSQL database refuses, to whom, and what is named when a guard is gone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use ledger_store::test_support::PostgresServer;
use ledger_store::{Ledger, OpenMode};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use store_traits::{CommitOutcome, LedgerStore, StoreError};
use support::{batch, batch_of, head, tenant};

struct Fresh {
    server: &'static PostgresServer,
    url: String,
    ledger: Ledger,
}

async fn fresh() -> Option<Fresh> {
    let server = PostgresServer::shared()?;
    let url = server.database().await;
    Ledger::create(&url, "log.example").await.unwrap();
    let ledger =
        Ledger::open(&url, OpenMode::ReadWrite, Vec::new(), ledger_store::test_support::key_tag)
            .await
            .unwrap();
    Some(Fresh { server, url, ledger })
}

impl Fresh {
    fn database(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    async fn superuser(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// A connection with the rights of the application.
    async fn application(&self) -> PgConnection {
        let mut conn = self.superuser().await;
        conn.execute("SET ROLE factlog_app").await.unwrap();
        conn
    }

    /// A login of this database alone; roles belong to the server, which tests share.
    async fn login(&self, name: &str, attributes: &str) -> String {
        let name = format!("{name}_{}", self.database());
        let mut conn = self.superuser().await;
        let create = format!("CREATE ROLE {name} LOGIN {attributes}");
        conn.execute(AssertSqlSafe(create)).await.unwrap();
        name
    }
}

async fn refused(conn: &mut PgConnection, statement: &'static str) -> String {
    match conn.execute(statement).await {
        Ok(done) => panic!("{statement} did {done:?}"),
        Err(error) => error.to_string(),
    }
}

const CHANGES: [&str; 8] = [
    "UPDATE blocks SET keys = 'x'",
    "DELETE FROM blocks WHERE false",
    "TRUNCATE blocks",
    "UPDATE commits SET root = ''",
    "TRUNCATE commits, subtrees, checkpoints",
    "UPDATE contents SET bytes = ''",
    "TRUNCATE contents",
    "INSERT INTO ledger VALUES (1, 'x') ON CONFLICT (\"only\") DO UPDATE SET origin = 'x'",
];

#[tokio::test]
async fn not_even_a_superuser_changes_facts_without_taking_a_guard_away() {
    let Some(fresh) = fresh().await else { return };
    fresh.ledger.commit(&batch(0, 3)).await.unwrap();
    let mut conn = fresh.superuser().await;
    for role in ["origin", "replica"] {
        let set = format!("SET session_replication_role = {role}");
        conn.execute(AssertSqlSafe(set)).await.unwrap();
        for statement in CHANGES {
            let error = refused(&mut conn, statement).await;
            assert!(error.contains("append-only"), "{statement}: {error}");
        }
    }
    assert_eq!(fresh.ledger.head(&tenant()).await.unwrap(), head(3));
}

#[tokio::test]
async fn the_application_may_select_and_insert_and_nothing_else() {
    let Some(fresh) = fresh().await else { return };
    let mut conn = fresh.application().await;
    for statement in CHANGES.into_iter().chain([
        "DELETE FROM contents",
        "DELETE FROM tenants",
        "ALTER TABLE blocks DISABLE TRIGGER ALL",
        "ALTER TABLE blocks NO FORCE ROW LEVEL SECURITY",
        "DROP TABLE exports",
        "CREATE TRIGGER t BEFORE INSERT ON blocks FOR EACH ROW EXECUTE FUNCTION factlog_append_only()",
        "UPDATE _sqlx_migrations SET version = 9",
    ]) {
        let error = refused(&mut conn, statement).await;
        assert!(error.contains("permission denied") || error.contains("must be owner"), "{statement}: {error}");
    }
}

#[tokio::test]
async fn a_transaction_sees_and_writes_the_rows_of_its_tenant_alone() {
    let Some(fresh) = fresh().await else { return };
    let other = store_traits::TenantId::parse("other").unwrap();
    fresh.ledger.commit(&batch(0, 300)).await.unwrap();
    fresh.ledger.commit(&batch_of(&other, 0, 2)).await.unwrap();
    let mut conn = fresh.application().await;
    // 300 entries are four blocks of 64, and one of what is left.
    for (tenant, blocks, commits, subtrees) in
        [("", 0, 0, 0), ("acme", 5, 1, 1), ("other", 1, 1, 0), ("*", 0, 2, 0)]
    {
        let mut tx = conn.begin().await.unwrap();
        sqlx::query("SELECT set_config('factlog.tenant', $1, true)")
            .bind(tenant)
            .execute(&mut *tx)
            .await
            .unwrap();
        for (table, wanted) in [
            ("blocks", blocks),
            ("commits", commits),
            ("contents", i64::from(commits == 1)),
            ("subtrees", subtrees),
        ] {
            let count = format!("SELECT count(*) FROM {table}");
            let row = tx.fetch_one(AssertSqlSafe(count)).await.unwrap();
            assert_eq!(row.get::<i64, _>(0), wanted, "{table} for `{tenant}`");
        }
        let error = tx
            .execute("INSERT INTO tenants VALUES ('third', decode(repeat('00', 32), 'hex'))")
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("row-level security"), "{error}");
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn an_owner_without_superuser_makes_the_ledger_and_is_under_its_policies() {
    let Some(fresh) = fresh().await else { return };
    let owner = fresh.login("owner", "CREATEROLE").await;
    let name = format!("of_{owner}");
    let mut conn = fresh.superuser().await;
    conn.execute(AssertSqlSafe(format!("CREATE DATABASE {name} OWNER {owner}"))).await.unwrap();
    // In PostgreSQL 16 and later an owner may grant only what it may administer.
    conn.execute(AssertSqlSafe(format!("GRANT factlog_app TO {owner} WITH ADMIN OPTION")))
        .await
        .unwrap();
    let url = fresh.server.url_as(&owner, &name);
    Ledger::create(&url, "log.example").await.unwrap();
    let ledger =
        Ledger::open(&url, OpenMode::ReadWrite, Vec::new(), ledger_store::test_support::key_tag)
            .await
            .unwrap();
    assert_eq!(ledger.commit(&batch(0, 3)).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(ledger.missing_guards().await.unwrap(), [""; 0]);
    let mut conn = PgConnection::connect(&url).await.unwrap();
    let row = conn.fetch_one("SELECT count(*) FROM blocks").await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 0, "no tenant is set, and the owner is no exception");
}

#[tokio::test]
async fn a_login_of_the_role_records_and_any_other_is_told_what_it_lacks() {
    let Some(fresh) = fresh().await else { return };
    let writer = fresh.login("writer", "IN ROLE factlog_app").await;
    let url = fresh.server.url_as(&writer, fresh.database());
    let ledger =
        Ledger::open(&url, OpenMode::ReadWrite, Vec::new(), ledger_store::test_support::key_tag)
            .await
            .unwrap();
    assert_eq!(ledger.commit(&batch(0, 3)).await.unwrap(), CommitOutcome::Committed);

    let stranger = fresh.login("stranger", "").await;
    let url = fresh.server.url_as(&stranger, fresh.database());
    let error =
        Ledger::open(&url, OpenMode::ReadWrite, Vec::new(), ledger_store::test_support::key_tag)
            .await
            .unwrap_err()
            .to_string();
    assert!(error.contains("member of the role factlog_app"), "{error}");
}

#[tokio::test]
async fn whatever_is_gone_weakened_or_added_is_named() {
    for (statement, says) in [
        ("DROP TRIGGER blocks_no_delete ON blocks", "`blocks_no_delete` is gone"),
        (
            "ALTER TABLE commits DISABLE TRIGGER commits_no_update",
            "`commits_no_update` is disabled",
        ),
        ("ALTER TABLE commits ENABLE TRIGGER commits_no_update", "`commits_no_update` is disabled"),
        (
            "CREATE OR REPLACE TRIGGER labels_of_runs_no_update BEFORE UPDATE OF value ON labels_of_runs FOR EACH STATEMENT EXECUTE FUNCTION factlog_append_only()",
            "`labels_of_runs_no_update` was replaced",
        ),
        (
            "CREATE OR REPLACE FUNCTION factlog_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "the function `factlog_append_only`",
        ),
        (
            "CREATE TRIGGER meddle BEFORE INSERT ON blocks FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "`meddle` on `blocks` is not ours",
        ),
        ("CREATE RULE quiet AS ON INSERT TO blocks DO INSTEAD NOTHING", "`blocks` has a rule"),
        ("ALTER TABLE blocks DISABLE ROW LEVEL SECURITY", "row-level security of `blocks`"),
        (
            "ALTER TABLE run_entries NO FORCE ROW LEVEL SECURITY",
            "row-level security of `run_entries`",
        ),
        ("DROP POLICY exports_of_tenant ON exports", "the policy `exports_of_tenant` is gone"),
        (
            "ALTER POLICY labels_of_runs_of_tenant ON labels_of_runs USING (true)",
            "`labels_of_runs_of_tenant` was replaced",
        ),
        ("CREATE POLICY open ON contents USING (true)", "`open` on `contents` is not ours"),
        ("GRANT DELETE ON contents TO factlog_app", "may do more with `contents`"),
        ("GRANT UPDATE (keys) ON blocks TO factlog_app", "may do more with `blocks`"),
        ("GRANT TRUNCATE ON labels_of_runs TO PUBLIC", "may do more with `labels_of_runs`"),
        ("ALTER TABLE exports OWNER TO factlog_app", "owns `exports`"),
        ("DROP TABLE exports", "the table `exports` is gone"),
        // Under a name that another table's is called by.
        (
            "CREATE POLICY commits_of_tenant ON audit_events FOR SELECT USING (true)",
            "`commits_of_tenant` on `audit_events` is not ours",
        ),
        (
            "CREATE TRIGGER tenants_no_update BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "`tenants_no_update` on `audit_events` is not ours",
        ),
        (
            "DROP POLICY blocks_of_tenant ON blocks; CREATE POLICY blocks_of_tenant ON blocks TO pg_monitor USING (tenant = current_setting('factlog.tenant', true)) WITH CHECK (tenant = current_setting('factlog.tenant', true))",
            "`blocks_of_tenant` was replaced",
        ),
        ("ALTER TABLE blocks SET UNLOGGED", "`blocks` is not logged"),
        (
            "ALTER TABLE contents DROP CONSTRAINT contents_pkey",
            "`contents` has lost its primary key",
        ),
        (
            "ALTER TABLE commits DROP CONSTRAINT commits_tenant_on_size_key",
            "`commits` has lost a unique constraint",
        ),
        ("ALTER TABLE blocks DROP CONSTRAINT blocks_leaves_check", "`blocks` has lost a check"),
        (
            "ALTER TABLE audit_events ALTER COLUMN kind DROP NOT NULL",
            "`audit_events` has lost a NOT NULL",
        ),
        ("DROP INDEX run_entries_by_run", "the index `run_entries_by_run` is gone"),
    ] {
        let Some(fresh) = fresh().await else { return };
        assert_eq!(fresh.ledger.missing_guards().await.unwrap(), [""; 0]);
        fresh.superuser().await.execute(statement).await.unwrap();
        let found = fresh.ledger.missing_guards().await.unwrap();
        assert!(found.iter().any(|line| line.contains(says)), "{statement}: {found:?}");
    }
}

#[tokio::test]
async fn what_bears_a_name_of_ours_and_is_none_of_it_hides_nothing() {
    let Some(fresh) = fresh().await else { return };
    let overload =
        "CREATE FUNCTION factlog_append_only(int) RETURNS int LANGUAGE sql AS 'SELECT 1'";
    fresh.superuser().await.execute(overload).await.unwrap();
    assert_eq!(fresh.ledger.missing_guards().await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn databases_of_others_get_no_table_and_empty_ones_are_told_what_to_do() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database().await;
    let error =
        Ledger::open(&url, OpenMode::ReadWrite, Vec::new(), ledger_store::test_support::key_tag)
            .await
            .unwrap_err();
    assert!(error.to_string().contains("factlog init"), "{error}");

    let mut conn = PgConnection::connect(&url).await.unwrap();
    // What an extension brings is no other program: this one is part of every server's contrib.
    let with_extension = PostgresServer::shared().unwrap().database().await;
    let mut other = PgConnection::connect(&with_extension).await.unwrap();
    if other.execute("CREATE EXTENSION pg_stat_statements").await.is_ok() {
        Ledger::create(&with_extension, "log.example").await.unwrap();
    }
    conn.execute("CREATE TABLE theirs (a int)").await.unwrap();
    for error in [
        Ledger::create(&url, "log.example").await.unwrap_err(),
        Ledger::open(&url, OpenMode::ReadOnly, Vec::new(), ledger_store::test_support::key_tag)
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    }
    let row = conn.fetch_one("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").await;
    assert_eq!(row.unwrap().get::<i64, _>(0), 1);
}

#[tokio::test]
async fn of_two_that_initialise_at_once_one_has_made_the_ledger() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database().await;
    let (a, b) = tokio::join!(Ledger::create(&url, "a.example"), Ledger::create(&url, "b.example"));
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    let ledger =
        Ledger::open(&url, OpenMode::ReadOnly, Vec::new(), ledger_store::test_support::key_tag)
            .await
            .unwrap();
    let kept = ledger.origin("c.example").await.unwrap();
    assert_eq!(kept, if a.is_ok() { "a.example" } else { "b.example" });
    let error = Ledger::create(&url, "c.example").await.unwrap_err().to_string();
    assert!(error.contains("never overwritten"), "{error}");
}

#[tokio::test]
async fn a_dump_restores_with_every_guard() {
    let Some(fresh) = fresh().await else { return };
    fresh.ledger.commit(&batch(0, 300)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("factlog.dump");
    let run = |program: &str, arguments: &[&str]| {
        let ran = fresh.server.program(program).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    let restored = fresh.server.database().await;
    run("pg_dump", &["-Fc", "-f", dump.to_str().unwrap(), &fresh.url]);
    run("pg_restore", &["-d", &restored, dump.to_str().unwrap()]);

    let ledger = Ledger::open(
        &restored,
        OpenMode::ReadWrite,
        Vec::new(),
        ledger_store::test_support::key_tag,
    )
    .await
    .unwrap();
    assert_eq!(ledger.missing_guards().await.unwrap(), [""; 0]);
    assert_eq!(ledger.head(&tenant()).await.unwrap(), head(300));
    assert_eq!(ledger.commit(&batch(300, 1)).await.unwrap(), CommitOutcome::Committed);

    // The owner is under the policies: a dump by anybody under them is refused, not cut short.
    let writer = fresh.login("dumper", "IN ROLE factlog_app").await;
    let url = fresh.server.url_as(&writer, fresh.database());
    let ran = fresh.server.program("pg_dump").arg(url).output().unwrap();
    assert!(!ran.status.success());
}
