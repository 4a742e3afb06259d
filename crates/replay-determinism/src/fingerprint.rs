//! Sameness of facts before they are salted.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use store_traits::{Digest, TenantSecret, Value};

use crate::canonical;

/// HMAC-SHA-256 (RFC 2104) over the canonical bytes of a fact's content under the tenant's secret.
///
/// Salts are random, so two commitments to one value differ; a bare hash of short personal text
/// could be guessed by trying. Under a secret that lies with the contents neither happens.
#[must_use]
pub fn fingerprint(secret: &TenantSecret, content: &Value) -> Digest {
    // HMAC pads a key shorter than a block with zeros; doing it here leaves nothing that can fail.
    let mut block = [0_u8; 64];
    for (slot, byte) in block.iter_mut().zip(secret.0) {
        *slot = byte;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(&canonical::write(content));
    Digest::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_hmac_sha_256_of_the_canonical_bytes() {
        // Computed by another implementation (Python's `hmac`), key 00 01 … 1f.
        let secret = TenantSecret(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        let content = canonical::parse(br#"{"b": 1, "a": "x"}"#).unwrap();
        assert_eq!(
            fingerprint(&secret, &content).to_string(),
            "5fc3e786b5697f992a71677b7c1c11e7fe408fe27377e09dc8855907025b0161"
        );
    }

    #[test]
    fn another_secret_gives_another_fingerprint() {
        let content = Value::from("x");
        let other = fingerprint(&TenantSecret([1; 32]), &content);
        assert_ne!(fingerprint(&TenantSecret([0; 32]), &content), other);
    }
}
