//! German number words, both ways.

const UNITS: [&str; 20] = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
];
const TENS: [&str; 10] =
    ["", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"];

/// A cardinal in words, for numbers below a million: 21 is "einundzwanzig", 1 is "eins".
///
/// Larger numbers are beyond dates and times; of them the last six digits are spoken.
#[must_use]
pub fn cardinal(number: u32) -> String {
    let mut words = String::new();
    push_cardinal(&mut words, number % 1_000_000, true);
    words
}

fn push_cardinal(words: &mut String, number: u32, last: bool) {
    let small = |n: u32, table: &'static [&'static str]| table.get(n as usize).copied().unwrap_or("");
    match number {
        0..20 => words.push_str(if number == 1 && !last { "ein" } else { small(number, &UNITS) }),
        20..100 => {
            if !number.is_multiple_of(10) {
                push_cardinal(words, number % 10, false);
                words.push_str("und");
            }
            words.push_str(small(number / 10, &TENS));
        }
        100..1000 => {
            push_cardinal(words, number / 100, false);
            words.push_str("hundert");
            if !number.is_multiple_of(100) {
                push_cardinal(words, number % 100, last);
            }
        }
        _ => {
            push_cardinal(words, number / 1000, false);
            words.push_str("tausend");
            if !number.is_multiple_of(1000) {
                push_cardinal(words, number % 1000, last);
            }
        }
    }
}

/// The stem of an ordinal, to which an ending is added: 3 is "dritt", 21 is "einundzwanzigst".
#[must_use]
pub fn ordinal_stem(number: u32) -> String {
    match number % 100 {
        1 | 3 | 7 | 8 if number < 100 => match number {
            1 => "erst",
            3 => "dritt",
            7 => "siebt",
            _ => "acht",
        }
        .to_owned(),
        2..=19 => cardinal(number) + "t",
        _ => cardinal(number) + "st",
    }
}

/// A year in words as people say it: 1999 is "neunzehnhundertneunundneunzig", 2026 "zweitausendsechsundzwanzig".
#[must_use]
pub fn year(year: u32) -> String {
    if (1100..2000).contains(&year) {
        let mut words = cardinal(year / 100) + "hundert";
        if !year.is_multiple_of(100) {
            words.push_str(&cardinal(year % 100));
        }
        words
    } else {
        cardinal(year)
    }
}

/// Spellings of the cardinals below one hundred that callers and recognisers use.
pub(crate) fn spoken_cardinals() -> Vec<(String, u32)> {
    let mut all: Vec<(String, u32)> = (0..100).map(|number| (cardinal(number), number)).collect();
    let digits: [(&str, u32); 12] = [
        ("ein", 1),
        ("eins", 1),
        ("zwei", 2),
        ("zwo", 2),
        ("drei", 3),
        ("vier", 4),
        ("fünf", 5),
        ("sechs", 6),
        ("sieben", 7),
        ("siem", 7),
        ("acht", 8),
        ("neun", 9),
    ];
    let tens: [(&str, u32); 12] = [
        ("zwanzig", 20),
        ("dreißig", 30),
        ("dreizig", 30),
        ("vierzig", 40),
        ("fünfzig", 50),
        ("fuffzig", 50),
        ("fuchzig", 50),
        ("sechzig", 60),
        ("sechszig", 60),
        ("siebzig", 70),
        ("siebenzig", 70),
        ("achtzig", 80),
    ];
    for (unit, low) in digits {
        for (ten, high) in tens {
            all.push((format!("{unit}und{ten}"), low + high));
        }
        all.push((format!("{unit}undneunzig"), low + 90));
    }
    // "zwo", dialect forms with -e ("um achte" is also an ordinal and stands there), and slips of recognisers.
    let more: [(&str, u32); 26] = [
        ("zwo", 2),
        ("zwee", 2),
        ("dreie", 3),
        ("viere", 4),
        ("fünfe", 5),
        ("sechse", 6),
        ("siebene", 7),
        ("neune", 9),
        ("zehne", 10),
        ("elfe", 11),
        ("zwölfe", 12),
        ("fimf", 5),
        ("fünef", 5),
        ("ölf", 11),
        ("zwoelf", 12),
        ("fuffzehn", 15),
        ("fuchzehn", 15),
        ("sechszehn", 16),
        ("siebenzehn", 17),
        ("dreizig", 30),
        ("dreissig", 30),
        ("fuffzig", 50),
        ("fuchzig", 50),
        ("sechszig", 60),
        ("siebenzig", 70),
        ("siem", 7),
    ];
    all.extend(more.iter().map(|&(word, number)| (word.to_owned(), number)));
    all
}

