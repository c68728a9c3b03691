//! What is told beside a wish: a remark for the staff, an address, a number. It belongs to the time that is booked at last, by
//! whichever tool.

use appointment::model::Note;

use crate::args::{Args, Unusable};
use crate::names;

/// Fewer digits than these are no number that can be dialled from elsewhere; the shortest ones there are have an area code of
/// three digits and three more.
const FEWEST_DIGITS: usize = 6;

/// Digits as they are said one by one.
const DIGITS: &[&str] =
    &["null", "eins", "zwei", "zwo", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"];

/// What was told, as it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// A remark for the staff.
    pub remark: Option<String>,
    /// An e-mail address, perhaps spoken.
    pub email: Option<String>,
    /// A number that was only said.
    pub phone: Option<String>,
}

impl Told {
    /// Whether nothing was told.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// What one invocation tells.
    ///
    /// # Errors
    /// [`Unusable`] for what is no text, or too long.
    pub(crate) fn now(args: Args<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            remark: args.text(names::NOTES)?,
            email: args.text(names::EMAIL)?,
            phone: args.text(names::PHONE)?,
        })
    }

    /// The same after this was told: one remark stands beside another, an address or a number in its place.
    pub(crate) fn then(&self, now: &Self) -> Self {
        let later = |before: &Option<String>, now: &Option<String>| now.as_ref().or(before.as_ref()).cloned();
        Self {
            remark: match (&self.remark, &now.remark) {
                (Some(before), Some(now))
                    if !before.contains(now.as_str()) && !now.contains(before.as_str()) =>
                {
                    Some(format!("{before}. {now}").chars().take(Note::MAX_CHARS).collect())
                }
                (Some(before), Some(now)) if before.contains(now.as_str()) => Some(before.clone()),
                (before, now) => later(before, now),
            },
            email: later(&self.email, &now.email),
            phone: later(&self.phone, &now.phone),
        }
    }

    /// What the staff shall know. A number that was only said proves nobody, so it becomes nobody's identity; they can use it
    /// all the same.
    pub(crate) fn for_staff(&self) -> Option<Note> {
        // "Keine" is none.
        let is_digit = |word: &&str| DIGITS.contains(&word.to_lowercase().as_str());
        let is_number = |text: &&String| {
            let written = text.chars().filter(char::is_ascii_digit).count();
            written + text.split_whitespace().filter(is_digit).count() >= FEWEST_DIGITS
        };
        let number =
            self.phone.as_ref().filter(is_number).map(|number| format!("Angegebene Telefonnummer: {number}"));
        let text: Vec<_> = self.remark.iter().chain(&number).map(String::as_str).collect();
        Note::clean(&text.join(". "))
    }
}
