//! What refuses changes and keeps tenants apart: which there must be, and which there are.
//!
//! What must be is read from the migrations, what is from the catalogue, which prints a trigger as
//! the migration spells it. So a new table is watched as soon as its migration is written.

use sqlx::FromRow;
use sqlx::postgres::PgRow;
use store_traits::StoreError;

use super::connections::{Connections, Scope};
use super::sql;
use crate::database;
use crate::statement::dropped_tables;

#[derive(FromRow)]
struct TriggerRow {
    name: String,
    text: String,
    always: bool,
    of_table: String,
}

#[derive(FromRow)]
struct TableRow {
    name: String,
    secured: bool,
    forced: bool,
    has_rules: bool,
    may_change: bool,
    may_erase: bool,
    is_owner: bool,
    logged: bool,
    keys: i64,
    uniques: i64,
    checks: i64,
    required: i64,
}

#[derive(FromRow)]
struct IndexRow {
    name: String,
    is_unique: bool,
}

#[derive(FromRow)]
struct PolicyRow {
    name: String,
    of_table: String,
    shown: String,
    checked: String,
    of_command: String,
    for_all: bool,
}

#[derive(FromRow)]
struct ServerRow {
    role: Option<bool>,
    refusal: Option<String>,
    durable: bool,
}

/// What the migrations make and the database lacks or has in another wording, and what its server and
/// the role of the application allow beyond it.
pub(crate) async fn missing(connections: &Connections) -> Result<Vec<String>, StoreError> {
    let wanted = Wanted::of_migrations();
    let mut found = Vec::new();
    let triggers: Vec<TriggerRow> = rows(connections, sql::SELECT_TRIGGERS).await?;
    let tables: Vec<TableRow> = rows(connections, sql::SELECT_TABLES).await?;
    let policies: Vec<PolicyRow> = rows(connections, sql::SELECT_POLICIES).await?;
    let server: Vec<ServerRow> = rows(connections, sql::SELECT_SERVER).await?;
    let indexes: Vec<IndexRow> = rows(connections, sql::SELECT_INDEXES).await?;
    wanted.judge_triggers(&triggers, &mut found);
    wanted.judge_tables(&tables, &mut found);
    wanted.judge_indexes(&indexes, &mut found);
    wanted.judge_policies(&policies, &mut found);
    for server in &server {
        wanted.judge_server(server, &mut found);
    }
    found.sort();
    Ok(found)
}

