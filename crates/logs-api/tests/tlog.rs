//! The log over HTTP, read by an implementation of the format that is not ours (`tlog_tiles`,
//! `signed_note`), and compared with what `ledger export-tiles` writes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::path::Path;

use signed_note::{Note, StandardVerifier, VerifierList};
use support::{JSON, Served, spans};
use tlog_tiles::{
    Checkpoint, Error, Hash, Tile, TileHashReader, TileReader, check_record, check_tree,
    prove_record, prove_tree, record_hash, tree_hash,
};

/// A client of the specification.
struct Client<'s>(&'s Served);

impl TileReader for Client<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        // The library names tiles as Go's checksum database does, with the height in the name.
        let name = |tile: &Tile| tile.path().replacen("tile/8/", "tile/", 1);
        let get = |tile| self.0.get(&format!("/tlog/acme/{}", name(tile))).expect(200).body;
        Ok(tiles.iter().map(get).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

struct Published {
    size: u64,
    root: Hash,
}

fn published(served: &Served) -> Published {
    let key = served.domain.verifier_key(&served.tenant).unwrap().to_string();
    let answer = served.get("/tlog/acme/checkpoint").expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let note = Note::from_bytes(&answer.body).unwrap();
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&key).unwrap())]);
    assert_eq!(note.verify(&known).unwrap().0.len(), 1);
    let checkpoint = Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!(checkpoint.origin(), "logs.test/acme");
    Published { size: checkpoint.size(), root: *checkpoint.hash() }
}

fn entries(served: &Served, size: u64) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for index in 0..size.div_ceil(256) {
        let width = (size - index * 256).min(256);
        let part = if width < 256 { format!(".p/{width}") } else { String::new() };
        let answer = served.get(&format!("/tlog/acme/tile/entries/{index:03}{part}")).expect(200);
        let mut rest = &answer.body[..];
        while !rest.is_empty() {
            let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
            out.push(rest[2..2 + length].to_vec());
            rest = &rest[2 + length..];
        }
    }
    out
}

fn grow(served: &Served, first: u64, count: u64) -> Published {
    served.post("/v1/traces", JSON, &spans(first, count)).expect(200);
    served.runtime.block_on(served.domain.checkpoint(&served.tenant)).unwrap();
    published(served)
}

#[test]
fn another_implementation_walks_the_whole_log() {
    let served = Served::new();
    let old = grow(&served, 0, 300);
    let new = grow(&served, 300, 500);
    assert_eq!((old.size, new.size), (300, 800));
    let client = Client(&served);
    let reader = TileHashReader::new(new.size, new.root, &client);
    assert_eq!(tree_hash(new.size, &reader).unwrap(), new.root);
    let entries = entries(&served, new.size);
    assert_eq!(entries.len() as u64, new.size);
    for (seq, entry) in (0..).zip(&entries).step_by(37) {
        let proof = prove_record(new.size, seq, &reader).unwrap();
        check_record(&proof, new.size, new.root, seq, record_hash(entry)).unwrap();
    }
    let proof = prove_tree(new.size, old.size, &reader).unwrap();
    check_tree(&proof, new.size, new.root, old.size, old.root).unwrap();
}

#[test]
fn each_object_is_what_an_export_writes() {
    let served = Served::new();
    grow(&served, 0, 700);
    let folder = served.folder.path().join("tiles");
    let export = served.domain.export_tiles(&served.tenant, &folder);
    let exported = served.runtime.block_on(export).unwrap();
    let mut seen = 0;
    each_file(&folder, &mut |file| {
        let name = file.strip_prefix(&folder).unwrap().to_str().unwrap();
        let answer = served.get(&format!("/tlog/acme/{name}")).expect(200);
        assert_eq!(answer.body, std::fs::read(file).unwrap(), "{name}");
        let keep = answer.header("cache-control").unwrap();
        assert_eq!(keep.contains("immutable"), name != "checkpoint", "{name}: {keep}");
        assert_eq!(keep.contains("private"), name.contains("entries"), "{name}: {keep}");
        assert!(!keep.contains("public"), "{name}: {keep}");
        seen += 1;
    });
    assert_eq!(seen, exported.files);
}

fn each_file(folder: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { each_file(&path, each) } else { each(&path) }
    }
}

#[test]
fn what_is_not_signed_or_spelt_otherwise_is_not_there() {
    let served = Served::new();
    served.post("/v1/traces", JSON, &spans(0, 300)).expect(200);
    let unsigned = served.get("/tlog/acme/checkpoint").expect(404);
    assert_eq!(unsigned.header("content-type"), Some("application/problem+json"));
    assert!(unsigned.json()["detail"].as_str().unwrap().contains("ledger checkpoint"));
    served.get("/tlog/acme/tile/0/000").expect(404);
    served.runtime.block_on(served.domain.checkpoint(&served.tenant)).unwrap();
    served.get("/tlog/acme/tile/0/000").expect(200);
    served.get("/tlog/acme/tile/0/000?again").expect(200);
    served.get("/tlog/acme/tile/0/001.p/44").expect(200);
    served.get("/tlog/acme/tile/1/000.p/1").expect(200);
    served.post("/v1/traces", JSON, &spans(300, 10)).expect(200);
    for path in [
        "tile/0/001.p/45",
        "tile/0/001",
        "tile/entries/001.p/54",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/0/0",
        "tile/0/%30%30%30",
        "tile/0/000/",
        "tile/0/000.p/256",
        "tile//000",
        "tile/data/000",
        "tile/8/0/000",
        "tile/0/../0/000",
        "tile",
        "",
        "checkpoint/",
        "Checkpoint",
    ] {
        let answer = served.get(&format!("/tlog/acme/{path}")).expect(404);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    for tenant in ["globex", "ACME", "root-log", "%61cme"] {
        served.get(&format!("/tlog/{tenant}/checkpoint")).expect(404);
        served.get(&format!("/tlog/{tenant}/tile/0/000")).expect(404);
    }
    served.ask("POST", "/tlog/acme/checkpoint", &[], b"").expect(405);
    served.ask("HEAD", "/tlog/acme/checkpoint", &[], b"").expect(200);
    // Nothing was signed by all that reading.
    assert_eq!(published(&served).size, 300);
}
