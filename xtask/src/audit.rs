//! `cargo xtask blca`.

use std::path::PathBuf;

use blca::{Coverage, Finding, Picture, Report, Request, Stop, catalogue};
use clap::ValueEnum;

#[derive(clap::Args)]
#[command(after_help = "Exit status: 0 clean, 1 violations, 2 bad declaration or usage, \
                        3 analysis incomplete (never a pass)")]
pub(crate) struct Args {
    /// What to do; an audit is what is done anyway
    #[arg(value_enum, hide = true)]
    action: Option<Action>,
    /// Workspace to audit (default: the nearest folder upwards that has a blca.toml)
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Form of the report
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Report the findings of one rule only, for example D003 or BLCA-D003
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Report only what lies in files that differ from the last commit
    #[arg(long)]
    changed: bool,
    /// Compare the expiry of exceptions and unlocked domains with this date (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Draw the layers instead
    #[arg(long, value_enum, value_name = "FORM")]
    graph: Option<GraphForm>,
    /// Show every way by which crate A reaches package B instead
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    why: Option<Vec<String>>,
    /// Explain a rule instead, or all of them with `all`
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// Never touch the network, even where cargo's registry lacks something
    #[arg(long)]
    offline: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Action {
    Check,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// The audit form
    Human,
    /// One JSON document
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// GitHub's workflow commands
    Github,
}

#[derive(Clone, Copy, ValueEnum)]
enum GraphForm {
    /// For Markdown pages
    Mermaid,
    /// For Graphviz
    Dot,
}

pub(crate) fn run(args: Args) -> Result<u8, Stop> {
    let (Some(Action::Check) | None) = args.action;
    if let Some(id) = &args.explain {
        return explain(id);
    }
    let request = Request {
        root: crate::root(args.root)?,
        rule: args.rule,
        offline: args.offline,
        as_of: args.as_of,
        changed: args.changed,
    };
    if let Some(form) = args.graph {
        let form = match form {
            GraphForm::Mermaid => Picture::Mermaid,
            GraphForm::Dot => Picture::Dot,
        };
        print!("{}", blca::picture(&request, form)?);
        return Ok(0);
    }
    if let Some([from, to]) = args.why.as_deref() {
        print!("{}", blca::why(&request, from, to)?);
        return Ok(0);
    }
    let report = match (blca::audit(&request), args.format) {
        // Whoever reads a document gets one that says there is no verdict.
        (Err(Stop::Incomplete(why)), Format::Json | Format::Sarif | Format::Github) => {
            let finding = Finding {
                rule: "G001".to_owned(),
                file: "Cargo.toml".to_owned(),
                subject: "analysis".to_owned(),
                message: why,
                ..Finding::default()
            };
            Report::new(vec![finding], Coverage::default())
        }
        (outcome, _) => outcome?,
    };
    let text = match args.format {
        Format::Human => report.human(),
        Format::Json => report.json(),
        Format::Sarif => report.sarif(),
        Format::Github => report.github(),
    };
    print!("{text}");
    Ok(report.status())
}

fn explain(id: &str) -> Result<u8, Stop> {
    if id == "all" {
        let pages = catalogue::all().iter().filter_map(|rule| catalogue::explain(&rule.id));
        print!("{}", pages.collect::<Vec<_>>().join("\n"));
        return Ok(0);
    }
    let page = catalogue::explain(id).ok_or_else(|| {
        let ids: Vec<&str> = catalogue::all().iter().map(|rule| rule.id.as_str()).collect();
        Stop::Declaration(format!("no rule `{id}` (rules: {})", ids.join(", ")))
    })?;
    print!("{page}");
    Ok(0)
}
