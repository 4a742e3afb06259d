//! What a writer of the database may do to a recorded ledger, and the finding that names it. Every
//! check goes on to the end.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use audit_evidence::{
    LedgerReport, Trust, VerifyError, sign_checkpoint, verify_ledger, verify_ledger_since,
};
use common::facts::{Noon, draft};
use common::recorded::{ORIGIN, key, recorded, recorder, verify};
use common::stepping::Stepping;
use common::{Strict, TestKey, now, tenant};
use replay_determinism::{empty_root, leaf_hash};
use store_traits::test_support::{MemoryLedger, Tables};
use store_traits::{Checkpoint, Clock, Digest, Draft, FactKind, Head, Object, Value};

/// A checkpoint of a size with another root, signed with a key for an origin.
fn signed(t: &Tables, size: u64, root: Option<Digest>, key: &TestKey, origin: &str) -> Checkpoint {
    let true_head = t.commits[&size].clone();
    let head = Head { root: root.unwrap_or(true_head.root), ..true_head };
    let note = sign_checkpoint(origin, &head, key).unwrap();
    Checkpoint { size, root: head.root, note, signed_at: Noon.now() }
}

fn edit(t: &mut Tables, seq: u64) {
    let entry = t.entries.get_mut(&seq).unwrap();
    let text = String::from_utf8(entry.bytes.clone()).unwrap();
    entry.bytes = text.replace("\"text\":\"text\"", "\"text\":\"tex7\"").into_bytes();
}

fn swap(t: &mut Tables, one: u64, other: u64) {
    let (mut a, mut b) = (t.entries[&one].clone(), t.entries[&other].clone());
    (a.seq, b.seq) = (other, one);
    t.entries.insert(other, a);
    t.entries.insert(one, b);
    for content in &mut t.contents {
        content.seq = match content.seq {
            seq if seq == one => other,
            seq if seq == other => one,
            seq => seq,
        };
    }
    t.contents.sort_by_key(|content| content.seq);
}

fn cut(t: &mut Tables, size: u64) {
    t.entries.retain(|seq, _| *seq < size);
    t.contents.retain(|content| content.seq < size);
    t.commits.retain(|to, _| *to <= size);
    t.subtrees.retain(|subtree| (subtree.index + 1) << (8 * u32::from(subtree.level)) <= size);
}

type Meddle = fn(&mut Tables);
/// The name of the deed, the deed, the entry that is named, what is said of it, and how many findings
/// there are in all.
type Row = (&'static str, Meddle, Option<u64>, &'static str, usize);

