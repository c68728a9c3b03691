//! Which service or person the caller means.
//!
//! An explicit wish beats everything else; near ties are asked, never guessed; a name that fits nothing is said to fit
//! nothing. There is no default for a name that was given.

use appointment::model::{Catalogue, Service, Staff};
use kernel::PersonName;
use kernel::contact::{TITLES, name_words};

/// How alike two names must be, of 1, to be taken for a slip of the ear: "Herrenschnitt" for "Herrenhaarschnitt".
const ALIKE: f64 = 0.72;
/// How far ahead the best must be to be taken without asking.
const CLEARLY: f64 = 0.08;

/// What a name fits.
#[derive(Debug, PartialEq)]
pub(crate) enum Fit<'a, T> {
    /// Exactly one, or one clearly better than all others.
    One(&'a T),
    /// Several about equally well, best first.
    Several(Vec<&'a T>),
    /// None.
    Nothing,
}

/// The service of this branch that the words mean.
pub(crate) fn service<'a>(catalogue: &'a Catalogue, words: &str) -> Fit<'a, Service> {
    let offered = catalogue.services().iter().filter(|service| service.active);
    let scored = offered.map(|service| {
        let names = std::iter::once(&service.name).chain(&service.synonyms);
        let best = names.map(|name| likeness(words, name)).fold(0.0, f64::max);
        let named = if service.id.to_string() == words.trim() { 2.0 } else { best };
        (service, named)
    });
    pick(scored.collect())
}

/// Words between two services of one visit.
const BETWEEN: &[&str] =
    &["und", "&", "+", "sowie", "plus", "danach", "dann", "anschließend", "anschliessend", "hinterher"];
/// Words beside a service that do not name it.
const BESIDE: &[&str] = &[
    "den", "die", "das", "der", "ein", "eine", "einen", "einmal", "noch", "auch", "dazu", "bitte", "erst",
    "zuerst",
];
/// Words that take something out: what is named after them, or before, is not wished for.
const NOT: &[&str] = &["ohne", "nicht", "statt", "anstatt", "anstelle", "außer", "ausser"];
/// Parts of one text that are looked at: more than a visit has, few enough to be compared with every service.
const MOST_PIECES: usize = 12;

/// The services of one visit that the words name one after the other: "Herrenhaarschnitt und danach Bartpflege". `None`
/// if they do not, if they are the name of one service, or if they take something out.
pub(crate) fn several<'a>(catalogue: &'a Catalogue, words: &str) -> Option<Vec<&'a Service>> {
    let named = |text: &str| {
        let said = fold(text);
        let offered = catalogue.services().iter().filter(|service| service.active);
        let is_it = |service: &&Service| {
            let mut names = std::iter::once(&service.name).chain(&service.synonyms);
            names.any(|name| fold(&spelled_out(name)) == said)
        };
        let mut found = offered.filter(is_it);
        found.next().filter(|_| found.next().is_none())
    };
    let pieces = pieces(words);
    if takes_out(words) {
        return None;
    }
    if !(2..=MOST_PIECES).contains(&pieces.len()) || named(&spelled_out(words)).is_some() {
        return None;
    }
    // What is a name as a whole is no two: "Waschen und Föhnen" may be one of several services.
    let mut found: Vec<(&Service, bool)> = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let whole = (at + 1..=pieces.len()).rev().find_map(|end| {
            let text = pieces.get(at..end)?.join(" und ");
            named(&text).map(|service| (service, end))
        });
        let (service, end, is_name) = match whole {
            Some((service, end)) => (service, end, true),
            None => match self::service(catalogue, pieces.get(at)?) {
                Fit::One(service) => (service, at + 1, false),
                Fit::Several(_) | Fit::Nothing => return None,
            },
        };
        match found.last() {
            // Two words for one thing, unless both are its very name.
            Some((last, was_name)) if last.id == service.id && !(is_name && *was_name) => {}
            _ => found.push((service, is_name)),
        }
        at = end;
    }
    (found.len() > 1).then(|| found.into_iter().map(|(service, _)| service).collect())
}

/// "Haarschnitt, aber ohne Bartpflege".
fn takes_out(words: &str) -> bool {
    let said = words.to_lowercase();
    let mut said = said.split(|c: char| !c.is_alphanumeric());
    said.any(|word| NOT.contains(&word) || word.starts_with("kein"))
}

