//! `factlog certificate list`

use std::process::ExitCode;

use logs_domain::{Access, CertificateRecord};
use serde_json::{Value, json};

use super::ListArgs;
use crate::commands::Context;
use crate::text::{Align, moment, or_dash, printable, table};

pub(super) async fn list(context: &Context, args: ListArgs) -> anyhow::Result<ExitCode> {
    let domain = context.open(Access::Read).await?;
    let tenant = domain.tenant(args.tenant.tenant).await?;
    let limit = usize::from(args.limit);
    let mut page = domain.certificates(&tenant, args.before.unwrap_or(u64::MAX), limit).await?;
    while let Some(before) = page.next.filter(|_| page.items.len() < limit) {
        let more = domain.certificates(&tenant, before, limit - page.items.len()).await?;
        page.items.extend(more.items);
        page.next = more.next;
    }
    domain.close().await?;
    let document = json!({
        "items": page.items.iter().map(item).collect::<Vec<_>>(),
        "has_more": page.next.is_some(),
        "next_before": page.next,
    });
    let mut text = match page.items.as_slice() {
        [] => format!("not recorded: tenant {tenant} has issued no such certificates\n"),
        items => table(&HEADS, &items.iter().map(row).collect::<Vec<_>>()),
    };
    if let Some(before) = page.next {
        text += &format!("more: add --before {before}\n");
    }
    context.output.answer(&document, &text)?;
    Ok(ExitCode::SUCCESS)
}

const HEADS: [(&str, Align); 6] = [
    ("entry", Align::Right),
    ("issued (UTC)", Align::Left),
    ("type", Align::Left),
    ("about", Align::Left),
    ("state", Align::Left),
    ("id", Align::Left),
];

fn row(record: &CertificateRecord) -> Vec<String> {
    let state = match (&record.revoked, record.valid_until) {
        (Some(revoked), _) => {
            format!("revoked {}: {}", moment(revoked.at), or_dash(Some(&revoked.reason)))
        }
        (None, Some(until)) => format!("valid until {}", moment(until)),
        (None, None) => "valid".to_owned(),
    };
    vec![
        record.seq.to_string(),
        moment(record.recorded_at),
        printable(&record.kind),
        or_dash(Some(&record.subject)),
        state,
        record.id.to_string(),
    ]
}

fn item(record: &CertificateRecord) -> Value {
    json!({
        "seq": record.seq,
        "id": record.id.to_string(),
        "type": record.kind,
        "subject": record.subject,
        "sha256": record.sha256,
        "recorded_at": record.recorded_at.to_string(),
        "valid_until": record.valid_until.map(|at| at.to_string()),
        "state": if record.revoked.is_some() { "revoked" } else { "valid" },
        "revoked": record.revoked.as_ref().map(|revoked| json!({
            "seq": revoked.seq,
            "at": revoked.at.to_string(),
            "reason": revoked.reason,
        })),
    })
}
