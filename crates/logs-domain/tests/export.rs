//! What is exported of a period, an incident, an actor, and for whom.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use logs_domain::{
    BundleReport, Clock, DomainError, ExportRequest, ExportSubject, Fault, Hint, Input, LogsDomain,
    Period, Profile, Timestamp, Withhold, verify_bundle_file,
};
use support::{at, domains_with, tenant};

/// Says the second that it is set to.
#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::Relaxed))
    }
}

/// When each entry was recorded and when it happened. The first three names are those of its actors.
const ENTRIES: [(i64, i64, &str); 7] = [
    (5, 5, "ann"),
    (12, 3, "ann"),
    (15, 14, "bob"),
    (25, 24, "bob"),
    (28, 28, "ann"),
    // Recorded late.
    (30, 16, "ann"),
    (40, 40, "bob"),
];

async fn record(domain: &LogsDomain, clock: &Hand, entries: &[(i64, i64, &str)]) {
    for (recorded, occurred, actor) in entries {
        clock.0.store(*recorded, Ordering::Relaxed);
        let line = serde_json::json!({
            "kind": "audit.event",
            "occurred_at": at(*occurred).to_string(),
            "body": { "event": format!("did {occurred}"), "prompt": format!("about {recorded}") },
            "commit": ["/prompt"],
            "actor": { "kind": "human", "subject": actor },
            "incident_ids": if *actor == "bob" { vec!["inc-1"] } else { Vec::new() },
        });
        let line = format!("{line}\n");
        let input = Input::spool("lines", &mut line.as_bytes(), 1 << 20).unwrap();
        let summary = domain.import(&tenant(), input, Hint::default()).await.unwrap();
        assert_eq!(summary.facts, 1, "{summary:?}");
    }
}

fn period(since: i64, until: i64) -> ExportSubject {
    ExportSubject::Period(Period { since: Some(at(since)), until: Some(at(until)) })
}

async fn export(
    domain: &LogsDomain,
    request: &ExportRequest,
    out: &Path,
) -> (Vec<u8>, BundleReport) {
    domain.export(&tenant(), request, out).await.unwrap();
    let key = domain.verifier_key(&tenant()).unwrap();
    let report = verify_bundle_file(out, &[key]).unwrap();
    assert!(report.holds, "{:#?}", report.findings);
    (std::fs::read(out).unwrap(), report)
}

fn claims_all(report: &BundleReport) -> bool {
    report.proved.iter().any(|text| text.contains("recorded") && text.contains("left out: what is"))
}

/// Files that are not there yet.
struct Files(tempfile::TempDir, u32);

impl Files {
    fn next(&mut self) -> PathBuf {
        self.1 += 1;
        self.0.path().join(format!("{}.zip", self.1))
    }
}

#[tokio::test]
async fn a_period_holds_what_happened_or_was_recorded_in_it_and_its_borders() {
    let clock = Arc::new(Hand::default());
    let (folder, domains) = domains_with(|builder| builder.clock(clock.clone())).await;
    let mut files = Files(folder, 0);
    for domain in domains {
        record(&domain, &clock, &ENTRIES).await;
        let request = ExportRequest::evidence(period(10, 20));
        let (first, report) = export(&domain, &request, &files.next()).await;
        // 1 and 2 were recorded in it, 0 and 3 lie beside them, 5 came late.
        assert_eq!(report.summary.entries, 5);
        assert!(claims_all(&report), "{:#?}", report.proved);
        let contents = (report.summary.contents_included, report.summary.contents_withheld);
        assert_eq!(contents, (3, 2), "those at the borders stay back");
        // What comes later changes nothing, the export's own fact neither.
        record(&domain, &clock, &[(50, 50, "ann")]).await;
        let (second, _) = export(&domain, &request, &files.next()).await;
        assert!(first == second);
        // Another fact of the period does.
        record(&domain, &clock, &[(60, 11, "ann")]).await;
        let (_, report) = export(&domain, &request, &files.next()).await;
        assert_eq!(report.summary.entries, 6);
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_period_without_facts_is_shown_to_be_without() {
    let clock = Arc::new(Hand::default());
    let (folder, domains) = domains_with(|builder| builder.clock(clock.clone())).await;
    let mut files = Files(folder, 0);
    for domain in domains {
        record(&domain, &clock, &ENTRIES).await;
        for (since, until, borders) in [(6, 7, 2), (0, 2, 1), (41, 99, 2), (201, 300, 1)] {
            let request = ExportRequest {
                profile: Profile::Executive,
                subject: period(since, until),
                withhold: Withhold::Nothing,
            };
            let (_, report) = export(&domain, &request, &files.next()).await;
            assert_eq!(report.summary.entries, borders, "{since} to {until}");
            assert!(claims_all(&report), "{since} to {until}: {:#?}", report.proved);
            assert_eq!(report.summary.contents_included, 0);
            // That it was exported is the last fact from now on.
            clock.0.store(200, Ordering::Relaxed);
        }
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_incident_and_an_actor_have_their_entries_and_no_others() {
    let clock = Arc::new(Hand::default());
    let (folder, domains) = domains_with(|builder| builder.clock(clock.clone())).await;
    let mut files = Files(folder, 0);
    for domain in domains {
        record(&domain, &clock, &ENTRIES).await;
        let actor = |since, until| ExportSubject::Actor {
            name: "ann".to_owned(),
            period: Period { since, until },
        };
        for (subject, entries) in [
            (ExportSubject::Incident("inc-1".to_owned()), 3),
            (actor(None, None), 4),
            (actor(Some(at(5)), Some(at(17))), 2),
        ] {
            let request = ExportRequest::evidence(subject);
            let (_, report) = export(&domain, &request, &files.next()).await;
            assert_eq!(report.summary.entries, entries, "{request:?}");
            assert!(report.not_proved.iter().any(|text| text.contains("no further entry")));
        }
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_answered_says_why_and_leaves_nothing_behind() {
    let clock = Arc::new(Hand::default());
    let (folder, mut domains) = domains_with(|builder| builder.clock(clock.clone())).await;
    let mut files = Files(folder, 0);
    let domain = domains.remove(0);
    record(&domain, &clock, &ENTRIES).await;
    let open = ExportSubject::Period(Period::default());
    let half = ExportSubject::Period(Period { since: Some(at(1)), until: None });
    let nobody = ExportSubject::Incident("inc-2".to_owned());
    for (profile, subject) in [
        (Profile::Evidence, open),
        (Profile::Evidence, nobody.clone()),
        (Profile::Evidence, period(20, 10)),
        (Profile::Soc2, half.clone()),
        (Profile::Executive, half),
        (Profile::Soc2, nobody),
    ] {
        let request = ExportRequest { profile, subject, withhold: Withhold::Nothing };
        let out = files.next();
        let error: DomainError = domain.export(&tenant(), &request, &out).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Input, "{request:?}: {error}");
        assert!(!out.exists());
    }
    domain.close().await.unwrap();
}
