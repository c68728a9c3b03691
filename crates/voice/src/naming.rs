//! Which service or person the caller means.
//!
//! An explicit wish beats everything else; near ties are asked, never guessed; a name that fits nothing is said to fit
//! nothing. There is no default for a name that was given.

use appointment::model::{Catalogue, Service, Staff};
use kernel::contact::similarity;

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
