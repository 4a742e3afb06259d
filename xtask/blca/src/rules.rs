//! The catalogue: what each rule is called, why it exists, and the ways out.

/// One rule.
pub(crate) struct Rule {
    /// Id without the `BLCA-`.
    pub(crate) id: &'static str,
    /// A few words.
    pub(crate) title: &'static str,
    /// What breaks where the rule is broken.
    pub(crate) why: &'static str,
    /// The ways out: A, B, and C which is always escalation.
    pub(crate) options: [&'static str; 3],
}

const C: &str = "escalate: change the topology in `blca.toml` in a review of its own (this project allows no exception)";

macro_rules! rule {
    ($id:literal, $title:literal, $why:literal, $a:literal, $b:literal) => {
        Rule { id: $id, title: $title, why: $why, options: [$a, $b, C] }
    };
}

/// All rules, in the order of the catalogue.
pub(crate) const ALL: &[Rule] = &[
    rule!(
        "T001",
        "every crate has a layer",
        "A workspace member in no layer is under no rule.",
        "declare the crate in its layer in `blca.toml`",
        "remove the crate"
    ),
    rule!(
        "T002",
        "what is declared exists",
        "A declaration of something that is gone guards nothing and reads as if it did.",
        "remove the declaration",
        "restore what it names"
    ),
    rule!(
        "T005",
        "every source file belongs to a target",
        "A file in no module tree is neither compiled nor judged.",
        "declare it with `mod`",
        "delete the file"
    ),
    rule!(
        "T006",
        "no unused permission",
        "A permission nobody uses will be used by somebody for something else.",
        "remove the permission from `blca.toml`",
        "use what it permits, in the same change"
    ),
    rule!(
        "T009",
        "tools stand outside",
        "A tool is exempt from the layer rules, so no layer may lean on it and it is never published.",
        "set `publish = false` and remove the dependency",
        "make it a layer crate and keep the layer's rules"
    ),
    rule!(
        "D001",
        "arrows follow the layer order",
        "An arrow against the order lets a lower layer decide and a higher one leak.",
        "turn the arrow round with a trait in the vocabulary crate",
        "move the code to a layer that may have the dependency"
    ),
    rule!(
        "D002",
        "outside crates are on the layer's list",
        "What a layer links is what it can do.",
        "drop the dependency",
        "move the code to a layer that lists the crate"
    ),
    rule!(
        "D003",
        "some crates are reached from one layer only",
        "What can be reached through features and transitive dependencies can be used, whatever the direct list says.",
        "drop the feature or dependency that opens the path",
        "move this code to the layer that may reach it"
    ),
    rule!(
        "D004",
        "forbidden features stay off",
        "A feature can bring a clock or randomness into a layer that must be reproducible.",
        "switch the feature off",
        "take the value as an argument and make it in the composition root"
    ),
    rule!(
        "D005",
        "build dependencies are listed",
        "A build script runs anything, before every other fence.",
        "drop the build dependency",
        "generate in an xtask and commit the output"
    ),
    rule!(
        "D007",
        "crates come from crates.io or the workspace",
        "A git or path source is code that no registry and no lock of ours describes.",
        "depend on a published version",
        "move the code into the workspace, in a layer"
    ),
    rule!(
        "S001",
        "SQL text lives in the store layer",
        "SQL outside the stores is a second owner of the schema.",
        "ask through a store trait",
        "move the statement to a store crate"
    ),
    rule!(
        "S002",
        "facts are never changed",
        "A statement that changes a fact table breaks the record, and one that opens it lets the next one do so.",
        "append a new fact that says what changed",
        "keep what changes in a table that holds no facts"
    ),
    rule!(
        "S005",
        "fact tables refuse change",
        "Without triggers one stray statement rewrites a fact.",
        "add BEFORE UPDATE and BEFORE DELETE triggers in a new migration",
        "take the table off `fact_tables` if it holds no facts"
    ),
    rule!(
        "S007",
        "SQL files lie in the store layer",
        "A file of SQL beside an engine is run by that engine sooner or later.",
        "move the file to a store crate",
        "remove the file"
    ),
    rule!(
        "H001",
        "hashing has one home",
        "Two homes of hashed bytes are two truths about what was recorded.",
        "call the canon crate",
        "move the code into the canon crate"
    ),
    rule!(
        "H002",
        "one canonical form",
        "A second canonical form makes two hashes of one fact.",
        "call the canon crate's canonical form",
        "rename the function if it does something else"
    ),
    rule!(
        "H003",
        "no hand-written hash",
        "A hash written by hand escapes the fence on hash crates.",
        "call the canon crate",
        "use a BTreeMap or the value itself as the key"
    ),
    rule!(
        "R001",
        "no clock",
        "Same facts, same request, same bytes: a clock breaks it.",
        "take the time as an argument (the vocabulary's clock trait)",
        "move the code to the composition root"
    ),
    rule!(
        "R002",
        "no randomness",
        "Random bytes make two runs differ.",
        "take the randomness as an argument",
        "move the code to the composition root"
    ),
    rule!(
        "R003",
        "no unordered collection",
        "Iteration order of a hash table differs from run to run.",
        "use BTreeMap or BTreeSet",
        "collect and sort into a Vec"
    ),
    rule!(
        "R004",
        "no environment",
        "The environment differs from machine to machine.",
        "take the value as an argument",
        "read it in the command line"
    ),
    rule!(
        "R005",
        "no order that the machine decides",
        "Folder listings and parallel iterators come in any order.",
        "sort before use, in a layer that may read",
        "take the listing as an argument"
    ),
    rule!(
        "R006",
        "the lint fence stays up",
        "The compiler's own list of disallowed calls catches what text cannot; switching it off opens the gap.",
        "remove the `allow`",
        "take the value as an argument instead"
    ),
    rule!(
        "X001",
        "no process",
        "Another program can do what no rule here sees.",
        "take the result as an argument",
        "move the code to the command line or an xtask"
    ),
    rule!(
        "X002",
        "no socket and no file",
        "A socket is a database driver that nobody listed.",
        "take a reader or writer as an argument",
        "move the code to a boundary or store"
    ),
    rule!(
        "X003",
        "no foreign function",
        "A foreign function escapes types, fences and lints.",
        "use a crate on the layer's list",
        "move the code to a store crate"
    ),
    rule!(
        "X005",
        "no build script and no macro crate in a layer",
        "Both run anything at compile time.",
        "generate in an xtask and commit the output",
        "write the code by hand"
    ),
    rule!(
        "C001",
        "the header is complete",
        "A reader must see layer, audience, intent and role where the code is.",
        "add the missing `//!` lines",
        "remove the file"
    ),
    rule!(
        "C002",
        "manifest, header and topology agree",
        "Three statements of one fact, none of which wins: one of them is wrong.",
        "correct the statement that is wrong",
        "move the crate to the layer that it claims"
    ),
    rule!(
        "C003",
        "the intent fits the layer",
        "A recorder among the verifiers is in the wrong house or says the wrong thing.",
        "state the intent that the layer has",
        "move the crate"
    ),
    rule!(
        "C004",
        "only known values",
        "A word outside the closed set says nothing that can be checked.",
        "use a value from `[headers]`",
        "add the value to `[headers]` in a review of its own"
    ),
    rule!(
        "C005",
        "each header line once",
        "Of two lines one is wrong.",
        "remove one of the lines",
        "correct both to the topology"
    ),
    rule!(
        "G001",
        "everything can be read",
        "What cannot be parsed has not been judged.",
        "mend the file",
        "remove the file"
    ),
];

/// The rule `id`, with or without `BLCA-`.
pub(crate) fn find(id: &str) -> Option<&'static Rule> {
    let bare = id.strip_prefix("BLCA-").unwrap_or(id);
    ALL.iter().find(|rule| rule.id == bare)
}

/// All ids.
pub(crate) fn all() -> &'static [Rule] {
    ALL
}
