//! One audit, from the declaration to the report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cache::{Cache, key};
use crate::checks::{self, Context, FileIn, Verdict, headers};
use crate::files::{Listing, normalised, read, relative};
use crate::graph::{self, GraphVerdict, House, Member, Picture};
use crate::migrations::{self, Tables};
use crate::topology::Topology;
use crate::{
    Coverage, Finding, Report, Request, Stop, across, catalogue, changed, exceptions, lock,
};

/// Audits a workspace.
///
/// # Errors
/// [`Stop`]: there is no verdict, which is never a pass.
pub fn audit(request: &Request) -> Result<Report, Stop> {
    let only = match &request.rule {
        None => None,
        Some(id) => Some(
            catalogue::find(id)
                .ok_or_else(|| Stop::Declaration(format!("no rule `{id}` (see `--explain`)")))?
                .id
                .to_string(),
        ),
    };
    if let Some(date) = request.as_of.as_deref().filter(|date| !exceptions::is_date(date)) {
        return Err(Stop::Declaration(format!("--as-of `{date}` is no date (YYYY-MM-DD)")));
    }
    let root = open(&request.root)?;
    let topology = Topology::read(&root)?;
    let listing = Listing::of(&root);
    let cache = Cache::open(&root);

    let graph = judge_graph(&root, &topology, &listing, &cache, request.offline)?;
    let mut findings = graph.findings.clone();
    let tables = migrations::check(&root, &topology, &listing, &mut findings)?;
    let crates = judge_crates(&root, &topology, &tables, &graph.members, &listing, &cache)?;
    cache.close();

    let files = crates.iter().map(|krate| krate.files.len()).sum();
    for krate in &crates {
        findings.extend(krate.findings.iter().cloned());
        findings
            .extend(krate.files.values().flat_map(|file| file.verdict.findings.iter().cloned()));
    }
    across::check(&root, &topology, &tables, &crates, &listing, &mut findings)?;
    findings.extend(troubles(&root, &topology, &graph.members, &listing));
    findings.extend(lock::check(&root, request.as_of.as_deref(), &topology.locked)?);

    let exceptions_in_force = exceptions::apply(&topology, request.as_of.as_deref(), &mut findings);
    let dead = findings.iter().filter(|f| f.rule == "T008");
    let mut without_subject: Vec<String> = dead
        .flat_map(|f| match &f.subject {
            facade if topology.facades.contains(facade) => ["F001", "F002", "F003"].as_slice(),
            folder if topology.migrations.contains(folder) => &["S002", "S005"],
            _ => &["D001", "D002"],
        })
        .map(|id| format!("BLCA-{id}"))
        .collect();
    without_subject.sort();
    without_subject.dedup();
    // A file that does not parse hides what any rule would say: it stays.
    if let Some(id) = only {
        findings.retain(|f| f.rule == id || f.rule == "G001");
    }
    if request.changed {
        let changed = changed::files(&root)?;
        findings.retain(|f| changed.contains(&f.file) || f.rule == "G001");
    }
    let coverage = Coverage {
        crates: crates.len(),
        files,
        rules_run: catalogue::all().len(),
        rules_without_subject: without_subject,
        exceptions_in_force,
    };
    Ok(Report::new(findings, coverage))
}

/// The files that an audit reads and parses: every source that a target of a layer crate reaches.
///
/// # Errors
/// [`Stop`], as for [`audit`].
pub fn sources(request: &Request) -> Result<Vec<PathBuf>, Stop> {
    let root = open(&request.root)?;
    let topology = Topology::read(&root)?;
    let listing = Listing::of(&root);
    let cache = Cache::open(&root);
    let graph = judge_graph(&root, &topology, &listing, &cache, request.offline)?;
    let tables = migrations::check(&root, &topology, &listing, &mut Vec::new())?;
    let crates = judge_crates(&root, &topology, &tables, &graph.members, &listing, &cache)?;
    let files: BTreeSet<PathBuf> =
        crates.iter().flat_map(|krate| krate.files.keys().cloned()).collect();
    Ok(files.into_iter().collect())
}

