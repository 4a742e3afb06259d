//! Audit facts become rows, listed newest first.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use audit_store::{Audit, PROJECTION, STATEMENTS};
use ledger_store::Ledger;
use ledger_store::test_support::{PostgresServer, prepare_all};
use serde_json::json;
use sqlx::{Connection, Executor};
use store_traits::{AuditStore, TenantId};
use support::{Recorder, tenant};

#[tokio::test]
async fn audit_facts_are_listed_and_others_are_not() {
    let recorder = Recorder::new(&PROJECTION).await;
    recorder
        .record(&[
            (
                "audit.tool",
                Some("r"),
                json!({"view": {"event": "tool.denied", "tool": "shell", "outcome": "denied"}}),
            ),
            ("run.step", Some("r"), json!({"view": {"class": "tool"}})),
            (
                "audit.authorization",
                None,
                json!({"source": {"action": "export", "decision": "allow"}}),
            ),
            ("audit.event", None, json!("a body of another shape")),
        ])
        .await;
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
        let audit = Audit::new(ledger.reader());
        let first = audit.audit_records(&tenant(), 2, None).await.unwrap();
        assert_eq!(first.items.iter().map(|record| record.seq).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(first.next_before_seq, Some(2));
        assert_eq!(first.items[1].event.as_deref(), Some("export"));
        assert_eq!(first.items[1].outcome.as_deref(), Some("allow"));

        let rest = audit.audit_records(&tenant(), 2, first.next_before_seq).await.unwrap();
        assert_eq!((rest.items.len(), rest.next_before_seq), (1, None));
        let record = &rest.items[0];
        assert_eq!((record.seq, record.kind.as_str()), (0, "audit.tool"));
        assert_eq!(record.event.as_deref(), Some("tool.denied"));
        assert_eq!(record.tool.as_deref(), Some("shell"));
        assert_eq!(record.policy_id.as_deref(), Some("policy-7"));
        assert_eq!(record.run_id.as_deref(), Some("r"));
        assert_eq!(record.actor_kind.as_deref(), Some("system"));

        let other = TenantId::parse("other").unwrap();
        assert!(audit.audit_records(&other, 9, None).await.unwrap().items.is_empty());
    }
}

#[tokio::test]
async fn rows_can_neither_be_changed_nor_removed_and_a_forged_one_is_found() {
    let recorder = Recorder::new(&PROJECTION).await;
    recorder.record(&[("audit.event", None, json!({"event": "login"}))]).await;
    let mut intruder = recorder.intruder().await;
    for statement in ["UPDATE audit_events SET actor = 'me'", "DELETE FROM audit_events"] {
        let error = intruder.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
    intruder.execute("DROP TRIGGER audit_events_no_update").await.unwrap();
    intruder.execute("UPDATE audit_events SET actor = 'me'").await.unwrap();
    let found = recorder.differences().await;
    assert_eq!(found, [(0, "`audit_events.actor` differs from its entry".to_owned())]);
}

#[tokio::test]
async fn both_databases_prepare_every_statement() {
    let recorder = Recorder::new(&PROJECTION).await;
    let mut postgres = match PostgresServer::shared() {
        Some(server) => {
            let url = server.database().await;
            Ledger::create(&url, "log.example").await.unwrap();
            Some(sqlx::PgConnection::connect(&url).await.unwrap())
        }
        None => None,
    };
    let sqlite = &mut recorder.intruder().await;
    prepare_all(sqlite, postgres.as_mut(), &STATEMENTS, &[&PROJECTION]).await;
}
