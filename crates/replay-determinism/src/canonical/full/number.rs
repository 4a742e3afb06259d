//! The one spelling of a double (RFC 8785 §3.2.2.3, ECMAScript 2019 §7.1.12.1).

use crate::canonical::write_integer;

/// A finite double; `-0` is `0`, as its form is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(f64);

impl Number {
    /// A number; `None` for NaN and the infinities, which JSON does not have.
    ///
    /// ```
    /// use replay_determinism::canonical::full::Number;
    /// assert_eq!(Number::new(-0.0).map(Number::get), Some(0.0));
    /// assert_eq!(Number::new(f64::NAN), None);
    /// ```
    #[must_use]
    pub fn new(number: f64) -> Option<Self> {
        // Adding zero takes the sign of `-0` away and changes nothing else.
        number.is_finite().then_some(Self(number + 0.0))
    }

    /// The double.
    ///
    /// ```
    /// use replay_determinism::canonical::full::Number;
    /// assert_eq!(Number::new(0.5).map(Number::get), Some(0.5));
    /// ```
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Appends the canonical text.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let Self(number) = self;
        if number.abs() < 9_007_199_254_740_992.0 && number.fract() == 0.0 {
            #[allow(clippy::cast_possible_truncation, reason = "whole, and below 2^53")]
            return write_integer(out, number as i64);
        }
        out.extend_from_slice(ryu_js::Buffer::new().format_finite(number).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: f64, expect: &str) {
        let mut out = Vec::new();
        Number::new(number).unwrap().write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }

    #[test]
    fn the_layout_is_ecmascripts() {
        // The samples of RFC 8785 appendix B, by bit pattern.
        for (bits, expect) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            check(f64::from_bits(bits), expect);
        }
    }

    #[test]
    fn what_is_no_number_cannot_be_built() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Number::new(number), None);
        }
    }
}
