//! International bank account numbers (ISO 13616).

use crate::Kind;
use crate::scan::Finding;
use crate::shape::Place;

/// Length by country, from the SWIFT registry of IBAN formats.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// The account number that starts at this place, with single spaces or hyphens anywhere.
pub(crate) fn find(place: &Place<'_>) -> Option<Finding> {
    if !place.byte(place.at + 2)?.is_ascii_digit() || !place.opens(place.at) {
        return None;
    }
    let country = place.text.get(place.at..place.at + 2)?.to_ascii_uppercase();
    let length = LENGTHS.iter().find(|(c, _)| *c == country)?.1;
    let mut compact = Vec::with_capacity(length);
    let mut end = place.at;
    let mut grouped = false;
    while compact.len() < length {
        match place.byte(end)? {
            b if b.is_ascii_alphanumeric() => compact.push(b),
            b' ' | b'-' if place.byte(end + 1).is_some_and(|b| b.is_ascii_alphanumeric()) => {
                grouped = true
            }
            _ => return None,
        }
        end += 1;
    }
    // A hex digest may begin with two letters that are a country: an ungrouped number counts only
    // in the capitals in which it is written.
    let capitals = compact.iter().all(|b| !b.is_ascii_lowercase());
    (place.closes(end) && (grouped || capitals) && mod_97(&compact) == Some(1))
        .then(|| Finding::new(place.at, end, Kind::Iban))
}

fn mod_97(compact: &[u8]) -> Option<u32> {
    let (head, tail) = compact.split_at_checked(4)?;
    tail.iter().chain(head).try_fold(0_u32, |rest, b| {
        let digit = char::from(*b).to_digit(36)?;
        let shift = if digit < 10 { 10 } else { 100 };
        Some((rest * shift + digit) % 97)
    })
}