/// The layers as a picture.
///
/// # Errors
/// [`Stop`], as for [`audit`].
pub fn picture(request: &Request, form: Picture) -> Result<String, Stop> {
    let root = open(&request.root)?;
    let topology = Topology::read(&root)?;
    let packages = graph::load(&root, request.offline)?;
    Ok(graph::draw(&House::new(&root, &topology, &packages), form))
}

/// Every way by which a crate reaches a package.
///
/// # Errors
/// [`Stop`], as for [`audit`]; `from` is no crate with a layer.
pub fn why(request: &Request, from: &str, to: &str) -> Result<String, Stop> {
    let root = open(&request.root)?;
    let topology = Topology::read(&root)?;
    let packages = graph::load(&root, request.offline)?;
    graph::why(&House::new(&root, &topology, &packages), from, to)
}

/// Names of all packages that a crate reaches with all its features, without what only tests link.
///
/// # Errors
/// [`Stop`], as for [`audit`]; `krate` is no crate with a layer.
pub fn reached(request: &Request, krate: &str) -> Result<BTreeSet<String>, Stop> {
    let root = open(&request.root)?;
    let topology = Topology::read(&root)?;
    let packages = graph::load(&root, request.offline)?;
    graph::reached(&House::new(&root, &topology, &packages), krate)
}

fn open(root: &Path) -> Result<PathBuf, Stop> {
    root.canonicalize()
        .map_err(|e| Stop::Declaration(format!("cannot open the folder `{}`: {e}", root.display())))
}

fn judge_graph(
    root: &Path,
    topology: &Topology,
    listing: &Listing,
    cache: &Cache,
    offline: bool,
) -> Result<GraphVerdict, Stop> {
    // Whatever cargo reads: manifests, lock file, settings, and which target files there are.
    let mut parts: Vec<Vec<u8>> = vec![topology.text.clone().into_bytes()];
    let cargo_reads = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name == "Cargo.toml"
            || name == "Cargo.lock"
            || name.ends_with("clippy.toml")
            || path.parent().and_then(Path::file_name).is_some_and(|f| f == ".cargo")
    };
    for path in &listing.files {
        let contents = cargo_reads(path).then(|| std::fs::read(path).unwrap_or_default());
        let auto = path.extension().is_some_and(|e| e == "rs");
        if contents.is_some() || auto {
            parts.push(relative(root, path).into_bytes());
            parts.push(contents.unwrap_or_default());
        }
    }
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    parts.extend(home.and_then(|home| std::fs::read(home.join("config.toml")).ok()));
    // Path dependencies outside the root are not in the listing: what names them is, but not what
    // they say, so a graph with such a package is read anew each time.
    let id = key(parts.iter().map(Vec::as_slice));
    let verdict = cache.get_or(id, || graph::judge(root, topology, listing, offline))?;
    if verdict.outside.is_empty() {
        Ok(verdict)
    } else {
        graph::judge(root, topology, listing, offline)
    }
}

/// A crate with everything that was said about it.
pub(crate) struct Judged<'m> {
    /// The crate.
    pub(crate) member: &'m Member,
    /// Its files by absolute path.
    pub(crate) files: BTreeMap<PathBuf, JudgedFile>,
    /// Breaches of the crate as a whole and of its module trees.
    pub(crate) findings: Vec<Finding>,
}

/// A file with its verdict.
pub(crate) struct JudgedFile {
    /// Relative path.
    pub(crate) path: String,
    /// Reached by tests only.
    pub(crate) test: bool,
    /// What was said.
    pub(crate) verdict: Verdict,
}

