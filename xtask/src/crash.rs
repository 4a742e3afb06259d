//! `cargo xtask crash`: kills writers and database servers at random, many times, and looks for what
//! was acknowledged and is gone, doubled, moved or forked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;

use blca::Stop;
use clap::ValueEnum;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which database
    #[arg(long, value_enum, default_value = "both")]
    database: Which,
    /// Kills of each
    #[arg(long, default_value_t = 200)]
    kills: u64,
    /// Where chance begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Sqlite,
    Postgres,
    Both,
}

/// Kills between two checks of everything.
const BETWEEN_CHECKS: u64 = 10;
/// Callers of one writer.
const CALLERS: u64 = 3;

pub(crate) fn run(args: Args) -> Result<u8, Stop> {
    let writer = build("writer")?;
    println!(
        "| database | kills of a writer | kills of the server | acknowledged | recorded | lost, doubled, moved, forked |\n|---|---|---|---|---|---|"
    );
    let mut faults = 0;
    if args.database != Which::Postgres {
        let folder = std::env::temp_dir().join(format!("factlog-crash-{}", std::process::id()));
        let url = format!("sqlite://{}/crash.db", folder.display());
        std::fs::create_dir_all(&folder).map_err(failed("make a folder"))?;
        let outcome = Rounds::new(&writer, "SQLite", url, args.seed)?.run(args.kills, None);
        std::fs::remove_dir_all(&folder).map_err(failed("remove the folder"))?;
        faults += outcome?;
    }
    if args.database != Which::Sqlite {
        let mut server = Server::start(&build("postgres")?)?;
        let url = server.url.clone();
        faults += Rounds::new(&writer, "PostgreSQL", url, args.seed)?
            .run(args.kills, Some(&mut server))?;
    }
    Ok(u8::from(faults > 0))
}

fn failed(doing: &str) -> impl Fn(std::io::Error) -> Stop {
    let doing = doing.to_owned();
    move |error| Stop::Incomplete(format!("cannot {doing}: {error}"))
}

