//! For whom a time is asked: what was said of it stays said, and is never more than what was said.

use appointment::model::Slot;
use chrono::{DateTime, Utc};
use kernel::PersonName;
use kernel::contact::name_words;

use crate::told::Told;

/// For whom a call asks, as far as it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForWhom {
    /// The name that was given.
    pub name: Option<PersonName>,
    /// Whether that is somebody else than the customer of the number.
    pub other_person: Option<bool>,
    /// It was said with what was asked last. `false`: with an earlier time of the call, and nobody knows for whom this one is.
    pub is_of_last: bool,
    /// What the caller was asked of it since.
    pub asked: AskedWhom,
    /// What was told beside it, of them and of their appointment.
    pub told: Told,
}

/// What a caller was asked of whom a time is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AskedWhom {
    /// Nothing.
    #[default]
    Nothing,
    /// Who it is: the next name is an answer to that.
    Who,
    /// Whether it is this one: so a yes is for them, and whoever else it may be has the name that was given.
    IsIt(PersonName),
    /// Whether the name that was given is somebody new: so a yes is for another person.
    IsNew,
}

impl ForWhom {
    /// What one invocation says.
    pub(crate) fn said(name: Option<PersonName>, other_person: Option<bool>) -> Self {
        let is_of_last = name.is_some() || other_person.is_some();
        Self { name, other_person, is_of_last, ..Self::default() }
    }

    /// The same with this told beside it.
    pub(crate) fn telling(self, told: Told) -> Self {
        Self { told, ..self }
    }

    pub(crate) const fn says_nothing(&self) -> bool {
        self.name.is_none() && self.other_person.is_none()
    }

    /// The same without what was asked of it.
    pub(crate) fn unasked(&self) -> Self {
        Self { asked: AskedWhom::Nothing, ..self.clone() }
    }

    /// The same after this was said about another time: of what was said before, only the same name stands for it, too.
    pub(crate) fn then(&self, now: &Self, number_is_known: bool) -> Self {
        // What nobody was named with is not told of a child that is named with another time.
        let is_childs = self.says_nothing() && now.other_person == Some(true);
        let told = if is_childs { now.told.clone() } else { self.told_then(now, (number_is_known, false)) };
        self.named_then(now, number_is_known).telling(told)
    }

    fn named_then(&self, now: &Self, number_is_known: bool) -> Self {
        let before = Self { is_of_last: false, ..self.unasked() };
        match (&now.name, now.other_person) {
            (None, None) => before,
            (Some(said), other) if self.is_named(said) => self.unasked().renamed(said, other),
            // For another person again: the same one, or a third.
            (None, Some(true)) if self.other_person == Some(true) => before,
            // Whoever is new gave their own name.
            (None, Some(false)) if !number_is_known => Self::said(self.name.clone(), Some(false)),
            _ => now.clone(),
        }
    }

    /// The same after this was said about the same time.
    pub(crate) fn with(&self, now: &Self, number_is_known: bool) -> Self {
        self.named_with(now, number_is_known).telling(self.told_then(now, (number_is_known, true)))
    }

    /// The same after more was said of what was incomplete.
    pub(crate) fn with_more(&self, now: &Self, number_is_known: bool) -> Self {
        self.named_with(now, number_is_known).telling(self.told_then(now, (number_is_known, false)))
    }

    fn named_with(&self, now: &Self, number_is_known: bool) -> Self {
        match &self.asked {
            AskedWhom::IsIt(name) if now.name.is_none() && now.other_person != Some(true) => {
                return Self::said(Some(name.clone()), now.other_person);
            }
            AskedWhom::IsNew if now.says_nothing() => return Self::said(self.name.clone(), Some(true)),
            _ => {}
        }
        match &now.name {
            None if now.says_nothing() => self.unasked(),
            None if self.is_contradicted(now, number_is_known) && self.name.is_some() => now.clone(),
            None => Self::said(self.name.clone(), now.other_person.or(self.other_person)),
            Some(said) if self.is_named(said) => self.unasked().renamed(said, now.other_person),
            // "Für meine Tochter", and then her name; and whoever is new gives their own.
            Some(_) if self.name.is_none() => {
                let kept = self.other_person.filter(|is_other| *is_other || !number_is_known);
                Self { other_person: now.other_person.or(kept), ..now.clone() }
            }
            Some(_) => now.clone(),
        }
    }