const TABLE: &[Row] = &[
    ("edited entry", |t| edit(t, 250), Some(250), "the ledger recorded another leaf hash", 1),
    (
        "edited entry with its leaf hash",
        |t| {
            edit(t, 250);
            let entry = t.entries.get_mut(&250).unwrap();
            entry.leaf_hash = leaf_hash(&entry.bytes).as_bytes().to_vec();
        },
        Some(399),
        "the entries up to 399 give the root",
        // Its commit, and the subtree that it lies in.
        2,
    ),
    (
        "damaged entry",
        |t| t.entries.get_mut(&9).unwrap().bytes.truncate(40),
        Some(9),
        "the bytes are not a fact",
        2,
    ),
    (
        "edited leaf hash",
        |t| t.entries.get_mut(&9).unwrap().leaf_hash = vec![7; 32],
        Some(9),
        "the ledger recorded another leaf hash",
        // The entry, and the commit; the subtree ends behind the commit, whose peaks are right.
        2,
    ),
    (
        "edited id",
        |t| t.entries.get_mut(&3).unwrap().id = t.entries[&4].id.clone(),
        Some(3),
        "the stored id is `",
        1,
    ),
    ("missing entry", |t| drop(t.entries.remove(&250)), Some(250), "entry 250 is missing", 1),
    (
        "cut tail",
        |t| t.entries.retain(|seq, _| *seq < 590),
        Some(590),
        "entries 590 to 599 are missing",
        1,
    ),
    (
        "rolled back to before a checkpoint",
        |t| cut(t, 200),
        Some(200),
        "a checkpoint was signed for 400 entries, the ledger ends at 200",
        1,
    ),
    (
        "inserted entry",
        |t| {
            let mut entry = t.entries[&599].clone();
            entry.seq = 600;
            t.entries.insert(600, entry);
        },
        Some(600),
        "entry 600 lies behind the last commit",
        2,
    ),
    ("swapped neighbours", |t| swap(t, 10, 11), Some(10), "entries 10 and 11 are swapped", 1),
    ("swapped entries", |t| swap(t, 10, 150), Some(199), "the entries up to 199 give the root", 1),
    (
        "edited commit",
        |t| t.commits.get_mut(&200).unwrap().root = empty_root(),
        Some(199),
        "their commit recorded",
        1,
    ),
    (
        "deleted commit among others",
        |t| drop(t.commits.remove(&400)),
        Some(200),
        "the commit that ends at 600 stands on 400 entries, and the one before it ends at 200",
        1,
    ),
    (
        "deleted last commit",
        |t| drop(t.commits.remove(&600)),
        Some(400),
        "entries 400 to 599 lie behind the last commit",
        1,
    ),
    (
        "edited subtree",
        |t| t.subtrees[1].root = empty_root(),
        Some(256),
        "the stored subtree 1 of level 1 is missing or differs",
        1,
    ),
    (
        "deleted subtree",
        |t| t.subtrees.truncate(1),
        Some(256),
        "the stored subtree 1 of level 1 is missing or differs",
        1,
    ),
    (
        "forged signature",
        |t| t.checkpoints[0] = signed(t, 400, Some(empty_root()), &TestKey::new(2), ORIGIN),
        None,
        "the checkpoint of size 400 does not verify",
        1,
    ),
    (
        "replaced checkpoint",
        |t| t.checkpoints[0] = signed(t, 400, Some(empty_root()), &key(), ORIGIN),
        Some(399),
        "the checkpoint signed e3b0c442",
        1,
    ),
    (
        "checkpoint of another log",
        |t| t.checkpoints[0] = signed(t, 400, None, &key(), "logs.test/other"),
        None,
        "does not verify",
        1,
    ),
    (
        "edited checkpoint row",
        |t| t.checkpoints[0].size = 399,
        None,
        "the row of a checkpoint says size 399",
        1,
    ),
    (
        "two histories signed",
        |t| {
            let other = signed(t, 400, Some(empty_root()), &key(), ORIGIN);
            t.checkpoints.push(other);
        },
        Some(399),
        "two histories of size 400 were signed",
        2,
    ),
    (
        "edited content",
        |t| t.contents[7].bytes = b"another plan".to_vec(),
        Some(7),
        "the content at /body/prompt does not match its commitment",
        1,
    ),
    (
        "erased content without its fact",
        |t| drop(t.contents.remove(7)),
        Some(7),
        "the content at /body/prompt is gone, and no content.erased fact names it",
        1,
    ),
    (
        "moved content",
        |t| t.contents[7].pointer = "/body/else".into(),
        Some(7),
        "a content lies at /body/else that the entry never committed to",
        2,
    ),
];

