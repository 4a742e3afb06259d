//! The log as tiles, read by an implementation of the format that is not ours: `tlog_tiles` and
//! `signed_note` take the checkpoint, every tile, an inclusion proof and a consistency proof.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use signed_note::{Note, StandardVerifier, VerifierList};
use support::{Place, bodies};
use tlog_tiles::{
    Checkpoint, Error, Hash, Tile, TileHashReader, TileReader, check_record, check_tree,
    prove_record, prove_tree, record_hash, tree_hash,
};

/// A folder of tiles, as a client of the specification reads it.
struct Folder(PathBuf);

impl TileReader for Folder {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        // The library names tiles as Go's checksum database does; ours are those of C2SP, which has
        // one height and no place for it in the name.
        let name = |tile: &Tile| tile.path().replacen("tile/8/", "tile/", 1);
        Ok(tiles.iter().map(|tile| fs::read(self.0.join(name(tile))).unwrap()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

struct Published {
    folder: Folder,
    size: u64,
    root: Hash,
}

/// Opens the checkpoint with the other implementation.
fn open(folder: &Path, vkey: &str) -> Published {
    let note = Note::from_bytes(&fs::read(folder.join("checkpoint")).unwrap()).unwrap();
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(vkey).unwrap())]);
    let (verified, _) = note.verify(&known).unwrap();
    assert_eq!(verified.len(), 1);
    let checkpoint = Checkpoint::from_bytes(note.text()).unwrap();
    assert!(checkpoint.origin().ends_with("/acme"), "{}", checkpoint.origin());
    Published {
        folder: Folder(folder.to_path_buf()),
        size: checkpoint.size(),
        root: *checkpoint.hash(),
    }
}

/// The entries of all bundles.
fn entries(folder: &Path, size: u64) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for index in 0..size.div_ceil(256) {
        let width = (size - index * 256).min(256);
        let part = if width < 256 { format!(".p/{width}") } else { String::new() };
        let mut rest =
            &fs::read(folder.join(format!("tile/entries/{index:03}{part}"))).unwrap()[..];
        while !rest.is_empty() {
            let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
            out.push(rest[2..2 + length].to_vec());
            rest = &rest[2 + length..];
        }
    }
    out
}

fn check(published: &Published) {
    let Published { folder, size, root } = published;
    let reader = TileHashReader::new(*size, *root, folder);
    assert_eq!(tree_hash(*size, &reader).unwrap(), *root);
    let entries = entries(&folder.0, *size);
    assert_eq!(entries.len() as u64, *size);
    for (seq, entry) in (0..).zip(&entries) {
        let proof = prove_record(*size, seq, &reader).unwrap();
        check_record(&proof, *size, *root, seq, record_hash(entry)).unwrap();
    }
}

fn native_lines(place: &Place, from: u32, count: u32) -> PathBuf {
    let file = place.folder.path().join(format!("{from}.jsonl"));
    let line = |n: u32| {
        format!(
            "{{\"kind\":\"system.event\",\"occurred_at\":\"2026-11-01T00:00:00Z\",\"key\":\"k{n}\",\
             \"body\":{{\"n\":{n}}}}}\n"
        )
    };
    fs::write(&file, (from..from + count).map(line).collect::<String>()).unwrap();
    file
}

#[test]
fn another_implementation_reads_what_is_published_and_what_is_added_to_it() {
    let place = Place::new();
    let import = |files: &[PathBuf]| _ = place.import(files).expect(0);
    import(&bodies("01_proto_plain"));
    let vkey = place.run(&["keys", "show", "--tenant", "acme"]).expect(0).stdout;
    let vkey = vkey
        .lines()
        .find_map(|l| l.split_whitespace().find(|w| w.contains('+')))
        .unwrap()
        .to_owned();
    let folder = place.folder.path().join("tiles");
    let path = folder.to_str().unwrap();
    place.run(&["ledger", "export-tiles", path]).expect(0);
    let first = open(&folder, &vkey);
    check(&first);

    import(&[native_lines(&place, 0, 600)]);
    let again = place.run(&["ledger", "export-tiles", path, "--json"]).expect(0).json();
    assert_eq!(again["entries_before"], first.size);
    let second = open(&folder, &vkey);
    assert_eq!(second.size, first.size + 600);
    check(&second);
    let reader = TileHashReader::new(second.size, second.root, &second.folder);
    let proof = prove_tree(second.size, first.size, &reader).unwrap();
    check_tree(&proof, second.size, second.root, first.size, first.root).unwrap();

    let nothing = place.run(&["ledger", "export-tiles", path, "--json"]).expect(0).json();
    assert_eq!(nothing["files"], 0);
}

#[test]
fn a_folder_of_another_log_is_left_alone() {
    let (place, other) = (Place::new(), Place::new());
    for place in [&place, &other] {
        place.import(&[native_lines(place, 0, 3)]).expect(0);
    }
    let folder = place.folder.path().join("tiles");
    let path = folder.to_str().unwrap();
    place.run(&["ledger", "export-tiles", path]).expect(0);
    let before = fs::read(folder.join("checkpoint")).unwrap();
    other.run(&["ledger", "export-tiles", path]).expect(1).says("it was left alone");
    assert_eq!(fs::read(folder.join("checkpoint")).unwrap(), before);
}
