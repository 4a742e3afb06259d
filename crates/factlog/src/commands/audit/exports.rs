//! `factlog audit exports`: which evidence left the house.

use logs_api::shape;
use logs_domain::{ExportFilter, ListRequest, LogsDomain, TenantId};
use serde_json::Value;

use super::AuditArgs;
use crate::commands::page::{bad, more, none, pages};
use crate::text::{Align, moment, or_dash, table};

/// A page of the exports that were completed.
pub(super) async fn exports(
    domain: &LogsDomain,
    tenant: &TenantId,
    args: &AuditArgs,
    run: Option<String>,
) -> anyhow::Result<(Value, String)> {
    let filter = ExportFilter { run, profile: args.profile.clone(), period: args.page.period() };
    let answer = pages(&args.page, async |limit, cursor| {
        let request = ListRequest::new(tenant, filter.clone(), limit, cursor).map_err(bad)?;
        Ok(domain.logs().exports(&request).await?)
    })
    .await?;
    let page = &answer.value;
    let rows: Vec<Vec<String>> = page
        .items
        .iter()
        .map(|export| {
            vec![
                export.seq.to_string(),
                moment(export.occurred_at),
                or_dash(export.profile.as_deref()),
                export.run_id.as_deref().map_or("–".into(), |run| run.chars().take(16).collect()),
                export.sha256.map_or("–".into(), |digest| digest.to_string()),
            ]
        })
        .collect();
    let heads = [
        ("entry", Align::Right),
        ("when (UTC)", Align::Left),
        ("profile", Align::Left),
        ("run", Align::Left),
        ("sha256 of the file", Align::Left),
    ];
    let text = if rows.is_empty() {
        none(page, format!("not recorded: tenant {tenant} has no such exports"))
    } else {
        table(&heads, &rows)
    };
    let json = shape::page(&answer, shape::export_record);
    Ok((json, text + &more(page)))
}
