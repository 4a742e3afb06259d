//! An RFC 3161 token, and the certificates that it is believed by.
#![no_main]

use adapters::timestamp::{TimestampTrust, open_timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(trust) = TimestampTrust::parse(&text) {
        let _ = open_timestamp(bytes, b"message", &trust);
    }
});