/// The words between commas and conjunctions.
fn pieces(words: &str) -> Vec<String> {
    let spaced = words.replace([',', ';'], " , ").replace('+', " + ").replace('&', " & ");
    let mut pieces = vec![Vec::new()];
    for word in spaced.split_whitespace() {
        let said = word.to_lowercase();
        if said == "," || BETWEEN.contains(&said.as_str()) {
            pieces.push(Vec::new());
        } else if let Some(piece) = pieces.last_mut()
            && !BESIDE.contains(&said.as_str())
        {
            piece.push(word);
        }
    }
    pieces.into_iter().filter(|piece| !piece.is_empty()).map(|piece| piece.join(" ")).collect()
}

/// Signs that are said as a word.
fn spelled_out(text: &str) -> String {
    text.replace(['&', '+'], " und ")
}

/// The person of this branch that the words mean; "bei", "mit", "Frau" and "Herr" do not count.
pub(crate) fn staff<'a>(catalogue: &'a Catalogue, words: &str) -> Fit<'a, Staff> {
    let stripped = strip_staff_words(words);
    let at_work = catalogue.staff().iter().filter(|person| person.active);
    let scored = at_work.map(|person| {
        let whole = likeness(&stripped, &person.name);
        let parts = person.name.split_whitespace().map(|part| {
            let part_fits = fold(part) == fold(&stripped);
            if part_fits { 0.95 } else { likeness(&stripped, part) * 0.9 }
        });
        let named = if person.id.to_string() == words.trim() { 2.0 } else { parts.fold(whole, f64::max) };
        (person, named)
    });
    pick(scored.collect())
}

fn strip_staff_words(words: &str) -> String {
    const LEADING: &[&str] =
        &["bei", "mit", "von", "zu", "zur", "zum", "beim", "der", "dem", "frau", "herr", "herrn"];
    let kept: Vec<_> =
        words.split_whitespace().skip_while(|word| LEADING.contains(&word.to_lowercase().as_str())).collect();
    if kept.is_empty() { words.to_owned() } else { kept.join(" ") }
}

fn pick<T>(mut scored: Vec<(&T, f64)>) -> Fit<'_, T> {
    scored.retain(|(_, score)| *score >= ALIKE);
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    match scored.as_slice() {
        [] => Fit::Nothing,
        [(only, _)] => Fit::One(only),
        [(first, best), (_, next), ..] if best - next > CLEARLY => Fit::One(first),
        [(_, best), ..] => {
            let close = scored.iter().take_while(|(_, score)| best - score <= CLEARLY).map(|(item, _)| *item);
            Fit::Several(close.take(5).collect())
        }
    }
}

/// Whether two names of a person are near enough to be one that was misheard: each word of the shorter one sounds like one of
/// the other. A surname in common is no more than a family.
pub(crate) fn sounds_like(one: &PersonName, other: &PersonName) -> bool {
    let words = |name: &PersonName| {
        let mut words = name_words(name.as_str());
        words.retain(|word| !TITLES.contains(&word.as_str()));
        words
    };
    let is_alike = |one: &str, other: &str| {
        likeness(one, other) >= ALIKE || likeness(&as_heard(one), &as_heard(other)) >= ALIKE
    };
    let (one, other) = (words(one), words(other));
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    let is_heard = |part: &String| long.iter().any(|word| is_alike(part, word));
    // Recognition takes words together, and apart; a long surname outweighs no first name.
    let first = short.first().map(String::as_str).unwrap_or_default();
    let begins_alike =
        (1..=2).any(|words| long.get(..words).is_some_and(|begin| is_alike(first, &begin.concat())));
    let is_whole = short.len() < long.len() && is_alike(&short.concat(), &long.concat());
    short.iter().all(is_heard) || is_whole && begins_alike
}

/// Spellings of one sound, the longer first: what recognition, or a clerk, writes one way or another.
const SPELLINGS: &[(&str, &str)] = &[
    ("sch", "s"),
    ("aeu", "oi"),
    ("sh", "s"),
    ("ph", "f"),
    ("th", "t"),
    ("dt", "t"),
    ("ck", "k"),
    ("ey", "ai"),
    ("ay", "ai"),
    ("ei", "ai"),
    ("eu", "oi"),
    ("y", "i"),
    ("c", "k"),
];

/// A folded word of a name with one spelling for each sound, and no letter doubled: "Meyer" and "Maier" are one.
fn as_heard(word: &str) -> String {
    let mut heard = SPELLINGS.iter().fold(word.to_owned(), |word, (spelt, sound)| word.replace(spelt, sound));
    let mut last = None;
    heard.retain(|letter| last.replace(letter) != Some(letter));
    heard
}

