//! From what a row holds to what the model knows.

use std::str::FromStr;

use chrono_tz::Tz;
use kernel::{Caller, Currency, EmailAddress, Money, PersonName, PhoneNumber, StoreError};

use crate::error::corrupt;

/// A word of an enumeration.
pub(crate) fn word<T: FromStr>(text: &str, column: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| corrupt(column))
}

/// A word of an enumeration that may be absent.
pub(crate) fn optional_word<T: FromStr>(
    text: Option<&str>,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    text.map(|text| word(text, column)).transpose()
}

/// The name of a time zone.
pub(crate) fn zone(text: &str, column: &'static str) -> Result<Tz, StoreError> {
    word(text, column)
}

/// A telephone number that may be absent.
pub(crate) fn phone(text: Option<&str>, column: &'static str) -> Result<Option<PhoneNumber>, StoreError> {
    text.map(|text| PhoneNumber::from_e164(text).map_err(|_| corrupt(column))).transpose()
}

/// A caller: no number is an anonymous one.
pub(crate) fn caller(text: Option<&str>, column: &'static str) -> Result<Caller, StoreError> {
    Ok(phone(text, column)?.map_or(Caller::Anonymous, Caller::Known))
}

/// A person's name that may be absent.
pub(crate) fn name(text: Option<&str>, column: &'static str) -> Result<Option<PersonName>, StoreError> {
    text.map(|text| PersonName::clean(text).map_err(|_| corrupt(column))).transpose()
}

/// An e-mail address that may be absent.
pub(crate) fn email(text: Option<&str>, column: &'static str) -> Result<Option<EmailAddress>, StoreError> {
    text.map(|text| EmailAddress::parse(text).map_err(|_| corrupt(column))).transpose()
}

/// An amount of money.
pub(crate) fn money(minor: i64, currency: &str, column: &'static str) -> Result<Money, StoreError> {
    Ok(Money::new(minor, word::<Currency>(currency, column)?))
}

/// A number that is never negative and fits the model's type.
pub(crate) fn count<T: TryFrom<i32>>(value: i32, column: &'static str) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| corrupt(column))
}
