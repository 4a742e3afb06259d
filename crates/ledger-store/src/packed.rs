//! Long texts of packed rows, compressed.
//!
//! What a run's steps say they say again and again, and half of a ledger was such rows. A text that is
//! compressed is a JSON string (base64 of LZ4), so that it stands in the place of the JSON arrays that it
//! holds, also where the database joins the texts of several rows.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use store_traits::MAX_ENTRY_BYTES;

use crate::STRETCH;

/// A shorter text is left as it is: it would hardly get shorter.
const WORTH_PACKING: usize = 512;
/// The most that a byte of LZ4 stands for.
const MOST_OF_A_BYTE: usize = 255;
/// No text is longer when it is unpacked: each entry of a stretch says some of its texts twice. One that
/// says so was not written here.
#[allow(clippy::cast_possible_truncation, reason = "256 entries")]
const MOST_UNPACKED: usize = STRETCH as usize * 2 * MAX_ENTRY_BYTES;

/// The text as it is stored.
pub(crate) fn packed(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() < WORTH_PACKING || text.len() > MOST_UNPACKED {
        return text;
    }
    let bytes = lz4_flex::block::compress_prepend_size(text.as_bytes());
    // Two quotes, and four characters for three bytes.
    if 2 + bytes.len().div_ceil(3) * 4 >= text.len() {
        return text;
    }
    let mut string = String::with_capacity(text.len());
    string.push('"');
    STANDARD.encode_string(&bytes, &mut string);
    string.push('"');
    string.into()
}

/// The text that was stored; as it is, where it is not compressed. `None` of one that is damaged.
pub(crate) fn unpacked(text: &str) -> Option<Cow<'_, str>> {
    let Some(string) = text.strip_prefix('"') else { return Some(Cow::Borrowed(text)) };
    unpacked_string(string.strip_suffix('"')?).map(Cow::Owned)
}

/// The text that a JSON string of a row stands for: what is between the quotes is base64 of the text's
/// length (32 bits, little-endian) and an LZ4 block. `None` of one that is damaged.
///
/// ```
/// assert_eq!(ledger_store::unpacked_string("AQAAABBh").as_deref(), Some("a"));
/// assert_eq!(ledger_store::unpacked_string("AQAAAAAA"), None, "no text of one byte");
/// ```
#[must_use]
pub fn unpacked_string(string: &str) -> Option<String> {
    let bytes = STANDARD.decode(string).ok()?;
    let (size, block) = lz4_flex::block::uncompressed_size(&bytes).ok()?;
    if size > MOST_UNPACKED.min(block.len().saturating_mul(MOST_OF_A_BYTE)) {
        return None;
    }
    let bytes = lz4_flex::block::decompress(block, size).ok()?;
    String::from_utf8(bytes).ok().filter(|text| text.len() == size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(word in "\\PC{0,40}", times in 0_usize..200) {
            let text = format!("[{:?}]", word.repeat(times));
            let stored = packed(Cow::Borrowed(&text));
            prop_assert!(stored.len() <= text.len());
            prop_assert_eq!(unpacked(&stored).unwrap(), text.as_str());
        }

        #[test]
        fn damaged_text_is_told_and_takes_no_memory(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let text = format!("\"{}\"", STANDARD.encode(&bytes));
            let length = unpacked(&text).map_or(0, |text| text.len());
            prop_assert!(length <= bytes.len() * MOST_OF_A_BYTE);
        }
    }

    #[test]
    fn what_repeats_itself_gets_shorter_and_what_is_short_stays() {
        let line = "[1,\"run.llm_call\",\"llm\",\"chat\"],\n";
        assert!(packed(line.repeat(100).into()).len() < 200);
        let short = line.repeat(10);
        assert_eq!(packed(Cow::Borrowed(&short)), short);
        assert_eq!(unpacked("\"AAA"), None);
        assert_eq!(unpacked("\"A A=\""), None);
        // A size that no block of so many bytes has.
        assert_eq!(unpacked("\"////AAAA\""), None);
    }
}
