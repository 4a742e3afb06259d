//! What a name reaches: clocks, randomness, unordered collections, the environment, other programs,
//! sockets, files, foreign functions, drivers and hash functions (R001–R006, X001–X003, S004, H001).

use super::Judge;
use crate::graph::HASH_CRATES;
use crate::syntax::Source;
use crate::syntax::names::{Named, Use};
use crate::syntax::tokens::{Kind, Token};
use crate::topology::Group;

/// What makes a path a breach.
enum Shape {
    /// It ends in these names.
    Ends(&'static [&'static str]),
    /// It begins with these names.
    Begins(&'static [&'static str]),
    /// One of its names is this one.
    Has(&'static str),
    /// It is a method of this name.
    Method(&'static str),
    /// It begins with a crate that tells the time, and its last name begins with `now`.
    TimeCrateNow,
}

use Shape::{Begins, Ends, Has, Method, TimeCrateNow};

struct Table {
    group: Group,
    rule: &'static str,
    what: &'static str,
    shapes: &'static [Shape],
}

const TIME_CRATES: &[&str] = &[
    "chrono",
    "coarsetime",
    "fastant",
    "humantime",
    "instant",
    "jiff",
    "minstant",
    "quanta",
    "std",
    "time",
    "tokio",
    "web_time",
];

const TABLES: &[Table] = &[
    Table {
        group: Group::Clock,
        rule: "R001",
        what: "reads the clock",
        shapes: &[
            Ends(&["SystemTime", "now"]),
            Ends(&["Instant", "now"]),
            Ends(&["Utc", "now"]),
            Ends(&["Local", "now"]),
            Ends(&["Utc", "today"]),
            Ends(&["Local", "today"]),
            Ends(&["OffsetDateTime", "now_utc"]),
            Ends(&["OffsetDateTime", "now_local"]),
            Ends(&["clock_gettime"]),
            Ends(&["gettimeofday"]),
            TimeCrateNow,
            Begins(&["quanta"]),
            Begins(&["coarsetime"]),
        ],
    },
    Table {
        group: Group::Rng,
        rule: "R002",
        what: "asks for randomness",
        shapes: &[
            Ends(&["Uuid", "new_v1"]),
            Ends(&["Uuid", "now_v1"]),
            Ends(&["Uuid", "new_v4"]),
            Ends(&["Uuid", "new_v6"]),
            Ends(&["Uuid", "now_v6"]),
            Ends(&["Uuid", "new_v7"]),
            Ends(&["Uuid", "now_v7"]),
            Ends(&["Ulid", "new"]),
            Begins(&["rand"]),
            Begins(&["rand_core", "OsRng"]),
            Begins(&["getrandom"]),
            Begins(&["fastrand"]),
            Begins(&["oorandom"]),
            Begins(&["nanorand"]),
            Begins(&["nanoid"]),
            Has("OsRng"),
            Has("thread_rng"),
            Has("ThreadRng"),
            Has("RandomState"),
        ],
    },
    Table {
        group: Group::Unordered,
        rule: "R003",
        what: "is a collection without order",
        shapes: &[
            Has("HashMap"),
            Has("HashSet"),
            Has("hash_map"),
            Has("hash_set"),
            Has("AHashMap"),
            Has("AHashSet"),
            Has("FxHashMap"),
            Has("FxHashSet"),
            Has("FnvHashMap"),
            Has("DashMap"),
            Has("DashSet"),
            Has("HashTable"),
            Begins(&["hashbrown"]),
        ],
    },
    Table {
        group: Group::Environment,
        rule: "R004",
        what: "reads the environment",
        shapes: &[
            Ends(&["env", "var"]),
            Ends(&["env", "var_os"]),
            Ends(&["env", "vars"]),
            Ends(&["env", "vars_os"]),
            Ends(&["env", "args"]),
            Ends(&["env", "args_os"]),
            Ends(&["env", "current_dir"]),
            Ends(&["env", "current_exe"]),
            Ends(&["env", "home_dir"]),
            Ends(&["env", "temp_dir"]),
            Ends(&["process", "id"]),
            Ends(&["thread", "current"]),
            Has("ThreadId"),
            Begins(&["dotenv"]),
            Begins(&["dotenvy"]),
            Begins(&["hostname"]),
            Begins(&["whoami"]),
            Begins(&["std", "env", "*"]),
            Method("expose_provenance"),
        ],
    },
    Table {
        group: Group::Io,
        rule: "R005",
        what: "comes in an order that the machine decides",
        shapes: &[
            Ends(&["fs", "read_dir"]),
            Method("read_dir"),
            Ends(&["Path", "read_dir"]),
            Begins(&["rayon"]),
            Method("par_iter"),
            Method("par_iter_mut"),
            Method("into_par_iter"),
            Method("par_bridge"),
            Method("par_chunks"),
            Method("par_sort_unstable"),
            Has("FuturesUnordered"),
            Has("JoinSet"),
            Method("buffer_unordered"),
            Begins(&["walkdir"]),
            Begins(&["glob"]),
        ],
    },
    Table {
        group: Group::Io,
        rule: "X001",
        what: "starts another program",
        shapes: &[
            Ends(&["process", "Command"]),
            Ends(&["process", "Command", "new"]),
            Has("posix_spawn"),
            Has("CommandExt"),
            Begins(&["duct"]),
            Begins(&["xshell"]),
            Begins(&["std", "process", "*"]),
        ],
    },
    Table {
        group: Group::Io,
        rule: "X002",
        what: "opens a socket or a file",
        shapes: &[
            Has("TcpStream"),
            Has("TcpListener"),
            Has("UdpSocket"),
            Has("UnixStream"),
            Has("UnixListener"),
            Has("UnixDatagram"),
            Has("ToSocketAddrs"),
            Begins(&["std", "net", "*"]),
            Begins(&["std", "fs"]),
            Begins(&["std", "os", "unix", "net"]),
            Begins(&["std", "os", "unix", "fs"]),
            Begins(&["tokio", "fs"]),
            Begins(&["tokio", "net"]),
            Begins(&["socket2"]),
            Begins(&["mio"]),
            Ends(&["File", "open"]),
            Ends(&["File", "create"]),
            Ends(&["OpenOptions", "new"]),
        ],
    },
];

/// Whether a table asks for a method of this name.
pub(super) fn asks_for(method: &str) -> bool {
    let shapes = TABLES.iter().flat_map(|table| table.shapes);
    shapes.into_iter().any(|shape| matches!(shape, Method(name) if *name == method))
}

/// All of them for one file.
pub(super) fn check(judge: &mut Judge<'_>, source: &Source) {
    for named in &source.named {
        for path in &named.paths {
            tables(judge, named, path);
            drivers(judge, named, path);
            hashers(judge, named, path);
            foreign(judge, named, path);
        }
    }
    for (at, token) in source.tokens.iter().enumerate() {
        words(judge, &source.tokens, at, token);
    }
    environment_of_the_build(judge, source);
}

fn tables(judge: &mut Judge<'_>, named: &Named, path: &[String]) {
    for table in TABLES {
        if judge.context.forbid.contains(&table.group)
            && table.shapes.iter().any(|shape| fits(shape, named.used, path))
        {
            let (shown, known) = (shown(named, path), path.join("::"));
            let message = format!("{shown} {}", table.what);
            report(judge, table.rule, named, &known, message);
        }
    }
}

fn fits(shape: &Shape, used: Use, path: &[String]) -> bool {
    let same =
        |names: &[&str], part: &[String]| names.iter().zip(part).all(|(a, b)| *a == b.as_str());
    match shape {
        Ends(names) => {
            let tail = path.len().checked_sub(names.len()).and_then(|at| path.get(at..));
            used != Use::Method && tail.is_some_and(|tail| same(names, tail))
        }
        Begins(names) => {
            used != Use::Method && path.len() >= names.len() && same(names, path) && path.len() > 1
        }
        // A field or variable of such a name is not a type.
        // A type that the file defines itself is another one.
        Has(name) => {
            let own = path.first().is_some_and(|first| first == "self");
            used != Use::Method && !own && path.iter().any(|part| part == name)
        }
        Method(name) => used == Use::Method && path.iter().any(|part| part == name),
        TimeCrateNow => {
            let time = path.first().is_some_and(|first| TIME_CRATES.contains(&first.as_str()));
            used != Use::Method && time && path.last().is_some_and(|last| last.starts_with("now"))
        }
    }
}

/// S004: a driver's name outside its layer, however the path comes to it.
fn drivers(judge: &mut Judge<'_>, named: &Named, path: &[String]) {
    if named.used == Use::Method || (path.len() < 2 && named.used == Use::Path) {
        return;
    }
    let driver = path.iter().find(|part| judge.context.foreign_drivers.contains(part)).cloned();
    if let Some(driver) = driver {
        let message =
            format!("{} names the driver `{driver}`, which another layer owns", shown(named, path));
        report(judge, "S004", named, &driver, message);
    }
}

/// H001 on paths.
fn hashers(judge: &mut Judge<'_>, named: &Named, path: &[String]) {
    const HASHERS: [&str; 5] =
        ["DefaultHasher", "SipHasher", "SipHasher13", "BuildHasherDefault", "RandomState"];
    if judge.context.canon || named.used == Use::Method {
        return;
    }
    let hasher = path.iter().find(|part| HASHERS.contains(&part.as_str()));
    let krate = path.first().filter(|first| {
        let dashed = first.replace('_', "-");
        (path.len() > 1 || named.used == Use::Import)
            && (HASH_CRATES.contains(&first.as_str()) || HASH_CRATES.contains(&dashed.as_str()))
    });
    if let Some(found) = hasher.or(krate).cloned() {
        let message = format!("{} hashes outside the canon crate", shown(named, path));
        report(judge, "H001", named, &found, message);
    }
}

/// X003 on paths.
fn foreign(judge: &mut Judge<'_>, named: &Named, path: &[String]) {
    const FOREIGN: [&str; 4] = ["libc", "libloading", "dlopen", "dlopen2"];
    let root = path.first().filter(|first| FOREIGN.contains(&first.as_str()) && path.len() > 1);
    if let Some(root) = root.cloned().filter(|_| named.used != Use::Method) {
        let message = format!("{} reaches foreign functions", shown(named, path));
        report(judge, "X003", named, &root, message);
    }
    let assembler = matches!(path.last().map(String::as_str), Some("asm" | "global_asm"));
    if assembler && path.iter().any(|part| part == "arch") {
        let message = format!("{} leaves the language", shown(named, path));
        report(judge, "X003", named, "asm", message);
    }
}

fn report(judge: &mut Judge<'_>, rule: &str, named: &Named, subject: &str, message: String) {
    let width = named.written.chars().count();
    judge.report(rule, named.line, named.column, width, subject, message);
}

/// As written, and what it stands for where that differs.
fn shown(named: &Named, path: &[String]) -> String {
    let path = path.join("::");
    match named.used {
        Use::Method => format!("`.{}()`", named.written),
        _ if named.written == path => format!("`{path}`"),
        _ => format!("`{}` (that is `{path}`)", named.written),
    }
}

/// What single tokens say: `.elapsed()`, `extern`, exported symbols, lint fences, addresses.
fn words(judge: &mut Judge<'_>, tokens: &[Token], at: usize, token: &Token) {
    let next = |n: usize| tokens.get(at + n);
    let is = |n: usize, text: &str| next(n).is_some_and(|t| t.is(text));
    let after =
        |text: &str| at.checked_sub(1).and_then(|b| tokens.get(b)).is_some_and(|t| t.is(text));
    let place = |judge: &mut Judge<'_>, rule: &str, subject: &str, message: &str| {
        let width = token.text.chars().count();
        judge.report(rule, token.line, token.column, width, subject, message.to_owned());
    };
    let forbid = &judge.context.forbid;
    if token.kind == Kind::Literal {
        let address = token.string();
        if forbid.contains(&Group::Environment) && address.is_some_and(|t| prints_address(&t)) {
            place(judge, "R004", "{:p}", "`{:p}` prints an address, which differs from run to run");
        }
        return;
    }
    match &*token.text {
        "elapsed" if after(".") && is(1, "(") && is(2, ")") && forbid.contains(&Group::Clock) => {
            place(judge, "R001", "elapsed", "`.elapsed()` reads the clock");
        }
        "extern" if next(1).is_some_and(|t| t.kind == Kind::Literal || t.is("{") || t.is("fn")) => {
            place(judge, "X003", "extern", "declares or gives a foreign function");
        }
        "no_mangle" | "export_name" | "link_name" | "link_section" if after("[") || after("(") => {
            place(judge, "X003", &token.text, "gives a symbol to the linker");
        }
        "disallowed_methods" | "disallowed_types" | "disallowed_macros"
            if after("::") && !forbid.is_empty() =>
        {
            place(judge, "R006", "disallowed", "switches the lint fence off");
        }
        _ => {}
    }
}

