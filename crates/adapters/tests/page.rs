//! The page in a bundle, in a browser: it comes to the verdict of the Rust verifier, which shares no
//! line with it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod browser;
mod common;

use std::fs;
use std::net::TcpListener;
use std::time::Instant;

use adapters::{BundleEntry, Ed25519Signer, EntryProofs, EvidenceBundle, PAGE, PAGES, Trust};
use audit_evidence::{ProofText, VerifierKey, sign_checkpoint};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use browser::Browser;
use common::ledger;
use common::members::{
    Members, bytes, pack, sealed, signed_again, trusted, unpack, verify, with_manifest,
};
use ed25519_dalek::Verifier as _;
use replay_determinism::{canonical, leaf_hash, sha256};
use store_traits::{Head, Object, Value};

/// What the page shows of a bundle.
#[derive(Debug)]
struct Shown {
    verdict: String,
    proved: Vec<String>,
    not_proved: Vec<String>,
    findings: Vec<String>,
    /// The state of each thing that was checked, in the page's order.
    steps: Vec<String>,
    /// The states of contents, and of entries that are not verified.
    badges: Vec<String>,
}

const SETTLED: &str = "
    const settled = () => !['none', 'checking'].includes(document.body.dataset.verdict);
    const watch = new MutationObserver(() => { if (settled()) { watch.disconnect(); done(); } });
    watch.observe(document.body, { attributes: true });
    if (settled()) { watch.disconnect(); done(); }";

const READ: &str = "
    const texts = (css) => [...document.querySelectorAll(css)].map((of) => of.textContent);
    return { verdict: document.body.dataset.verdict, proved: texts('#proved li'), findings: texts('#findings li'),
        notProved: texts('#not-proved li'), steps: texts('#checks .state'), badges: texts('#log .row .state'),
        requests: performance.getEntriesByType('resource').length };";

/// Gives the page a file and, as typed, keys; waits for its verdict.
fn look(browser: &Browser, file: &[u8], keys: &str) -> Shown {
    let (page, bundle) = (browser.folder.join("index.html"), browser.folder.join("bundle.zip"));
    fs::write(&page, PAGE).unwrap();
    fs::write(&bundle, file).unwrap();
    browser.open(&page);
    assert_eq!(
        browser.run("return document.body.dataset.verdict"),
        "none",
        "never green by default"
    );
    if !keys.is_empty() {
        browser.type_into("#key", keys);
    }
    browser.type_into("#file", bundle.to_str().unwrap());
    browser.wait(SETTLED);
    let read = browser.run(READ);
    assert_eq!(read["requests"], 0, "nothing was asked of a network");
    let texts = |name: &str| -> Vec<String> {
        read[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    };
    Shown {
        verdict: read["verdict"].as_str().unwrap().to_owned(),
        proved: texts("proved"),
        not_proved: texts("notProved"),
        findings: texts("findings"),
        steps: texts("steps"),
        badges: texts("badges"),
    }
}

/// What the page has to say where the Rust verifier says this.
fn verdict(file: &[u8], trust: &Trust) -> &'static str {
    match verify(file, trust) {
        Err(_) => "no-bundle",
        Ok(report) if !report.holds => "fails",
        Ok(_) if trust.keys.is_empty() => "consistent",
        Ok(_) => "holds",
    }
}

/// Both verifiers, the same file, the same keys; `expect` is the verdict of both.
#[track_caller]
fn check(browser: &Browser, name: &str, file: &[u8], trust: &Trust, expect: &str) -> Shown {
    let keys: Vec<String> = trust.keys.iter().map(ToString::to_string).collect();
    let shown = look(browser, file, &keys.join("\n"));
    assert_eq!(verdict(file, trust), expect, "{name}: the Rust verifier");
    assert_eq!(shown.verdict, expect, "{name}: {shown:#?}");
    if expect == "holds" || expect == "consistent" {
        let report = verify(file, trust).unwrap();
        assert_eq!(shown.proved, report.proved, "{name}");
        assert_eq!(shown.not_proved, report.not_proved, "{name}");
        assert_eq!(shown.findings, [""; 0], "{name}");
    } else {
        assert_eq!(shown.proved, [""; 0], "{name}: nothing is proved");
        assert!(!shown.steps.iter().any(|step| step == "verified") || expect == "fails", "{name}");
    }
    shown
}

