//! Published proofs, good and bad: github.com/transparency-dev/merkle.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use audit_evidence::{CompactRange, verify_consistency, verify_inclusion};
use common::digest;
use replay_determinism::{empty_root, leaf_hash};
use serde_json::Value as Json;
use store_traits::Digest;

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn each_case(folder: &Path, check: &mut impl FnMut(&str, &Json)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_case(&path, check);
        } else {
            let case = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            check(path.to_str().unwrap(), &case);
        }
    }
}

/// The proof's hashes; `None` where one is not 32 bytes.
fn proof(case: &Json) -> Option<Vec<Digest>> {
    let Some(hashes) = case["proof"].as_array() else { return Some(Vec::new()) };
    hashes.iter().map(|hash| digest(hash.as_str().unwrap())).collect()
}

#[test]
fn inclusion_proofs_hold_or_fail_as_published() {
    let (mut good, mut bad) = (0, 0);
    each_case(&vectors().join("transparency-dev-merkle/testdata/inclusion"), &mut |name, case| {
        let verdict = (|| {
            let leaf = digest(case["leafHash"].as_str()?)?;
            let root = digest(case["root"].as_str()?)?;
            let (index, size) = (case["leafIdx"].as_u64()?, case["treeSize"].as_u64()?);
            verify_inclusion(&leaf, index, size, &proof(case)?, &root).ok()
        })();
        let refused = case["wantErr"].as_bool().unwrap();
        assert_eq!(verdict.is_none(), refused, "{name}");
        if refused { bad += 1 } else { good += 1 }
    });
    assert!(good >= 3 && bad >= 40, "{good} good and {bad} bad cases were found");
}

#[test]
fn consistency_proofs_hold_or_fail_as_published() {
    let (mut good, mut bad, mut from_empty) = (0, 0, 0);
    each_case(
        &vectors().join("transparency-dev-merkle/testdata/consistency"),
        &mut |name, case| {
            let (size1, size2) = (case["size1"].as_u64().unwrap(), case["size2"].as_u64().unwrap());
            let roots = digest(case["root1"].as_str().unwrap())
                .zip(digest(case["root2"].as_str().unwrap()));
            let verdict = roots.zip(proof(case)).is_some_and(|((root1, root2), proof)| {
                verify_consistency(size1, size2, &root1, &root2, &proof).is_ok()
            });
            match case["wantErr"].as_bool().unwrap() {
                // The published suite calls a start at size 0 useless; here it is allowed with an empty
                // proof and the empty tree's root, as C2SP witnesses want it.
                true if size1 == 0 => {
                    let empty = digest(case["root1"].as_str().unwrap()) == Some(empty_root());
                    assert!(!verdict || (empty && proof(case).unwrap().is_empty()), "{name}");
                    from_empty += 1;
                }
                // Roots that are no hashes are refused by the parser whatever the sizes.
                false if roots.is_none() => assert_eq!((size1, size2), (1, 1), "{name}"),
                refused => {
                    assert_eq!(verdict, !refused, "{name}");
                    if refused { bad += 1 } else { good += 1 }
                }
            }
        },
    );
    assert!(good >= 2 && bad >= 30, "{good} good and {bad} bad cases were found");
    assert!(from_empty >= 3);
}

#[test]
fn leaf_hashes_and_roots_are_the_published_ones() {
    let text = fs::read_to_string(vectors().join("rfc6962/rfc6962_reference.json")).unwrap();
    let reference: Json = serde_json::from_str(&text).unwrap();
    let texts = |name: &str| -> Vec<String> {
        reference[name].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
    };
    let mut range = CompactRange::new();
    let mut roots = vec![range.root().to_string()];
    for (leaf, hash) in texts("leaves_hex").iter().zip(texts("leaf_hashes")) {
        let bytes: Vec<u8> = (0..leaf.len() / 2)
            .map(|at| u8::from_str_radix(&leaf[at * 2..at * 2 + 2], 16).unwrap())
            .collect();
        assert_eq!(leaf_hash(&bytes).to_string(), hash);
        range.append(leaf_hash(&bytes), &mut |_| {});
        roots.push(range.root().to_string());
    }
    assert_eq!(roots, texts("roots_by_size"));
}
