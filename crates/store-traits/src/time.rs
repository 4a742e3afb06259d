//! Points in time: UTC, nanoseconds, one spelling.

use std::fmt;

use thiserror::Error;

/// A point in time between the years 0000 and 9999, to the nanosecond.
///
/// Its one spelling is RFC 3339 in UTC with nine fraction digits, so that text order is time order.
///
/// ```
/// use store_traits::Timestamp;
/// let at = Timestamp::from_unix_nanos(1_795_422_722_910_083_339)?;
/// assert_eq!(at.to_string(), "2026-11-23T08:32:02.910083339Z");
/// assert_eq!(Timestamp::parse("2026-11-23T08:32:02.910083339Z")?, at);
/// # Ok::<(), store_traits::TimestampError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

/// A text or number that is not a point in time.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TimestampError {
    /// Not RFC 3339.
    #[error("`{0}` is not a time (RFC 3339 is wanted, like 2026-11-23T08:32:02Z)")]
    Text(String),
    /// Outside the years 0000 to 9999.
    #[error("{0} ns since 1970 is outside the years 0000 to 9999")]
    Range(i128),
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// The point lies outside the years 0000 to 9999.
    pub fn from_unix_nanos(nanos: i128) -> Result<Self, TimestampError> {
        match jiff::Timestamp::from_nanosecond(nanos) {
            Ok(at) if (-62_167_219_200..=253_402_300_799).contains(&at.as_second()) => Ok(Self(at)),
            _ => Err(TimestampError::Range(nanos)),
        }
    }

    /// Parses RFC 3339 with any offset, up to nine fraction digits and no leap second, which would be another
    /// second here.
    ///
    /// ```
    /// use store_traits::Timestamp;
    /// assert!(Timestamp::parse("2026-11-23t10:32:02.5+02:00").is_ok());
    /// assert!(Timestamp::parse("2016-12-31T23:59:60Z").is_err());
    /// ```
    ///
    /// # Errors
    /// The text is not RFC 3339, or lies outside the years 0000 to 9999.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let wrong = || TimestampError::Text(text.chars().take(80).collect());
        // The library reads more than that: other calendars' spellings, offsets of more than a day.
        if !is_rfc_3339(text) {
            return Err(wrong());
        }
        let at: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        Self::from_unix_nanos(at.as_nanosecond())
    }

    /// Is this text the one spelling of a point in time, which parsing and printing would give back?
    /// Found out in a tenth of that time. Of the last two days of the year 9999, of which no time is
    /// known in every zone, it says no.
    ///
    /// ```
    /// use store_traits::Timestamp;
    /// assert!(Timestamp::is_spelling("2024-02-29T08:32:02.910083339Z"));
    /// assert!(!Timestamp::is_spelling("2023-02-29T08:32:02.910083339Z"));
    /// assert!(!Timestamp::is_spelling("2024-02-29T08:32:02Z"));
    /// ```
    #[must_use]
    pub fn is_spelling(text: &str) -> bool {
        const SHAPE: &[u8; 30] = b"0000-00-00T00:00:00.000000000Z";
        let Ok(text) = <&[u8; 30]>::try_from(text.as_bytes()) else { return false };
        // Without a branch, so that the compiler looks at all bytes at once.
        let differs = text.iter().zip(SHAPE).fold(false, |differs, (byte, shape)| {
            let no_digit = byte.wrapping_sub(b'0') > 9;
            let other = byte != shape;
            differs | ((*shape == b'0') & no_digit) | ((*shape != b'0') & other)
        });
        if differs {
            return false;
        }
        let [y1, y2, y3, y4, _, m1, m2, _, d1, d2, _, h1, h2, _, i1, i2, _, s1, s2, ..] = *text;
        let two = |tens: u8, ones: u8| u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
        let year = two(y1, y2) * 100 + two(y3, y4);
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match two(m1, m2) {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return false,
        };
        let day = two(d1, d2);
        let last = year == 9_999 && two(m1, m2) == 12 && day > 29;
        !last
            && (1..=days).contains(&day)
            && two(h1, h2) < 24
            && two(i1, i2) < 60
            && two(s1, s2) < 60
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_unix_nanos(self) -> i128 {
        self.0.as_nanosecond()
    }

    /// Whole milliseconds since 1970, zero for earlier times.
    #[must_use]
    pub fn as_unix_ms(self) -> u64 {
        u64::try_from(self.0.as_millisecond()).unwrap_or(0)
    }

    /// Nanoseconds from `earlier` to `self`; negative when the order is the other way.
    #[must_use]
    pub fn nanos_since(self, earlier: Self) -> i128 {
        self.as_unix_nanos() - earlier.as_unix_nanos()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.9}", self.0)
    }
}