    fn is_contradicted(&self, now: &Self, number_is_known: bool) -> bool {
        match (self.other_person, now.other_person) {
            (Some(before), Some(now)) => before != now,
            // "Für mich" is not for whoever was named, unless that is who calls.
            (None, Some(false)) => number_is_known,
            _ => false,
        }
    }

    /// What was told stays told until it is said that it is for another. Another name for the same time puts the first right.
    fn told_then(&self, now: &Self, (number_is_known, is_same_time): (bool, bool)) -> Told {
        let is_another = match (&self.name, &now.name) {
            (Some(known), Some(said)) => {
                let is_part = known.is_short_for(said) || said.is_short_for(known);
                !is_same_time && !is_part && !self.is_named(said)
            }
            (Some(_), None) => self.is_contradicted(now, number_is_known),
            (None, _) => self.other_person.is_some_and(|before| now.other_person == Some(!before)),
        };
        if is_another { now.told.clone() } else { self.told.then(&now.told) }
    }

    fn is_named(&self, said: &PersonName) -> bool {
        self.name.as_ref().is_some_and(|known| is_one_name(known, said))
    }

    /// By the longer of two forms of one name.
    fn renamed(self, said: &PersonName, other_person: Option<bool>) -> Self {
        let is_part = |known: &PersonName| said.is_short_for(known) && !said.is_same(known);
        let name = self.name.filter(is_part).unwrap_or_else(|| said.clone());
        Self::said(Some(name), other_person.or(self.other_person))
    }

    /// Whether both are named, and are one person.
    pub(crate) fn is_one_with(&self, other: &Self) -> bool {
        other.name.as_ref().is_some_and(|name| self.is_named(name))
    }

    /// Whether it is somebody else, as far as that was said.
    fn is_anothers(&self, than: &Self) -> bool {
        (self.name.is_some() || than.name.is_some()) && !self.is_one_with(than)
    }
}

/// For whom times were asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTime {
    /// The slot, or those of a visit, in order.
    pub slots: Vec<Slot>,
    /// What was said of it.
    pub for_whom: ForWhom,
}

impl NamedTime {
    /// Times of one call that are remembered: as many as it may hold, and the one before.
    pub const MOST: usize = 4;

    pub(crate) fn start(&self) -> Option<DateTime<Utc>> {
        self.slots.first().map(|slot| slot.start)
    }

    /// Whether it was asked for somebody else.
    pub(crate) fn is_anothers(&self, than: &ForWhom) -> bool {
        self.for_whom.is_anothers(than)
    }
}

