//! Tiles into a bucket: the real binary against a small S3 server that keeps conditions.

#![cfg(feature = "object-store")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use support::{Place, bodies};

type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// What a server makes of `If-None-Match` and `If-Match`.
#[derive(Clone, Copy, PartialEq)]
enum Conditions {
    Kept,
    Ignored,
}

struct Bucket {
    endpoint: String,
    objects: Objects,
}

impl Bucket {
    fn start(conditions: Conditions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let objects = Objects::default();
        let own = Arc::clone(&objects);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let objects = Arc::clone(&own);
                std::thread::spawn(move || serve(stream.unwrap(), &objects, conditions));
            }
        });
        Self { endpoint, objects }
    }

    fn export(&self, place: &Place, url: &str) -> support::Ran {
        let env = [
            ("AWS_ENDPOINT", self.endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "test-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        place.run_with(&["ledger", "export-tiles", url, "--json"], &env)
    }
}

fn tag(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(7_u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(*b)));
    format!("\"{sum:016x}\"")
}

fn serve(stream: TcpStream, objects: &Objects, conditions: Conditions) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
                None => break,
            };
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        assert!(headers.contains_key("authorization"), "unsigned: {first}");
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap().to_owned());
        let mut objects = objects.lock().unwrap();
        let there = objects.get(&path).cloned();
        let (status, answer) = match method {
            "GET" => there.map_or((404, Vec::new()), |bytes| (200, bytes)),
            "PUT" => {
                let free = headers.get("if-none-match").is_none_or(|_| there.is_none());
                let same = headers
                    .get("if-match")
                    .is_none_or(|wanted| there.as_ref().is_some_and(|bytes| tag(bytes) == *wanted));
                if free && same || conditions == Conditions::Ignored {
                    objects.insert(path, body.clone());
                    (200, Vec::new())
                } else {
                    (412, Vec::new())
                }
            }
            other => panic!("{other}"),
        };
        let tagged = if method == "PUT" { &body } else { &answer };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nETag: {}\r\nLast-Modified: Mon, 23 Nov 2026 08:00:00 GMT\r\n\r\n",
            answer.len(),
            tag(tagged)
        );
        stream.write_all(&[head.as_bytes(), &answer].concat()).unwrap();
    }
}

/// The files of a folder, by their names in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(format!("/bucket/logs/acme/{name}"), std::fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_bucket_holds_what_a_folder_holds_and_is_completed() {
    let (place, bucket) = (Place::new(), Bucket::start(Conditions::Kept));
    for capture in ["01_proto_plain", "02_proto_gzip_retry"] {
        place.import(&bodies(capture)).expect(0);
        place.run(&["ledger", "export-tiles", "tiles"]).expect(0);
        let done = bucket.export(&place, "s3://bucket/logs/acme").expect(0).json();
        assert!(done["files"].as_u64().unwrap() > 1, "{done}");
        assert_eq!(*bucket.objects.lock().unwrap(), files(&place.path("tiles")));
    }
    let again = bucket.export(&place, "s3://bucket/logs/acme").expect(0).json();
    assert_eq!((&again["files"], &again["entries"]), (&0.into(), &again["entries_before"]));
}

#[test]
fn another_object_is_never_overwritten_and_another_log_is_refused() {
    let (place, bucket) = (Place::new(), Bucket::start(Conditions::Kept));
    place.import(&bodies("01_proto_plain")).expect(0);
    bucket.export(&place, "s3://bucket/logs").expect(0);
    let other = Place::new();
    other.import(&bodies("02_proto_gzip_retry")).expect(0);
    bucket.export(&other, "s3://bucket/logs").expect(1).says("is not an older state of the log");

    // A tile with other bytes, and no checkpoint that would speak of it.
    let tile = {
        let mut objects = bucket.objects.lock().unwrap();
        objects.remove("/bucket/logs/checkpoint").unwrap();
        let tile = objects.keys().find(|name| name.contains("/tile/0/")).unwrap().clone();
        objects.insert(tile.clone(), b"other".to_vec());
        tile
    };
    bucket.export(&place, "s3://bucket/logs").expect(1).says("is there with other bytes");
    let objects = bucket.objects.lock().unwrap().clone();
    assert_eq!(objects[&tile], b"other");
    assert!(!objects.contains_key("/bucket/logs/checkpoint"));
    bucket.export(&place, "s3://").expect(2).says("it names no bucket");
}

#[test]
fn a_store_that_overwrites_is_refused_before_a_checkpoint_speaks_of_it() {
    let (place, bucket) = (Place::new(), Bucket::start(Conditions::Ignored));
    place.import(&bodies("01_proto_plain")).expect(0);
    let ran = bucket.export(&place, "s3://bucket/logs").expect(2);
    ran.says("cannot use `s3://bucket/logs`: the store ignores `If-None-Match: *`");
    let tile = {
        let mut objects = bucket.objects.lock().unwrap();
        assert_eq!(objects.len(), 1, "the tile that found it out");
        let (name, bytes) = objects.iter_mut().next().unwrap();
        *bytes = b"other".to_vec();
        name.clone()
    };
    bucket.export(&place, "s3://bucket/logs").expect(1).says("is there with other bytes");
    let objects = bucket.objects.lock().unwrap();
    assert_eq!((objects.len(), objects[&tile].as_slice()), (1, &b"other"[..]));
}

#[test]
fn a_store_that_is_not_there_is_named_with_what_says_where_it_is() {
    let place = Place::new();
    place.import(&bodies("01_proto_plain")).expect(0);
    let endpoint = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let bucket = Bucket { endpoint, objects: Objects::default() };
    let ran = bucket.export(&place, "s3://bucket/logs").expect(3);
    ran.says("cannot read `s3://bucket/logs/checkpoint`").says("AWS_ENDPOINT");
}
