//! The signatures that tokens and certificates carry.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use replay_determinism::sha256;
use rsa::traits::SignatureScheme as _;
use rsa::{BoxedUint, Pkcs1v15Sign, PublicKey};

use super::TimestampError;
use super::der::{BIT_STRING, INTEGER, OID, SEQUENCE, Values, dotted};

/// `DigestInfo` of SHA-256 up to the digest (RFC 8017 §9.2, note 1).
const SHA_256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

pub(super) const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
const RSA: &str = "1.2.840.113549.1.1.1";
const SHA_256_WITH_RSA: &str = "1.2.840.113549.1.1.11";
const EC: &str = "1.2.840.10045.2.1";
const P_256: &str = "1.2.840.10045.3.1.7";
const ECDSA_WITH_SHA_256: &str = "1.2.840.10045.4.3.2";

/// The longest modulus: what is longer is nobody's key and costs the square of its length.
const LONGEST_MODULUS: usize = 1_024;

/// Verifies a signature over a message's SHA-256.
///
/// `algorithm` is the identifier beside the signature; plain RSA is one in CMS, where the digest is
/// named elsewhere.
pub(super) fn verify(
    what: &'static str,
    public_key: &[u8],
    algorithm: &str,
    message: &[u8],
    signature: &[u8],
) -> Result<(), TimestampError> {
    let wrong = || TimestampError::Signature(what);
    let unknown = |oid: String| TimestampError::Algorithm { what, oid };
    let (kind, parameters, key) = public_key_parts(public_key)?;
    let digest = sha256(message);
    match (kind.as_str(), algorithm) {
        (RSA, RSA | SHA_256_WITH_RSA) => {
            let key = rsa_key(key)?;
            let prefix = SHA_256_PREFIX.to_vec().into_boxed_slice();
            let scheme = Pkcs1v15Sign { hash_len: Some(32), prefix };
            scheme.verify(&key, digest.as_bytes(), signature).map_err(|_| wrong())
        }
        (EC, ECDSA_WITH_SHA_256) if parameters == P_256 => {
            let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| wrong())?;
            let signature = Signature::from_der(signature).map_err(|_| wrong())?;
            key.verify_prehash(digest.as_bytes(), &signature).map_err(|_| wrong())
        }
        (EC, ECDSA_WITH_SHA_256) => Err(unknown(parameters)),
        _ => Err(unknown(algorithm.to_owned())),
    }
}

/// The algorithm of a `SubjectPublicKeyInfo`, its curve if it has one, and the key's bits.
fn public_key_parts(info: &[u8]) -> Result<(String, String, &[u8]), TimestampError> {
    let what = "a public key";
    let mut parts = Values::of(info, what).take(SEQUENCE)?.inside(what);
    let mut algorithm = parts.take(SEQUENCE)?.inside(what);
    let kind = dotted(algorithm.take(OID)?.value);
    let curve = algorithm.take_if(OID)?.map(|oid| dotted(oid.value)).unwrap_or_default();
    let bits = parts.take(BIT_STRING)?.value;
    match bits.split_first() {
        Some((0, key)) => Ok((kind, curve, key)),
        _ => parts.malformed(),
    }
}

/// `RSAPublicKey` (RFC 8017 §A.1.1).
fn rsa_key(bytes: &[u8]) -> Result<PublicKey, TimestampError> {
    let what = "an RSA key";
    let mut parts = Values::of(bytes, what).take(SEQUENCE)?.inside(what);
    let (modulus, exponent) = (parts.take(INTEGER)?.value, parts.take(INTEGER)?.value);
    if modulus.len() > LONGEST_MODULUS || exponent.len() > 8 {
        return parts.malformed();
    }
    let number = BoxedUint::from_be_slice_vartime;
    PublicKey::new(number(modulus), number(exponent))
        .map_err(|_| TimestampError::Malformed { what })
}