#[test]
fn each_deed_is_named_and_the_check_goes_on() {
    let mut wrong = Vec::new();
    for (name, meddle, seq, says, count) in TABLE {
        let memory = recorded();
        memory.tables(&tenant(), meddle);
        let left = memory.tables(&tenant(), |t| t.entries.len() as u64);
        let report = verify(&memory);
        let named = report.findings.iter().any(|f| f.seq == *seq && f.what.contains(says));
        if !named || report.findings.len() != *count || report.entries != left {
            let what: Vec<_> = report.findings.iter().map(|f| (f.seq, &f.what)).collect();
            wrong.push(format!("{name}: {} entries checked, {what:#?}", report.entries));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn many_deeds_are_all_named() {
    let memory = recorded();
    memory.tables(&tenant(), |t| {
        edit(t, 20);
        t.entries.remove(&300);
        t.entries.get_mut(&500).unwrap().id = t.entries[&501].id.clone();
        t.contents.remove(550 - 1);
    });
    let report = verify(&memory);
    for seq in [20, 300, 500] {
        assert!(
            report.findings.iter().any(|f| f.seq == Some(seq)),
            "{seq}: {:#?}",
            report.findings
        );
    }
    assert!(report.findings.iter().any(|f| f.what.contains("is gone")));
    assert_eq!((report.entries, report.root), (599, None));
}

#[test]
fn missing_guards_and_edited_typed_rows_are_named() {
    let store = Stepping::default();
    store.missing.lock().unwrap().push("trigger `entries_no_update` is missing".into());
    let stray = "`steps` has a row that its entry does not give";
    store.typed.lock().unwrap().extend([
        (5, "`steps.model` differs from its entry".to_owned()),
        (70_000, stray.to_owned()),
    ]);
    let store = Arc::new(store);
    let recorder = audit_evidence::Recorder::new(
        Arc::<Stepping>::clone(&store),
        Arc::new(Noon),
        Arc::new(common::facts::Counting::from(0)),
    );
    let name = tenant();
    let drafts: Vec<Draft> = (0..10).map(|n| draft(&format!("key-{n}"), "text")).collect();
    now(recorder.record(&name, &drafts)).unwrap();
    let trust = Trust { keys: &[], verifier: &Strict, origin: ORIGIN };
    let report = now(verify_ledger(store.as_ref(), &name, &trust, &|_| {})).unwrap();
    let what: Vec<_> = report.findings.iter().map(|f| (f.seq, f.what.as_str())).collect();
    let expect = [
        (None, "trigger `entries_no_update` is missing"),
        (Some(5), "`steps.model` differs from its entry"),
        (Some(70_000), stray),
    ];
    assert_eq!(what, expect);
}

/// Records that the prompt of entry 7 was erased.
fn say_erased(memory: &Arc<MemoryLedger>) {
    let erased = Draft {
        kind: FactKind::ContentErased,
        body: Object::from([("seq", Value::from(7_u32)), ("pointer", "/body/prompt".into())]),
        committed: Vec::new(),
        ..draft("erased", "")
    };
    now(recorder(memory).record(&tenant(), &[erased])).unwrap();
}

#[test]
fn an_erasure_that_a_fact_names_is_no_finding() {
    let memory = recorded();
    say_erased(&memory);
    memory.tables(&tenant(), |t| t.contents.retain(|content| content.seq != 7));
    assert_eq!(verify(&memory).findings, []);
}

#[test]
fn a_content_that_is_still_there_though_a_fact_says_that_it_was_erased_is_found() {
    let memory = recorded();
    say_erased(&memory);
    let found: Vec<_> = verify(&memory).findings.into_iter().map(|f| (f.seq, f.what)).collect();
    let size = memory.tables(&tenant(), |t| t.head().size);
    let what = format!(
        "the content at /body/prompt is there, and entry {} says that it was erased",
        size - 1
    );
    assert_eq!(found, [(Some(7), what)]);
}

#[test]
fn an_erasure_while_the_check_goes_on_is_explained_by_a_fact_behind_it() {
    for named in [true, false] {
        let memory = Arc::new(MemoryLedger::default());
        let recorder = recorder(&memory);
        let drafts: Vec<_> = (0..8_000).map(|n| draft(&format!("key-{n}"), "text")).collect();
        now(recorder.record(&tenant(), &drafts)).unwrap();
        let begun = AtomicU64::new(0);
        let erase = |_| {
            if begun.fetch_add(1, Ordering::SeqCst) > 0 {
                return;
            }
            // The first thousand are checked; the last ones are not read yet.
            memory.tables(&tenant(), |t| t.contents.retain(|content| content.seq != 7_900));
            let mut fact = draft("erased", "");
            if named {
                fact.kind = FactKind::ContentErased;
                let of = [("seq", Value::from(7_900_u32)), ("pointer", "/body/prompt".into())];
                fact.body = Object::from(of);
                fact.committed.clear();
            }
            now(recorder.record(&tenant(), &[fact])).unwrap();
        };
        let trust = Trust { keys: &[], verifier: &Strict, origin: ORIGIN };
        let report = now(verify_ledger(memory.as_ref(), &tenant(), &trust, &erase)).unwrap();
        assert_eq!(report.entries, 8_000, "what came since is not of this check");
        let found: Vec<_> = report.findings.iter().map(|f| (f.seq, f.what.as_str())).collect();
        let gone = "the content at /body/prompt is gone, and no content.erased fact names it";
        let expect: &[_] = if named { &[] } else { &[(Some(7_900), gone)] };
        assert_eq!(found, expect);
    }
}

#[test]
fn a_ledger_that_is_wrong_everywhere_gives_a_bounded_report() {
    let memory = Arc::new(MemoryLedger::default());
    let recorder = recorder(&memory);
    for batch in 0..3 {
        let drafts: Vec<_> =
            (0..4_000).map(|n| draft(&format!("key-{}", batch * 4_000 + n), "x")).collect();
        now(recorder.record(&tenant(), &drafts)).unwrap();
    }
    memory.tables(&tenant(), |t| {
        t.entries.values_mut().for_each(|entry| entry.id = None);
    });
    let report = verify(&memory);
    assert_eq!((report.findings.len(), report.more_findings), (10_000, 2_000));
    assert_eq!(report.entries, 12_000);
}

#[test]
fn progress_never_goes_back_and_ends_at_the_end() {
    let memory = recorded();
    let trust = Trust { keys: &[], verifier: &Strict, origin: ORIGIN };
    let last = AtomicU64::new(0);
    let progress = |done: u64| assert!(last.swap(done, Ordering::SeqCst) <= done);
    now(verify_ledger(memory.as_ref(), &tenant(), &trust, &progress)).unwrap();
    assert_eq!(last.load(Ordering::SeqCst), 600);
}

fn since(memory: &MemoryLedger, size: u64) -> Result<LedgerReport, VerifyError> {
    let keys = [key().named(ORIGIN)];
    let trust = Trust { keys: &keys, verifier: &Strict, origin: ORIGIN };
    now(verify_ledger_since(memory, &tenant(), &trust, size, &|_| {}))
}

#[test]
fn from_a_checkpoint_on_only_what_follows_is_read() {
    let memory = recorded();
    let report = since(&memory, 400).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.since, report.entries, report.signed_size), (400, 200, 400));
    assert_eq!(report.root, Some(memory.tables(&tenant(), |t| t.head().root)));

    memory.tables(&tenant(), |t| edit(t, 10));
    assert_eq!(since(&memory, 400).unwrap().findings, [], "before the checkpoint");
    memory.tables(&tenant(), |t| edit(t, 410));
    let report = since(&memory, 400).unwrap();
    assert_eq!(report.findings.iter().map(|f| f.seq).collect::<Vec<_>>(), [Some(410)]);
}

#[test]
fn a_checkpoint_is_only_begun_from_if_it_verifies() {
    let memory = recorded();
    let none = since(&memory, 399).unwrap_err();
    assert!(
        matches!(&none, VerifyError::NoSuchCheckpoint { size: 399, signed } if signed == "400")
    );
    memory.tables(&tenant(), |t| {
        t.checkpoints[0] = signed(t, 400, None, &TestKey::new(2), ORIGIN);
    });
    assert!(matches!(since(&memory, 400), Err(VerifyError::NoSuchCheckpoint { .. })));
    // Signed with the right key, and not what lies here.
    memory.tables(&tenant(), |t| {
        t.checkpoints[0] = signed(t, 400, Some(empty_root()), &key(), ORIGIN);
    });
    let report = since(&memory, 400).unwrap();
    assert!(report.findings[0].what.contains("no commit gives the root e3b0c442"));
    assert_eq!(report.entries, 200, "the check goes on");
}

#[test]
fn older_checkpoints_are_shown_to_be_parts_of_the_trusted_one() {
    let memory = recorded();
    memory.tables(&tenant(), |t| {
        let older = signed(t, 200, None, &key(), ORIGIN);
        t.checkpoints.insert(0, older);
    });
    assert_eq!(since(&memory, 400).unwrap().findings, []);
    memory.tables(&tenant(), |t| {
        t.checkpoints[0] = signed(t, 200, Some(empty_root()), &key(), ORIGIN);
    });
    let report = since(&memory, 400).unwrap();
    let says = "the checkpoint of size 200 is not shown to be a part of that of size 400";
    assert_eq!(report.findings.iter().map(|f| f.what.as_str()).collect::<Vec<_>>(), [says]);
}
