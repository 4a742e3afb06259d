//! From a value to its one spelling.

use store_traits::{Object, Text, Value};

/// Writes the canonical bytes of a value (RFC 8785 §3.2).
///
/// ```
/// use store_traits::{Object, Value};
/// let fact = Object::from([("v", Value::integer(1)), ("k", Value::from("é"))]);
/// assert_eq!(replay_determinism::canonical::write(&fact.into()), r#"{"k":"é","v":1}"#.as_bytes());
/// ```
#[must_use]
pub fn write(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(1_024);
    write_value(&mut out, value);
    out
}

pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => write_integer(out, number.get()),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_value(out, item);
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(out, members, |_| true),
    }
}

/// Writes the members that are `kept`.
pub(crate) fn write_object(out: &mut Vec<u8>, members: &Object, kept: impl Fn(&str) -> bool) {
    out.push(b'{');
    let members = members.iter().filter(|(name, _)| kept(name));
    // UTF-8 order and UTF-16 order are the same below U+E000; a name above it begins a character
    // with a byte of 0xEE or more, and no other character has such a byte.
    if members.clone().all(|(name, _)| name.bytes().all(|byte| byte < 0xEE)) {
        write_members(out, members);
    } else {
        let mut sorted: Vec<_> = members.collect();
        sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        write_members(out, sorted.into_iter());
    }
    out.push(b'}');
}

fn write_members<'a>(out: &mut Vec<u8>, members: impl Iterator<Item = (&'a Text, &'a Value)>) {
    for (at, (name, value)) in members.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_string(out, name);
        out.push(b':');
        write_value(out, value);
    }
}

pub(crate) fn write_integer(out: &mut Vec<u8>, number: i64) {
    // Decimal digits from the right; an i64 has at most 19 and a sign.
    let mut digits = [0_u8; 20];
    let mut left = number.unsigned_abs();
    let mut used = 0;
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + u8::try_from(left % 10).unwrap_or(0);
        left /= 10;
        used += 1;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend(digits.iter().skip(digits.len() - used));
}

pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    // Texts are long and hold few characters that need an escape: whole stretches without one are
    // found by a test of all their bytes at once, which the compiler turns into vector code.
    for stretch in text.as_bytes().chunks(STRETCH) {
        if stretch.iter().fold(false, |found, byte| found | needs_escape(*byte)) {
            write_escaped(out, stretch);
        } else {
            out.extend_from_slice(stretch);
        }
    }
    out.push(b'"');
}

const STRETCH: usize = 64;

fn write_escaped(out: &mut Vec<u8>, stretch: &[u8]) {
    for run in stretch.split_inclusive(|byte| needs_escape(*byte)) {
        match run.split_last() {
            Some((last, plain)) if needs_escape(*last) => {
                out.extend_from_slice(plain);
                write_escape(out, *last);
            }
            _ => out.extend_from_slice(run),
        }
    }
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        0x08 => b'b',
        0x09 => b't',
        0x0A => b'n',
        0x0C => b'f',
        0x0D => b'r',
        b'"' | b'\\' => byte,
        _ => return out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_at_the_borders_of_stretches_are_as_anywhere_else() {
        for at in 0..200 {
            let text = format!("{}\"\u{1}{}", "x".repeat(at), "y".repeat(200 - at));
            let expect = format!("\"{}\\\"\\u0001{}\"", "x".repeat(at), "y".repeat(200 - at));
            assert_eq!(write(&Value::from(text)), expect.as_bytes(), "{at}");
        }
    }

    #[test]
    fn integers_are_plain_decimal() {
        for number in [0, 7, -7, 10, 9_007_199_254_740_991, -9_007_199_254_740_991] {
            assert_eq!(write(&Value::integer(number)), number.to_string().as_bytes());
        }
    }
}
