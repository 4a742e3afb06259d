//! `factlog root` with a time-stamping authority, as the binary does it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use logs_domain::test_support::{Authority, installed, openssl};
use support::{Place, bodies};

const REPLY: &str = "application/timestamp-reply";

/// A log of one tenant, and a policy that asks for no witness.
fn log() -> Place {
    let place = Place::new();
    place.import(&bodies("01_proto_plain")).expect(0);
    let key = place.run(&["keys", "show", "--tenant", "root-log"]).expect(0).stdout;
    let key = key.split_whitespace().find(|word| word.contains("root-log+")).unwrap();
    std::fs::write(place.path("policy"), format!("log {key}\nquorum none\n")).unwrap();
    place
}

fn keep(place: &Place, name: &str, bytes: &[u8]) {
    std::fs::write(place.path(name), bytes).unwrap();
}

const PUBLISH: [&str; 4] = ["root", "publish", "--policy", "policy"];

#[test]
fn a_token_is_attached_shown_and_checked_and_a_bad_one_refused() {
    if !installed() {
        return;
    }
    let (place, authority) = (log(), Authority::start(REPLY));
    keep(&place, "tsa.pem", authority.pem().as_bytes());
    let tsa = ["--tsa", &authority.url, "--tsa-certificates", "tsa.pem"];
    let published = place.run(&[&PUBLISH[..], &tsa].concat()).expect(0).says("time-stamped at ");
    keep(&place, "note", published.stdout.as_bytes());
    let again = place.run(&[&PUBLISH[..], &tsa, &["--json"]].concat()).expect(0).json();
    assert_eq!(again["timestamp"]["signer"], "tsa.test");
    assert_eq!(again["checkpoint"].as_str(), Some(published.stdout.as_str()));
    assert_eq!(authority.asked(), 1, "a token that is kept is not asked for again");

    let proof = ["root", "prove", "--tenant", "acme", "--timestamp", "token"];
    keep(&place, "proof", place.run(&proof).expect(0).stdout.as_bytes());
    let openssl_says =
        ["ts", "-verify", "-token_in", "-in", "token", "-data", "note", "-CAfile", "tsa.pem"];
    assert!(openssl(place.folder.path(), &openssl_says), "openssl does not believe the token");

    let verify = |token: &str, certificates: &str| {
        let stamp = ["--timestamp", token, "--tsa-certificates", certificates];
        let verify = ["root", "verify", "proof", "--policy", "policy"];
        place.run(&[&verify[..], &stamp].concat())
    };
    let good = verify("token", "tsa.pem").expect(0);
    assert!(good.stdout.contains("time-stamped at "), "{}", good.stdout);
    assert!(good.stdout.contains("by tsa.test (policy 1.2.3.4.1"), "{}", good.stdout);

    let refused = |token: &str, certificates: &str| {
        let said = verify(token, certificates).expect(1).stdout;
        assert!(said.contains("does not hold: the time-stamp: "), "{said}");
        said
    };
    let stranger = Authority::start(REPLY);
    keep(&place, "stranger.pem", stranger.pem().as_bytes());
    assert!(refused("token", "stranger.pem").contains("neither trusted"));
    let mut bytes = std::fs::read(place.path("token")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    keep(&place, "bent", &bytes);
    refused("bent", "tsa.pem");
    keep(&place, "empty", b"");
    refused("empty", "tsa.pem");
}

#[test]
fn a_token_of_an_authority_that_is_not_trusted_is_not_kept() {
    if !installed() {
        return;
    }
    let (place, authority, stranger) = (log(), Authority::start(REPLY), Authority::start(REPLY));
    keep(&place, "stranger.pem", stranger.pem().as_bytes());
    let tsa = ["--tsa", &authority.url, "--tsa-certificates", "stranger.pem"];
    place.run(&[&PUBLISH[..], &tsa].concat()).expect(3).says("neither trusted");
    // The checkpoint is cosigned all the same, and has no token.
    let proof = ["root", "prove", "--tenant", "acme"];
    place.run(&proof).expect(0);
    place.run(&[&proof[..], &["--timestamp", "token"]].concat()).expect(2).says("time-stamp");
    assert!(!place.path("token").exists());
}