/// The shape of RFC 3339 §5.6, and an offset of less than a day; whether there is such a day is another
/// question.
fn is_rfc_3339(text: &str) -> bool {
    const SHAPE: &[u8; 19] = b"0000-00-00T00:00:00";
    let Some((begins, ends)) = text.as_bytes().split_at_checked(SHAPE.len()) else { return false };
    let fits = begins.iter().zip(SHAPE).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        shape => byte == shape,
    });
    let zone = match ends.split_first() {
        Some((b'.', rest)) => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if (1..=9).contains(&digits) { rest.get(digits..).unwrap_or_default() } else { b"" }
        }
        _ => ends,
    };
    let in_zone = match zone {
        b"Z" | b"z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit())
                && [*h1, *h2] < *b"24"
                && [*m1, *m2] < *b"60"
        }
        _ => false,
    };
    fits && begins.get(17..).is_some_and(|seconds| seconds < &b"60"[..]) && in_zone
}

impl std::str::FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_order_is_time_order_and_offsets_are_resolved() {
        let a = Timestamp::parse("2026-01-01T01:00:00+02:00").unwrap();
        assert_eq!(a.to_string(), "2025-12-31T23:00:00.000000000Z");
        let b = Timestamp::from_unix_nanos(a.as_unix_nanos() + 1).unwrap();
        assert!(b.to_string() > a.to_string());
    }

    #[test]
    fn a_spelling_is_what_parsing_and_printing_gives_back() {
        let days = ["00", "01", "28", "29", "30", "31", "32"];
        let parts = |of: &[u32]| of.iter().map(|n| format!("{n:02}")).collect::<Vec<_>>();
        for year in ["0000", "1900", "2000", "2023", "2024", "9999"] {
            for month in parts(&(0..=13).collect::<Vec<_>>()) {
                for day in days {
                    for time in ["00:00:00", "23:59:59", "24:00:00", "23:60:00", "23:59:60"] {
                        let text = format!("{year}-{month}-{day}T{time}.000000001Z");
                        let same = Timestamp::parse(&text).is_ok_and(|at| at.to_string() == text);
                        let same = same && !text.starts_with("9999-12-3");
                        assert_eq!(Timestamp::is_spelling(&text), same, "{text}");
                    }
                }
            }
        }
        for text in ["", "2024-01-01t00:00:00.000000000Z", "2024-01-01T00:00:00,000000000Z"] {
            assert!(!Timestamp::is_spelling(text), "{text}");
        }
    }

    #[test]
    fn absurd_times_are_refused_and_the_largest_otlp_time_is_not() {
        assert!(Timestamp::from_unix_nanos(i128::MAX).is_err());
        assert!(Timestamp::from_unix_nanos(i128::from(u64::MAX)).is_ok());
        assert!(Timestamp::parse("yesterday").is_err());
    }

    #[test]
    fn what_is_read_is_rfc_3339() {
        for text in [
            "2026-11-23T08:32:02Z",
            "2026-11-23 08:32:02.1z",
            "2026-11-23T08:32:02.123456789-23:59",
        ] {
            assert!(Timestamp::parse(text).is_ok(), "{text}");
        }
        for text in [
            "2026-11-23T08Z",
            "2026-11-23T08:32Z",
            "20261123T083202Z",
            "2026-11-23T08:32:02",
            "2026-11-23T08:32:02+24:00",
            "2026-11-23T08:32:02+02",
            "2026-11-23T08:32:02+0200",
            "2026-11-23T08:32:02,5Z",
            "2026-11-23T08:32:02.Z",
            "2026-11-23T08:32:02.1234567890Z",
            "2026-11-23T08:32:02Z[UTC]",
            "+002026-11-23T08:32:02Z",
            "2026-02-30T08:32:02Z",
            "2026-12-31T10:00:60Z",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }
}