fn judge_crates<'m>(
    root: &Path,
    topology: &Topology,
    tables: &Tables,
    members: &'m [Member],
    listing: &Listing,
    cache: &Cache,
) -> Result<Vec<Judged<'m>>, Stop> {
    // The largest first, so that no thread is left alone with it.
    let size = |member: &Member| listing.below(&root.join(&member.dir), "rs").count();
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_cached_key(|at| members.get(*at).map(|m| std::cmp::Reverse(size(m))));
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Judged<'m>)>> = Mutex::default();
    let threads =
        std::thread::available_parallelism().map_or(1, usize::from).min(members.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((at, member)) = {
                    let at = order.get(next.fetch_add(1, Ordering::Relaxed));
                    at.and_then(|at| Some((*at, members.get(*at)?)))
                } {
                    let context = context(topology, tables, member);
                    let judged = Walk::of(root, &context, member, cache).run(listing);
                    if let Ok(mut done) = done.lock() {
                        done.push((at, judged));
                    }
                }
            });
        }
    });
    let mut done = done
        .into_inner()
        .map_err(|_| Stop::Incomplete("a file brought the analysis down".to_owned()))?;
    if done.len() != members.len() {
        return Err(Stop::Incomplete("a crate brought the analysis down".to_owned()));
    }
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, judged)| judged).collect())
}

fn context(topology: &Topology, tables: &Tables, member: &Member) -> Context {
    let library = |name: &String| name.replace('-', "_");
    Context {
        krate: member.name.clone(),
        layer: member.layer.clone(),
        claims: member.claims.clone(),
        intents: topology.layers.get(&member.layer).and_then(|layer| layer.intents.clone()),
        headers: topology.headers.clone(),
        naming: topology.naming.stores,
        fixed_statements: member.fixed_statements,
        forbid: member.forbid.clone(),
        owns_sql: topology.owns_sql(&member.layer),
        vocabulary: topology.is_vocabulary(&member.layer),
        canon: member.name == topology.canon_crate,
        foreign_drivers: topology.foreign_drivers(&member.layer).iter().map(library).collect(),
        own_drivers: topology.drivers_of(&member.layer).iter().map(library).collect(),
        exposed: member.exposed,
        renames: member.renames.clone(),
        fact_names: tables.facts.clone(),
        tables: tables.all.clone(),
        test_features: topology.test_features.clone(),
        facades: topology.facades.clone(),
    }
}

/// The walk through the module trees of one crate.
struct Walk<'w, 'm> {
    root: &'w Path,
    context: &'w Context,
    context_key: Vec<u8>,
    cache: &'w Cache,
    judged: Judged<'m>,
}

impl<'w, 'm> Walk<'w, 'm> {
    fn of(root: &'w Path, context: &'w Context, member: &'m Member, cache: &'w Cache) -> Self {
        let context_key = serde_json::to_vec(context).unwrap_or_default();
        let judged = Judged { member, files: BTreeMap::new(), findings: Vec::new() };
        Self { root, context, context_key, cache, judged }
    }

