//! Statements as the databases see them: prepared, and planned.

use sqlx::{AssertSqlSafe, Executor, PgConnection, Row, SqliteConnection};

use crate::{Projection, Statement};

/// Both databases prepare each statement, also those that write.
pub async fn prepare_all(
    sqlite: &mut SqliteConnection,
    postgres: Option<&mut PgConnection>,
    reading: &[&'static Statement],
    writing: &[&'static Projection],
) {
    let tables = || writing.iter().flat_map(|projection| projection.tables);
    for statement in reading {
        let prepared = sqlite.prepare(sqlx::SqlStr::from_static(statement.sqlite)).await;
        assert!(prepared.is_ok(), "{}: {prepared:?}", statement.doing);
    }
    for table in tables() {
        for text in table.insert.sqlite {
            let prepared = sqlite.prepare(sqlx::SqlStr::from_static(text)).await;
            assert!(prepared.is_ok(), "{}: {prepared:?}", table.name);
        }
    }
    let Some(postgres) = postgres else { return };
    for statement in reading {
        let prepared = postgres.prepare(sqlx::SqlStr::from_static(statement.postgres)).await;
        assert!(prepared.is_ok(), "{}: {prepared:?}", statement.doing);
    }
    for table in tables() {
        let prepared = postgres.prepare(sqlx::SqlStr::from_static(table.insert.postgres)).await;
        assert!(prepared.is_ok(), "{}: {prepared:?}", table.name);
    }
}

/// How PostgreSQL runs a statement.
#[derive(Debug)]
pub struct Plan {
    /// The plan's lines, with what each step did.
    pub text: String,
    /// Pages of 8 KiB that were looked at.
    pub pages: u64,
}

/// Runs a statement as the application would for this tenant, with the plan that suits any values
/// (which a connection settles on after a while), and tells how. `values` are what follows `$1`.
pub async fn plan(
    conn: &mut PgConnection,
    statement: &Statement,
    tenant: &str,
    values: &[&str],
) -> Plan {
    let literals: Vec<_> =
        std::iter::once(&tenant).chain(values).map(|value| format!("'{value}'")).collect();
    let literals = if statement.postgres.contains("$1") {
        format!("({})", literals.join(", "))
    } else {
        String::new()
    };
    let prepare = format!(
        "BEGIN; SET LOCAL ROLE factlog_app; SET LOCAL factlog.tenant = '{tenant}';
         SET LOCAL plan_cache_mode = force_generic_plan;
         PREPARE asked AS {}",
        statement.postgres
    );
    conn.execute(AssertSqlSafe(prepare)).await.unwrap();
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) EXECUTE asked{literals}");
    let rows = conn.fetch_all(AssertSqlSafe(explain)).await.unwrap();
    conn.execute("DEALLOCATE asked; ROLLBACK").await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    // The first mention is of the topmost step, which counts those below it too.
    let mut run = lines.iter().take_while(|line| !line.starts_with("Planning"));
    let buffers = run.find(|line| line.trim_start().starts_with("Buffers:"));
    let words = buffers.map_or("", String::as_str).split_whitespace();
    let pages = words.filter_map(|word| {
        let count = word.strip_prefix("hit=").or_else(|| word.strip_prefix("read="))?;
        count.parse::<u64>().ok()
    });
    Plan { pages: pages.sum(), text: lines.join("\n") }
}