/// Builds an example of the composition root, and gives its path.
fn build(example: &str) -> Result<PathBuf, Stop> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "-p", "logs-domain", "--example", example])
        .args(["--message-format", "json"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(failed("run cargo"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let path = text.lines().rev().find_map(|line| {
        let rest = line.split("\"executable\":\"").nth(1)?;
        let path = PathBuf::from(rest.split('"').next()?);
        path.file_stem().is_some_and(|stem| stem == example).then_some(path)
    });
    path.ok_or_else(|| Stop::Incomplete(format!("the example `{example}` does not build")))
}

/// The database server, kept by a program of its own.
struct Server {
    process: Child,
    words: ChildStdin,
    answers: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    fn start(program: &Path) -> Result<Self, Stop> {
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed("start the server"))?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (words, answers) =
            pipes.ok_or_else(|| Stop::Incomplete("the server has no pipes".to_owned()))?;
        let mut server =
            Self { process, words, answers: BufReader::new(answers), url: String::new() };
        server.url = server.answer()?;
        Ok(server)
    }

    fn crash(&mut self) -> Result<(), Stop> {
        writeln!(self.words, "crash").map_err(failed("speak with the server"))?;
        self.answer().map(drop)
    }

    fn answer(&mut self) -> Result<String, Stop> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(failed("hear the server"))?;
        match line.trim() {
            "" => {
                Err(Stop::Incomplete("the server went away (is PostgreSQL installed?)".to_owned()))
            }
            text => Ok(text.to_owned()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A linear congruential generator (Knuth, MMIX): any will do, as long as a seed repeats the run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

struct Rounds<'r> {
    writer: &'r Path,
    name: &'static str,
    url: String,
    chance: Chance,
    /// The next number of each caller.
    next: BTreeMap<String, u64>,
    /// Every line that was acknowledged.
    acknowledged: Vec<String>,
    /// Heads of earlier checks.
    heads: Vec<String>,
    recorded: String,
    of_writer: u64,
    of_server: u64,
    faults: u64,
}

impl<'r> Rounds<'r> {
    fn new(writer: &'r Path, name: &'static str, url: String, seed: u64) -> Result<Self, Stop> {
        let made =
            Command::new(writer).args(["init", &url]).status().map_err(failed("run the writer"))?;
        if !made.success() {
            return Err(Stop::Incomplete(format!("no database can be made for {name}")));
        }
        Ok(Self {
            writer,
            name,
            url,
            chance: Chance(seed),
            next: BTreeMap::new(),
            acknowledged: Vec::new(),
            heads: Vec::new(),
            recorded: String::new(),
            of_writer: 0,
            of_server: 0,
            faults: 0,
        })
    }

    fn run(mut self, kills: u64, mut server: Option<&mut Server>) -> Result<u64, Stop> {
        for round in 0..kills {
            // A third of the rounds has a second writer on the same tenant.
            let writers = if self.chance.below(3) == 0 { 2 } else { 1 };
            let hits_server = server.is_some() && self.chance.below(2) == 0;
            let server = server.as_deref_mut().filter(|_| hits_server);
            self.round(round, writers, server)?;
            if (round + 1) % BETWEEN_CHECKS == 0 || round + 1 == kills {
                self.check()?;
            }
        }
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            self.name,
            self.of_writer,
            self.of_server,
            self.acknowledged.len(),
            self.recorded,
            self.faults
        );
        Ok(self.faults)
    }

    /// Lets writers write until some facts are acknowledged, kills, and keeps all that was said.
    fn round(&mut self, round: u64, writers: u64, server: Option<&mut Server>) -> Result<(), Stop> {
        let mut processes = Vec::new();
        // What each says is heard all the time: one that nobody hears stops in the middle of a commit.
        let (speak, hear) = mpsc::channel();
        for number in 0..writers {
            let callers = (0..CALLERS).map(|caller| format!("w{number}c{caller}"));
            let callers: Vec<String> = callers
                .map(|name| format!("{name}={}", self.next.get(&name).copied().unwrap_or(0)))
                .collect();
            let seed = (round * 2 + number).to_string();
            let mut process = Command::new(self.writer)
                .args(["write", &self.url, &seed])
                .args(callers)
                .stdout(Stdio::piped())
                .spawn()
                .map_err(failed("start a writer"))?;
            let said = process.stdout.take().map(BufReader::new);
            let said = said.ok_or_else(|| Stop::Incomplete("a writer has no output".to_owned()))?;
            processes.push(process);
            let speak = speak.clone();
            std::thread::spawn(move || {
                let lines = said.lines().map_while(Result::ok).map(Some);
                // The last word is that there are no more. Nobody hears where the round ended early,
                // with an error of its own.
                for line in lines.chain([None]) {
                    let _ = speak.send((number, line));
                }
            });
        }
        drop(speak);
        let mut wanted = self.chance.below(300);
        let mut lines = Vec::new();
        while wanted > 0 {
            match hear.recv() {
                Ok((number, Some(line))) => {
                    wanted -= u64::from(number == 0);
                    lines.push(line);
                }
                // The second one may meet the end of the server while it begins.
                Ok((1.., None)) => {}
                Ok((0, None)) | Err(_) => {
                    return Err(Stop::Incomplete("a writer ended by itself".to_owned()));
                }
            }
        }
        // Somewhere in the middle of whatever it does after that line.
        std::thread::sleep(std::time::Duration::from_micros(self.chance.below(20_000)));
        if let Some(server) = server {
            server.crash()?;
            self.of_server += 1;
        } else {
            self.of_writer += writers;
        }
        for process in &mut processes {
            process.kill().map_err(failed("kill a writer"))?;
            process.wait().map_err(failed("wait for a writer"))?;
        }
        lines.extend(hear.into_iter().filter_map(|(_, line)| line));
        for line in lines {
            self.keep(line.trim());
        }
        Ok(())
    }

    /// Keeps a whole line. What the kill cut off was not said.
    fn keep(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let ["ack", caller, n, seq, id] = words.as_slice() else { return };
        // An id has 36 characters; a shorter one is a line that was cut.
        let (Ok(n), Ok(_)) = (n.parse::<u64>(), seq.parse::<u64>()) else { return };
        if id.len() == 36 {
            let next = self.next.entry((*caller).to_owned()).or_default();
            *next = (*next).max(n + 1);
            self.acknowledged.push(line.to_owned());
        }
    }

    fn check(&mut self) -> Result<(), Stop> {
        let mut process = Command::new(self.writer)
            .args(["check", &self.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed("start the check"))?;
        let lines = [self.heads.join("\n"), self.acknowledged.join("\n")].join("\n");
        let mut words = process
            .stdin
            .take()
            .ok_or_else(|| Stop::Incomplete("the check has no input".to_owned()))?;
        // From a thread of its own: the check may answer before it has heard everything.
        let speaking = std::thread::spawn(move || words.write_all(lines.trim().as_bytes()));
        let output = process.wait_with_output().map_err(failed("hear the check"))?;
        let _ = speaking.join();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut looked = false;
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("fault", fault)) => {
                    eprintln!("{}: {fault}", self.name);
                    self.faults += 1;
                }
                Some(("checked", counts)) => {
                    looked = true;
                    self.recorded = counts.rsplit(' ').next().unwrap_or_default().to_owned();
                }
                Some(("head", _)) => self.heads.push(line.to_owned()),
                _ => {}
            }
        }
        if looked { Ok(()) } else { Err(Stop::Incomplete("the check could not look".to_owned())) }
    }
}
