//! Shapes of bytes that several detectors share, and the tokens that none of them may touch.

/// Counts work in tests: that it grows with the text and not faster is a law of this crate, and a
/// clock would only show it on a quiet machine.
#[cfg(test)]
pub(crate) mod counted {
    use std::cell::Cell;

    thread_local! { static WORK: Cell<u64> = const { Cell::new(0) }; }

    pub(crate) fn add(steps: usize) {
        WORK.with(|work| work.set(work.get() + steps as u64));
    }

    pub(crate) fn take() -> u64 {
        WORK.with(|work| work.replace(0))
    }
}

/// Steps over a text that were taken.
#[inline]
pub(crate) fn work(steps: usize) {
    #[cfg(test)]
    counted::add(steps);
    #[cfg(not(test))]
    let _ = steps;
}

/// A text and where in it the last finding ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
    /// Nothing before this offset may be part of a new finding.
    pub(crate) floor: usize,
}

impl<'a> Place<'a> {
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    pub(crate) fn byte(&self, offset: usize) -> Option<u8> {
        work(1);
        self.bytes().get(offset).copied()
    }

    /// The byte before an offset; none at the start and right behind a finding.
    pub(crate) fn before(&self, offset: usize) -> Option<u8> {
        if offset <= self.floor { None } else { self.byte(offset.checked_sub(1)?) }
    }

    /// The text from the floor to an offset.
    pub(crate) fn left(&self, offset: usize) -> &'a str {
        self.text.get(self.floor..offset).unwrap_or_default()
    }

    /// The text from an offset on.
    pub(crate) fn right(&self, offset: usize) -> &'a str {
        self.text.get(offset..).unwrap_or_default()
    }

    pub(crate) fn starts_with(&self, offset: usize, prefix: &str) -> bool {
        self.bytes().get(offset..).is_some_and(|rest| rest.starts_with(prefix.as_bytes()))
    }

    /// Whether no ASCII letter or digit stands before the offset.
    pub(crate) fn opens(&self, offset: usize) -> bool {
        !self.before(offset).is_some_and(|b| b.is_ascii_alphanumeric())
    }

    /// Whether no ASCII letter or digit stands at the offset.
    pub(crate) fn closes(&self, offset: usize) -> bool {
        !self.byte(offset).is_some_and(|b| b.is_ascii_alphanumeric())
    }

    /// The end of the run of bytes from `from` that satisfy `test`, at most `limit` bytes long.
    pub(crate) fn run(&self, from: usize, limit: usize, test: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes().get(from..).unwrap_or_default();
        let length = rest.iter().take(limit).take_while(|b| test(**b)).count();
        work(length + 1);
        from + length
    }
}

/// A set of pairs of bytes: whether a rule may begin with the two bytes at a place.
#[derive(Debug)]
pub(crate) struct Pairs {
    bits: Vec<u64>,
}

impl Pairs {
    pub(crate) fn of<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut bits = vec![0; (1 << 16) / 64];
        for pair in words.filter_map(|word| word.as_bytes().first_chunk::<2>()) {
            let at = usize::from(u16::from_be_bytes(*pair));
            if let Some(word) = bits.get_mut(at / 64) {
                *word |= 1_u64 << (at % 64);
            }
        }
        Self { bits }
    }

    pub(crate) fn has(&self, place: &Place<'_>) -> bool {
        let pair = place.bytes().get(place.at..).and_then(|rest| rest.first_chunk::<2>());
        pair.is_some_and(|pair| {
            let at = usize::from(u16::from_be_bytes(*pair));
            self.bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
        })
    }
}

/// The end of a UUID, an RFC 3339 time or an ISO date that starts here.
pub(crate) fn protected(place: &Place<'_>, at: usize) -> Option<usize> {
    if !place.opens(at) {
        return None;
    }
    uuid(place, at).or_else(|| date(place, at))
}

