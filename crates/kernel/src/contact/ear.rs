//! Names as they are heard: what recognition, or a clerk, writes one way or another.

use super::PersonName;
use super::name::{addresses_another, key_of, name_words};

/// How near two surnames must be, of 1, to be one that was misheard: "Bergner" for "Berger".
const NEAR: f64 = 0.8;

/// Last words that tell one of a full name from another of that name.
const GENERATIONS: &[&str] = &["jr", "jun", "junior", "sen", "senior", "sr"];

/// Spellings of one sound, the longer first.
const SPELLINGS: &[(&str, &str)] = &[
    ("sch", "s"),
    ("chr", "kr"),
    ("aeu", "oi"),
    ("sh", "s"),
    ("ph", "f"),
    ("th", "t"),
    ("dt", "t"),
    ("ck", "k"),
    ("tz", "z"),
    ("ah", "a"),
    ("eh", "e"),
    ("ih", "i"),
    ("oh", "o"),
    ("uh", "u"),
    ("ey", "ai"),
    ("ay", "ai"),
    ("ei", "ai"),
    ("eu", "oi"),
    ("y", "i"),
    ("j", "i"),
    ("c", "k"),
];

impl PersonName {
    /// True if both may be one name that was misheard or spelt otherwise, of a person who is called by all of it or by a part:
    /// each word of the shorter one sounds like one of the other, and it begins like the other or is no more than one word.
    /// Beside a first name the surname may be a letter off, or its first letter alone. A first name may not be off: "Paul" and
    /// "Paula", "Lina" and "Nina" are two people, and the same surname is no more than a family. Only an "a" at its end may be
    /// an "e".
    #[must_use]
    pub fn sounds_like(&self, other: &Self) -> bool {
        let is_another = addresses_another(self, other);
        let (one, other) = (Heard::of(self), Heard::of(other));
        let (short, long) = if one.words.len() <= other.words.len() { (one, other) } else { (other, one) };
        if short.generation != long.generation || is_another {
            return false;
        }
        let (short, long) = (short.words, long.words);
        let is_heard = |word: &String| long.iter().any(|known| is_one_sound(word, known));
        match short.as_slice() {
            [] => false,
            [only] => is_heard(only) || is_one_sound(only, &long.concat()),
            [first, .., last] => {
                let begins_alike = is_one_sound(first, &long[0]) || short.len() == long.len();
                let is_surname = is_heard(last) || is_near(last, &long[long.len() - 1]);
                let are_heard = short[..short.len() - 1].iter().all(is_heard) && is_surname;
                // Recognition takes words together, and apart; a long surname outweighs no first name.
                let begins =
                    |many: usize| long.get(..many).is_some_and(|begin| is_one_sound(first, &begin.concat()));
                let is_whole = short.len() < long.len() && is_near(&short.concat(), &long.concat());
                are_heard && begins_alike || is_whole && (1..=2).any(begins)
            }
        }
    }
}

/// A name as it is heard.
struct Heard {
    /// With one spelling for each sound, the surname last where a comma says which it is.
    words: Vec<String>,
    /// Which of several of that name.
    generation: Option<char>,
}

impl Heard {
    fn of(name: &PersonName) -> Self {
        let mut words = key_of(name);
        if let Some((surname, _)) = name.as_str().split_once(',') {
            let many = name_words(surname).iter().filter(|word| words.contains(word)).count();
            let many = many.min(words.len());
            words.rotate_left(many);
        }
        let last = words.last().filter(|last| words.len() > 2 && GENERATIONS.contains(&last.as_str()));
        let generation = last.and_then(|last| last.chars().next());
        words.truncate(words.len() - usize::from(generation.is_some()));
        Self { words: words.iter().map(|word| as_heard(word)).collect(), generation }
    }
}

/// A folded word of a name with one spelling for each sound, and no letter doubled: "Meyer" and "Maier" are one.
fn as_heard(word: &str) -> String {
    let mut heard = SPELLINGS.iter().fold(word.to_owned(), |word, (spelt, sound)| word.replace(spelt, sound));
    let mut last = None;
    heard.retain(|letter| last.replace(letter) != Some(letter));
    heard
}

/// "Marie" and "Maria", but not "Mario"; never too short a word.
fn is_one_sound(one: &str, other: &str) -> bool {
    let stem = |word: &str| word.strip_suffix(['a', 'e']).filter(|stem| stem.len() > 1).map(str::to_owned);
    one == other || stem(one).is_some_and(|one| stem(other) == Some(one))
}

/// A surname with a letter more, less or otherwise, or of one of them the first letter alone.
fn is_near(one: &str, surname: &str) -> bool {
    let is_initial = |one: &str, whole: &str| one.len() == 1 && whole.starts_with(one);
    is_initial(one, surname) || is_initial(surname, one) || similarity(one, surname) >= NEAR
}

