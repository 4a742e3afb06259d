//! `factlog serve`

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use logs_api::{ApiKeys, Callers, Limits, Server};
use logs_domain::{Access, CheckpointPolicy, TenantId};
use serde_json::json;

use super::Context;
use super::import::{redactor, tenant};
use crate::output::raw;
use crate::text::printable;

/// What an agent's process is given, besides where to post: SDKs ask for a protocol, and leave prompts
/// and answers out unless they are told otherwise.
const ENVIRONMENT: [(&str, &str); 2] = [
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
];

/// Where to listen, and for whom.
#[derive(Args)]
pub(crate) struct ServeArgs {
    /// The address to listen on; without --api-keys one of this machine's own.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4318")]
    listen: SocketAddr,
    /// Whose facts; by default the only tenant of the database, else `default`.
    #[arg(long, short)]
    tenant: Option<TenantId>,
    /// Ask every caller for a key, of those in this file (`factlog api-key new`); each is for one
    /// tenant.
    #[arg(long, value_name = "FILE", conflicts_with = "tenant")]
    api_keys: Option<PathBuf>,
    /// The most that a body may have, as it comes and inflated, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    max_body: u64,
    /// More that is to be taken out before anything is stored: names of fields and patterns (TOML or
    /// JSON; see docs/OPERATIONS.md).
    #[arg(long, value_name = "FILE")]
    redact: Option<PathBuf>,
    /// Sign a checkpoint as soon as so many entries are unsigned.
    #[arg(long, value_name = "ENTRIES")]
    checkpoint_every: Option<NonZeroU64>,
    /// Sign a checkpoint as soon as the last one is so many seconds old and entries are unsigned; one is
    /// signed at the end in any case.
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    checkpoint_after: NonZeroU64,
}

pub(crate) async fn run(context: &Context, args: ServeArgs) -> anyhow::Result<ExitCode> {
    let policy = CheckpointPolicy {
        every_entries: args.checkpoint_every,
        every: Some(Duration::from_secs(args.checkpoint_after.get())),
        at_close: true,
    };
    let builder = context.builder().redactor(redactor(args.redact.as_deref())?).checkpoints(policy);
    let domain = Arc::new(builder.open(Access::Write).await?);
    let callers = match args.api_keys {
        Some(file) => Callers::Holders(ApiKeys::read(&file)?),
        None => Callers::ThisMachine(tenant(&domain, args.tenant).await?),
    };
    let max_body_bytes = args.max_body.saturating_mul(1024 * 1024);
    let limits = Limits { max_body_bytes, ..Limits::default() };
    let output = context.output;
    let report = Arc::new(move |line: &str| output.hint(&printable(line)));
    // Before anybody learns the address, so that whoever knows it can also stop the process.
    let stop = stop_signal()?;
    let served = Arc::clone(&domain);
    let server = Server::bind(args.listen, served, callers.clone(), limits, report).await?;
    say(context, &callers, server.address())?;
    server.run(stop).await;
    let domain = Arc::into_inner(domain).context("the database is still in use")?;
    domain.close().await?;
    Ok(ExitCode::SUCCESS)
}

fn say(context: &Context, callers: &Callers, address: SocketAddr) -> anyhow::Result<()> {
    let (url, database) = (format!("http://{address}"), context.place.shown());
    // All addresses are none to post to.
    let all = address.ip().is_unspecified();
    let endpoint = if all { format!("http://HOST:{}", address.port()) } else { url.clone() };
    let mut environment = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
    environment.extend(ENVIRONMENT);
    let tenant = match callers {
        Callers::ThisMachine(tenant) => Some(tenant.as_str()),
        Callers::Holders(_) => {
            environment.push(("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20KEY"));
            None
        }
    };
    let console = format!("{endpoint}/");
    if context.output.json {
        // One line, so that whoever starts the process can read it while the process goes on.
        let environment: serde_json::Map<_, _> =
            environment.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let document = json!({
            "listening": url,
            "console": console,
            "tenant": tenant,
            "database": database,
            "environment": environment,
        });
        return raw(&format!("{document}\n"));
    }
    let tenant = tenant.unwrap_or("of each key");
    let mut text = format!(
        "listening on  {url}\nconsole       {console}\ntenant        {tenant}\ndatabase      {database}\n\n\
         for the agent's environment:\n"
    );
    for (name, value) in environment {
        text.push_str(&format!("  export {name}={value}\n"));
    }
    raw(&text)?;
    context
        .output
        .hint("\nstop it with Ctrl-C: what was begun is finished, and the ledger is signed");
    Ok(())
}

/// The status of a process that SIGINT ended, as shells tell it.
#[cfg(unix)]
const INTERRUPTED: i32 = 130;

/// Ready when the process is asked to end: by Ctrl-C, or as services are stopped.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            // Whoever asks by hand once more does not want to wait. What was acknowledged is recorded.
            tokio::spawn(async move {
                interrupt.recv().await;
                std::process::exit(INTERRUPTED);
            });
        })
    }
    #[cfg(not(unix))]
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
