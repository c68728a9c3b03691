//! Decimal numbers from their text, exactly.

/// Digits that an `i64` holds in any case.
const MAX_DIGITS: i64 = 18;

/// Reads a JSON number that is not negative as a count of `10^-places`, rounded half up.
///
/// `scaled("4.56", 6)` is 4560000. `None` if it is not such a number or does not fit.
pub(crate) fn scaled(text: &str, places: i64) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        // An exponent of more digits than an i64 has is out of reach in either direction.
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_zero = |digits: &str| digits.bytes().all(|digit| digit == b'0');
    // "-0.0" is how some languages write nothing.
    let whole = match whole.strip_prefix('-') {
        Some(rest) if is_zero(rest) && is_zero(fraction) => rest,
        Some(_) => return None,
        None => whole,
    };
    let digits = || whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // The value is 0.d1d2d3… * 10^point, counted in units of 10^-places, where d1 is not zero.
    let leading = i64::try_from(digits().take_while(|digit| *digit == b'0').count()).ok()?;
    let significant = || digits().skip_while(|digit| *digit == b'0');
    if significant().next().is_none() {
        return Some(0);
    }
    let point =
        i64::try_from(whole.len()).ok()?.checked_sub(leading)?.checked_add(exponent)?.checked_add(places)?;
    if point > MAX_DIGITS {
        return None;
    }
    if point < 0 {
        return Some(0);
    }
    let mut units = 0_i64;
    let mut rest = significant();
    for _ in 0..point {
        let digit = rest.next().unwrap_or(b'0') - b'0';
        units = units.checked_mul(10)?.checked_add(i64::from(digit))?;
    }
    let half_or_more = rest.next().is_some_and(|digit| digit >= b'5');
    units.checked_add(i64::from(half_or_more))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cents_become_microcents() {
        for (text, microcents) in [
            ("4.56", 4_560_000),
            ("41.25", 41_250_000),
            ("0", 0),
            ("-0.0", 0),
            ("70", 70_000_000),
            ("0.1166667", 116_667),
            ("0.0000005", 1),
            ("0.00000049999999999999999999999", 0),
            ("1e2", 100_000_000),
            ("1.5E-6", 2),
            ("4.56e+0", 4_560_000),
            ("12345.678901234", 12_345_678_901),
            ("0e99999", 0),
            ("1e-99999", 0),
            // What a float would have made of it: 4.199999999999999 and 0.30000000000000004.
            ("4.199999999999999", 4_200_000),
            ("0.30000000000000004", 300_000),
        ] {
            assert_eq!(scaled(text, 6), Some(microcents), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "-1",
            "-0.1",
            ".5",
            "1e",
            "e5",
            "NaN",
            "1e99",
            "1e999999999999999999999",
            "1,5",
            "0x1",
            "1-2",
        ] {
            assert_eq!(scaled(text, 6), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[-+0-9.eE]{0,30}", places in -3_i64..10) {
            let _ = scaled(&text, places);
        }

        #[test]
        fn six_places_are_exact(cents in 0_i64..1_000_000_000, micro in 0_i64..1_000_000) {
            prop_assert_eq!(scaled(&format!("{cents}.{micro:06}"), 6), Some(cents * 1_000_000 + micro));
        }

        #[test]
        fn rounding_is_half_up(cents in 0_i64..1000, micro in 0_i64..1_000_000, tail in 0_i64..1000) {
            let expected = cents * 1_000_000 + micro + i64::from(tail >= 500);
            prop_assert_eq!(scaled(&format!("{cents}.{micro:06}{tail:03}"), 6), Some(expected));
        }
    }
}
