//! Normalises telephone numbers as carriers, callers and agents write them to E.164.
//!
//! Numbers decide two things in this product: the number that was called decides whose call it is, and the number that
//! calls decides who is calling. Both are compared exactly, never by their last digits, so the same line must always
//! have the same spelling: E.164, a `+` and 8 to 15 digits.
//!
//! ```
//! use phone_numbers::{Country, Normalised, Reason, normalise};
//!
//! let hamburg = Normalised::E164("+4940555100".to_owned());
//! assert_eq!(normalise("040 / 555-100", Country::Germany), hamburg);
//! assert_eq!(normalise("sip:+4940555100@sbc.example;user=phone", Country::Germany), hamburg);
//! assert_eq!(normalise("Anonymous", Country::Germany), Normalised::Withheld);
//! assert_eq!(normalise("call me", Country::Germany), Normalised::Unusable(Reason::NotANumber));
//! ```
//!
//! # Vocabulary
//!
//! * *withheld*: the caller does not show a number. That is an answer and not an error: the call goes on.
//! * *unusable*: something was there, but no number can be told from it; the caller is treated as if withheld, while
//!   the raw text stays with whoever asked.
//! * *trunk zero*: the `0` before an area code that is dialled inside a country and dropped from outside.
//! * *international* number: begins with `+`, `00`, or the country's own calling code.
//! * *plausible*: has the shape of E.164. Whether the line exists, only a call can tell.
//!
//! # How a text is read
//!
//! 1. What is E.164 already is taken as it is, without looking anything up. This is the common case.
//! 2. Addresses (`sip:`, `tel:`) are reduced to their user part, separators are dropped, anything else is refused.
//! 3. International numbers are accepted when they are plausible. A trunk zero that was written all the same, as in
//!    `+49 (0)40`, goes.
//! 4. National numbers are looked up in the numbering plan of the default country, then of its neighbours; one that no
//!    plan knows, because plans grow and tests invent numbers, is taken to be the default country's.
//!
//! The result is stable: normalising it again changes nothing.
//!
//! # What it must never know
//!
//! Tenants, customers, calls, how a number is spoken. It stores nothing and logs nothing; [`Normalised`] hides the number
//! in its debug output.
//!
//! # How to extend
//!
//! A country whose people write numbers without its calling code is a variant of [`Country`]; numbers from anywhere else
//! work as long as they are international. Words for "withheld" belong to the one list in `withheld`.

mod country;
mod germany;
mod text;
mod withheld;

use std::fmt;

pub use country::Country;
pub use withheld::is_withheld;

use text::Dialled;

/// The fewest digits a plausible number has, calling code included.
const FEWEST: usize = 8;

/// The most digits a number has, calling code included (ITU-T E.164, 6.2.1).
const MOST: usize = 15;

/// The fewest digits from which a number without any prefix is read at all: with fewer, the area code may be missing.
const FEWEST_BARE: usize = 10;

/// What a text says about a telephone number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Normalised {
    /// A number: `+` and 8 to 15 digits, the first of them not zero.
    E164(String),
    /// The caller does not show a number.
    Withheld,
    /// There is something, but no number can be told from it.
    Unusable(Reason),
}

impl Normalised {
    /// The number, if there is one.
    #[must_use]
    pub fn e164(&self) -> Option<&str> {
        match self {
            Self::E164(number) => Some(number),
            Self::Withheld | Self::Unusable(_) => None,
        }
    }
}

/// Hides the number: it identifies a person.
impl fmt::Debug for Normalised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::E164(_) => f.write_str("E164(***)"),
            Self::Withheld => f.write_str("Withheld"),
            Self::Unusable(reason) => write!(f, "Unusable({reason:?})"),
        }
    }
}

/// Why no number can be told from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The text is longer than any way to write a number.
    TooLong,
    /// The text holds something that belongs to no number.
    NotANumber,
    /// There are fewer digits than any full number has.
    TooFewDigits,
    /// There are more digits than any number has.
    TooManyDigits,
    /// Neither a country nor an area code can be told.
    NoPrefix,
    /// The digits cannot be a number: no number begins like that.
    Implausible,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the text is too long for a telephone number",
            Self::NotANumber => "the text holds something other than a telephone number",
            Self::TooFewDigits => "the number has too few digits",
            Self::TooManyDigits => "the number has too many digits",
            Self::NoPrefix => "the number has neither a country code nor an area code",
            Self::Implausible => "no telephone number begins like this",
        })
    }
}

