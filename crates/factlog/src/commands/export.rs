//! `factlog export`

mod events;

use std::process::ExitCode;

use logs_domain::{
    Access, ExportRequest, ExportSubject, LogsDomain, Period, Profile, TenantId, Withhold,
};
use serde_json::json;

use super::Context;
use crate::args::{ExportAbout, ExportCommand, ExportPeriod, WithholdArg};
use crate::text::{count, tokens};

pub(crate) async fn run(context: &Context, command: ExportCommand) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Write).await?;
    let (request, to, tenant) = match command {
        ExportCommand::Events { from, out, tenant } => {
            return events::run(context, domain, from, &out, tenant).await;
        }
        ExportCommand::Evidence { about, withhold, to } => {
            let tenant = domain.tenant(to.tenant.tenant.clone()).await?;
            let subject = subject(&domain, &tenant, about).await?;
            (request(Profile::Evidence, subject, withhold), to, tenant)
        }
        ExportCommand::Soc2 { period, withhold, to } => {
            let tenant = domain.tenant(to.tenant.tenant.clone()).await?;
            (request(Profile::Soc2, of(&period), withhold), to, tenant)
        }
        ExportCommand::Executive { period, to } => {
            let tenant = domain.tenant(to.tenant.tenant.clone()).await?;
            (request(Profile::Executive, of(&period), None), to, tenant)
        }
    };
    let exported = domain.export(&tenant, &request, &to.out).await?;
    let key = domain.verifier_key(&tenant)?;
    domain.close().await?;
    let path = to.out.display().to_string();
    let run_id = match &request.subject {
        ExportSubject::Run(run) => Some(run.as_str()),
        ExportSubject::Incident(_) | ExportSubject::Actor { .. } | ExportSubject::Period(_) => None,
    };
    context.output.answer(
        &json!({
            "out": path,
            "profile": request.profile.as_str(),
            "run_id": run_id,
            "entries": exported.entries,
            "bytes": exported.bytes,
            "sha256": exported.sha256.to_string(),
            "tree_size": exported.tree_size,
        }),
        &format!(
            "wrote {path}: {}, {} bytes\nsha256 {}\ncheck it with: factlog bundle verify {path} --key {}\n",
            count(exported.entries, "entry", "entries"),
            tokens(exported.bytes),
            exported.sha256,
            key,
        ),
    )?;
    Ok(ExitCode::SUCCESS)
}

fn request(
    profile: Profile,
    subject: ExportSubject,
    withhold: Option<WithholdArg>,
) -> ExportRequest {
    let withhold = match withhold {
        Some(WithholdArg::Content) => Withhold::Content,
        None => Withhold::Nothing,
    };
    ExportRequest { profile, subject, withhold }
}

fn of(period: &ExportPeriod) -> ExportSubject {
    ExportSubject::Period(Period { since: Some(period.since), until: Some(period.until) })
}

async fn subject(
    domain: &LogsDomain,
    tenant: &TenantId,
    about: ExportAbout,
) -> anyhow::Result<ExportSubject> {
    let ExportAbout { run, incident, actor, since, until } = about;
    let period = Period { since, until };
    Ok(match (run, incident, actor) {
        (Some(run), _, _) => ExportSubject::Run(domain.run_id(tenant, &run).await?),
        (None, Some(incident), _) => ExportSubject::Incident(incident),
        (None, None, Some(name)) => ExportSubject::Actor { name, period },
        (None, None, None) => ExportSubject::Period(period),
    })
}