    fn run(mut self, listing: &Listing) -> Judged<'m> {
        let member = self.judged.member;
        headers::check_manifest(self.context, &member.manifest, &mut self.judged.findings);
        // Production first: a file that both reach is production code.
        let mut targets: Vec<_> = member.targets.iter().collect();
        targets.sort_by_key(|target| !target.production);
        for target in targets {
            let path = normalised(Path::new(&target.path));
            self.file(path, !target.production, Some(target.production));
        }
        self.orphans(listing);
        self.judged
    }

    /// Judges a file and what it declares. `target` says whether it is the root of a production
    /// target or of another one.
    fn file(&mut self, path: PathBuf, test: bool, target: Option<bool>) {
        if self.judged.files.get(&path).is_some_and(|seen| test || !seen.test) {
            return;
        }
        let shown = relative(self.root, &path);
        let text = match read(&path) {
            Ok(text) => text,
            Err(why) => return self.unreadable(&shown, &why),
        };
        let stem = path.file_stem().unwrap_or_default();
        let file = FileIn {
            path: &shown,
            text: &text,
            root: target == Some(true),
            test,
            owns_folder: target.is_some() || stem == "mod",
        };
        let flags = [u8::from(file.root), u8::from(test), u8::from(file.owns_folder)];
        let id = key([&self.context_key, shown.as_bytes(), &flags, text.as_bytes()]);
        let Ok(verdict) = self
            .cache
            .get_or(id, || Ok::<_, std::convert::Infallible>(checks::judge(self.context, &file)));
        let modules = verdict.modules.clone();
        let folder = path.parent().unwrap_or(self.root).to_path_buf();
        self.judged.files.insert(path, JudgedFile { path: shown.clone(), test, verdict });
        for module in modules {
            let mut candidates = module.candidates.iter().map(|c| normalised(&folder.join(c)));
            let found = candidates.clone().find(|candidate| candidate.is_file());
            match found {
                Some(child) => {
                    if module.by_path {
                        self.inside(&shown, module.line, &child);
                    }
                    self.file(child, test || module.test, None);
                }
                // What another `cfg` leaves out may be missing; rustc would not look for it.
                None if module.conditional => {}
                None => {
                    let missing =
                        candidates.next().map(|c| relative(self.root, &c)).unwrap_or_default();
                    let message = format!("declares the module `{missing}`, which is not there");
                    self.report("G001", &shown, module.line, &missing, message);
                }
            }
        }
    }

    /// X004: a `#[path]` that leaves the crate.
    fn inside(&mut self, from: &str, line: usize, child: &Path) {
        let home = self.root.join(&self.judged.member.dir);
        let home = home.canonicalize().unwrap_or(home);
        let real = child.canonicalize().unwrap_or_else(|_| child.to_path_buf());
        if !real.starts_with(&home) {
            let shown = relative(self.root, &real);
            let message = format!("`#[path]` takes in `{shown}`, which lies outside the crate");
            self.report("X004", from, line, &shown, message);
        }
    }

    /// T005: files of the crate that no target reaches.
    fn orphans(&mut self, listing: &Listing) {
        let home = self.root.join(&self.judged.member.dir);
        let nested: Vec<PathBuf> = listing
            .below(&home, "toml")
            .filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"))
            .filter_map(|path| path.parent().map(Path::to_path_buf))
            .filter(|dir| *dir != home)
            .collect();
        let orphans: Vec<String> = listing
            .below(&home, "rs")
            .filter(|path| !self.judged.files.contains_key(*path))
            .filter(|path| !nested.iter().any(|dir| path.starts_with(dir)))
            .filter(|path| {
                let inside = path.strip_prefix(&home).unwrap_or(path);
                // Other folders hold data of tests as well: code that must not compile, for example.
                inside.starts_with("src") || inside.components().count() == 1
            })
            .map(|path| relative(self.root, path))
            .collect();
        for orphan in orphans {
            let message = format!("`{orphan}` is in no target's module tree");
            self.report("T005", &orphan.clone(), 0, &orphan, message);
        }
    }

    fn unreadable(&mut self, file: &str, why: &str) {
        self.report("G001", file, 0, file, format!("cannot be read: {why}"));
    }

    fn report(&mut self, rule: &str, file: &str, line: usize, subject: &str, message: String) {
        self.judged.findings.push(about(self.judged.member, rule, file, line, subject, message));
    }
}

/// A finding about a crate.
pub(crate) fn about(
    member: &Member,
    rule: &str,
    file: &str,
    line: usize,
    subject: &str,
    message: String,
) -> Finding {
    Finding {
        file: file.to_owned(),
        line,
        rule: rule.to_owned(),
        layer: member.layer.clone(),
        krate: member.name.clone(),
        intent: member.claims.get("intent").cloned().unwrap_or_default(),
        subject: subject.to_owned(),
        message,
        ..Finding::default()
    }
}

/// G001 for what the walk could not read, where it lies in a crate, among the migrations, or at the
/// root.
fn troubles(
    root: &Path,
    topology: &Topology,
    members: &[Member],
    listing: &Listing,
) -> Vec<Finding> {
    let homes: BTreeSet<PathBuf> = members
        .iter()
        .map(|m| root.join(&m.dir))
        .chain(topology.migrations.iter().map(|m| root.join(m)))
        .collect();
    let concerns =
        |path: &Path| homes.iter().any(|home| path.starts_with(home) || home.starts_with(path));
    let inside = listing.troubles.iter().filter(|(path, _)| concerns(path));
    inside
        .map(|(path, why)| {
            let file = relative(root, path);
            Finding {
                rule: "G001".to_owned(),
                subject: file.clone(),
                message: format!("cannot be read: {why}"),
                file,
                ..Finding::default()
            }
        })
        .collect()
}
