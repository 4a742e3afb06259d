//! Keys, marks and the root log, as somebody types them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use support::{Place, bodies};

fn import(place: &Place, capture: &str, more: &[&str]) {
    for file in bodies(capture) {
        let mut arguments = vec!["import", "--tenant", "acme"];
        arguments.extend(more);
        arguments.push(file.to_str().unwrap());
        place.run(&arguments).expect(0);
    }
}

fn keys(place: &Place) -> Vec<String> {
    place.run(&["keys", "show"]).expect(0).stdout.lines().map(str::to_owned).collect()
}

fn proof(place: &Place, name: &str) -> String {
    let text = place.run(&["ledger", "prove", "--seq", "0"]).expect(0).stdout;
    std::fs::write(place.path(name), &text).unwrap();
    name.to_owned()
}

#[test]
fn a_key_is_added_and_the_old_one_retired() {
    let place = Place::new();
    import(&place, "01_proto_plain", &[]);
    let old = keys(&place).remove(0);
    let before = proof(&place, "before.proof");
    place.run(&["keys", "retire", &old]).expect(2).says("only active key");
    place.run(&["keys", "add"]).expect(0);
    let both = keys(&place);
    assert_eq!((both.len(), &both[0]), (2, &old));
    place.run(&["keys", "retire", &old]).expect(0);
    place.run(&["keys", "retire", "ffffffff"]).expect(2).says("no key of this log");
    let after = keys(&place);
    assert!(after[0].starts_with(&format!("{old} retired ")), "{}", after[0]);
    assert_eq!(after[1], both[1]);
    let shown = place.run(&["keys", "show", "--json"]).expect(0).json();
    assert_eq!(shown["states"][0]["state"], "retired");
    assert_eq!(shown["states"][1]["state"], "active");

    place.run(&["ledger", "checkpoint"]).expect(0);
    let later = proof(&place, "later.proof");
    place.run(&["proof", "verify", &before, "--key", &old]).expect(0);
    place.run(&["proof", "verify", &later, "--key", &both[1]]).expect(0);
    place.run(&["proof", "verify", &later, "--key", &old]).expect(1);
    place.run(&["ledger", "verify"]).expect(0);
}

/// A slip of the key file would spoil the log for good: what is signed stays.
#[test]
fn the_key_of_another_log_signs_nothing_behind_what_was_signed() {
    let (place, other) = (Place::new(), Place::new());
    import(&place, "01_proto_plain", &["--checkpoint-at-end"]);
    import(&place, "02_proto_gzip_retry", &[]);
    std::fs::copy(other.path("factlog.key"), place.path("other.key")).unwrap();
    let slip = ["--key-file", "other.key", "--high-water", "factlog.highwater"];
    place
        .run(&[&slip[..], &["ledger", "checkpoint"]].concat())
        .expect(1)
        .says("checkpoint of size");
    place.run(&["ledger", "checkpoint"]).expect(0);
    place.run(&["ledger", "verify"]).expect(0);
}

#[test]
fn what_follows_a_checkpoint_is_verified_alone() {
    let place = Place::new();
    import(&place, "01_proto_plain", &["--checkpoint-at-end"]);
    let whole = place.run(&["ledger", "verify", "--json"]).expect(0).json();
    let size = whole["entries"].as_u64().unwrap();
    import(&place, "02_proto_gzip_retry", &[]);
    let all = place.run(&["ledger", "verify", "--json"]).expect(0).json();
    let since = ["ledger", "verify", "--json", "--since-checkpoint", &size.to_string()];
    let part = place.run(&since).expect(0).json();
    assert_eq!(part["entries"].as_u64().unwrap(), all["entries"].as_u64().unwrap() - size);
    assert_eq!(part["tenants"][0]["root"], all["tenants"][0]["root"]);
    assert_eq!(part["tenants"][0]["since"], size);
    let no_such = ["ledger", "verify", "--since-checkpoint", "1"];
    place.run(&no_such).expect(2).says("no checkpoint that verifies was signed at size 1");
}

#[test]
fn a_database_from_an_older_backup_is_not_signed_for() {
    let place = Place::new();
    import(&place, "01_proto_plain", &["--checkpoint-at-end"]);
    std::fs::copy(place.path("factlog.db"), place.path("backup.db")).unwrap();
    import(&place, "02_proto_gzip_retry", &["--checkpoint-every", "1"]);
    let verified = place.run(&["ledger", "verify", "--json"]).expect(0).json();
    assert_eq!(verified["tenants"][0]["signed_size"], verified["entries"]);

    std::fs::copy(place.path("backup.db"), place.path("factlog.db")).unwrap();
    place.run(&["ledger", "checkpoint"]).expect(1).says("older backup");
    place.run(&["ledger", "verify"]).expect(1);
    // Marks elsewhere know nothing of it: then it is the file there that has to be right.
    let elsewhere = ["--high-water", "elsewhere.marks", "ledger", "checkpoint"];
    place.run(&elsewhere).expect(0);
    assert!(
        std::fs::read_to_string(place.path("elsewhere.marks"))
            .unwrap()
            .starts_with("logs.test/acme ")
    );
}

#[test]
fn a_checkpoint_is_proved_in_the_root_log() {
    let place = Place::new();
    import(&place, "01_proto_plain", &[]);
    std::fs::write(place.path("none"), "quorum none\n").unwrap();
    std::fs::write(place.path("broken"), "quorum w\n").unwrap();
    place.run(&["root", "publish", "--policy", "broken"]).expect(2).says("line 1");
    place.run(&["root", "publish", "--policy", "missing"]).expect(2).says("missing");
    place.run(&["root", "publish", "--policy", "none"]).expect(0);
    let root = place.run(&["keys", "show", "--tenant", "root-log"]).expect(0).stdout;
    std::fs::write(place.path("policy"), format!("log {root}quorum none\n")).unwrap();

    let proof = place.run(&["root", "prove"]).expect(0).stdout;
    std::fs::write(place.path("root.tlog-proof"), &proof).unwrap();
    let verify = ["root", "verify", "root.tlog-proof", "--policy", "policy"];
    let ran = place.run(&verify).expect(0).stdout;
    let checkpoint = place.run(&["ledger", "checkpoint"]).expect(0).stdout;
    assert!(ran.contains(&checkpoint), "{ran}");

    std::fs::write(place.path("root.tlog-proof"), proof.replace("index 0", "index 1")).unwrap();
    place.run(&verify).expect(1);
    place.run(&["import", "--tenant", "root-log", "policy"]).expect(2).says("root log's own name");
    place.run(&["ledger", "verify", "--tenant", "root-log"]).expect(0);
    // One tenant is still one tenant.
    place.run(&["runs"]).expect(0);
}
