//! That the log was read, recorded by whoever serves it: in both databases, one fact a read.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use logs_domain::{
    AuditFilter, DomainError, ListRequest, LogRead, LogReader, ReadOutcome, TenantId, Value,
};
use support::{domains, tenant};

fn read(reader: LogReader, outcome: ReadOutcome) -> LogRead {
    LogRead {
        reader,
        route: "llm-runs/{run_id}/trace".to_owned(),
        subject: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        asked: vec![("actor".to_owned(), "dana@example.com".to_owned())],
        outcome,
        items: Some(3),
        as_of_size: Some(7),
    }
}

#[tokio::test]
async fn the_same_read_twice_is_two_facts_and_both_are_listed() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        let key = || LogReader::Key {
            id: "0123456789abcdef".to_owned(),
            name: "dashboard".to_owned(),
            role: "reader".to_owned(),
        };
        for (seq, reader) in [(0, key()), (1, key()), (2, LogReader::ThisMachine)] {
            let read = read(reader, ReadOutcome::Served);
            assert_eq!(domain.record_read(&tenant(), &read).await.unwrap(), seq);
        }
        let all = ListRequest::new(&tenant(), AuditFilter::default(), 20, None).unwrap();
        let listed = domain.logs().access(&all).await.unwrap().value.items;
        let shown: Vec<_> = listed
            .iter()
            .map(|record| (record.seq, record.actor.as_deref(), record.outcome.as_deref()))
            .collect();
        let (machine, dashboard) = (Some("this-machine"), Some("key:dashboard"));
        let served = Some("served");
        assert_eq!(shown, [(2, machine, served), (1, dashboard, served), (0, dashboard, served)]);
        assert_eq!(listed[0].run_id, None, "it is no part of the run's record");

        let fact = domain.logs().entry_at(&tenant(), 1).await.unwrap().value.unwrap().fact;
        let said = |path: &[&str]| fact.at(path).and_then(Value::as_str).map(str::to_owned);
        assert_eq!(said(&["body", "reader", "key"]).as_deref(), Some("0123456789abcdef"));
        assert_eq!(
            said(&["body", "subject"]).as_deref(),
            Some("4bf92f3577b34da6a3ce929d0e0e4736"),
            "an id is left as it is"
        );
        assert_eq!(said(&["body", "asked", "actor"]).as_deref(), Some("[redacted:email]"));

        let root = TenantId::parse("root-log").unwrap();
        let refused = domain.record_read(&root, &read(key(), ReadOutcome::Refused)).await;
        assert!(matches!(refused, Err(DomainError::Reserved(_))), "{refused:?}");
        let report = domain.verify(&tenant(), &[], &|_| {}).await.unwrap();
        assert_eq!((report.entries, report.findings), (3, vec![]));
    }
}