async fn rows<T>(connections: &Connections, statement: &'static str) -> Result<Vec<T>, StoreError>
where
    T: Send + Unpin + for<'r> FromRow<'r, PgRow>,
{
    let failed = database("reading the guards");
    let mut tx = connections.read(Scope::Listing).await.map_err(&failed)?;
    let rows = sqlx::query_as(statement).fetch_all(&mut *tx).await.map_err(&failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(rows)
}

/// What the migrations make, by name.
struct Wanted {
    tables: Vec<WantedTable>,
    /// Tables whose rows belong to tenants.
    secured: Vec<String>,
    /// And whether each is unique.
    indexes: Vec<(String, bool)>,
    triggers: Vec<Trigger>,
    policies: Vec<Policy>,
    refusal: String,
}

/// A table, and how much of each kind keeps rows out of it.
struct WantedTable {
    name: String,
    keys: i64,
    uniques: i64,
    checks: i64,
    required: i64,
}

struct Trigger {
    name: String,
    of_table: String,
    text: String,
}

struct Policy {
    name: String,
    of_table: String,
    of_command: &'static str,
    shown: String,
    checked: String,
}

impl Wanted {
    fn of_migrations() -> Self {
        let text: String = sql::MIGRATOR.iter().map(|migration| migration.sql.as_str()).collect();
        let named = |begins: &str, ends: &str| -> Vec<(String, String)> {
            let found = statements(&text, begins, ends).into_iter();
            found
                .filter_map(|tail| Some((tail.split_whitespace().next()?.to_owned(), tail)))
                .collect()
        };
        let names =
            |found: Vec<(String, String)>| found.into_iter().map(|(name, _)| name).collect();
        // What a later migration dropped took its guards along.
        let gone: Vec<&str> = dropped_tables(&text).collect();
        let of_gone =
            |words: &str| gone.iter().any(|table| words.contains(&format!(" ON {table} ")));
        let stays = |(name, tail): &(String, String)| {
            !gone.contains(&name.as_str()) && !of_gone(&words(tail))
        };
        let named = |begins: &str, ends: &str| {
            named(begins, ends).into_iter().filter(stays).collect::<Vec<_>>()
        };
        let triggers = named("CREATE TRIGGER ", ";").into_iter();
        let policies = named("CREATE POLICY ", ";").into_iter();
        let stands = |name: &String| !text.contains(&format!("DROP INDEX {name};"));
        let index = |begins: &str, unique| {
            let there = named(begins, ";").into_iter().map(|(name, _)| name).filter(stands);
            there.map(|name| (name, unique)).collect::<Vec<_>>()
        };
        let indexes = [index("CREATE INDEX ", false), index("CREATE UNIQUE INDEX ", true)];
        Self {
            tables: named("CREATE TABLE ", ";").into_iter().map(WantedTable::of).collect(),
            indexes: indexes.concat(),
            secured: names(
                named("ALTER TABLE ", ";")
                    .into_iter()
                    .filter(|(_, tail)| tail.ends_with("FORCE ROW LEVEL SECURITY"))
                    .collect(),
            ),
            triggers: triggers
                .map(|(name, tail)| {
                    let text = words(&format!("CREATE TRIGGER {tail}"));
                    Trigger { name, of_table: on_table(&tail), text }
                })
                .collect(),
            policies: policies
                .map(|(name, tail)| {
                    let of_table = on_table(&tail);
                    let (shown, checked) = tail.split_once("WITH CHECK").unwrap_or((&tail, ""));
                    let shown = shown.split_once("USING").map_or("", |(_, shown)| shown);
                    let of_command =
                        if words(&tail).contains(" FOR SELECT ") { "SELECT" } else { "ALL" };
                    Policy {
                        name,
                        of_table,
                        of_command,
                        shown: bare(shown),
                        checked: bare(checked),
                    }
                })
                .collect(),
            refusal: statements(&text, "SET search_path = pg_catalog AS $$", "$$").concat(),
        }
    }

    fn judge_triggers(&self, there: &[TriggerRow], found: &mut Vec<String>) {
        let is = |wanted: &Trigger, row: &TriggerRow| {
            (&wanted.name, &wanted.of_table) == (&row.name, &row.of_table)
        };
        for trigger in &self.triggers {
            let Trigger { name, text: wanted, .. } = trigger;
            match there.iter().find(|row| is(trigger, row)) {
                None => found.push(format!("the trigger `{name}` is gone: its table can be changed")),
                Some(row) if words(&row.text) != *wanted => {
                    found.push(format!("the trigger `{name}` was replaced by another one"));
                }
                Some(row) if !row.always => found.push(format!(
                    "the trigger `{name}` is disabled, or a session can turn it off (ENABLE ALWAYS TRIGGER mends it)"
                )),
                Some(_) => {}
            }
        }
        let ours = |row: &&TriggerRow| self.triggers.iter().any(|trigger| is(trigger, row));
        for row in there.iter().filter(|row| !ours(row) && self.has_table(&row.of_table)) {
            let TriggerRow { name, of_table, .. } = row;
            found.push(format!(
                "the trigger `{name}` on `{of_table}` is not ours: it may change what is recorded"
            ));
        }
    }

    fn judge_tables(&self, there: &[TableRow], found: &mut Vec<String>) {
        for wanted in &self.tables {
            let WantedTable { name, keys, uniques, checks, required } = wanted;
            let Some(table) = there.iter().find(|row| row.name == *name) else {
                found.push(format!("the table `{name}` is gone"));
                continue;
            };
            let TableRow { secured, forced, has_rules, may_change, may_erase, is_owner, .. } =
                table;
            if self.secured.contains(name) && !(*secured && *forced) {
                found.push(format!("row-level security of `{name}` is off, or not forced on its owner: tenants see each other"));
            }
            if !table.logged {
                found.push(format!("`{name}` is not logged: a crash of the server empties it"));
            }
            let kept = [
                ("its primary key", table.keys >= *keys),
                ("a unique constraint", table.uniques >= *uniques),
                ("a check", table.checks >= *checks),
                ("a NOT NULL", table.required >= *required),
            ];
            for (what, _) in kept.into_iter().filter(|(_, kept)| !kept) {
                found.push(format!("`{name}` has lost {what}: it takes rows that nobody wrote"));
            }
            if *has_rules {
                found.push(format!(
                    "`{name}` has a rule that rewrites statements, which is not ours"
                ));
            }
            if *is_owner {
                found.push(format!(
                    "the role `factlog_app` owns `{name}`: it can take its guards away"
                ));
            } else if *may_change || *may_erase {
                found.push(format!(
                    "the role `factlog_app` may do more with `{name}` than select and insert"
                ));
            }
        }
    }

    fn judge_indexes(&self, there: &[IndexRow], found: &mut Vec<String>) {
        for (name, unique) in &self.indexes {
            match there.iter().find(|row| row.name == *name) {
                Some(row) if row.is_unique == *unique => {}
                Some(_) => found.push(format!("the index `{name}` was replaced by another one")),
                None => found.push(format!(
                    "the index `{name}` is gone: what it led to is found slowly, or not at all"
                )),
            }
        }
    }

    fn has_table(&self, name: &str) -> bool {
        self.tables.iter().any(|table| table.name == name)
    }

    fn judge_policies(&self, there: &[PolicyRow], found: &mut Vec<String>) {
        let is = |policy: &Policy, row: &PolicyRow| {
            (&policy.name, &policy.of_table) == (&row.name, &row.of_table)
        };
        for policy in &self.policies {
            let Policy { name, of_command, shown, checked, .. } = policy;
            match there.iter().find(|row| is(policy, row)) {
                None => found.push(format!("the policy `{name}` is gone")),
                Some(row)
                    if !row.for_all
                        || row.of_command != *of_command
                        || bare(&row.shown) != *shown
                        || bare(&row.checked) != *checked =>
                {
                    found.push(format!("the policy `{name}` was replaced by another one"));
                }
                Some(_) => {}
            }
        }
        let ours = |row: &&PolicyRow| self.policies.iter().any(|policy| is(policy, row));
        for row in there.iter().filter(|row| !ours(row) && self.has_table(&row.of_table)) {
            let PolicyRow { name, of_table, .. } = row;
            found.push(format!(
                "the policy `{name}` on `{of_table}` is not ours: it may show rows to others"
            ));
        }
    }

    fn judge_server(&self, server: &ServerRow, found: &mut Vec<String>) {
        match server.role {
            Some(false) => {}
            Some(true) => found.push("the role `factlog_app` is, or is a member of, a superuser or a role that may bypass row-level security or make roles".into()),
            None => found.push("the role `factlog_app` is gone".into()),
        }
        if server.refusal.as_deref().map(words) != Some(words(&self.refusal)) {
            found.push("the function `factlog_append_only` is gone or was replaced: no trigger refuses anything".into());
        }
        if !server.durable {
            found.push("the server runs with fsync or full_page_writes off: what it acknowledges does not survive a power cut".into());
        }
    }
}

impl WantedTable {
    fn of((name, definition): (String, String)) -> Self {
        let count = |what: &str| i64::try_from(definition.matches(what).count()).unwrap_or(0);
        Self {
            name,
            keys: count("PRIMARY KEY"),
            uniques: count("UNIQUE"),
            checks: count("CHECK ("),
            required: count("NOT NULL"),
        }
    }
}

/// The table behind ` ON `.
fn on_table(statement: &str) -> String {
    let words = words(statement);
    let behind = words.split_once(" ON ").map(|(_, behind)| behind.split(' ').next());
    behind.flatten().unwrap_or_default().to_owned()
}

/// What follows each `begins`, up to `ends`.
fn statements(text: &str, begins: &str, ends: &str) -> Vec<String> {
    let tails = text.split(begins).skip(1);
    tails.filter_map(|tail| Some(tail.split_once(ends)?.0.trim_end().to_owned())).collect()
}

/// White space is not part of a trigger's meaning.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An expression without what the server adds when it prints one: parentheses and types of literals.
fn bare(expression: &str) -> String {
    let spelt = expression.replace("::text", "");
    spelt.chars().filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_migrations_is_guarded() {
        let wanted = Wanted::of_migrations();
        let tables: Vec<_> = wanted.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(tables.len(), 16, "{tables:?}");
        assert!(wanted.tables.iter().all(|table| table.keys == 1 && table.checks > 0));
        for table in &tables {
            let mut events = vec!["update", "delete", "truncate"];
            if ["contents", "tenants"].contains(table) {
                // What lies behind commitments may be erased.
                events.remove(1);
            }
            for event in events {
                let name = format!("{table}_no_{event}");
                let there = |trigger: &Trigger| trigger.name == name && trigger.of_table == *table;
                assert!(wanted.triggers.iter().any(there), "{name}");
            }
            let tenants = *table != "ledger";
            assert_eq!(wanted.secured.iter().any(|name| name == table), tenants, "{table}");
            let policy = format!("{table}_of_tenant");
            assert_eq!(
                wanted
                    .policies
                    .iter()
                    .any(|there| there.name == policy && there.of_table == *table),
                tenants,
                "{table}"
            );
        }
        assert!(wanted.refusal.contains("RAISE EXCEPTION"));
    }

    #[test]
    fn an_expression_is_compared_without_what_the_server_adds() {
        let printed = "(tenant = current_setting('factlog.tenant'::text, true))";
        assert_eq!(bare(printed), bare("(tenant = current_setting('factlog.tenant', true))"));
    }
}