/// The end of what is [`protected`] here, or of digits that are a digest or a time in units of Unix.
pub(crate) fn identifier(place: &Place<'_>, at: usize) -> Option<usize> {
    if !place.opens(at) {
        return None;
    }
    protected(place, at).or_else(|| {
        let end = place.run(at, 129, |b| b.is_ascii_hexdigit());
        let digits = place.text.get(at..end)?.bytes().all(|b| b.is_ascii_digit());
        let length = end - at;
        let fits = matches!(length, 16 | 32 | 40 | 56 | 64 | 96 | 128)
            || digits && matches!(length, 13 | 16 | 19);
        (fits && place.closes(end)).then_some(end)
    })
}

fn uuid(place: &Place<'_>, at: usize) -> Option<usize> {
    let token = place.bytes().get(at..at + 36)?;
    let fits = token.iter().enumerate().all(|(i, b)| match i {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => b.is_ascii_hexdigit(),
    });
    (fits && place.closes(at + 36)).then_some(at + 36)
}

fn date(place: &Place<'_>, at: usize) -> Option<usize> {
    let token = place.bytes().get(at..at + 10)?;
    let fits = token.iter().enumerate().all(|(i, b)| match i {
        4 | 7 => *b == b'-',
        _ => b.is_ascii_digit(),
    });
    let number = |from: usize, to: usize| place.text.get(at + from..at + to)?.parse::<u32>().ok();
    if !fits
        || !(1..=12).contains(&number(5, 7)?)
        || !(1..=31).contains(&number(8, 10)?)
        || !(1900..2200).contains(&number(0, 4)?)
    {
        return None;
    }
    match place.byte(at + 10) {
        Some(b'T' | b't' | b' ') => time(place, at + 11).or_else(|| day(place, at + 10)),
        _ => day(place, at + 10),
    }
}

fn day(place: &Place<'_>, end: usize) -> Option<usize> {
    let open = place.byte(end).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'-');
    (!open).then_some(end)
}

fn time(place: &Place<'_>, at: usize) -> Option<usize> {
    let token = place.bytes().get(at..at + 8)?;
    let fits = token.iter().enumerate().all(|(i, b)| match i {
        2 | 5 => *b == b':',
        _ => b.is_ascii_digit(),
    });
    if !fits {
        return None;
    }
    let mut end = at + 8;
    if matches!(place.byte(end), Some(b'.' | b',')) {
        end = place.run(end + 1, 12, |b| b.is_ascii_digit());
    }
    match place.byte(end) {
        Some(b'Z' | b'z') => Some(end + 1),
        Some(b'+' | b'-') => {
            let zone = place.run(end + 1, 5, |b| b.is_ascii_digit() || b == b':');
            Some(if zone > end + 4 { zone } else { end })
        }
        _ => Some(end),
    }
}

/// Han characters, with the marks that stand for them.
pub(crate) fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_1FFF | 0x3005 | 0x30F6)
}

/// Katakana with its long mark and middle dot.
pub(crate) fn is_katakana(c: char) -> bool {
    matches!(u32::from(c), 0x30A1..=0x30FC) && c != 'ヶ'
}

pub(crate) fn is_hiragana(c: char) -> bool {
    matches!(u32::from(c), 0x3041..=0x309F)
}

pub(crate) fn is_hangul(c: char) -> bool {
    matches!(u32::from(c), 0xAC00..=0xD7A3)
}

/// Scripts that write words without spaces or names without capitals get their own rules.
pub(crate) fn is_east_asian(c: char) -> bool {
    is_han(c) || is_katakana(c) || is_hiragana(c) || is_hangul(c)
}

/// A character of a word, with the vowel signs and viramas that `is_alphabetic` leaves out.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphabetic()
        || matches!(u32::from(c), 0x0300..=0x036F | 0x064B..=0x065F | 0x0900..=0x0963 | 0x0971..=0x0DFF)
}
