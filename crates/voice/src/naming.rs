//! Which service or person the caller means.
//!
//! An explicit wish beats everything else; near ties are asked, never guessed; a name that fits nothing is said to fit
//! nothing. There is no default for a name that was given.

use appointment::model::{Catalogue, Service, Staff};

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

/// Whether two names of a person are near enough to be one that was misheard.
pub(crate) fn sounds_like(one: &str, other: &str) -> bool {
    likeness(one, other) >= ALIKE
        || one
            .split_whitespace()
            .any(|part| other.split_whitespace().any(|word| likeness(part, word) >= ALIKE))
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

    #[test]
    fn alike_is_what_sounds_alike() {
        assert!(likeness("Herrenschnitt", "Herrenhaarschnitt") > ALIKE);
        assert!(likeness("Haarschnitt", "Herrenhaarschnitt") > ALIKE);
        assert!(likeness("waschen und fohnen", "Waschen und Föhnen") > ALIKE);
        assert!(likeness("Massage", "Bartpflege") < ALIKE);
        assert!((likeness("FÖHNEN", "foehnen") - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn words_before_a_name_do_not_count() {
        assert_eq!(strip_staff_words("bei der Frau Petersen"), "Petersen");
        assert_eq!(strip_staff_words("bei"), "bei");
    }
}
