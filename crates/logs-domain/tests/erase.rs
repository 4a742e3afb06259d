//! Erasing what lies behind commitments, and the holds that forbid it, in both databases.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use ledger_store::test_support::PostgresServer;
use logs_domain::{
    Access, DomainError, Erasable, ErasableContents, ErasureOrder, ExportRequest, ExportSubject,
    Fault, Hint, HoldOrder, Input, Leftover, LogsDomain, Period, verify_bundle_file,
};
use support::{at, domains, run_id, tenant};

/// Two runs of three steps, with a prompt and an answer behind each; the second's name an incident.
async fn record_runs(domain: &LogsDomain) {
    let mut lines = String::new();
    for (run, incidents) in [("r1", vec![]), ("r2", vec!["inc-1"])] {
        for step in 0..3_i64 {
            let line = serde_json::json!({
                "kind": "run.step", "run_id": run, "key": format!("{run}:{step}"),
                "occurred_at": at(step).to_string(), "incident_ids": incidents,
                "actor": { "kind": "human", "subject": format!("of-{run}") },
                "body": { "index": step, "skill": "ask", "prompt": "p", "answer": "an answer" },
                "commit": ["/prompt", "/answer"],
            });
            lines += &format!("{line}\n");
        }
    }
    record(domain, &lines).await.unwrap();
}

async fn record(domain: &LogsDomain, lines: &str) -> Result<(), DomainError> {
    let input = Input::spool("lines", &mut lines.as_bytes(), 1 << 20).unwrap();
    domain.import(&tenant(), input, Hint::default()).await.map(drop)
}

fn order(what: Erasable) -> ErasureOrder {
    ErasureOrder {
        what,
        authority: "request 17".to_owned(),
        reason: "the subject asked for it".to_owned(),
        by: Some("officer-3".to_owned()),
    }
}

fn of_run(run: &str) -> Erasable {
    Erasable::Subject(ExportSubject::Run(run_id(run)))
}

fn hold(name: &str, reason: &str) -> HoldOrder {
    HoldOrder { name: name.to_owned(), reason: reason.to_owned(), by: None }
}

async fn erase(domain: &LogsDomain, what: Erasable) -> ErasableContents {
    domain.erase(&tenant(), &order(what), &|_| {}).await.unwrap().erased
}

async fn findings(domain: &LogsDomain) -> Vec<String> {
    let report = domain.verify(&tenant(), &[], &|_| {}).await.unwrap();
    report.findings.into_iter().map(|finding| finding.what).collect()
}

fn counted(entries: u64, contents: u64) -> ErasableContents {
    // Each prompt takes a byte, each answer nine.
    ErasableContents { entries, contents, bytes: contents / 2 * 10 }
}

