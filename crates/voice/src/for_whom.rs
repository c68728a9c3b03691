//! For whom a time is asked: what was said of it stays said, and is never more than what was said.

use chrono::{DateTime, Utc};
use kernel::PersonName;

/// For whom a call asks, as far as it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForWhom {
    /// The name that was given.
    pub name: Option<PersonName>,
    /// Whether that is somebody else than the customer of the number.
    pub other_person: Option<bool>,
    /// It was said with what was asked last. `false`: with an earlier time of the call, and nobody knows for whom this one is.
    pub is_of_last: bool,
}

impl ForWhom {
    /// What one invocation says.
    pub(crate) const fn said(name: Option<PersonName>, other_person: Option<bool>) -> Self {
        let is_of_last = name.is_some() || other_person.is_some();
        Self { name, other_person, is_of_last }
    }

    pub(crate) const fn says_nothing(&self) -> bool {
        self.name.is_none() && self.other_person.is_none()
    }

    /// The same after this was said about another time.
    pub(crate) fn then(&self, now: &Self, number_is_known: bool) -> Self {
        if now.says_nothing() {
            return Self { is_of_last: false, ..self.clone() };
        }
        self.with(now, number_is_known)
    }

    /// The same after this was said about the same time.
    pub(crate) fn with(&self, now: &Self, number_is_known: bool) -> Self {
        if now.says_nothing() {
            return self.clone();
        }
        let other_person = now.other_person.or(self.other_person);
        match (&self.name, &now.name) {
            (Some(known), Some(said)) if may_be_one(known, said) => {
                let is_part = said.is_short_for(known) && !said.is_same(known);
                let name = Some(if is_part { known } else { said }.clone());
                Self { name, other_person, is_of_last: true }
            }
            (Some(_), Some(_)) => now.clone(),
            // "Für meine Tochter", and then her name.
            (None, Some(_)) => Self { other_person, ..now.clone() },
            // "Für mich" is not for whoever was named before, nor is "für jemand anderen" for whoever speaks.
            (Some(_), None)
                if self.other_person.map_or(number_is_known && other_person == Some(false), |before| {
                    other_person != Some(before)
                }) =>
            {
                now.clone()
            }
            (_, None) => Self { name: self.name.clone(), other_person, is_of_last: true },
        }
    }

    /// Whether a yes by this name is for somebody else than what was asked last.
    pub(crate) fn is_not(&self, yes: &Self) -> bool {
        let names = self.name.as_ref().zip(yes.name.as_ref());
        self.is_of_last && names.is_some_and(|(asked, said)| !may_be_one(asked, said))
    }

    /// Whether both are named, and may be one person.
    pub(crate) fn is_one_with(&self, other: &Self) -> bool {
        self.name.as_ref().zip(other.name.as_ref()).is_some_and(|(one, other)| may_be_one(one, other))
    }
}

/// For whom a time was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTime {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// What was said of it.
    pub for_whom: ForWhom,
}

impl NamedTime {
    /// Times of one call that are remembered: as many as it may hold, and the one before.
    pub const MOST: usize = 4;
}

/// Whether two names may be one person's in one call: parts of it, or misheard.
fn may_be_one(one: &PersonName, other: &PersonName) -> bool {
    one.is_short_for(other) || other.is_short_for(one) || one.sounds_like(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, other_person: Option<bool>) -> ForWhom {
        ForWhom::said(PersonName::clean(name).ok(), other_person)
    }

    #[test]
    fn what_was_said_stays_until_something_else_is() {
        let mia = said("Mia Berger", Some(true));
        for (before, now, after) in [
            (mia.clone(), said("Mia", None), mia.clone()),
            (said("Mia", Some(true)), said("Mia Berger", None), mia.clone()),
            (said("Mia Berger", None), said("", Some(true)), mia.clone()),
            (mia.clone(), said("", Some(true)), mia.clone()),
            (mia.clone(), said("Max Berger", None), said("Max Berger", None)),
            (mia.clone(), said("", Some(false)), said("", Some(false))),
            (said("Mia Berger", None), said("", Some(false)), said("", Some(false))),
            (said("Sabine", Some(false)), said("", Some(true)), said("", Some(true))),
            (ForWhom::default(), mia.clone(), mia.clone()),
            (said("", Some(true)), said("Mia Berger", None), mia.clone()),
        ] {
            assert_eq!(before.then(&now, true), after, "{before:?} {now:?}");
            assert_eq!(before.with(&now, true), after, "{before:?} {now:?}");
        }
        // Whoever is new gave their own name.
        let new = said("Sabine Berger", None);
        assert_eq!(new.with(&said("", Some(false)), false), said("Sabine Berger", Some(false)));
    }

    #[test]
    fn who_was_named_with_an_earlier_time_may_be_meant() {
        let mia = said("Mia Berger", Some(true));
        let nothing = ForWhom::default();
        assert_eq!(mia.with(&nothing, true), mia);
        let later = mia.then(&nothing, true);
        assert_eq!(later, ForWhom { is_of_last: false, ..mia.clone() });
        assert!(!later.is_not(&said("Max Berger", None)) && mia.is_not(&said("Max Berger", None)));
        assert!(!mia.is_not(&said("Mia", None)) && !mia.is_not(&nothing));
    }
}