/// Whether two names that were given in one call are one: the same, misheard, or a first name alone. A surname may be
/// anybody's of the family.
fn is_one_name(one: &PersonName, other: &PersonName) -> bool {
    let first = |name: &PersonName| name_words(name.as_str()).into_iter().next();
    let is_first_name = first(one) == first(other) && (one.is_short_for(other) || other.is_short_for(one));
    one.is_same(other) || is_first_name || one.is_full() && other.is_full() && one.sounds_like(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, other_person: Option<bool>) -> ForWhom {
        ForWhom::said(PersonName::clean(name).ok(), other_person)
    }

    #[test]
    fn what_was_said_of_a_time_stays_until_something_else_is() {
        let mia = || said("Mia Berger", Some(true));
        for (before, now, after) in [
            (mia(), said("Mia", None), mia()),
            (said("Mia", Some(true)), said("Mia Berger", None), mia()),
            (said("Mia Berger", None), said("", Some(true)), mia()),
            (mia(), said("", Some(true)), mia()),
            (mia(), said("", None), mia()),
            (mia(), said("Max Berger", None), said("Max Berger", None)),
            (mia(), said("Frau Berger", None), said("Frau Berger", None)),
            (mia(), said("", Some(false)), said("", Some(false))),
            (said("Mia Berger", None), said("", Some(false)), said("", Some(false))),
            (said("Sabine", Some(false)), said("", Some(true)), said("", Some(true))),
            (ForWhom::default(), mia(), mia()),
            (said("", Some(true)), said("Mia Berger", None), mia()),
        ] {
            assert_eq!(before.with(&now, true), after, "{before:?} {now:?}");
        }
        // Whoever is new gave their own name.
        let new = said("Sabine Berger", None);
        assert_eq!(new.with(&said("", Some(false)), false), said("Sabine Berger", Some(false)));
    }

    #[test]
    fn what_was_told_stays_told_unless_it_is_for_another() {
        let told = |remark: &str| Told { remark: Some(remark.to_owned()), ..Told::default() };
        let number = Told { phone: Some("0171 1234567".to_owned()), ..Told::default() };
        for (before, now, kept) in [
            (said("", None), said("", None), true),
            (said("", None), said("Mia Berger", None), true),
            (said("", Some(true)), said("Mia Berger", None), true),
            (said("Mia Berger", None), said("Mia", Some(true)), true),
            (said("Berger", None), said("Mia Berger", None), true),
            (said("Mia Berger", None), said("Max Berger", None), false),
            (said("Mia Berger", Some(true)), said("", Some(false)), false),
            (said("", Some(true)), said("", Some(false)), false),
        ] {
            let before = before.telling(told("Allergie"));
            let now = now.telling(number.clone());
            let both = Told { phone: number.phone.clone(), ..told("Allergie") };
            let told = if kept { &both } else { &number };
            assert_eq!(&before.then(&now, true).told, told, "{before:?} {now:?}");
            assert_eq!(&before.with_more(&now, true).told, told, "{before:?} {now:?}");
            let is_renamed = before.name.is_some() && now.name.is_some();
            let told = if is_renamed { &both } else { told };
            assert_eq!(&before.with(&now, true).told, told, "{before:?} {now:?}");
        }
        let louder =
            said("", None).telling(told("Allergie")).with(&said("", None).telling(told("Hund")), true);
        assert_eq!(louder.told, told("Allergie. Hund"));
        let same = louder.with(&said("", None).telling(told("Hund")), true);
        assert_eq!(same.told, told("Allergie. Hund"));
    }

    #[test]
    fn what_was_said_of_one_time_is_not_said_of_another() {
        let mia = || said("Mia Berger", Some(true));
        let earlier = |whom: ForWhom| ForWhom { is_of_last: false, ..whom };
        for (before, now, after) in [
            (mia(), said("", None), earlier(mia())),
            (mia(), said("", Some(true)), earlier(mia())),
            (mia(), said("Mia", None), mia()),
            (mia(), said("Frau Berger", None), said("Frau Berger", None)),
            (mia(), said("", Some(false)), said("", Some(false))),
            (said("", Some(false)), said("Mia Berger", None), said("Mia Berger", None)),
            (said("", Some(true)), said("Sabine", None), said("Sabine", None)),
        ] {
            assert_eq!(before.then(&now, true), after, "{before:?} {now:?}");
        }
    }

    #[test]
    fn what_was_asked_of_whom_it_is_is_answered() {
        let kurz = PersonName::clean("Peter Kurz").unwrap();
        let asked = ForWhom { asked: AskedWhom::IsIt(kurz), ..said("Herr Kurz", None) };
        assert_eq!(asked.with(&ForWhom::default(), true), said("Peter Kurz", None));
        assert_eq!(asked.with(&said("", Some(false)), true), said("Peter Kurz", Some(false)));
        assert_eq!(asked.with(&said("", Some(true)), true), said("Herr Kurz", Some(true)));
        assert_eq!(asked.with(&said("Hans Kurz", None), true), said("Hans Kurz", None));
        let new = ForWhom { asked: AskedWhom::IsNew, ..said("Paul Kurz", None) };
        assert_eq!(new.with(&ForWhom::default(), true), said("Paul Kurz", Some(true)));
        let mia = said("Mia Berger", Some(true));
        assert!(!mia.is_one_with(&said("Max Berger", None)) && mia.is_one_with(&said("Mia", None)));
    }
}
