//! Numbers, names and addresses of people. `Debug` is masked, there is no `Display`: showing one is a decision.

mod ear;
mod name;

use std::fmt;

pub use ear::similarity;
pub use name::{TITLES, name_words};
use serde::{Deserialize, Serialize};

/// Why a text is not the contact datum it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Not `+` and 7 to 15 digits, the first of them not zero.
    #[error("not a telephone number in E.164 form")]
    NotE164,
    /// Empty, too long, or with characters that no name has.
    #[error("not a usable name")]
    NotAName,
    /// Not an e-mail address.
    #[error("not an e-mail address")]
    NotAnEmail,
}

/// A telephone number in E.164 form, the only form that is stored and compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Accepts `+` and 7 to 15 digits (ITU-T E.164), the first of them not zero. It does not normalise.
    ///
    /// # Errors
    /// [`ContactError::NotE164`] for any other text.
    pub fn from_e164(text: &str) -> Result<Self, ContactError> {
        let digits = text.strip_prefix('+').ok_or(ContactError::NotE164)?;
        let plausible = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if plausible { Ok(Self(text.to_owned())) } else { Err(ContactError::NotE164) }
    }

    /// The number, for storing, dialling and comparing; not for logs and not for speech.
    #[must_use]
    pub fn as_e164(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Country and length help an operator; the subscriber's digits do not.
        write!(f, "{}…({} digits)", &self.0[..3], self.0.len() - 1)
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = ContactError;

    fn try_from(text: String) -> Result<Self, ContactError> {
        Self::from_e164(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

/// Who is on the line, as far as the network says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Caller {
    /// The network showed a usable number.
    Known(PhoneNumber),
    /// Withheld, missing or unusable: the caller is anonymous.
    Anonymous,
}

impl Caller {
    /// The number, unless the caller is anonymous.
    #[must_use]
    pub const fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Known(number) => Some(number),
            Self::Anonymous => None,
        }
    }
}

/// A person's name as spoken or typed; cleaned, not judged (plausibility is the customer domain's).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

impl PersonName {
    /// Longest name in characters; longer ones are refused, since no form or badge shows them.
    pub const MAX_CHARS: usize = 150;

    /// Trims, folds inner white space, drops control and formatting characters and the marks `<>{}\`.
    ///
    /// # Errors
    /// [`ContactError::NotAName`] if nothing is left or more than [`Self::MAX_CHARS`] characters are.
    pub fn clean(text: &str) -> Result<Self, ContactError> {
        let mut out = String::with_capacity(text.len().min(Self::MAX_CHARS * 4));
        let mut count = 0_usize;
        for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
            let mut fresh_word = true;
            for c in word.chars().filter(|c| !is_unwanted(*c)) {
                if fresh_word && !out.is_empty() {
                    out.push(' ');
                    count += 1;
                }
                fresh_word = false;
                out.push(c);
                count += 1;
                if count > Self::MAX_CHARS {
                    return Err(ContactError::NotAName);
                }
            }
        }
        if out.chars().any(char::is_alphanumeric) { Ok(Self(out)) } else { Err(ContactError::NotAName) }
    }

    /// The name, for storing and speaking; not for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Marks that only markup and templates use, and invisible characters that reorder or hide text.
const fn is_unwanted(c: char) -> bool {
    matches!(
        c,
        '<' | '>'
            | '{'
            | '}'
            | '\\'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
    )
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "name({} characters)", self.0.chars().count())
    }
}

impl TryFrom<String> for PersonName {
    type Error = ContactError;

    fn try_from(text: String) -> Result<Self, ContactError> {
        Self::clean(&text)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

/// An e-mail address, lower-cased.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Longest address in bytes (RFC 5321, path limit).
    pub const MAX_LEN: usize = 254;

    /// Accepts `local@domain.tld` without white space or control characters; the shape only, not the mailbox.
    ///
    /// # Errors
    /// [`ContactError::NotAnEmail`] for any other text.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(ContactError::NotAnEmail)?;
        let printable =
            text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"".contains(c));
        let labels_fit = domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-'));
        let fits =
            text.len() <= Self::MAX_LEN && !local.is_empty() && local.len() <= 64 && !local.contains('@');
        if printable && labels_fit && fits && domain.contains('.') {
            Ok(Self(text.to_lowercase()))
        } else {
            Err(ContactError::NotAnEmail)
        }
    }

    /// The address, for storing and sending; not for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("email(masked)")
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = ContactError;

    fn try_from(text: String) -> Result<Self, ContactError> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn debug_shows_nobody() {
        let shown = format!(
            "{:?} {:?} {:?}",
            Caller::Known(PhoneNumber::from_e164("+491701112233").unwrap()),
            PersonName::clean("Erika Muster").unwrap(),
            EmailAddress::parse("erika@example.org").unwrap(),
        );
        for secret in ["1701112233", "Erika", "Muster", "example"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn names_are_cleaned() {
        let clean = |text: &str| PersonName::clean(text).map(|name| name.as_str().to_owned());
        assert_eq!(clean("  Erika \t\n Muster\0 "), Ok("Erika Muster".to_owned()));
        assert_eq!(clean("<b>Özlem</b>"), Ok("bÖzlem/b".to_owned()));
        assert_eq!(
            clean("\u{202E}Robert'); DROP TABLE calls;--"),
            Ok("Robert'); DROP TABLE calls;--".to_owned())
        );
        assert_eq!(clean("😀"), Err(ContactError::NotAName));
        assert_eq!(clean(&"x".repeat(151)), Err(ContactError::NotAName));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in "\\PC{0,60}") {
            if let Ok(name) = PersonName::clean(&text) {
                prop_assert_eq!(PersonName::clean(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn only_e164_is_a_number(text in "\\PC{0,20}") {
            if let Ok(number) = PhoneNumber::from_e164(&text) {
                prop_assert!(number.as_e164().len() <= 16);
                prop_assert!(number.as_e164()[1..].bytes().all(|b| b.is_ascii_digit()));
            }
        }
    }
}
