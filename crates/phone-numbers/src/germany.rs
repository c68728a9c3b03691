//! What is particular about German numbers.

use crate::Country;

/// The most digits of a German number with area code, without trunk zero. Longer ones are not given out to fixed lines.
const MOST_SIGNIFICANT: usize = 11;

/// Whether national digits are those of a German mobile line: `15`, `16`, `17` and 10 or 11 digits in all.
///
/// The numbering plan is narrower and changes; but whatever it says, such a number is no other country's.
pub(crate) fn is_mobile(significant: &str, home: Country) -> bool {
    home == Country::Germany
        && ["15", "16", "17"].iter().any(|prefix| significant.starts_with(prefix))
        && (10..=11).contains(&significant.len())
}

/// `049...` where the first zero stands for a `+`: the number from its calling code on.
///
/// Some exchanges write a caller's `+49 40 ...` like this. In East Frisia, however, area codes begin with `049`, so
/// what can be dialled there is left as it is: an area code that exists, behind it a subscriber's number, which never
/// begins with a zero, and not too many digits.
pub(crate) fn with_a_zero_for_the_plus(digits: &str, home: Country) -> Option<&str> {
    let behind = digits.strip_prefix("049").filter(|_| home == Country::Germany)?;
    let subscriber = east_frisian_area(behind).and_then(|length| behind.get(length..));
    let can_be_dialled = subscriber.is_some_and(|subscriber| {
        !subscriber.is_empty() && !subscriber.starts_with('0') && digits.len() <= MOST_SIGNIFICANT + 1
    });
    (!can_be_dialled).then(|| &digits[1..])
}

/// How many digits behind `049` belong to the area code, if there is such an area.
///
/// The areas: 0491 (Leer), 04902-03, 04920-29, 04931-36, 04938-39, 04941-48, 04950-59, 04961-68, 04971-77
/// (Bundesnetzagentur, list of area codes).
fn east_frisian_area(behind: &str) -> Option<usize> {
    let mut bytes = behind.bytes();
    match (bytes.next()?, bytes.next()) {
        (b'1', _) => Some(1),
        (b'0', Some(b'2' | b'3'))
        | (b'2' | b'5', Some(_))
        | (b'3', Some(b'1'..=b'6' | b'8' | b'9'))
        | (b'4' | b'6', Some(b'1'..=b'8'))
        | (b'7', Some(b'1'..=b'7')) => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_for_the_plus_is_told_from_east_frisia() {
        let read = |digits| with_a_zero_for_the_plus(digits, Country::Germany);
        assert_eq!(read("04940555100"), Some("4940555100"), "no area 04940");
        assert_eq!(read("0493012345678"), Some("493012345678"), "no area 04930");
        assert_eq!(read("0491701234567"), Some("491701234567"), "too long for Leer");
        assert_eq!(read("049410112345"), Some("49410112345"), "no subscriber begins with a zero");
        assert_eq!(read("049040555100"), Some("49040555100"));
        assert_eq!(read("0491925550"), None, "Leer");
        assert_eq!(read("04921123456"), None, "Emden");
        assert_eq!(read("04902123"), None, "Jemgum");
        assert_eq!(read("040555100"), None);
        assert_eq!(with_a_zero_for_the_plus("04940555100", Country::Austria), None);
    }

    #[test]
    fn nothing_behind_is_no_area() {
        assert_eq!(east_frisian_area(""), None);
        assert_eq!(east_frisian_area("2"), None);
        assert_eq!(east_frisian_area("37"), None);
    }

    #[test]
    fn mobile_lines_are_known_by_their_beginning() {
        assert!(is_mobile("1520000666", Country::Germany));
        assert!(is_mobile("15112345678", Country::Germany));
        assert!(!is_mobile("151123456", Country::Germany));
        assert!(!is_mobile("4012345678", Country::Germany));
        assert!(!is_mobile("1520000666", Country::Austria));
    }
}
