//! How long pages of lists take, each asked again and again in one process: `cargo run --release -p
//! logs-domain --example lists -- URL TENANT [OPTION=VALUE …]`, where an option is one of the filters.

use std::time::Instant;

use logs_domain::{
    Access, AuditFilter, ListRequest, LogsDomain, Period, Place, RunFilter, RunStatus,
    SystemFilter, TenantId, Timestamp, default_key_file,
};

type Failure = Box<dyn std::error::Error>;

const TIMES: u32 = 21;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("which database?")?;
    let tenant = TenantId::parse(&arguments.next().ok_or("whose facts?")?)?;
    let asked: Vec<(String, String)> = arguments
        .filter_map(|text| text.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())))
        .collect();
    let place = Place { key_file: default_key_file(&url), url };
    let domain = LogsDomain::open(&place, Access::Read).await?;
    let since = asked.iter().find(|(name, _)| name == "since").map(|(_, at)| at.as_str());
    let until = asked.iter().find(|(name, _)| name == "until").map(|(_, at)| at.as_str());
    let period = Period {
        since: since.map(Timestamp::parse).transpose()?,
        until: until.map(Timestamp::parse).transpose()?,
    };
    let mut runs = vec![("all".to_owned(), RunFilter::default())];
    let mut audit = vec![("all".to_owned(), AuditFilter::default())];
    let mut system = vec![("all".to_owned(), SystemFilter::default())];
    for (name, value) in &asked {
        let (label, some) = (format!("{name}={value}"), Some(value.clone()));
        let (all_runs, all_audit, all_system) =
            (RunFilter::default(), AuditFilter::default(), SystemFilter::default());
        match name.as_str() {
            "agent" => runs.push((label, RunFilter { agent: some, ..all_runs })),
            "provider" => runs.push((label, RunFilter { provider: some, ..all_runs })),
            "model" => runs.push((label, RunFilter { model: some, ..all_runs })),
            "correlation" => runs.push((label, RunFilter { correlation: some, ..all_runs })),
            "seed" => runs.push((label, RunFilter { seed: some, ..all_runs })),
            "plan_hash" => runs.push((label, RunFilter { plan_hash: some, ..all_runs })),
            "root_hash" => runs.push((label, RunFilter { root_hash: some, ..all_runs })),
            "synthetic" => {
                runs.push((label, RunFilter { synthetic: Some(value == "true"), ..all_runs }));
            }
            "status" => {
                let status = match value.as_str() {
                    "running" => RunStatus::Running,
                    "failed" => RunStatus::Failed,
                    "aborted" => RunStatus::Aborted,
                    _ => RunStatus::Completed,
                };
                runs.push((label, RunFilter { status: Some(status), ..all_runs }));
            }
            "actor" => audit.push((label, AuditFilter { actor: some, ..all_audit })),
            "tool" => audit.push((label, AuditFilter { tool: some, ..all_audit })),
            "outcome" => audit.push((label, AuditFilter { outcome: some, ..all_audit })),
            "policy" => audit.push((label, AuditFilter { policy: some, ..all_audit })),
            "incident" => audit.push((label, AuditFilter { incident: some, ..all_audit })),
            "component" => system.push((label, SystemFilter { component: some, ..all_system })),
            "severity" => system.push((label, SystemFilter { severity: some, ..all_system })),
            "event" => {
                audit.push((label.clone(), AuditFilter { event: some.clone(), ..all_audit }));
                system.push((label, SystemFilter { event: some, ..all_system }));
            }
            _ => {}
        }
    }
    if !period.is_open() {
        runs.push(("period".to_owned(), RunFilter { period, ..RunFilter::default() }));
        audit.push(("period".to_owned(), AuditFilter { period, ..AuditFilter::default() }));
        system.push(("period".to_owned(), SystemFilter { period, ..SystemFilter::default() }));
    }
    let logs = domain.logs();
    macro_rules! time {
        ($list:literal, $filters:expr, $method:ident) => {
            for (label, filter) in $filters {
                let (mut times, mut items) = (Vec::new(), 0);
                for _ in 0..TIMES {
                    let request = ListRequest::new(&tenant, filter.clone(), 20, None)?;
                    let start = Instant::now();
                    items = logs.$method(&request).await?.value.items.len();
                    times.push(start.elapsed().as_micros());
                }
                times.sort_unstable();
                let median = times.get(times.len() / 2).copied().unwrap_or_default();
                println!("{:8} {median:7} µs  {items:3} items  {label}", $list);
            }
        };
    }
    time!("runs", runs, runs);
    time!("audit", audit, audit);
    time!("system", system, system);
    domain.close().await?;
    Ok(())
}