fn prints_address(text: &str) -> bool {
    text.match_indices('{').any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or("");
        let inside = rest.split('}').next().unwrap_or("");
        inside.split_once(':').is_some_and(|(_, form)| form.ends_with('p') && form.len() <= 4)
    })
}

/// R004: `env!` and `option_env!` of anything that cargo does not set from the manifest.
fn environment_of_the_build(judge: &mut Judge<'_>, source: &Source) {
    if !judge.context.forbid.contains(&Group::Environment) {
        return;
    }
    for named in source.named.iter().filter(|n| n.used == Use::Path) {
        let last = named.paths.first().and_then(|p| p.last());
        if !last.is_some_and(|l| l == "env" || l == "option_env") {
            continue;
        }
        let at = |n: usize| source.tokens.get(named.token + n);
        let parts = named.written.split("::").count() * 2 - 1;
        if !at(parts).is_some_and(|t| t.is("!")) {
            continue;
        }
        let variable = at(parts + 2).and_then(Token::string).unwrap_or_default();
        if !variable.starts_with("CARGO_PKG_") && variable != "CARGO_CRATE_NAME" {
            let message =
                format!("`{}!(\"{variable}\")` reads the environment of the build", named.written);
            report(judge, "R004", named, &variable, message);
        }
    }
}
