//! `factlog demo`: the whole of factlog on a fresh folder, with real input.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use logs_domain::{
    Access, ExportRequest, ExportSubject, Hint, ImportSummary, LogsDomain, Place, TenantId,
    gaps_of_run,
};
use owo_colors::OwoColorize as _;
use serde_json::json;

use super::Context;
use super::{bundle, import, ledger};
use crate::args::DemoArgs;
use crate::fail::{BadInput, DOES_NOT_HOLD};
use crate::output::width;
use crate::text::tokens;
use crate::timeline;

/// A captured body: whose, its file name, its bytes.
struct Capture {
    tenant: &'static str,
    name: &'static str,
    bytes: &'static [u8],
}

macro_rules! captures {
    ($($tenant:literal: $($name:literal),+;)+) => {
        &[$($(Capture {
            tenant: $tenant,
            name: $name,
            bytes: include_bytes!(concat!("../../captures/", $name)),
        }),+),+]
    };
}

const CAPTURES: &[Capture] = captures! {
    "acme": "o1_01_logs.pb", "o1_02_traces.pb", "o1_03_logs.pb", "o1_04_metrics.pb",
        "stdio_2025-11-25.jsonl";
    "globex": "o2_01_traces.pb.gz", "o2_02_traces.pb.gz", "o2_03_traces.pb.gz",
        "o2_04_traces.pb.gz", "o2_05_traces.pb.gz", "o2_06_logs.pb.gz";
    "initech": "o3_01_logs.json.gz", "o3_02_traces.json.gz", "o3_03_logs.json.gz";
};

/// A recorded policy decision, and what somebody would rather have had it say.
const RECORDED: &[u8] = br#""policy.outcome":"escalate""#;
const FORGED: &[u8] = br#""policy.outcome":"approved""#;

struct Demo<'c> {
    context: &'c Context,
    folder: PathBuf,
    place: Place,
}

pub(crate) async fn run(context: &Context, args: DemoArgs) -> anyhow::Result<ExitCode> {
    let folder = args.folder;
    fs::create_dir(&folder).map_err(|error| {
        BadInput(format!(
            "cannot make the demo folder `{}`: {error} (name one that is not there)",
            folder.display()
        ))
    })?;
    let place = Place {
        url: format!("sqlite://{}", folder.join("factlog.db").display()),
        key_file: folder.join("factlog.key"),
    };
    Demo { context, folder, place }.run().await
}