/// 1 for the same name, 0.9 where one contains the other's words, else by edit distance.
fn likeness(said: &str, name: &str) -> f64 {
    let (said, name) = (fold(said), fold(name));
    if said.is_empty() || name.is_empty() {
        return 0.0;
    }
    if said == name {
        return 1.0;
    }
    let long_enough = said.chars().count().min(name.chars().count()) >= 4;
    if long_enough && (name.contains(&said) || said.contains(&name)) {
        return 0.9;
    }
    similarity(&said, &name)
}

/// Lower case, umlauts spelled out, nothing but letters and digits.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(200).flat_map(char::to_lowercase) {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            c if c.is_alphanumeric() => out.push(c),
            _ => {}
        }
    }
    out
}

/// 1 minus the edit distance over the longer length.
#[expect(clippy::cast_precision_loss, reason = "lengths are at most a few hundred")]
fn similarity(a: &str, b: &str) -> f64 {
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
    1.0 - row[b.len()] as f64 / a.len().max(b.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use appointment::model::PhaseKind;
    use appointment::testing::{branch_id, salon};

    #[test]
    fn alike_is_what_sounds_alike() {
        assert!(likeness("Herrenschnitt", "Herrenhaarschnitt") > ALIKE);
        assert!(likeness("Haarschnitt", "Herrenhaarschnitt") > ALIKE);
        assert!(likeness("waschen und fohnen", "Waschen und Föhnen") > ALIKE);
        assert!(likeness("Massage", "Bartpflege") < ALIKE);
        assert!((likeness("FÖHNEN", "foehnen") - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_surname_alone_makes_nobody_the_same() {
        let name = |text: &str| PersonName::clean(text).unwrap();
        for (own, said) in [
            ("Erika Muster", "Erica Muster"),
            ("Erika Muster", "Muster"),
            ("Erika Muster", "Frau Muster"),
            ("Erika Muster", "Erika"),
            ("Erika Muster", "Muster Erika"),
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
        ] {
            assert!(sounds_like(&name(own), &name(said)), "{own} {said}");
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
            ("Tim Schmidt", "Tom Schmitt"),
            ("Marion Muster", "Marie Muster"),
            ("Julian Muster", "Julie Muster"),
            ("Maria Kaiser", "Maria Schmidt"),
        ] {
            assert!(!sounds_like(&name(own), &name(said)), "{own} {said}");
        }
    }

    #[test]
    fn several_services_in_one_text_are_each_one_of_the_branch() {
        let salon = salon(branch_id(1)).unwrap();
        let salon = salon.service(4, "Waschen und Föhnen", &[(PhaseKind::Staffed, 30)]);
        let salon = salon.service(5, "Kopf- & Nackenmassage", &[(PhaseKind::Staffed, 30)]);
        let catalogue = salon.build().unwrap();
        let heard = |words: &str| {
            let found = several(&catalogue, words);
            found.map(|found| found.iter().map(|service| service.name.as_str()).collect::<Vec<_>>())
        };
        let both = Some(vec!["Haarschnitt", "Bartpflege"]);
        for words in [
            "Haarschnitt und Bartpflege",
            "Haarschnitt, danach Bartpflege",
            "erst einen Haarschnitt und anschließend den Bart",
            "haarschnitt + bartpflege",
            "[\"Haarschnitt\", \"Bartpflege\"]",
        ] {
            assert_eq!(heard(words), both, "{words}");
        }
        assert_eq!(
            heard("Waschen und Föhnen, dann Bartpflege"),
            Some(vec!["Waschen und Föhnen", "Bartpflege"])
        );
        assert_eq!(
            heard("Haarschnitt und Waschen und Föhnen"),
            Some(vec!["Haarschnitt", "Waschen und Föhnen"])
        );
        assert_eq!(heard("Haarschnitt und Haarschnitt"), Some(vec!["Haarschnitt", "Haarschnitt"]));
        for one in [
            "Waschen und Föhnen",
            "Waschen & Föhnen",
            "Waschen, danach Föhnen",
            "Kopf und Nackenmassage",
            "Haarschnitt",
            "Haarschnitt und Tätowierung",
            "Haarschnitt, aber ohne Bartpflege",
            "Haarschnitt und nicht Bartpflege",
            "Haarschnitt und keine Bartpflege",
            "Haarschnitt, kein Bart",
            "Haarschnitt, statt Bartpflege",
            "Haarschnitt, außer Bartpflege",
            "und, danach",
            "",
        ] {
            assert_eq!(heard(one), None, "{one}");
        }
        assert_eq!(heard(&"Haarschnitt und ".repeat(40)), None, "too much to be looked at");
    }

    #[test]
    fn words_before_a_name_do_not_count() {
        assert_eq!(strip_staff_words("bei der Frau Petersen"), "Petersen");
        assert_eq!(strip_staff_words("bei"), "bei");
    }
}
