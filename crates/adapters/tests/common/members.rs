//! A bundle taken apart, put together, and signed again.

use std::collections::BTreeMap;
use std::io::Cursor;

use adapters::{
    BundleError, BundleReport, Drawn, Ed25519Signer, EvidenceBundle, StrictVerifier, Trust,
    ZipReader, ZipWriter, dsse, verify_bundle,
};
use replay_determinism::{canonical, sha256};
use store_traits::{Object, Value};

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
    change(members.get_mut(name).unwrap());
    sealed(members)
}

/// Lists the members in the manifest as they are, and signs it, as the holder of the key could.
pub fn sealed(members: Members) -> Vec<u8> {
    let mut manifest = canonical::parse(&members["manifest.json"]).unwrap();
    let Value::Object(of_manifest) = &mut manifest else { panic!() };
    let file = |(path, bytes): (&String, &Vec<u8>)| {
        Value::Object(Object::from([
            ("path".to_owned(), path.as_str().into()),
            ("size".to_owned(), Value::unsigned(bytes.len() as u64)),
            ("sha256".to_owned(), sha256(bytes).to_string().into()),
        ]))
    };
    let listed = members.iter().filter(|(name, _)| !name.starts_with("manifest."));
    of_manifest.insert("files", listed.map(file).collect::<Vec<_>>().into());
    with_manifest(members, canonical::write(&manifest))
}

/// Puts a manifest to the members, signed by the holder of the key.
pub fn with_manifest(mut members: Members, manifest: Vec<u8>) -> Vec<u8> {
    let signer = ledger::signer();
    let key = ledger::key(&signer);
    let before = dsse::open(&members["manifest.dsse.json"], &key, &StrictVerifier).unwrap();
    let predicate = before.member("predicate").unwrap().clone();
    let statement =
        dsse::statement("manifest.json", &sha256(&manifest), "urn:factlog:bundle:1", predicate);
    let envelope = dsse::sign(&statement, &dsse::key_id(&key), &signer).unwrap();
    members.insert("manifest.json".to_owned(), manifest);
    members.insert("manifest.dsse.json".to_owned(), envelope);
    pack(&members)
}
