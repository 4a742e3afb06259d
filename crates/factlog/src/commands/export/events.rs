//! `factlog export events`

use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use logs_domain::{DomainError, ExportedEvents, LogsDomain, WholeFile};
use serde_json::json;

use crate::args::Tenant;
use crate::commands::Context;
use crate::text::{count, tokens};

/// What is written at once to standard output, in bytes.
const AT_ONCE: usize = 1 << 16;

pub(super) async fn run(
    context: &Context,
    domain: LogsDomain,
    from: u64,
    out: &Path,
    tenant: Tenant,
) -> anyhow::Result<ExitCode> {
    let tenant = domain.tenant(tenant.tenant).await?;
    if out == Path::new("-") {
        let mut lines = BufWriter::with_capacity(AT_ONCE, std::io::stdout());
        let exported = match domain.export_events(&tenant, from, &mut lines).await {
            // `… | head` has read enough.
            Err(DomainError::File { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {
                domain.close().await?;
                return Ok(ExitCode::SUCCESS);
            }
            exported => exported?,
        };
        lines.flush()?;
        domain.close().await?;
        // Standard output is taken: what comes of it is a hint, and the last line has its `sequence`.
        context.output.hint(&text(&exported, "standard output"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = BufWriter::with_capacity(AT_ONCE, WholeFile::begin(out)?);
    let exported = domain.export_events(&tenant, from, &mut lines).await?;
    lines.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish()?;
    domain.close().await?;
    let path = out.display().to_string();
    let document = json!({
        "out": path,
        "profile": "events",
        "events": exported.events,
        "next": exported.next,
        "bytes": exported.bytes,
        "sha256": exported.sha256.to_string(),
    });
    context.output.answer(&document, &format!("{}\n", text(&exported, &path)))?;
    Ok(ExitCode::SUCCESS)
}

fn text(exported: &ExportedEvents, to: &str) -> String {
    let ExportedEvents { events, next, bytes, sha256 } = exported;
    format!(
        "wrote {to}: {}, {} bytes\nsha256 {sha256}\ngo on with: --from {next}",
        count(*events, "event", "events"),
        tokens(*bytes),
    )
}
