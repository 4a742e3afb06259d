//! Completed exports become rows, listed newest first.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use export_bundle_store::{Exports, PROJECTION, STATEMENTS};
use ledger_store::test_support::{Recorder, tenant};
use serde_json::json;
use sqlx::Executor;
use store_traits::{ExportFilter, ExportStore, ListRequest, Period, TenantId};

fn request(tenant: &TenantId, limit: u64, cursor: Option<&str>) -> ListRequest<ExportFilter> {
    ListRequest::new(tenant, ExportFilter::default(), limit, cursor).unwrap()
}

#[tokio::test]
async fn completed_exports_are_listed_and_others_are_not() {
    let recorder = Recorder::new(&PROJECTION).await;
    let digest = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    recorder
        .record(&[
            (
                "export.completed",
                Some("r"),
                json!({"export_id": "x1", "profile": "soc2", "sha256": digest}),
            ),
            ("export.requested", Some("r"), json!({"export_id": "x2"})),
            ("export.completed", None, json!({"export_id": "x2", "sha256": "no digest"})),
        ])
        .await;
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
        let exports = Exports::new(ledger.reader());
        let first = exports.exports(&request(&tenant(), 1, None)).await.unwrap();
        assert_eq!((first.items.len(), first.items[0].seq, first.has_more()), (1, 2, true));
        assert_eq!(first.items[0].sha256, None);

        let rest = request(&tenant(), 9, first.next.as_deref());
        let rest = exports.exports(&rest).await.unwrap();
        assert_eq!((rest.items.len(), rest.next), (1, None));
        let export = &rest.items[0];
        assert_eq!(export.export_id.as_deref(), Some("x1"));
        assert_eq!(export.profile.as_deref(), Some("soc2"));
        assert_eq!(export.run_id.as_deref(), Some("r"));
        assert_eq!(export.sha256.unwrap().to_string(), digest);

        let other = TenantId::parse("other").unwrap();
        assert!(exports.exports(&request(&other, 9, None)).await.unwrap().items.is_empty());
        for (run, profile, expect) in
            [(Some("r"), None, 1), (None, Some("soc2"), 1), (Some("r"), Some("evidence"), 0)]
        {
            let (run, profile) = (run.map(str::to_owned), profile.map(str::to_owned));
            let filter = ExportFilter { run, profile, ..ExportFilter::default() };
            let asked = ListRequest::new(&tenant(), filter, 9, None).unwrap();
            let page = exports.exports(&asked).await.unwrap();
            assert_eq!((page.items.len(), page.next), (expect, None));
        }
        let at = export.occurred_at;
        for (since, until, expect) in [(Some(at), None, 2), (None, Some(at), 0), (None, None, 2)] {
            let filter =
                ExportFilter { period: Period { since, until }, ..ExportFilter::default() };
            let asked = ListRequest::new(&tenant(), filter, 9, None).unwrap();
            assert_eq!(exports.exports(&asked).await.unwrap().items.len(), expect);
        }
    }
}

#[tokio::test]
async fn rows_can_neither_be_changed_nor_removed_and_a_lost_one_is_found() {
    let recorder = Recorder::new(&PROJECTION).await;
    recorder.record(&[("export.completed", None, json!({"export_id": "x1"}))]).await;
    let mut intruder = recorder.intruder().await;
    for statement in ["UPDATE exports SET profile = 'x'", "DELETE FROM exports"] {
        let error = intruder.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
    intruder.execute("DROP TRIGGER exports_no_delete").await.unwrap();
    intruder.execute("DELETE FROM exports").await.unwrap();
    let found = recorder.differences().await;
    assert_eq!(found, [(0, "`exports` lacks the row of its entry".to_owned())]);
}

#[tokio::test]
async fn both_databases_prepare_every_statement() {
    let recorder = Recorder::new(&PROJECTION).await;
    recorder.prepare_all(&STATEMENTS, &[&PROJECTION]).await;
}
