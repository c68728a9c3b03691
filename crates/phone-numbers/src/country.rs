//! Countries whose people write numbers without the calling code.

use phonenumber::{Mode, country};

/// A country in which a number without a calling code may be from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Country {
    /// `DE`, +49.
    Germany,
    /// `AT`, +43.
    Austria,
    /// `CH`, +41.
    Switzerland,
    /// `LI`, +423.
    Liechtenstein,
    /// `LU`, +352.
    Luxembourg,
    /// `FR`, +33.
    France,
    /// `NL`, +31.
    Netherlands,
    /// `BE`, +32.
    Belgium,
}

/// Calling codes after which a zero is always a trunk zero that somebody wrote all the same. Not a rule for every
/// country: in Italy (+39) the zero is part of the number. +44 is here for its `+44 (0)20`.
const DROP_TRUNK_ZERO: [&str; 7] = ["49", "43", "41", "33", "31", "32", "44"];

impl Country {
    /// Every country, in the order of the variants.
    pub const ALL: [Self; 8] = [
        Self::Germany,
        Self::Austria,
        Self::Switzerland,
        Self::Liechtenstein,
        Self::Luxembourg,
        Self::France,
        Self::Netherlands,
        Self::Belgium,
    ];

    /// The countries whose plans are tried when a number is in none of the default country's, in this order.
    pub(crate) const NEIGHBOURS: [Self; 6] =
        [Self::Germany, Self::Austria, Self::Switzerland, Self::France, Self::Netherlands, Self::Belgium];

    /// The country with this two-letter code of ISO 3166-1, in capitals or not.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|country| country.code().eq_ignore_ascii_case(code))
    }

    /// The two-letter code of ISO 3166-1, in capitals.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Germany => "DE",
            Self::Austria => "AT",
            Self::Switzerland => "CH",
            Self::Liechtenstein => "LI",
            Self::Luxembourg => "LU",
            Self::France => "FR",
            Self::Netherlands => "NL",
            Self::Belgium => "BE",
        }
    }

    /// The digits with which international numbers of this country begin.
    #[must_use]
    pub fn calling_code(self) -> &'static str {
        match self {
            Self::Germany => "49",
            Self::Austria => "43",
            Self::Switzerland => "41",
            Self::Liechtenstein => "423",
            Self::Luxembourg => "352",
            Self::France => "33",
            Self::Netherlands => "31",
            Self::Belgium => "32",
        }
    }

    /// Whether national numbers are written with a zero in front.
    fn has_trunk_zero(self) -> bool {
        !matches!(self, Self::Liechtenstein | Self::Luxembourg)
    }

    /// The part of a national number that remains in an international one, if this country writes numbers like that.
    pub(crate) fn significant(self, digits: &str) -> Option<&str> {
        if let Some(significant) = digits.strip_prefix('0') {
            return Some(significant);
        }
        // Without a trunk zero a full national number looks like any digits; the plan tells the two apart.
        (!self.has_trunk_zero() && self.in_plan(digits).is_some()).then_some(digits)
    }

    /// The international form, without `+`, of a national number that this country's numbering plan knows.
    pub(crate) fn in_plan(self, digits: &str) -> Option<String> {
        if digits.starts_with('0') && !self.has_trunk_zero() {
            return None;
        }
        let id = match self {
            Self::Germany => country::DE,
            Self::Austria => country::AT,
            Self::Switzerland => country::CH,
            Self::Liechtenstein => country::LI,
            Self::Luxembourg => country::LU,
            Self::France => country::FR,
            Self::Netherlands => country::NL,
            Self::Belgium => country::BE,
        };
        // The library gets nothing but a bounded number of ASCII digits; freer texts have made it panic.
        let number = phonenumber::parse(Some(id), digits).ok()?;
        if !phonenumber::is_valid(&number) {
            return None;
        }
        let e164 = number.format().mode(Mode::E164).to_string();
        let digits = e164.strip_prefix('+')?;
        digits.starts_with(self.calling_code()).then(|| digits.to_owned())
    }
}

/// International digits without a trunk zero that does not belong there; nothing if there is none.
pub(crate) fn without_trunk_zero(digits: &str) -> Option<String> {
    DROP_TRUNK_ZERO.iter().find_map(|code| {
        let significant = digits.strip_prefix(code)?.strip_prefix('0')?;
        Some(format!("{code}{significant}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        for country in Country::ALL {
            assert_eq!(Country::from_code(country.code()), Some(country));
            assert_eq!(Country::from_code(&country.code().to_lowercase()), Some(country));
        }
        assert_eq!(Country::from_code("XX"), None);
        assert_eq!(Country::from_code(""), None);
    }

    #[test]
    fn calling_codes_agree_with_the_numbering_plans() {
        let samples = [
            "030123456",
            "01234567",
            "0446681800",
            "2345678",
            "22123456",
            "0123456789",
            "0101234567",
            "025123456",
        ];
        for (country, sample) in Country::ALL.into_iter().zip(samples) {
            assert!(
                country.in_plan(sample).is_some_and(|e164| e164.starts_with(country.calling_code())),
                "{country:?}"
            );
        }
    }

    #[test]
    fn only_one_trunk_zero_is_dropped_and_not_everywhere() {
        assert_eq!(without_trunk_zero("49040555100").as_deref(), Some("4940555100"));
        assert_eq!(without_trunk_zero("4940555100"), None);
        assert_eq!(without_trunk_zero("390612345678"), None);
        assert_eq!(without_trunk_zero(""), None);
    }
}