#[tokio::test]
async fn contents_of_a_run_go_with_a_fact_each_and_all_else_stays() {
    let (folder, domains) = domains().await;
    for (n, domain) in domains.into_iter().enumerate() {
        record_runs(&domain).await;
        let before = domain.checkpoint(&tenant()).await.unwrap();
        assert_eq!(domain.erasable(&tenant(), &of_run("r1")).await.unwrap(), counted(3, 6));

        let outcome = domain.erase(&tenant(), &order(of_run("r1")), &|_| {}).await.unwrap();
        assert_eq!((outcome.erased, outcome.order), (counted(3, 6), Some(6)));
        let leftover = if n == 0 { Leftover::Nothing } else { Leftover::FreedSpace };
        assert_eq!(outcome.leftover, leftover);
        assert_eq!(domain.size(&tenant()).await.unwrap(), 6 + 1 + 6);
        assert_eq!(findings(&domain).await, [""; 0]);
        let after = domain.checkpoint(&tenant()).await.unwrap();
        domain.prove_consistency(&tenant(), before.size, after.size).await.unwrap();

        // Nothing is left to erase, and nothing more is recorded.
        let again = domain.erase(&tenant(), &order(of_run("r1")), &|_| {}).await.unwrap();
        assert_eq!((again.erased, again.order), (ErasableContents::default(), None));
        assert_eq!(domain.size(&tenant()).await.unwrap(), 13);
        assert_eq!(domain.erasable(&tenant(), &of_run("r2")).await.unwrap(), counted(3, 6));

        // Who gets the run sees that its contents were erased, and not that they were withheld.
        let key = domain.verifier_key(&tenant()).unwrap();
        for (subject, erased) in
            [(ExportSubject::Run(run_id("r1")), 6), (ExportSubject::Run(run_id("r2")), 0)]
        {
            let out = folder.path().join(format!("{n}-{erased}.zip"));
            domain.export(&tenant(), &ExportRequest::evidence(subject), &out).await.unwrap();
            let report = verify_bundle_file(&out, std::slice::from_ref(&key)).unwrap();
            assert!(report.holds, "{:#?}", report.findings);
            let summary = report.summary;
            let told =
                (summary.contents_included, summary.contents_withheld, summary.contents_erased);
            assert_eq!(told, (6 - erased, 0, erased));
        }
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_subject_is_an_incident_an_actor_a_period_or_an_entry() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        record_runs(&domain).await;
        let entry =
            |pointer: Option<&str>| Erasable::Entry { seq: 0, pointer: pointer.map(str::to_owned) };
        let one = erase(&domain, entry(Some("/body/answer"))).await;
        assert_eq!(one, ErasableContents { entries: 1, contents: 1, bytes: 9 });
        assert_eq!(erase(&domain, entry(None)).await.contents, 1, "what was left of it");
        let until = Period { since: None, until: Some(at(1)) };
        let actor = ExportSubject::Actor { name: "of-r2".to_owned(), period: until };
        assert_eq!(erase(&domain, Erasable::Subject(actor)).await, counted(1, 2));
        let incident = ExportSubject::Incident("inc-1".to_owned());
        assert_eq!(erase(&domain, Erasable::Subject(incident)).await, counted(2, 4));
        let period = Period { since: Some(at(2)), until: Some(at(3)) };
        let period = Erasable::Subject(ExportSubject::Period(period));
        assert_eq!(erase(&domain, period).await, counted(1, 2));
        assert_eq!(domain.erasable(&tenant(), &of_run("r1")).await.unwrap(), counted(1, 2));
        assert_eq!(findings(&domain).await, [""; 0]);
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_erased_or_recorded_while_a_hold_is_in_force() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        record_runs(&domain).await;
        let placed = domain.place_hold(&tenant(), &hold("case 9", "a court asks")).await.unwrap();
        assert!(placed.recorded && placed.hold.released.is_none());
        let again = domain.place_hold(&tenant(), &hold("case 9", "a court asks")).await.unwrap();
        assert!(!again.recorded);
        domain.place_hold(&tenant(), &hold("case 10", "another")).await.unwrap();
        let size = domain.size(&tenant()).await.unwrap();

        let held = domain.erase(&tenant(), &order(of_run("r1")), &|_| {}).await.unwrap_err();
        assert_eq!(held.fault(), Fault::Input);
        let DomainError::Held { holds, erased: 0, .. } = held else { panic!("{held}") };
        assert_eq!(holds, ["case 10", "case 9"]);
        assert_eq!(domain.size(&tenant()).await.unwrap(), size);

        domain.release_hold(&tenant(), &hold("case 10", "it is over")).await.unwrap();
        let held = domain.erase(&tenant(), &order(of_run("r1")), &|_| {}).await.unwrap_err();
        assert!(matches!(held, DomainError::Held { .. }), "{held}");
        let other = domain.release_hold(&tenant(), &hold("case 10", "said otherwise")).await;
        assert!(other.unwrap_err().to_string().contains("released before"));
        domain.release_hold(&tenant(), &hold("case 9", "the court is done")).await.unwrap();
        assert_eq!(erase(&domain, of_run("r1")).await, counted(3, 6));

        let reused = domain.place_hold(&tenant(), &hold("case 9", "again")).await.unwrap_err();
        assert!(reused.to_string().contains("a name is used once"), "{reused}");
        let unknown = domain.release_hold(&tenant(), &hold("case 1", "x")).await.unwrap_err();
        assert!(unknown.to_string().contains("has no hold `case 1`"), "{unknown}");
        let holds = domain.holds(&tenant()).await.unwrap();
        let names: Vec<_> = holds.iter().map(|h| (h.name.as_str(), h.released.is_some())).collect();
        assert_eq!(names, [("case 10", true), ("case 9", true)]);
        assert_eq!(findings(&domain).await, [""; 0]);
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn nobody_who_sends_facts_can_erase_hold_or_release() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        record_runs(&domain).await;
        for (kind, command) in [("content.erased", "factlog erase"), ("audit.hold", "factlog hold")]
        {
            let line = format!(
                r#"{{"kind":"{kind}","occurred_at":"2026-01-01T00:00:00Z","body":{{"seq":0,"pointer":"/body/prompt","event":"hold_placed","hold":"h"}}}}"#
            );
            let refused = record(&domain, &line).await.unwrap_err();
            assert!(refused.to_string().contains(command), "{refused}");
        }
        assert_eq!(domain.holds(&tenant()).await.unwrap(), []);
        assert_eq!(domain.size(&tenant()).await.unwrap(), 6);
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn orders_that_cannot_be_followed_erase_and_record_nothing() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        record_runs(&domain).await;
        let whole = ExportSubject::Period(Period::default());
        let mut silent = order(of_run("r1"));
        silent.authority = " ".to_owned();
        let mut nobody = order(of_run("r1"));
        nobody.by = Some(String::new());
        for (order, why) in [
            (order(of_run("r9")), "no fact of the run `r9`"),
            (order(Erasable::Entry { seq: 6, pointer: None }), "has 6 entries, and no entry 6"),
            (order(Erasable::Subject(whole)), "say from when or until when"),
            (silent, "the authority has 1 to 1000 characters"),
            (nobody, "subject id has 1 to 256 characters"),
        ] {
            let error = domain.erase(&tenant(), &order, &|_| {}).await.unwrap_err();
            assert_eq!(error.fault(), Fault::Input, "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
        assert_eq!(domain.size(&tenant()).await.unwrap(), 6);
        let all =
            Erasable::Subject(ExportSubject::Period(Period { since: None, until: Some(at(100)) }));
        assert_eq!(domain.erasable(&tenant(), &all).await.unwrap(), counted(6, 12));
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_service_that_may_only_add_erases_nothing_and_says_nothing() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database().await;
    let folder = tempfile::tempdir().unwrap();
    let builder = |url: &str| LogsDomain::builder(url).key_file(folder.path().join("factlog.key"));
    let owner = builder(&url).init("logs.test").await.unwrap();
    record_runs(&owner).await;
    let service = builder(&server.service(&url).await).open(Access::Write).await.unwrap();
    record(&service, r#"{"kind":"audit.event","occurred_at":"2026-01-01T00:00:00Z","body":{}}"#)
        .await
        .unwrap();
    let error = service.erase(&tenant(), &order(of_run("r1")), &|_| {}).await.unwrap_err();
    assert!(error.to_string().contains("log in as the owner of the tables"), "{error}");
    assert_eq!(service.size(&tenant()).await.unwrap(), 7);
    assert_eq!(erase(&owner, of_run("r1")).await, counted(3, 6));
}