fn good() -> EvidenceBundle {
    ledger::bundle(&ledger::signer())
}

fn signed(bundle: &EvidenceBundle) -> Vec<u8> {
    bytes(bundle, &ledger::signer())
}

/// The good bundle with one change to its members, repacked so that the zip itself is right.
fn repacked(change: impl FnOnce(&mut Members)) -> Vec<u8> {
    let mut members = unpack(&signed(&good()));
    change(&mut members);
    pack(&members)
}

fn flip(bytes: &mut [u8], part: &str) {
    let at = bytes.windows(part.len()).position(|window| window == part.as_bytes()).unwrap();
    bytes[at] ^= 1;
}

/// A bundle of all of these entries under one range proof.
fn of_entries(entries: Vec<Vec<u8>>) -> EvidenceBundle {
    let signer = ledger::signer();
    let leaves: Vec<_> = entries.iter().map(|bytes| leaf_hash(bytes)).collect();
    let (size, root) = (leaves.len() as u64, ledger::root(&leaves));
    let head = Head { size, peaks: Vec::new(), root };
    let checkpoint_note = sign_checkpoint(ledger::ORIGIN, &head, &signer).unwrap();
    let mut proofs = EntryProofs::default();
    let proof = ledger::range(&leaves, 0, leaves.len());
    proofs.range(0, size, ProofText::range(proof, None, checkpoint_note.clone()).to_string());
    let mut bundle = EvidenceBundle { tree_size: size, root, checkpoint_note, proofs, ..good() };
    bundle.query = ledger::query("actor", "anybody");
    bundle.report.runs.clear();
    bundle.entries = (0..)
        .zip(entries)
        .map(|(seq, bytes)| BundleEntry { seq, bytes, contents: Vec::new() })
        .collect();
    bundle
}

