//! A bundle taken apart, put together, and signed again.

use std::collections::BTreeMap;
use std::io::Cursor;

use adapters::{
    BundleError, BundleReport, Drawn, Ed25519Signer, EvidenceBundle, StrictVerifier, Trust,
    ZipReader, ZipWriter, dsse, verify_bundle,
};
use replay_determinism::{canonical, sha256};
use store_traits::Value;

use super::ledger;

pub type Members = BTreeMap<String, Vec<u8>>;

pub fn bytes(bundle: &EvidenceBundle, signer: &Ed25519Signer) -> Vec<u8> {
    bundle.write(signer, Drawn::Without, Vec::new()).unwrap()
}

pub fn trusted() -> Trust {
    Trust { keys: vec![ledger::key(&ledger::signer())] }
}

pub fn verify(bytes: &[u8], trust: &Trust) -> Result<BundleReport, BundleError> {
    verify_bundle(&mut Cursor::new(bytes), trust, &StrictVerifier)
}

pub fn holds(bytes: &[u8]) -> bool {
    verify(bytes, &trusted()).is_ok_and(|report| report.holds)
}

pub fn unpack(bytes: &[u8]) -> Members {
    let mut zip = ZipReader::open(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = zip.names().map(str::to_owned).collect();
    names.into_iter().map(|name| (name.clone(), zip.read(&name, 1 << 30).unwrap())).collect()
}

pub fn pack(members: &Members) -> Vec<u8> {
    let mut zip = ZipWriter::new(Vec::new());
    for (name, bytes) in members {
        zip.member(name, bytes).unwrap();
    }
    zip.finish().unwrap()
}

/// Changes a member and signs the manifest again, as the holder of the key could.
pub fn signed_again(file: &[u8], name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut members = unpack(file);
    let member = members.get_mut(name).unwrap();
    change(member);
    let (size, digest) = (member.len() as u64, sha256(member));
    let mut manifest = canonical::parse(&members["manifest.json"]).unwrap();
    let Value::Object(of_manifest) = &mut manifest else { panic!() };
    let Some(Value::Array(files)) = of_manifest.get_mut("files") else { panic!() };
    for file in files {
        let Value::Object(file) = file else { panic!() };
        if file["path"].as_str() == Some(name) {
            file.insert("size", Value::unsigned(size));
            file.insert("sha256", digest.to_string().into());
        }
    }
    let signer = ledger::signer();
    let key = ledger::key(&signer);
    let manifest = canonical::write(&manifest);
    let before = dsse::open(&members["manifest.dsse.json"], &key, &StrictVerifier).unwrap();
    let predicate = before.member("predicate").unwrap().clone();
    let statement =
        dsse::statement("manifest.json", &sha256(&manifest), "urn:factlog:bundle:1", predicate);
    let envelope = dsse::sign(&statement, &dsse::key_id(&key), &signer).unwrap();
    members.insert("manifest.json".to_owned(), manifest);
    members.insert("manifest.dsse.json".to_owned(), envelope);
    pack(&members)
}