impl std::error::Error for Reason {}

/// Reads a telephone number as somebody wrote it.
///
/// `default_country` is where a number without a calling code is from: the country of the branch that was called.
/// At most 64 characters of a number are considered; longer texts are refused, never cut.
#[must_use]
pub fn normalise(raw: &str, default_country: Country) -> Normalised {
    if let Some(digits) = raw.strip_prefix('+')
        && is_plausible(digits)
        && country::without_trunk_zero(digits).is_none()
    {
        return finish(digits);
    }
    let address = match text::address(raw) {
        Ok(address) => address,
        Err(reason) => return Normalised::Unusable(reason),
    };
    if withheld::is_withheld_address(&address) {
        return Normalised::Withheld;
    }
    match Dialled::read(&address) {
        Err(reason) => Normalised::Unusable(reason),
        Ok(Dialled { plus: true, digits }) => international(digits.strip_prefix("00").unwrap_or(&digits)),
        Ok(Dialled { plus: false, digits }) => match digits.strip_prefix("00") {
            Some(digits) => international(digits),
            None => national(&digits, default_country),
        },
    }
}

/// A number that begins with a calling code.
fn international(digits: &str) -> Normalised {
    match country::without_trunk_zero(digits) {
        Some(digits) if country::without_trunk_zero(&digits).is_some() => {
            Normalised::Unusable(Reason::Implausible)
        }
        Some(digits) => finish(&digits),
        None => finish(digits),
    }
}

/// A number as it is dialled inside `home`, or one that lost its `+`.
fn national(digits: &str, home: Country) -> Normalised {
    if let Some(lost_plus) = germany::with_a_zero_for_the_plus(digits, home) {
        return international(lost_plus);
    }
    let Some(significant) = home.significant(digits) else {
        return bare(digits, home);
    };
    if significant.starts_with('0') {
        return Normalised::Unusable(Reason::Implausible);
    }
    if germany::is_mobile(significant, home) {
        return finish(&format!("{}{significant}", home.calling_code()));
    }
    let neighbours = Country::NEIGHBOURS.into_iter().filter(|country| *country != home);
    // A country without trunk zero writes its numbers bare, so a zero rules it out.
    let candidates = [home].into_iter().chain(neighbours);
    let known = candidates.into_iter().find_map(|country| country.in_plan(digits));
    finish(&known.unwrap_or_else(|| format!("{}{significant}", home.calling_code())))
}

/// Digits alone, in a country where an area code begins with a zero.
fn bare(digits: &str, home: Country) -> Normalised {
    if digits.len() < FEWEST_BARE {
        let reason = if digits.len() < FEWEST { Reason::TooFewDigits } else { Reason::NoPrefix };
        return Normalised::Unusable(reason);
    }
    if digits.starts_with(home.calling_code()) {
        return international(digits);
    }
    if let Some(known) = home.in_plan(&format!("0{digits}")) {
        return finish(&known);
    }
    let foreign = Country::NEIGHBOURS.into_iter().find_map(|country| {
        let significant = digits.strip_prefix(country.calling_code())?;
        country.in_plan(&format!("0{significant}"))
    });
    finish(&foreign.unwrap_or_else(|| format!("{}{digits}", home.calling_code())))
}

/// The one gate every number passes, so that what comes out would pass again.
fn finish(digits: &str) -> Normalised {
    if withheld::is_spelt_out(digits) {
        return Normalised::Withheld;
    }
    if digits.len() < FEWEST {
        return Normalised::Unusable(Reason::TooFewDigits);
    }
    if digits.len() > MOST {
        return Normalised::Unusable(Reason::TooManyDigits);
    }
    if !is_plausible(digits) {
        return Normalised::Unusable(Reason::Implausible);
    }
    Normalised::E164(format!("+{digits}"))
}

/// Whether digits have the shape of E.164: 8 to 15 of them, the first not zero.
fn is_plausible(digits: &str) -> bool {
    (FEWEST..=MOST).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}