fn in_lists(size: usize) -> EvidenceBundle {
    of_entries(
        (0..size)
            .map(|n| {
                format!(r#"{{"body":{{"n":{n}}},"kind":"system.event","tenant":"acme"}}"#)
                    .into_bytes()
            })
            .collect(),
    )
}

fn inclusion_proofs_only() -> EvidenceBundle {
    let mut bundle = good();
    let all = ledger::ledger(&ledger::signer());
    bundle.proofs = EntryProofs::default();
    for entry in &bundle.entries {
        let proof = ledger::inclusion(&all.leaves, entry.seq as usize);
        let checkpoint = all.note.clone();
        let text = ProofText::Inclusion { entry: None, index: entry.seq, proof, checkpoint };
        bundle.proofs.inclusion(entry.seq, text.to_string());
    }
    bundle
}

/// Entries 1 to 4, asked for by a period that begins behind the first and ends before the last.
fn of_a_period(until: &str) -> EvidenceBundle {
    let all = ledger::ledger(&ledger::signer());
    let mut bundle = good();
    bundle.query = Object::from([
        ("profile".to_owned(), "evidence".into()),
        ("tenant".to_owned(), "acme".into()),
        ("withhold".to_owned(), "content".into()),
        ("since".to_owned(), "2026-11-23T08:32:02.000000000Z".into()),
        ("until".to_owned(), until.into()),
    ]);
    bundle.entries = all.entries[1..5].to_vec();
    bundle.entries.iter_mut().for_each(|entry| entry.contents.clear());
    bundle.proofs = EntryProofs::default();
    let proof = ledger::range(&all.leaves, 1, 5);
    bundle.proofs.range(1, 5, ProofText::range(proof, None, all.note).to_string());
    bundle.report.runs.clear();
    bundle
}

/// What a stranger compares the page with has to be what the page is.
#[test]
fn its_hash_is_the_one_that_is_published() {
    let hash = sha256(PAGE).to_string();
    assert_eq!(PAGES[0], hash);
    let formats = include_str!("../../../docs/FORMATS.md");
    let operations = include_str!("../../../docs/OPERATIONS.md");
    assert!(formats.contains(&hash) && operations.contains(&hash), "{hash} is not published");
}

#[test]
fn it_may_reach_no_network_and_writes_no_html_of_others() {
    let page = std::str::from_utf8(PAGE).unwrap();
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";
    assert!(page.contains(&format!("http-equiv=\"Content-Security-Policy\" content=\"{policy}")));
    for word in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "import(", "src=", "href="]
    {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn the_page_and_the_verifier_agree_on_what_holds() {
    let Some(browser) = Browser::start() else { return };
    let holds = |name: &str, bundle: &EvidenceBundle| {
        check(&browser, name, &signed(bundle), &trusted(), "holds")
    };
    let shown = holds("a good bundle with its key", &good());
    let states = ["verified"; 7].into_iter().chain(["not checked"]);
    assert_eq!(shown.steps, states.collect::<Vec<_>>());
    assert_eq!(shown.badges, ["1 shown", "1 withheld", "1 erased"]);

    let mut withheld = good();
    withheld.entries.iter_mut().for_each(|entry| entry.contents.clear());
    let shown = holds("all contents withheld", &withheld);
    assert_eq!(shown.badges, ["1 withheld", "1 withheld", "1 erased"]);
    assert_eq!(shown.steps[6], "withheld");

    let mut empty = good();
    (empty.entries, empty.proofs) = (Vec::new(), EntryProofs::default());
    empty.report.runs.clear();
    holds("no entry", &empty);
    holds("inclusion proofs", &inclusion_proofs_only());
    holds("one entry that is the whole ledger", &in_lists(1));
    for size in [2, 3, 7, 8, 9, 64, 259] {
        holds("a whole ledger", &in_lists(size));
    }
    for until in ["2026-11-23T08:32:04.000000000Z", "2026-11-23T08:32:05.000000000Z"] {
        holds("a period", &of_a_period(until));
    }

    holds("as deep as it may be", &of_entries(vec![deep(126)]));
    let odd = r#"{"__proto__":-9007199254740991,"body":[9007199254740991,"\u0000\"\\\né🙂"],"kind":"x","tenant":"acme"}"#;
    holds("numbers and texts at their borders", &of_entries(vec![odd.as_bytes().to_vec()]));

    let file = signed(&good());
    let shown = check(&browser, "without a key", &file, &Trust::default(), "consistent");
    assert!(shown.not_proved.iter().any(|text| text.starts_with("Whose key")));
    let stranger = VerifierKey::ed25519("b.example", [3; 32]).unwrap();
    let two = Trust { keys: vec![stranger, ledger::key(&ledger::signer())] };
    check(&browser, "one of two keys", &file, &two, "holds");
    let mut before = unpack(&file);
    before.remove("index.html");
    check(&browser, "a bundle from before there was a page", &sealed(before), &trusted(), "holds");
    let forger = Ed25519Signer::from_seed(&[66; 32]);
    let forged = bytes(&ledger::bundle(&forger), &forger);
    check(&browser, "forged, by its own key", &forged, &Trust::default(), "consistent");
}

#[test]
fn the_page_and_the_verifier_agree_on_what_does_not_hold() {
    let Some(browser) = Browser::start() else { return };
    let fails = |name: &str, file: &[u8], place: &str| {
        let shown = check(&browser, name, file, &trusted(), "fails");
        let found = shown.findings.iter().any(|finding| finding.contains(place));
        assert!(found, "{name}: {place} is not in {:#?}", shown.findings);
        shown
    };
    let file = signed(&good());

    // By the holder of the key.
    let asked = |query: Object| signed(&EvidenceBundle { query, ..good() });
    let of_another = asked(ledger::query("run", "another"));
    let shown =
        fails("entries of another run", &of_another, "entry 1: it is not a fact of the run");
    assert_eq!(shown.findings.len(), 5);
    let mut odd = good().query;
    odd.insert("note", "as agreed".into());
    fails("a query with a member of its own", &asked(odd), "manifest.json: no export answers");
    fails("a query for nothing", &asked(Object::new()), "manifest.json: no export answers");
    let mut withheld = good().query;
    withheld.insert("withhold", "content".into());
    fails("contents that are withheld, and here", &asked(withheld), "contents are withheld");

    let forger = Ed25519Signer::from_seed(&[66; 32]);
    let forged = bytes(&ledger::bundle(&forger), &forger);
    let shown = fails("forged with another key", &forged, "checkpoint.note");
    assert_eq!(shown.badges.len(), 0, "nothing of it is shown");
    let other = Trust { keys: vec![ledger::key(&forger)] };
    check(&browser, "the wrong key", &file, &other, "fails");

    for member in unpack(&file).into_keys() {
        // Behind the length of no extra field; the README names members too.
        let name = [&[0, 0], member.as_bytes()].concat();
        let at = file.windows(name.len()).position(|part| part == name).unwrap();
        let mut bad = file.clone();
        bad[at + name.len()] ^= 4;
        fails("a flipped bit in a member", &bad, &member);
    }
    fails(
        "a flipped bit in the directory",
        &{
            let mut bad = file.clone();
            let at = bad.len() - 30;
            bad[at] ^= 1;
            bad
        },
        "the zip",
    );
    let part = |member: &'static str, part: &'static str| {
        repacked(|members| flip(members.get_mut(member).unwrap(), part))
    };
    fails("a bit in an entry", &part("entries-000.jsonl", "search_flights"), "entries-000.jsonl");
    fails("a bit in a content", &part("disclosures-000.jsonl", "bytes"), "disclosures-000.jsonl");
    fails("a bit in the manifest", &part("manifest.json", "acme"), "manifest");
    fails("a bit in the envelope", &part("manifest.dsse.json", "payload\""), "manifest.dsse.json");
    fails("a bit in the checkpoint", &part("checkpoint.note", "acme"), "checkpoint.note");
    fails("a bit in a proof", &part("proofs/range-1-6.txt", "left"), "proofs/range-1-6.txt");
    for name in unpack(&file).into_keys().filter(|name| name != "manifest.json") {
        fails("a member missing", &repacked(|members| drop(members.remove(&name))), &name);
    }
    let added = repacked(|members| drop(members.insert("extra.txt".to_owned(), Vec::new())));
    fails("a member added", &added, "extra.txt");

    // What the holder of the key could sign, and the tree does not bear out.
    let by_the_holder = |change: &dyn Fn(&mut EvidenceBundle)| {
        let mut bundle = good();
        change(&mut bundle);
        signed(&bundle)
    };
    let bad = by_the_holder(&|bundle| drop(bundle.entries.remove(2)));
    fails("an entry left out", &bad, "proofs/range-1-6.txt");
    let bad = by_the_holder(&|bundle| bundle.proofs = EntryProofs::default());
    fails("no proofs", &bad, "5 entries have no proof");
    let bad = by_the_holder(&|bundle| "globex".clone_into(&mut bundle.tenant));
    fails("another tenant", &bad, "entries-000.jsonl");
    let bad = by_the_holder(&|bundle| bundle.entries[0].contents[0].bytes[0] ^= 1);
    fails("another content", &bad, "disclosures-000.jsonl");
    let bad = by_the_holder(&|bundle| bundle.root = sha256(b"another"));
    fails("another root in the manifest", &bad, "manifest.json");
    let bad = by_the_holder(&|bundle| {
        bundle.root = sha256(b"another");
        let head = Head { size: 6, peaks: Vec::new(), root: bundle.root };
        let note = sign_checkpoint(ledger::ORIGIN, &head, &ledger::signer()).unwrap();
        let text = bundle.proofs.texts[0].1.replace(&bundle.checkpoint_note, &note);
        bundle.proofs.texts[0].1 = text;
        bundle.checkpoint_note = note;
    });
    fails("a root signed over other entries", &bad, "the proof leads to root");

    let again = |member: &str, change: &dyn Fn(&mut Vec<u8>)| {
        signed_again(&file, member, |bytes| change(bytes))
    };
    let bad = again("population.csv", &|bytes| flip(bytes, "run.step"));
    fails("another population", &bad, "population.csv");
    let bad = again("disclosures-000.jsonl", &|bytes| bytes.extend_from_slice(&bytes.clone()));
    fails("a content twice", &bad, "two contents");
    let bad = again("disclosures-000.jsonl", &|bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace(r#""seq":1"#, r#""seq":1,"seq":1"#).into_bytes();
    });
    fails("a member of JSON twice", &bad, "stands twice");
    let bad = again("disclosures-000.jsonl", &|bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace(r#""seq":1"#, r#""seq": 1"#).into_bytes();
    });
    fails("another spelling of a line", &bad, "canonical form");
    let bad = again("disclosures-000.jsonl", &|bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace("{", r#"{"Note":1,"#).into_bytes();
    });
    fails("a member of a line that does not belong there", &bad, "disclosures-000.jsonl");
    let bad = again("proofs/range-1-6.txt", &|bytes| {
        *bytes = b"factlog/range-proof@v1\nrange 1 9007199254740991\n".to_vec()
    });
    fails("a proof without an end", &bad, "proofs/range-1-6.txt");
    let bad = again("entries-000.jsonl", &|bytes| bytes.extend_from_slice(b"{}\n"));
    fails("a line more than entries", &bad, "more lines than entries");
    for (text, with) in [
        (r#""format""#, r#""format":"factlog/bundle/1","format""#),
        (r#""size":6}"#, r#""size":6,"sizes":6}"#),
        (r#""entries":5"#, r#""entries":4"#),
        (r#""run.step":2"#, r#""run.step":3"#),
        (r#""included":1"#, r#""included":2"#),
        (r#""first_seq":1"#, r#""first_seq":0"#),
        (r#""size":6}"#, r#""size":9007199254740993}"#),
        (r#""tenant":"acme""#, r#""tenant":"globex""#),
    ] {
        let manifest = String::from_utf8(unpack(&file)["manifest.json"].clone()).unwrap();
        assert!(manifest.contains(text), "{text}");
        let manifest = manifest.replacen(text, with, 1).into_bytes();
        let bad = with_manifest(unpack(&file), manifest);
        fails(with, &bad, "manifest.json");
    }
    fails(
        "an entry that is not canonical",
        &signed(&of_entries(vec![br#"{"kind":"x", "tenant":"acme"}"#.to_vec()])),
        "canonical form",
    );
    fails("deeper than it may be", &with_line(deep(127)), "levels");
    let numbers = |number: &str| {
        with_line(format!(r#"{{"body":{number},"kind":"x","tenant":"acme"}}"#).into_bytes())
    };
    for number in ["9007199254740992", "-9007199254740993", "1.0", "1e3", "-0"] {
        fails(number, &numbers(number), "entries-000.jsonl");
    }
    let clear = br#"{"_sd":{"/kind":"x"},"kind":"x","tenant":"acme"}"#.to_vec();
    fails("a commitment that stands in clear", &with_line(clear), "stands in clear");
}

/// An entry whose body is so many arrays in each other, in the entry's object.
fn deep(arrays: usize) -> Vec<u8> {
    let (open, close) = ("[".repeat(arrays), "]".repeat(arrays));
    format!(r#"{{"body":{open}{close},"kind":"x","tenant":"acme"}}"#).into_bytes()
}

/// A bundle of one entry that the writer would refuse, under a tree that holds it.
fn with_line(entry: Vec<u8>) -> Vec<u8> {
    let plain = br#"{"kind":"x","tenant":"acme"}"#.to_vec();
    let bundle = of_entries(vec![entry.clone()]);
    let mut shell = bundle.clone();
    shell.entries[0].bytes = plain.clone();
    signed_again(&signed(&shell), "entries-000.jsonl", |bytes| {
        *bytes = [&entry[..], b"\n"].concat();
    })
}

#[test]
fn what_is_no_bundle_is_never_green() {
    let Some(browser) = Browser::start() else { return };
    let file = signed(&good());
    let none = |name: &str, file: &[u8]| check(&browser, name, file, &trusted(), "no-bundle");
    none("an empty file", b"");
    none("a PDF", b"%PDF-1.7 and so on, and so on");
    none("a cut zip", &file[..file.len() / 2]);
    none("a zip with something behind it", &[&file[..], b"\0"].concat());
    none("another zip", &pack(&Members::from([("a.txt".to_owned(), b"x".to_vec())])));
    none("no manifest", &repacked(|members| drop(members.remove("manifest.json"))));

    let shown = look(&browser, &file, "logs.example.com/acme+00000000+AAAA");
    assert_eq!(shown.verdict, "not-checked", "a key that is none");
    let many: Vec<u8> = vec![0; 51 << 20];
    assert_eq!(look(&browser, &many, "").verdict, "not-checked", "more than a page is made for");
}

/// Browsers' Ed25519 takes points of small order, `verify_strict` does not; so the page looks itself.
#[test]
fn points_of_small_order_fit_no_signature() {
    let Some(browser) = Browser::start() else { return };
    let file = signed(&good());
    let note = String::from_utf8(unpack(&file)["checkpoint.note"].clone()).unwrap();
    let text = note.split_inclusive("\n\n").next().unwrap().trim_end().to_owned() + "\n";
    let signed_with = |key: &VerifierKey, signature: &[u8]| {
        let line = STANDARD.encode([&key.id().to_be_bytes()[..], signature].concat());
        let note = format!("{text}\n— {} {line}\n", key.name());
        repacked(|members| drop(members.insert("checkpoint.note".to_owned(), note.into_bytes())))
    };
    let refused = |name: &str, key: VerifierKey, signature: [u8; 64]| {
        // Else it would be refused for another reason.
        let lax = ed25519_dalek::VerifyingKey::from_bytes(key.public_key()).unwrap();
        let fits = lax.verify(text.as_bytes(), &ed25519_dalek::Signature::from_bytes(&signature));
        assert!(fits.is_ok(), "{name}");
        let bad = signed_with(&key, &signature);
        let shown = check(&browser, name, &bad, &Trust { keys: vec![key] }, "fails");
        assert!(shown.findings[0].contains("does not hold"), "{:?}", shown.findings);
    };
    let mut identity = [0_u8; 32];
    identity[0] = 1;
    // R = identity and S = 0 fit this key and any text at all.
    let any = [identity, [0; 32]].concat().try_into().unwrap();
    refused("as key", VerifierKey::ed25519(ledger::ORIGIN, identity).unwrap(), any);
    // R = identity and S = k·a, made by the holder of the log's key for this one text.
    let s = "2d0d64fd0f66262080c596541dad1d072389d6dbb7a68b9c5a09b63aa8286701";
    let s: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&s[2 * at..2 * at + 2], 16).unwrap()).collect();
    let by_the_holder = [&identity[..], &s].concat().try_into().unwrap();
    refused("as R", ledger::key(&ledger::signer()), by_the_holder);
}

#[test]
fn what_a_bundle_says_is_text_and_nothing_leaves_the_page() {
    let Some(browser) = Browser::start() else { return };
    let hostile =
        r#"<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>"#;
    let actor = Object::from([
        ("kind".to_owned(), Value::from("agent")),
        ("name".to_owned(), hostile.into()),
    ]);
    let meta = Object::from([("actor".to_owned(), Value::from(actor))]);
    let fact = Object::from([
        ("__proto__".to_owned(), Value::from("a member like any other")),
        ("kind".to_owned(), hostile.into()),
        ("meta".to_owned(), meta.into()),
        ("tenant".to_owned(), "acme".into()),
    ]);
    let bundle = of_entries(vec![canonical::write(&fact.into())]);
    let shown = check(&browser, "markup in an entry", &signed(&bundle), &trusted(), "holds");
    assert_eq!(shown.badges, [""; 0]);
    let seen = browser.run(
        "const entry = document.querySelector('details.entry');
         entry.open = true;
         entry.dispatchEvent(new Event('toggle'));
         return { kind: entry.querySelector('.kind').textContent, bytes: entry.querySelector('pre').textContent,
             made: document.querySelectorAll('#answer img, #answer script').length, title: document.title };",
    );
    assert_eq!(seen["kind"], hostile);
    assert_eq!(seen["made"], 0);
    assert_eq!(seen["title"], "Check an evidence bundle");
    assert!(seen["bytes"].as_str().unwrap().contains("a member like any other"));

    // Even a script in the page reaches nobody.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let refused = browser.wait(&format!(
        "fetch('{url}').then(() => done('answered'), () => {{
             const image = new Image();
             image.onerror = () => done('refused');
             image.src = '{url}';
         }});"
    ));
    assert_eq!(refused, "refused");
    assert!(listener.accept().is_err(), "nobody was asked");
}

/// It says how long that took, for whoever asks with `--nocapture`.
#[test]
fn a_large_bundle_is_checked_as_well() {
    let Some(browser) = Browser::start() else { return };
    let padding = "x".repeat(1_400);
    let entry = |n: u32| {
        format!(r#"{{"body":{{"n":{n},"x":"{padding}"}},"kind":"system.event","tenant":"acme"}}"#)
    };
    let bundle = of_entries((0..20_000).map(|n| entry(n).into_bytes()).collect());
    let (file, key) = (signed(&bundle), ledger::key(&ledger::signer()).to_string());
    let begun = Instant::now();
    let shown = look(&browser, &file, &key);
    let ms = begun.elapsed().as_millis();
    eprintln!("20,000 entries, {} bytes: {ms} ms", file.len());
    assert_eq!(shown.verdict, "holds", "{shown:#?}");
}
