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
/// the digits can be heard in two ways it is none, so that the caller is asked.
pub(crate) fn said_number(text: &str, country: Country) -> Option<PhoneNumber> {
    number(text, country).or_else(|| {
        let heard = understand_digits(text).ok().filter(|heard| heard.others.is_empty())?;
        number(&heard.digits, country)
    })
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
