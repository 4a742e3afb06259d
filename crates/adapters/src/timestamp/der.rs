//! DER values in order (X.690 §8, §10), as far as tokens need them: one byte of tag, definite length.

use super::TimestampError;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const UTF8: u8 = 0x0C;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// `[0]`, constructed.
pub(super) const CONTEXT_0: u8 = 0xA0;

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tlv<'a> {
    /// With tag and length.
    pub(super) whole: &'a [u8],
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
}

/// Values one behind the other, and the name of the part for errors.
#[derive(Debug, Clone)]
pub(super) struct Values<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Values<'a> {
    pub(super) fn of(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    pub(super) fn malformed<T>(&self) -> Result<T, TimestampError> {
        Err(TimestampError::Malformed { what: self.what })
    }

    /// The tag of the next value, without taking it.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, of any tag; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Tlv<'a>>, TimestampError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        match split(self.rest) {
            Some((tlv, rest)) => {
                self.rest = rest;
                Ok(Some(tlv))
            }
            None => self.malformed(),
        }
    }

    /// The next value, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Result<Tlv<'a>, TimestampError> {
        match self.next()? {
            Some(tlv) if tlv.tag == tag => Ok(tlv),
            _ => self.malformed(),
        }
    }

    /// The next value if it has this tag.
    pub(super) fn take_if(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, TimestampError> {
        if self.peek() == Some(tag) { self.next() } else { Ok(None) }
    }

    pub(super) fn end(&self) -> Result<(), TimestampError> {
        if self.rest.is_empty() { Ok(()) } else { self.malformed() }
    }
}

impl<'a> Tlv<'a> {
    pub(super) fn inside(&self, what: &'static str) -> Values<'a> {
        Values::of(self.value, what)
    }

    /// An integer that is not negative.
    pub(super) fn unsigned(&self) -> Option<u64> {
        let (first, _) = self.value.split_first()?;
        (*first < 0x80 && self.value.len() <= 9).then(|| {
            self.value.iter().try_fold(0_u64, |n, b| n.checked_mul(256)?.checked_add(u64::from(*b)))
        })?
    }
}

fn split(bytes: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, header) = match length {
        0..=0x7F => (usize::from(*length), 2),
        0x81..=0x84 => {
            let count = usize::from(length & 0x7F);
            let digits = rest.get(..count)?;
            let length = digits.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b));
            // The shortest form is the only one.
            if digits.first() == Some(&0) || length < 0x80 {
                return None;
            }
            (length, 2 + count)
        }
        _ => return None,
    };
    // Tags of more than one byte occur in nothing that is read here.
    let end = header.checked_add(length).filter(|_| tag & 0x1F != 0x1F)?;
    let tlv = Tlv { whole: bytes.get(..end)?, tag: *tag, value: bytes.get(header..end)? };
    Some((tlv, bytes.get(end..)?))
}

/// A value with its tag and length.
pub(super) fn write(tag: u8, value: &[&[u8]]) -> Vec<u8> {
    let length: usize = value.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap_or_default());
    } else {
        let bytes = length.to_be_bytes();
        let skip = bytes.iter().take_while(|b| **b == 0).count();
        let digits = bytes.get(skip..).unwrap_or_default();
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
        out.extend_from_slice(digits);
    }
    for part in value {
        out.extend_from_slice(part);
    }
    out
}

/// An integer that is not negative, in as few bytes as it needs.
pub(super) fn unsigned(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let skip = bytes.iter().take_while(|b| **b == 0).count().min(7);
    let digits = bytes.get(skip..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_some_and(|b| *b >= 0x80) { &[0] } else { &[] };
    write(INTEGER, &[sign, digits])
}

/// An object identifier in figures and points.
pub(super) fn dotted(oid: &[u8]) -> String {
    let mut parts: Vec<u64> = Vec::new();
    let mut part = 0_u64;
    for byte in oid {
        part = part.wrapping_shl(7) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            if parts.is_empty() {
                let first = (part / 40).min(2);
                parts.extend([first, part - 40 * first]);
            } else {
                parts.push(part);
            }
            part = 0;
        }
    }
    parts.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let bytes = write(OCTET_STRING, &[&vec![7; length]]);
            let mut values = Values::of(&bytes, "it");
            assert_eq!(values.take(OCTET_STRING).unwrap().value.len(), length);
            values.end().unwrap();
            let cut = Values::of(&bytes[..bytes.len() - 1], "it").take(OCTET_STRING);
            assert!(cut.is_err());
        }
        for bad in [
            &[0x30][..],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x81, 0x7F],
            &[0x1F, 1, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
        ] {
            assert!(Values::of(bad, "it").next().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn integers_and_identifiers_are_spelt_as_x_690_says() {
        assert_eq!(unsigned(0), [2, 1, 0]);
        assert_eq!(unsigned(127), [2, 1, 127]);
        assert_eq!(unsigned(128), [2, 2, 0, 128]);
        assert_eq!(unsigned(u64::MAX), [2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
        for n in [0, 1, 255, 256, u64::MAX] {
            let bytes = unsigned(n);
            assert_eq!(Values::of(&bytes, "it").take(INTEGER).unwrap().unsigned(), Some(n));
        }
        assert_eq!(dotted(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2]), "1.2.840.113549.1.7.2");
        assert_eq!(dotted(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]), "2.16.840.1.101.3.4.2.1");
    }
}
