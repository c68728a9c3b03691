//! When two names are one.

use super::PersonName;

/// Words of address and degrees, folded: who is called by one is not told apart by it.
pub const TITLES: &[&str] = &["doktor", "dr", "familie", "frau", "herr", "herrn", "prof", "professor"];

/// Words that a surname begins with, as they are written there: "von Hagen" is one name, and "Van Nguyen" is two.
const PARTICLES: &[&str] = &[
    "af", "al", "da", "de", "del", "della", "dem", "den", "der", "di", "do", "dos", "du", "el", "la", "le",
    "ten", "ter", "van", "vom", "von", "zu", "zum", "zur",
];

impl PersonName {
    /// True if both are the same name to the ear of a clerk: letter case, umlauts and their spelling with `e`, accents,
    /// hyphens and titles do not count, except that "Herr" is not "Frau".
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        key_of(self) == key_of(other) && !addresses_another(self, other)
    }

    /// True if the other may be called so, by the same ear: by one of the words of their name, by several that begin as it
    /// does, or by all in another order. "Muster", "Erika" and "Erika Muster" may be Erika Maria Muster; "Peter Müller" is not
    /// Hans Peter Müller. A surname is one word, whatever it begins with: "von Hagen" may be Max von Hagen.
    #[must_use]
    pub fn is_short_for(&self, other: &Self) -> bool {
        let is_another = addresses_another(self, other);
        let (own, other) = (key_of(self), key_of(other));
        let is_within = own.iter().all(|word| other.contains(word));
        let is_surname = particles(self) > 0 && other.ends_with(&own);
        let may_begin_so =
            own.len() == 1 || is_surname || own.first() == other.first() || own.len() == other.len();
        is_within && may_begin_so && !is_another
    }

    /// True if it is more than a first name or a surname.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let key = key_of(self);
        key.len() - particles(self).min(key.len().saturating_sub(1)) > 1
    }
}

/// With how many words that a surname begins with this name begins, behind titles.
fn particles(name: &PersonName) -> usize {
    let is_title = |word: &&str| name_words(word).iter().all(|word| TITLES.contains(&word.as_str()));
    let words = name.as_str().split(' ').skip_while(is_title);
    words.take_while(|word| PARTICLES.contains(word)).count()
}

/// "Herr Berger" is not Frau Berger.
pub(super) fn addresses_another(one: &PersonName, other: &PersonName) -> bool {
    let of = |name: &PersonName| {
        let words = name_words(name.as_str());
        let is_said = |some: &[&str]| words.iter().any(|word| some.contains(&word.as_str()));
        (is_said(&["frau"]), is_said(&["herr", "herrn"]))
    };
    matches!((of(one), of(other)), ((true, false), (false, true)) | ((false, true), (true, false)))
}

/// The words of a name without titles, folded, unless it has nothing but titles.
pub(super) fn key_of(name: &PersonName) -> Vec<String> {
    let words = name_words(name.as_str());
    let bare: Vec<String> = words.iter().filter(|word| !TITLES.contains(&word.as_str())).cloned().collect();
    if bare.is_empty() { words } else { bare }
}

/// Words in lower case, umlauts and accents folded; everything but letters and digits separates, apostrophes vanish.
#[must_use]
pub fn name_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars().flat_map(char::to_lowercase) {
        let Some(word) = words.last_mut() else { break };
        match c {
            // A diaeresis that is written as a mark of its own.
            '\u{308}' if word.ends_with(['a', 'o', 'u']) => word.push('e'),
            '\u{300}'..='\u{36F}' | '\'' | '’' | '´' | '`' => {}
            c if c.is_alphanumeric() => push_folded(word, c),
            _ if word.is_empty() => {}
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn push_folded(word: &mut String, c: char) {
    let folded = match c {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ľ' | 'ļ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ž' | 'ż' => "z",
        other => {
            word.push(other);
            return;
        }
    };
    word.push_str(folded);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> PersonName {
        PersonName::clean(text).unwrap()
    }

    #[test]
    fn spelling_does_not_make_another_person() {
        for (a, b) in [
            ("Jörg Müller", "JOERG MUELLER"),
            ("Jörg Müller", "Jo\u{308}rg Mu\u{308}ller"),
            ("Anna-Lena Groß", "anna lena gross"),
            ("Frau Erika Muster", "Erika Muster"),
            ("René O'Neill", "Rene ONeill"),
            ("İpek Yılmaz", "Ipek Yilmaz"),
        ] {
            assert!(name(a).is_same(&name(b)), "{a} {b}");
        }
        for (a, b) in [
            ("Muller", "Müller"),
            ("Erika Muster", "Erik Muster"),
            ("Muster", "Erika Muster"),
            ("Herr", "Frau"),
            ("Herr Berger", "Frau Berger"),
        ] {
            assert!(!name(a).is_same(&name(b)), "{a} {b}");
        }
    }

    #[test]
    fn a_name_may_be_short_for_another() {
        for (whole, short) in [
            ("Erika Muster", "Muster"),
            ("Erika Muster", "Frau Muster"),
            ("Erika Muster", "Erika"),
            ("Erika Maria Muster", "Erika Muster"),
            ("Erika Muster", "Muster, Erika"),
            ("Claudia Hoffmann-Reiter", "Claudia Hoffmann"),
            ("Dr. Jürgen Müller", "Mueller"),
            ("Anna-Lena Weiß", "anna weiss"),
            ("Anneliese von Hagen", "Frau von Hagen"),
            ("Anneliese von Hagen", "Frau Dr. von Hagen"),
            ("Jan van der Berg", "van der Berg"),
            ("Jan van der Berg", "Herr Berg"),
            ("Ben Berger", "Ben"),
        ] {
            assert!(name(short).is_short_for(&name(whole)), "{whole} {short}");
        }
        for (one, other) in [
            ("Erika Muster", "Emil Muster"),
            ("Muster", "Erika Muster"),
            ("Erika Muster", "Herr"),
            ("Frau Erika Muster", "Herr Muster"),
            ("Hans Peter Müller", "Peter Müller"),
        ] {
            assert!(!name(other).is_short_for(&name(one)), "{one} {other}");
        }
        assert!(name("Erika Muster").is_full() && !name("Frau Muster").is_full());
        assert!(name("Max von Hagen").is_full() && !name("Herr von Hagen").is_full());
        assert!(name("Van Nguyen").is_full() && name("Ben Berger").is_full());
    }

    proptest! {
        #[test]
        fn whoever_is_the_same_is_so_from_either_side(a in "[a-zA-ZäÄöß .'-]{1,8}", b in "[a-zA-ZäÄöß .'-]{1,8}") {
            if let (Ok(a), Ok(b)) = (PersonName::clean(&a), PersonName::clean(&b)) {
                prop_assert!(a.is_same(&a) && a.is_short_for(&a));
                prop_assert_eq!(a.is_same(&b), b.is_same(&a));
            }
        }
    }
}
