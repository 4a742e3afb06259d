//! Which values an entry commits to, and whether a content is one of them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use replay_determinism::{blob_commitment, canonical, disclosure_digest, parse_disclosure};
use store_traits::{Content, Value};

use crate::report::{as_u64, object};

/// A promise in an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Commitment {
    /// Digest of a disclosure.
    Value(String),
    /// Commitment to a blob: hexadecimal digest and length.
    Blob(String, u64),
}

/// The commitments of a fact by pointer; `Err` names what is malformed.
pub(crate) fn commitments(fact: &Value) -> Result<BTreeMap<String, Commitment>, String> {
    let mut out = BTreeMap::new();
    for (pointer, digest) in fact.member("_sd").and_then(Value::as_object).into_iter().flatten() {
        let digest = digest.as_str().ok_or_else(|| format!("`_sd` at {pointer} is no digest"))?;
        out.insert(pointer.to_string(), Commitment::Value(digest.to_owned()));
    }
    for (pointer, blob) in fact.member("_blob").and_then(Value::as_object).into_iter().flatten() {
        let digest = blob.member("c").and_then(Value::as_str);
        let (Some(digest), Some(len)) = (digest, as_u64(blob.member("len"))) else {
            return Err(format!("`_blob` at {pointer} is no commitment"));
        };
        let blob = Commitment::Blob(digest.to_owned(), len);
        if out.insert(pointer.to_string(), blob).is_some() {
            return Err(format!("{pointer} is committed to twice"));
        }
    }
    match out.keys().find(|pointer| stands_in_clear(fact, pointer)) {
        Some(pointer) => Err(format!("{pointer} is committed to and stands in clear as well")),
        None => Ok(out),
    }
}

/// Follows an RFC 6901 pointer through objects and arrays.
fn stands_in_clear(fact: &Value, pointer: &str) -> bool {
    let mut segments = pointer.split('/');
    if segments.next() != Some("") {
        return false;
    }
    segments
        .try_fold(fact, |value, segment| {
            let name = segment.replace("~1", "/").replace("~0", "~");
            match value {
                Value::Object(members) => members.get(&name),
                Value::Array(items) => name.parse().ok().and_then(|at: usize| items.get(at)),
                _ => None,
            }
        })
        .is_some()
}

/// The line of a content in `disclosures-NNN.jsonl`; `Err` if it has no such form.
pub(crate) fn line(content: &Content) -> Result<Vec<u8>, String> {
    let Content { seq, pointer, form, salt, bytes } = content;
    let value = match form.as_str() {
        "sd" => {
            let text = std::str::from_utf8(bytes)
                .map_err(|_| format!("the disclosure of entry {seq} at {pointer} is not text"))?;
            object([
                ("seq", Value::unsigned(*seq)),
                ("pointer", pointer.as_str().into()),
                ("disclosure", text.into()),
            ])
        }
        "blob" => object([
            ("seq", Value::unsigned(*seq)),
            ("pointer", pointer.as_str().into()),
            ("salt", URL_SAFE_NO_PAD.encode(salt).into()),
            ("bytes", STANDARD.encode(bytes).into()),
        ]),
        other => return Err(format!("entry {seq} has a content of the unknown form `{other}`")),
    };
    Ok(canonical::write(&value))
}

/// A line, read back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Disclosed {
    pub(crate) seq: u64,
    pub(crate) pointer: String,
    form: Form,
}

#[derive(Debug, PartialEq, Eq)]
enum Form {
    Value(String),
    Blob([u8; 32], Vec<u8>),
}

/// Reads a line; `Err` says what it is not.
pub(crate) fn parse_line(line: &[u8]) -> Result<Disclosed, String> {
    let value = canonical::parse_canonical(line).map_err(|error| error.to_string())?;
    let text = |name: &str| value.member(name).and_then(Value::as_str);
    let seq = as_u64(value.member("seq")).ok_or("it has no `seq`")?;
    let pointer = text("pointer").ok_or("it has no `pointer`")?.to_owned();
    let form = match (text("disclosure"), text("salt"), text("bytes")) {
        (Some(disclosure), None, None) => Form::Value(disclosure.to_owned()),
        (None, Some(salt), Some(bytes)) => Form::Blob(
            URL_SAFE_NO_PAD
                .decode(salt)
                .ok()
                .and_then(|salt| salt.try_into().ok())
                .ok_or("its salt is not 32 bytes in base64url")?,
            STANDARD.decode(bytes).map_err(|_| "its bytes are not base64")?,
        ),
        _ => return Err("it is neither a disclosure nor a blob with its salt".to_owned()),
    };
    let members = match form {
        Form::Value(_) => 3,
        Form::Blob(..) => 4,
    };
    if value.as_object().map(|object| object.len()) != Some(members) {
        return Err("it has other members than an export writes".to_owned());
    }
    Ok(Disclosed { seq, pointer, form })
}

impl Disclosed {
    /// Is this what the entry committed to?
    pub(crate) fn check(&self, commitment: &Commitment) -> Result<(), String> {
        match (&self.form, commitment) {
            (Form::Value(text), Commitment::Value(digest)) => {
                if disclosure_digest(text) != *digest {
                    return Err("its digest is not the one in the entry".to_owned());
                }
                // The salted text names the place too: a value cannot be moved to another.
                match parse_disclosure(text) {
                    Ok((pointer, _)) if pointer == self.pointer => Ok(()),
                    Ok((pointer, _)) => Err(format!("the disclosure is for {pointer}")),
                    Err(error) => Err(error.to_string()),
                }
            }
            (Form::Blob(salt, bytes), Commitment::Blob(digest, len)) => {
                let same = blob_commitment(salt, bytes).to_string() == *digest
                    && u64::try_from(bytes.len()) == Ok(*len);
                if same { Ok(()) } else { Err("its digest is not the one in the entry".to_owned()) }
            }
            _ => Err("the entry committed to it in the other form".to_owned()),
        }
    }
}