/// How alike two texts are: 1 minus the letters that must be added, left out or replaced over those of the longer one.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "lengths are at most a few hundred")]
pub fn similarity(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    1.0 - row[b.len()] as f64 / a.len().max(b.len()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_may_be_heard_in_several_ways_and_a_surname_alone_makes_nobody_the_same() {
        let name = |text: &str| PersonName::clean(text).unwrap();
        for (own, said) in [
            ("Erika Muster", "Erica Muster"),
            ("Erika Muster", "Muster"),
            ("Erika Muster", "Frau Muster"),
            ("Erika Muster", "Erika"),
            ("Erika Muster", "Muster Erika"),
            ("Erika Muster", "Erika M."),
            ("Jörg Müller", "Joerg Mueller"),
            ("Claudia Hoffmann-Reiter", "Claudia Hofmann"),
            ("Anna-Lena Groß", "Annalena Gross"),
            ("Lena von der Heide", "Lena Vonderheide"),
            ("Erika Muster", "Erikamuster"),
            ("Maria Kaiser", "Marie Keiser"),
            ("Maria Kaiser", "Maria Keyser"),
            ("Stefan Weiß", "Stephan Weiss"),
            ("Philipp Maier", "Phillip Mayer"),
            ("Philipp Maier", "Filip Meyer"),
            ("Ayşe Yıldırım", "Aische Yildirim"),
            ("Günther Schmidt", "Günter Schmitt"),
            ("Anna Kaiser", "Anne Kaiser"),
            ("Lena Berger", "Lehna Berger"),
            ("Lena Berger", "Leena"),
            ("Lena Berger", "Lena Bergner"),
            ("Lena Berger", "Lena Maria Berger"),
            ("Jonas Berger", "Yonas Berger"),
            ("Jonas Berger", "Jonas"),
            ("Berger, Lena", "Lehna Berger"),
            ("Jannik Vogt", "Yannick Voigt"),
            ("Katharina Christ", "Catarina Krist"),
            ("Hannah Wolf", "Hanna Wolff"),
            ("Max Stein junior", "Max Stein jun."),
            ("Ayşe Şen", "Ayse Sen"),
            ("Ayşe Şen", "Ayşe"),
        ] {
            assert!(name(own).sounds_like(&name(said)), "{own} {said}");
            assert!(name(said).sounds_like(&name(own)), "{said} {own}");
        }
        for (own, said) in [
            ("Maria Kaiser", "Lena Kaiser"),
            ("Hans Becker", "Sophie Becker"),
            ("Hans Becker", "Max Becker"),
            ("Ayşe Yıldırım", "Deniz Yıldırım"),
            ("Claudia Hoffmann-Reiter", "Tim Hoffmann-Reiter"),
            ("Max Hoffmann-Reiter", "Hans Hoffmann-Reiter"),
            ("Max Hoffmann-Reiter", "Tim Hoffmannreiter"),
            ("Lena von der Heide", "Tim Vonderheide"),
            ("Maria Kaiser", "Lena"),
            ("Maria Lenz", "Lena"),
            ("Tim Schmidt", "Tom Schmitt"),
            ("Marion Muster", "Marie Muster"),
            ("Julian Muster", "Julie Muster"),
            ("Maria Kaiser", "Maria Schmidt"),
            ("Jan Beck", "Jana Beck"),
            ("Paul Beck", "Paula Beck"),
            ("Lina Beck", "Nina Beck"),
            ("Christian Beck", "Christiane Beck"),
            ("Julian Beck", "Juliane Beck"),
            ("Leon Beck", "Leonie Beck"),
            ("Emil Beck", "Emilia Beck"),
            ("Erik Beck", "Erika Beck"),
            ("Hanna Beck", "Anna Beck"),
            ("Lara Beck", "Clara Beck"),
            ("Lisa Beck", "Luisa Beck"),
            ("Mario Beck", "Maria Beck"),
            ("Andreas Beck", "Andrea Beck"),
            ("Max Stein", "Max Stein junior"),
            ("Max Stein senior", "Max Stein junior"),
            ("Mia Beck", "Pia Beck"),
            ("Hans Peter Müller", "Peter Müller"),
            ("Beck, Paul", "Beck, Paula"),
            ("Beck, Paul", "Paula Beck"),
            ("Paul", "Paula"),
            ("Lena Peters", "Peter"),
            ("Anna Carstens", "Carsten"),
            ("Jonas Beck", "Jona"),
            ("Simone Beck", "Simon"),
            ("Lena B.", "Ben"),
            ("Lena Berger", "B"),
            ("Max Kind", "Max Berger"),
            ("Mia Beck", "mein Sohn"),
            ("Frau Beck", "Herr Beck"),
            ("Frau Mia Beck", "Herr Beck"),
        ] {
            assert!(!name(own).sounds_like(&name(said)), "{own} {said}");
            assert!(!name(said).sounds_like(&name(own)), "{said} {own}");
        }
    }
}
