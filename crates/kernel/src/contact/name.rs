//! When two names are one.

use super::PersonName;

/// Words of address and degrees, folded: who is called by one is not told apart by it.
pub const TITLES: &[&str] = &["doktor", "dr", "familie", "frau", "herr", "herrn", "prof", "professor"];

impl PersonName {
    /// True if both are the same name to the ear of a clerk: letter case, umlauts and their spelling with `e`, accents,
    /// hyphens and titles do not count.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        key_of(self) == key_of(other)
    }

    /// True if nothing is named by the other that is not named here, by the same ear: "Erika Muster" has all of "Frau
    /// Muster", who may be her.
    #[must_use]
    pub fn has_all_of(&self, other: &Self) -> bool {
        let own = key_of(self);
        key_of(other).iter().all(|word| own.contains(word))
    }
}

/// The words of a name without titles, folded, unless it has nothing but titles.
fn key_of(name: &PersonName) -> Vec<String> {
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
        ] {
            assert!(!name(a).is_same(&name(b)), "{a} {b}");
        }
    }

    #[test]
    fn one_name_may_be_a_part_of_another() {
        for (whole, part) in [
            ("Erika Muster", "Muster"),
            ("Erika Muster", "Frau Muster"),
            ("Erika Muster", "Erika"),
            ("Erika Muster", "Muster, Erika"),
            ("Dr. Jürgen Müller", "Mueller"),
            ("Anna-Lena Weiß", "anna weiss"),
        ] {
            assert!(name(whole).has_all_of(&name(part)), "{whole} {part}");
        }
        for (one, other) in
            [("Erika Muster", "Emil Muster"), ("Muster", "Erika Muster"), ("Erika Muster", "Herr")]
        {
            assert!(!name(one).has_all_of(&name(other)), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn sameness_is_an_equivalence(a in "[a-zA-ZäÄöß .'-]{1,8}", b in "[a-zA-ZäÄöß .'-]{1,8}") {
            if let (Ok(a), Ok(b)) = (PersonName::clean(&a), PersonName::clean(&b)) {
                prop_assert!(a.is_same(&a) && a.has_all_of(&a));
                prop_assert_eq!(a.is_same(&b), b.is_same(&a));
            }
        }
    }
}
