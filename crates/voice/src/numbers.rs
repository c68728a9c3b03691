//! Numbers as the network and callers write them.

use german_datetime::digits::understand_digits;
use kernel::{Caller, PhoneNumber};
use phone_numbers::{Country, Normalised, normalise};

/// The plan of numbers before a tenant is known: the product speaks German first.
pub(crate) const HOME: Country = Country::Germany;

/// Whose plan a number without a country code follows.
pub(crate) fn country(code: &str) -> Country {
    Country::from_code(code).unwrap_or(HOME)
}

/// A number that can be dialled; `None` if the text is none.
pub(crate) fn number(text: &str, country: Country) -> Option<PhoneNumber> {
    match normalise(text, country) {
        Normalised::E164(number) => PhoneNumber::from_e164(&number).ok(),
        Normalised::Withheld | Normalised::Unusable(_) => None,
    }
}

/// A number as a caller says it: written, or digit by digit and in pairs ("null eins sieben null, elf, zwölf"). Where
/// the digits can be heard in two ways, or some of them were lost, it is none, so that the caller is asked.
pub(crate) fn said_number(text: &str, country: Country) -> Option<PhoneNumber> {
    let whole = |text: &str| number(text, country).filter(|found| !is_cut_short(text, country, found));
    whole(text).or_else(|| {
        let heard = understand_digits(text).ok().filter(|heard| heard.others.is_empty())?;
        whole(&heard.digits)
    })
}

/// Whether it begins as a German mobile number does and was found in another country's plan: "0151 234" lacks digits, and is
/// hardly meant for Vienna.
fn is_cut_short(text: &str, country: Country, found: &PhoneNumber) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_mobile = ["015", "016", "017"].iter().any(|prefix| digits.starts_with(prefix));
    country == Country::Germany && is_mobile && !text.contains('+') && !found.as_e164().starts_with("+49")
}

/// Whether something came that is neither a number that can be dialled nor a sign that the number is withheld.
pub(crate) fn is_unusable(text: Option<&str>, country: Country) -> bool {
    text.is_some_and(|text| {
        !text.trim().is_empty() && matches!(normalise(text, country), Normalised::Unusable(_))
    })
}

/// Who is on the line. Withheld, missing and unusable numbers are all the same: nobody in particular.
pub(crate) fn caller(text: Option<&str>, country: Country) -> Caller {
    text.and_then(|text| number(text, country)).map_or(Caller::Anonymous, Caller::Known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_lost_digits_is_no_other_country_s() {
        for lost in [
            "0151 234",
            "0151 2345",
            "0151 234567",
            "0172 1234",
            "null eins sieben zwei, eins zwei drei vier",
        ] {
            assert_eq!(said_number(lost, HOME), None, "{lost}");
        }
        for (said, whole) in [("0151 23456789", "+4915123456789"), ("+43 1 512345", "+431512345")] {
            assert_eq!(said_number(said, HOME).unwrap().as_e164(), whole, "{said}");
        }
    }
}
