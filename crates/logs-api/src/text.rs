//! Numbers and times as people read them, in a terminal and on a page.

use logs_domain::Timestamp;

/// `1 error`, `2 errors`.
#[must_use]
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", tokens(n), if n == 1 { one } else { many })
}

/// A number with thousands separated: `12,345`.
#[must_use]
pub fn tokens(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Millionths of a US dollar: `$0.0213`, `$12.50`.
#[must_use]
pub fn dollars(micros: u64) -> String {
    let fraction = format!("{:06}", micros % 1_000_000);
    let cents_kept = fraction.trim_end_matches('0').len().max(2);
    let fraction: String = fraction.chars().take(cents_kept).collect();
    format!("${}.{fraction}", tokens(micros / 1_000_000))
}

/// A duration with a unit that fits: `41 ns`, `56 ms`, `3.2 s`, `4 min 05 s`.
#[must_use]
pub fn duration(ns: i128) -> String {
    let tenths = |unit: i128| format!("{}.{}", ns / unit, (ns % unit) * 10 / unit);
    match ns {
        i128::MIN..=-1 => format!("-{}", duration(ns.saturating_neg())),
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{} µs", ns / 1_000),
        1_000_000..10_000_000 => format!("{} ms", tenths(1_000_000)),
        10_000_000..1_000_000_000 => format!("{} ms", ns / 1_000_000),
        1_000_000_000..120_000_000_000 => format!("{} s", tenths(1_000_000_000)),
        _ => {
            let seconds = ns / 1_000_000_000;
            let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
            match hours {
                0 => format!("{minutes} min {:02} s", seconds % 60),
                _ => format!("{hours} h {minutes:02} min"),
            }
        }
    }
}

/// A time in UTC to the second: `2026-11-23 08:32:02`.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    at.to_string().chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// Control characters, marks of direction, and characters without width that text has no need of: what a
/// name from outside must not show as itself. Those that join letters are left: scripts and emoji are
/// written with them.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_that_fits() {
        #[track_caller]
        fn check(ns: i128, expect: &str) {
            assert_eq!(duration(ns), expect);
        }
        check(0, "0 ns");
        check(55_918_541, "55 ms");
        check(5_591_854, "5.5 ms");
        check(3_250_000_000, "3.2 s");
        check(245_000_000_000, "4 min 05 s");
        check(7_260_000_000_000, "2 h 01 min");
        check(-1_500, "-1 µs");
    }

    #[test]
    fn dollars_keep_what_was_said() {
        assert_eq!(dollars(21_300), "$0.0213");
        assert_eq!(dollars(12_500_000), "$12.50");
        assert_eq!(dollars(1_234_000_001), "$1,234.000001");
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!(tokens(0), "0");
        assert_eq!(tokens(999), "999");
        assert_eq!(tokens(1_234_567), "1,234,567");
    }
}