/// Spellings of the ordinals from one to ninety-nine, all endings.
pub(crate) fn spoken_ordinals() -> Vec<(String, u8)> {
    let mut stems: Vec<(String, u8)> =
        (1_u8..100).map(|number| (ordinal_stem(u32::from(number)), number)).collect();
    for (stem, number) in [
        ("siebent", 7),
        ("zwot", 2),
        ("zwoundzwanzigst", 22),
        ("sechszehnt", 16),
        ("siebenzehnt", 17),
        ("fuffzehnt", 15),
        ("dreissigst", 30),
        ("einunddreissigst", 31),
        ("dreizigst", 30),
        ("einsundzwanzigst", 21),
        ("einsunddreißigst", 31),
    ] {
        stems.push((stem.to_owned(), number));
    }
    let mut all = Vec::with_capacity(stems.len() * 5);
    for (stem, number) in stems {
        for ending in ["e", "er", "en", "em", "es"] {
            all.push((format!("{stem}{ending}"), number));
        }
    }
    all
}

/// A folded number word of a hundred or more, as years are said. `below_hundred` reads the rest.
pub(crate) fn large_cardinal(folded: &str, below_hundred: impl Fn(&str) -> Option<u32>) -> Option<u32> {
    let (thousands, rest) = match folded.split_once("tausend") {
        Some(("", rest)) => (1, rest),
        Some((head, rest)) => (below_hundred(head).filter(|head| *head > 0)?, rest),
        None => (0, folded),
    };
    let rest = rest.strip_prefix("und").unwrap_or(rest);
    let (hundreds, rest) = match rest.split_once("hundert") {
        Some(("", rest)) => (1, rest),
        Some((head, rest)) => (below_hundred(head).filter(|head| *head > 0)?, rest),
        None => (0, rest),
    };
    if thousands + hundreds == 0 || (thousands > 0 && hundreds > 9) {
        return None;
    }
    let rest = rest.strip_prefix("und").unwrap_or(rest);
    let low = if rest.is_empty() { 0 } else { below_hundred(rest)? };
    Some(thousands * 1000 + hundreds * 100 + low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cardinals_are_said_as_people_say_them() {
        for (number, word) in [
            (0, "null"),
            (1, "eins"),
            (7, "sieben"),
            (12, "zwölf"),
            (16, "sechzehn"),
            (17, "siebzehn"),
            (21, "einundzwanzig"),
            (30, "dreißig"),
            (101, "einhunderteins"),
            (2026, "zweitausendsechsundzwanzig"),
        ] {
            assert_eq!(cardinal(number), word);
        }
        assert_eq!(year(1999), "neunzehnhundertneunundneunzig");
        assert_eq!(year(2000), "zweitausend");
    }

    #[test]
    fn ordinals_have_their_irregular_stems() {
        for (number, stem) in [
            (1, "erst"),
            (2, "zweit"),
            (3, "dritt"),
            (7, "siebt"),
            (8, "acht"),
            (19, "neunzehnt"),
            (31, "einunddreißigst"),
        ] {
            assert_eq!(ordinal_stem(number), stem);
        }
    }
}