impl Demo<'_> {
    async fn run(&self) -> anyhow::Result<ExitCode> {
        self.say("1", "A fresh database and a signing key", "factlog init")?;
        let domain = LogsDomain::init(&self.place, "demo.factlog.local").await?;

        self.say("2", "Import what real SDKs posted", "factlog import captures/*")?;
        let summary = self.import(&domain).await?;
        let again = self.import(&domain).await?;
        self.tell(&format!(
            "The same files once more: {} new facts, {} duplicates.\n",
            tokens(again.facts),
            tokens(again.duplicates)
        ))?;

        let acme = tenant("acme")?;
        let globex = tenant("globex")?;
        self.say("3", "Show a run", "factlog run --tenant acme …")?;
        let run = self.show_run(&domain, &acme, "support-copilot").await?;

        self.say("4", "Sign each tenant's ledger and verify everything", "factlog ledger verify")?;
        let tenants = domain.tenants().await?;
        for tenant in &tenants {
            domain.checkpoint(tenant).await?;
        }
        let reports = ledger::verify(self.context.output, &domain, &tenants, &[]).await?;
        self.tell(&ledger::human(&reports))?;
        let honest = reports.iter().all(|report| report.findings.is_empty());

        self.say(
            "5",
            "Export the run, and check the file as a stranger would",
            "factlog export evidence … · factlog bundle verify …",
        )?;
        let out = self.folder.join("evidence.zip");
        let request = ExportRequest::evidence(ExportSubject::Run(run));
        domain.export(&acme, &request, &out).await?;
        let key = domain.verifier_key(&acme)?;
        let report = logs_domain::verify_bundle_file(&out, std::slice::from_ref(&key))?;
        self.tell(&bundle::human(&report))?;

        self.say(
            "6",
            "Somebody changes a recorded decision in a copy, around the triggers",
            "factlog --database-url tampered.db ledger verify",
        )?;
        domain.close().await?;
        let found = self.tamper(&globex).await?;

        self.tell(&self.places(&key.to_string()))?;
        let holds = honest && report.holds && found;
        self.context.output.answer(
            &json!({
                "holds": holds,
                "folder": self.folder.display().to_string(),
                "facts": summary.facts,
                "duplicates_on_second_import": again.duplicates,
                "redactions": summary.redacted.total(),
                "bundle_holds": report.holds,
                "tampering_found": found,
            }),
            "",
        )?;
        Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) })
    }

    async fn import(&self, domain: &LogsDomain) -> anyhow::Result<ImportSummary> {
        let captures = self.folder.join("captures");
        fs::create_dir_all(&captures)?;
        let mut total = ImportSummary::default();
        for capture in CAPTURES {
            let file = captures.join(capture.name);
            fs::write(&file, capture.bytes)?;
            let tenant = tenant(capture.tenant)?;
            let limit = 64 * 1024 * 1024;
            let hint = Hint { format: None, signal: None };
            let summary = import::import(self.context, domain, &tenant, &file, hint, limit).await?;
            if summary.facts > 0 {
                self.tell(&format!(
                    "  {:8} {:26} {:>3} facts, {:>3} redactions\n",
                    capture.tenant,
                    capture.name,
                    summary.facts,
                    summary.redacted.total()
                ))?;
            }
            total.add(summary);
        }
        Ok(total)
    }

    async fn show_run(
        &self,
        domain: &LogsDomain,
        tenant: &TenantId,
        agent: &str,
    ) -> anyhow::Result<logs_domain::RunId> {
        let filter = logs_domain::RunFilter::default();
        let request = logs_domain::ListRequest::new(tenant, filter, 50, None)?;
        let page = domain.logs().runs(&request).await?.value;
        let summary = page
            .items
            .into_iter()
            .find(|run| run.llm_calls > 0)
            .ok_or_else(|| anyhow::anyhow!("the capture of {agent} has no run"))?;
        let run = domain.run_id(tenant, &summary.run_id).await?;
        let steps = domain.logs().steps(tenant, &run).await?.value;
        let gaps = gaps_of_run(summary.status, &steps);
        self.tell(&timeline::draw(&summary, &steps, &gaps, width()))?;
        Ok(run)
    }

    /// Edits the file of a copy with no help of the database: no trigger, no role, no log sees it.
    async fn tamper(&self, tenant: &TenantId) -> anyhow::Result<bool> {
        let copy = self.folder.join("tampered.db");
        let mut bytes = fs::read(self.folder.join("factlog.db"))?;
        let at = find(&bytes, RECORDED)
            .ok_or_else(|| anyhow::anyhow!("the recorded decision is not in the database file"))?;
        let slot = bytes.get_mut(at..at + FORGED.len());
        slot.ok_or_else(|| anyhow::anyhow!("the file is shorter than it was"))?
            .copy_from_slice(FORGED);
        fs::write(&copy, bytes)?;
        self.tell("  \"policy.outcome\":\"escalate\" became \"policy.outcome\":\"approved\"\n\n")?;

        let place = Place {
            url: format!("sqlite://{}", copy.display()),
            key_file: self.place.key_file.clone(),
        };
        let domain = LogsDomain::open(&place, Access::Read).await?;
        let tenants = std::slice::from_ref(tenant);
        let reports = ledger::verify(self.context.output, &domain, tenants, &[]).await?;
        self.tell(&ledger::human(&reports))?;
        domain.close().await?;
        Ok(reports.iter().any(|report| !report.findings.is_empty()))
    }

    fn places(&self, key: &str) -> String {
        let at = |name: &str| self.folder.join(name).display().to_string();
        let (database, evidence) = (at("factlog.db"), at("evidence.zip"));
        format!(
            "\n{}\n  database   {database}\n  key        {}  (secret)\n  evidence   {evidence}\n  tampered   {}\n\nTry next\n  factlog --database-url {database} runs --tenant initech\n  factlog --database-url {database} serve --tenant acme    and open http://127.0.0.1:4318/\n  factlog bundle verify {evidence} --key {key}\n  unzip {evidence} index.html    and open it in a browser, without a network: it checks the file there\n",
            "Where things are".bold(),
            at("factlog.key"),
            at("tampered.db"),
        )
    }

    fn say(&self, number: &str, title: &str, command: &str) -> anyhow::Result<()> {
        self.tell(&format!(
            "\n{} {}\n  {}\n\n",
            number.cyan().bold(),
            title.bold(),
            format!("$ {command}").dimmed()
        ))
    }

    fn tell(&self, text: &str) -> anyhow::Result<()> {
        if self.context.output.json {
            return Ok(());
        }
        self.context.output.answer(&serde_json::Value::Null, text)
    }
}

fn tenant(name: &str) -> Result<TenantId, BadInput> {
    TenantId::parse(name).map_err(|error| BadInput(error.to_string()))
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}
