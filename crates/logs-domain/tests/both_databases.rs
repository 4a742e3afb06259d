//! The same facts in SQLite and in PostgreSQL: the same answers, the same findings, the same bytes out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};

use ledger_store::test_support::PostgresServer;
use logs_domain::{
    Access, CertificateRequest, Certified, DeterminismLevel, ExportRequest, ExportSubject, Hint,
    Input, ListRequest, LogsDomain, Period, Place, Profile, RunFilter, TenantId, Timestamp,
    Withhold,
};

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

/// Posts of the real captures that are named, in order of arrival.
fn bodies(folder: &str) -> Vec<PathBuf> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/tests/data/otel");
    let mut files: Vec<_> = std::fs::read_dir(captures.join(folder)).unwrap().flatten().collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let bodies = files.into_iter().map(|file| file.path());
    bodies
        .filter(|path| path.extension().is_some_and(|kind| kind != "jsonl" && kind != "md"))
        .collect()
}

struct Both {
    _folder: tempfile::TempDir,
    sqlite: LogsDomain,
    postgres: LogsDomain,
    out: PathBuf,
}

/// Captures recorded and signed in SQLite, and brought into PostgreSQL.
async fn both() -> Option<Both> {
    let server = PostgresServer::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_owned();
    let file = Place {
        url: format!("sqlite://{}", out.join("factlog.db").display()),
        key_file: out.join("factlog.key"),
    };
    let sqlite = LogsDomain::init(&file, "logs.test").await.unwrap();
    for folder in ["01_proto_plain", "02_proto_gzip_retry", "10_openai_agents", "mcp_spans"] {
        for body in bodies(folder) {
            let input = Input::open(&body, 64 << 20).unwrap();
            sqlite.import(&tenant(), input, Hint::default()).await.unwrap();
        }
    }
    sqlite.checkpoint(&tenant()).await.unwrap();
    let url = server.database().await;
    sqlite.reindex_into(&url, None, &|_, _| {}).await.unwrap();
    sqlite.close().await.unwrap();
    let server = Place { url, key_file: file.key_file.clone() };
    let sqlite = LogsDomain::open(&file, Access::Write).await.unwrap();
    let postgres = LogsDomain::open(&server, Access::Write).await.unwrap();
    Some(Both { _folder: folder, sqlite, postgres, out })
}

#[tokio::test]
async fn lists_runs_and_steps_are_the_same() {
    let Some(both) = both().await else { return };
    let tenant = tenant();
    let request = ListRequest::new(&tenant, RunFilter::default(), 500, None).unwrap();
    let (a, b) = (both.sqlite.logs(), both.postgres.logs());
    let page = a.runs(&request).await.unwrap().value;
    assert_eq!(b.runs(&request).await.unwrap().value, page);
    assert!(page.items.len() > 5, "{}", page.items.len());
    for run in &page.items {
        let run = both.sqlite.run_id(&tenant, &run.run_id).await.unwrap();
        let steps = a.steps(&tenant, &run).await.unwrap().value;
        assert_eq!(b.steps(&tenant, &run).await.unwrap().value, steps);
    }
}

#[tokio::test]
async fn both_ledgers_hold_and_sign_the_same_head() {
    let Some(both) = both().await else { return };
    let a = both.sqlite.verify(&tenant(), &[], &|_| {}).await.unwrap();
    let b = both.postgres.verify(&tenant(), &[], &|_| {}).await.unwrap();
    assert_eq!(a.findings, []);
    assert_eq!(b.findings, []);
    assert_eq!((a.entries, a.root), (b.entries, b.root));
    let proof = both.sqlite.prove_entry(&tenant(), 3).await.unwrap();
    assert_eq!(both.postgres.prove_entry(&tenant(), 3).await.unwrap(), proof);
}

#[tokio::test]
async fn exports_of_a_run_are_the_same_bytes() {
    let Some(both) = both().await else { return };
    let tenant = tenant();
    let page = both
        .sqlite
        .logs()
        .runs(&ListRequest::new(&tenant, RunFilter::default(), 500, None).unwrap())
        .await
        .unwrap();
    for (n, run) in page.value.items.iter().take(3).enumerate() {
        let run = both.sqlite.run_id(&tenant, &run.run_id).await.unwrap();
        let [a, b] = ["sqlite", "postgres"].map(|from| both.out.join(format!("{from}-{n}.zip")));
        let request = ExportRequest::evidence(ExportSubject::Run(run.clone()));
        both.sqlite.export(&tenant, &request, &a).await.unwrap();
        both.postgres.export(&tenant, &request, &b).await.unwrap();
        assert!(std::fs::read(a).unwrap() == std::fs::read(b).unwrap(), "{run}");
    }
}

#[tokio::test]
async fn a_soc2_package_is_the_same_bytes() {
    let Some(both) = both().await else { return };
    let day = |text: &str| Timestamp::parse(text).ok();
    let period = Period { since: day("2026-11-23T00:00:00Z"), until: day("2026-11-24T00:00:00Z") };
    let request = ExportRequest {
        profile: Profile::Soc2,
        subject: ExportSubject::Period(period),
        withhold: Withhold::Nothing,
    };
    let [a, b] = ["sqlite", "postgres"].map(|from| both.out.join(format!("{from}-soc2.zip")));
    both.sqlite.export(&tenant(), &request, &a).await.unwrap();
    both.postgres.export(&tenant(), &request, &b).await.unwrap();
    assert!(std::fs::read(a).unwrap() == std::fs::read(b).unwrap());
}

#[tokio::test]
async fn certificates_are_the_same_bytes() {
    let Some(both) = both().await else { return };
    let tenant = tenant();
    let request = ListRequest::new(&tenant, RunFilter::default(), 500, None).unwrap();
    let page = both.sqlite.logs().runs(&request).await.unwrap().value;
    let run = &page.items[0].run_id;
    let run = both.sqlite.run_id(&tenant, run).await.unwrap();
    let (replay, level) = (run.clone(), DeterminismLevel::Strict);
    for of in [Certified::LedgerCheckpoint, Certified::ReplayProof { original: run, replay, level }]
    {
        let request = CertificateRequest { of, valid_until: None };
        let a = both.sqlite.issue_certificate(&tenant, &request).await.unwrap();
        let b = both.postgres.issue_certificate(&tenant, &request).await.unwrap();
        assert_eq!(a, b);
    }
}
