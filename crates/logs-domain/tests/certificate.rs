//! Certificates as a backend asks for them, in both databases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use logs_domain::{
    CertificateRequest, Certified, DeterminismLevel, Hint, Input, LogsDomain, PolicyScope,
    Timestamp, ValidAt, verify_certificate_file,
};
use support::{domains, run_id, tenant};

const FACTS: &str = r#"{"kind":"run.step","occurred_at":"2026-01-01T00:00:01Z","run_id":"r1","body":{"index":0,"skill":"refund","outcome":"x"}}
{"kind":"audit.authorization","occurred_at":"2026-01-01T00:00:05Z","run_id":"r1","policy_ids":["p-1"],"incident_ids":["inc-1"],"body":{"decision":"deny"}}
{"kind":"run.step","occurred_at":"2026-01-01T00:00:06Z","run_id":"r2","body":{"index":0,"skill":"pay"}}
"#;

async fn record(domain: &LogsDomain, lines: &str) {
    let input = Input::spool("lines", &mut lines.as_bytes(), 1 << 20).unwrap();
    domain.import(&tenant(), input, Hint::default()).await.unwrap();
}

fn requests() -> Vec<CertificateRequest> {
    let of = [
        Certified::LedgerCheckpoint,
        Certified::ReplayProof {
            original: run_id("r1"),
            replay: run_id("r2"),
            level: DeterminismLevel::Semantic,
        },
        Certified::PolicyAudit(PolicyScope::Run("r1".to_owned())),
        Certified::IncidentExport("inc-1".to_owned()),
    ];
    of.into_iter().map(|of| CertificateRequest { of, valid_until: None }).collect()
}

#[tokio::test]
async fn each_kind_is_issued_once_and_its_state_is_known() {
    let (folder, domains) = domains().await;
    for domain in domains {
        record(&domain, FACTS).await;
        let mut ids = Vec::new();
        for request in requests() {
            let issued = domain.issue_certificate(&tenant(), &request).await.unwrap();
            assert_eq!((issued.seq, issued.recorded), (3 + ids.len() as u64, true), "{request:?}");
            let file = folder.path().join("c.pem");
            std::fs::write(&file, issued.certificate.armoured()).unwrap();
            let keys = domain.verifier_keys(&tenant()).unwrap();
            let report = verify_certificate_file(&file, &keys, ValidAt::NotAsked).unwrap();
            assert_eq!((report.findings.as_slice(), report.holds), (&[][..], true), "{request:?}");
            let beside = domain.beside_the_ledger(report).await.unwrap();
            assert!(beside.holds && beside.proved.last().unwrap().contains("no revocation"));
            ids.push(issued.certificate.id);
        }
        for (request, id) in requests().iter().zip(&ids) {
            let again = domain.issue_certificate(&tenant(), request).await.unwrap();
            assert_eq!((again.certificate.id, again.recorded), (*id, false), "{request:?}");
        }
        assert_eq!(domain.size(&tenant()).await.unwrap(), 3 + 4);
        let listed = domain.certificates(&tenant(), u64::MAX, 500).await.unwrap();
        let newest_first: Vec<_> = listed.items.iter().map(|record| record.id).collect();
        assert_eq!(newest_first, ids.iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(listed.next, None);
        let report = domain.verify(&tenant(), &[], &|_| {}).await.unwrap();
        assert_eq!(report.findings, []);
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_revocation_is_a_fact_that_no_sender_can_stand_in_the_way_of() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        record(&domain, FACTS).await;
        let issued = domain.issue_certificate(&tenant(), &requests()[0]).await.unwrap();
        let id = issued.certificate.id;
        let squat = format!(
            r#"{{"kind":"certificate.revoked","occurred_at":"2026-01-01T00:00:00Z","key":"certificate.revoked:{id}","body":{{"id":"{id}","reason":"forged"}}}}"#
        );
        record(&domain, &squat).await;
        let state = domain.certificate(&tenant(), id).await.unwrap().unwrap();
        assert_eq!((state.seq, state.revoked), (issued.seq, None));
        let reason = "sent to ada.lovelace@example.com by mistake";
        let revoked = domain.revoke_certificate(&tenant(), id, reason).await.unwrap();
        assert!(revoked.recorded);
        let said = &revoked.revocation.reason;
        assert!(said.starts_with("sent to ") && !said.contains("lovelace@"), "{said}");
        let again = domain.revoke_certificate(&tenant(), id, reason).await.unwrap();
        assert_eq!((again.recorded, &again.revocation), (false, &revoked.revocation));
        let state = domain.certificate(&tenant(), id).await.unwrap().unwrap();
        assert_eq!(state.revoked, Some(revoked.revocation));
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_incident_does_not_grow_by_what_is_certified_of_it() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        record(&domain, FACTS).await;
        let until = Timestamp::parse("2999-01-01T00:00:00Z").ok();
        for valid_until in [None, until] {
            let of = Certified::IncidentExport("inc-1".to_owned());
            let request = CertificateRequest { of, valid_until };
            let issued = domain.issue_certificate(&tenant(), &request).await.unwrap();
            assert_eq!((issued.entries, issued.recorded), (1, true));
        }
        domain.close().await.unwrap();
    }
}
