//! Is this text a person's name?
//!
//! A language model fills the field "name" with whatever was said: an answer ("ja"), a time ("halb drei"), whom the
//! caller wants to see ("bei Anna"). Each of these has its own refusal, so that the assistant asks the right question.

use kernel::PersonName;
use kernel::contact::{TITLES, name_words as words_of};

mod whom;

use whom::Apart;

/// Why a text is not taken for a customer's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameProblem {
    /// Fewer than two letters or digits.
    TooShort,
    /// A stand-in for a name: "unbekannt", "Kunde", an unfilled template.
    Placeholder,
    /// An answer to a yes-or-no question.
    YesNo,
    /// The speaker ("mich selbst") or a relative ("meine Tochter") without a name; [`is_another_person`] tells which.
    Unnamed,
    /// A clock time or a day.
    TimeExpression,
    /// Whom the caller wants to see: "bei Anna", "mit Herrn Kühn".
    StaffReference {
        /// What followed the preposition.
        staff: PersonName,
    },
    /// Exactly the name of a person who works there.
    StaffName {
        /// That person.
        staff: PersonName,
    },
    /// Digits, an address, a sentence, nothing at all.
    NotAName,
}

/// What people say before their name, folded; longer ones first where one begins with another.
const BEFORE_NAME: &[&[&str]] = &[
    &["mein", "name", "ist"],
    &["mein", "name", "lautet"],
    &["ich", "heisse"],
    &["ich", "bin"],
    &["hier", "ist"],
    &["hier", "spricht"],
    &["der", "name", "ist"],
    &["name"],
];

/// What people say after it.
const AFTER_NAME: &[&[&str]] = &[&["ist", "mein", "name"], &["am", "apparat"]];

/// More words than this are a sentence.
const MAX_WORDS: usize = 8;

const PLACEHOLDERS: &[&str] = &[
    "angabe",
    "anonym",
    "anonymous",
    "anrufer",
    "anruferin",
    "caller",
    "customer",
    "gast",
    "guest",
    "kein",
    "keine",
    "kunde",
    "kundin",
    "na",
    "name",
    "namen",
    "none",
    "null",
    "ohne",
    "unbekannt",
    "unbekannte",
    "unbekannter",
    "undefined",
    "unknown",
    "user",
];

const ANSWERS: &[&str] = &[
    "doch", "genau", "ja", "jawohl", "korrekt", "nee", "nein", "noe", "ok", "okay", "richtig", "stimmt",
    "yes",
];

const ANSWER_FILLERS: &[&str] =
    &["bitte", "danke", "das", "gern", "gerne", "ist", "natuerlich", "passt", "so"];

const CLOCK_WORDS: &[&str] = &["dreiviertel", "halb", "uhr", "viertel"];

const LONE_DAY_WORDS: &[&str] = &[
    "abends",
    "heute",
    "mittags",
    "morgens",
    "nachmittag",
    "nachmittags",
    "uebermorgen",
    "vormittag",
    "vormittags",
];

/// Words that are surnames on their own ("Morgen", "Sonntag") and times in company.
const TIME_COMPANY: &[&str] = &[
    "ab",
    "abend",
    "am",
    "bis",
    "ca",
    "circa",
    "dienstag",
    "donnerstag",
    "etwa",
    "frueh",
    "freitag",
    "gegen",
    "kurz",
    "minuten",
    "mittag",
    "mittwoch",
    "montag",
    "morgen",
    "nach",
    "nacht",
    "naechste",
    "naechsten",
    "naechster",
    "samstag",
    "sonnabend",
    "sonntag",
    "um",
    "und",
    "ungefaehr",
    "vor",
    "woche",
];

const STAFF_PREPOSITIONS: &[&str] = &["bei", "beim", "mit", "zu", "zum", "zur"];

const ARTICLES: &[&str] = &["dem", "den", "der", "die"];

/// Judges whether a text may be a customer's name, and cleans it: "mein Name ist Erika Muster." is `Erika Muster`.
/// `staff_names` are the names of the active staff.
///
/// # Errors
/// The first [`NameProblem`] found.
pub fn judge_name(text: &str, staff_names: &[&str]) -> Result<PersonName, NameProblem> {
    if text.contains("{{") {
        return Err(NameProblem::Placeholder);
    }
    let Ok(cleaned) = PersonName::clean(text) else {
        return Err(judge_rest(text));
    };
    let whom = core_and_whom(cleaned.as_str());
    if whom.is_other.is_some() && whom.name.is_empty() {
        return Err(NameProblem::Unnamed);
    }
    let Ok(name) = PersonName::clean(whom.name) else {
        return Err(NameProblem::NotAName);
    };
    let shown = name.as_str();
    if shown.chars().filter(|c| c.is_alphanumeric()).count() < 2 {
        return Err(NameProblem::TooShort);
    }
    let words = words_of(shown);
    let all = |test: &dyn Fn(&str) -> bool| words.iter().all(|word| test(word));
    let is_title = |word: &str| TITLES.contains(&word);
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    let is_placeholder = |word: &str| PLACEHOLDERS.contains(&word);

    let bare: Vec<&str> = words.iter().map(String::as_str).filter(|w| !is_title(w)).collect();
    let letters_apart = bare == ["n", "a"] || bare == ["k", "a"];
    if letters_apart
        || (bare.iter().any(|w| is_placeholder(w)) && bare.iter().all(|w| is_placeholder(w) || is_number(w)))
    {
        return Err(NameProblem::Placeholder);
    }
    let is_answer = |word: &str| ANSWERS.contains(&word);
    if words.iter().any(|w| is_answer(w)) && all(&|w| is_answer(w) || ANSWER_FILLERS.contains(&w)) {
        return Err(NameProblem::YesNo);
    }
    if is_time(&words) {
        return Err(NameProblem::TimeExpression);
    }
    if let Some(problem) = staff_problem(&name, &words, staff_names) {
        return Err(problem);
    }
    let letters = shown.chars().filter(|c| c.is_alphabetic()).count();
    let digits = shown.chars().filter(|c| c.is_numeric()).count();
    let nothing_but_phrase =
        BEFORE_NAME.iter().chain(AFTER_NAME).any(|phrase| words.iter().eq(phrase.iter()));
    let strange = shown.chars().any(|c| "@_=|$%*[]#".contains(c));
    if bare.is_empty() || nothing_but_phrase || strange || digits >= letters || words.len() > MAX_WORDS {
        return Err(NameProblem::NotAName);
    }
    Ok(name)
}

/// What the words around a name, or instead of one, tell of whom it is: another person than the speaker ("meine Tochter Mia"),
/// or the speaker, if that is all they say ("ich selbst"). `None`: nothing.
#[must_use]
pub fn is_another_person(text: &str) -> Option<bool> {
    let cleaned = PersonName::clean(text).ok()?;
    let whom = core_and_whom(cleaned.as_str());
    // "Max Berger selbst" is who speaks, and need not be whom the number is known for.
    whom.is_other.filter(|is_other| *is_other || whom.name.is_empty())
}

/// What is wrong with a text that cannot even be cleaned.
fn judge_rest(text: &str) -> NameProblem {
    if text.chars().all(|c| c.is_whitespace() || c.is_control()) {
        NameProblem::TooShort
    } else if text.trim().chars().all(|c| "-–—?./".contains(c)) {
        NameProblem::Placeholder
    } else {
        NameProblem::NotAName
    }
}

/// The name alone, and what was said of whom it is; the innermost words tell.
fn core_and_whom(text: &str) -> Apart<'_> {
    let mut found = Apart { is_other: None, name: text };
    loop {
        let next = whom::apart(core_of(found.name));
        if next.name.len() == found.name.len() {
            return found;
        }
        found = Apart { is_other: next.is_other.or(found.is_other), name: next.name };
    }
}

/// The text without what people say around a name, and without the marks that end a sentence.
fn core_of(text: &str) -> &str {
    let mut core = text;
    loop {
        let begun = BEFORE_NAME.iter().find_map(|phrase| after_phrase(core, phrase));
        let without = begun.unwrap_or(core);
        let ended = AFTER_NAME.iter().find_map(|phrase| before_phrase(without, phrase));
        let next = without_end_mark(ended.unwrap_or(without));
        if next.len() == core.len() {
            return core;
        }
        core = next;
    }
}

fn after_phrase<'a>(text: &'a str, phrase: &[&str]) -> Option<&'a str> {
    phrase.iter().try_fold(text, |rest, expected| {
        let (word, rest) = rest.split_once(' ')?;
        (words_of(word) == [*expected]).then_some(rest)
    })
}

fn before_phrase<'a>(text: &'a str, phrase: &[&str]) -> Option<&'a str> {
    phrase.iter().rev().try_fold(text, |rest, expected| {
        let (rest, word) = rest.rsplit_once(' ')?;
        (words_of(word) == [*expected]).then_some(rest)
    })
}

/// A full stop ends a sentence unless it ends an abbreviation ("Dr.", "jun.").
fn without_end_mark(text: &str) -> &str {
    let text = text.trim_end_matches([',', ';', ':', '!', '?', ' ']);
    let last_len = text.rsplit(' ').next().unwrap_or(text).chars().count();
    match text.strip_suffix('.') {
        Some(without) if last_len > 4 => without,
        _ => text,
    }
}

fn staff_problem(name: &PersonName, words: &[String], staff_names: &[&str]) -> Option<NameProblem> {
    let begins_with_preposition =
        words.first().is_some_and(|first| STAFF_PREPOSITIONS.contains(&first.as_str()));
    if begins_with_preposition {
        let rest: Vec<&str> = name
            .as_str()
            .split(' ')
            .skip(1)
            .skip_while(|word| words_of(word).iter().all(|w| ARTICLES.contains(&w.as_str())))
            .collect();
        let rest = rest.join(" ");
        // Whoever is called "zu Guttenberg" wants to see nobody of that name here; "zu zweit", "zu meiner Friseurin" is no name.
        let is_noble = words.first().is_some_and(|first| first == "zu")
            && rest.starts_with(char::is_uppercase)
            && words
                .get(1)
                .is_some_and(|next| !ARTICLES.contains(&next.as_str()) && !TITLES.contains(&next.as_str()))
            && !is_part_of_one(&words_of(&rest), staff_names);
        if let Some(staff) = PersonName::clean(&rest).ok().filter(|_| !is_noble) {
            return Some(NameProblem::StaffReference { staff });
        }
    }
    let staff = staff_names.iter().filter_map(|staff| PersonName::clean(staff).ok());
    staff.filter(|staff| staff.is_same(name)).map(|staff| NameProblem::StaffName { staff }).next()
}

/// Whether one of the words is a name of somebody of the staff.
fn is_part_of_one(words: &[String], staff_names: &[&str]) -> bool {
    staff_names
        .iter()
        .flat_map(|staff| words_of(staff))
        .any(|name| !TITLES.contains(&name.as_str()) && words.contains(&name))
}

/// True for a clock time or a day: every word belongs to one, and they are more than a surname.
fn is_time(words: &[String]) -> bool {
    let short_number = |word: &str| word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
    let certain = |word: &str| {
        CLOCK_WORDS.contains(&word)
            || is_number_word(word)
            || short_number(word)
            || LONE_DAY_WORDS.contains(&word)
    };
    match words {
        [only] => certain(only),
        several => {
            let in_time = |word: &String| certain(word) || TIME_COMPANY.contains(&word.as_str());
            several.iter().all(in_time)
        }
    }
}

/// Number words from 0 to 99, folded ("fuenf", "dreissig").
fn is_number_word(word: &str) -> bool {
    const UNITS: &[&str] = &["ein", "zwei", "drei", "vier", "fuenf", "sechs", "sieben", "acht", "neun"];
    const OTHERS: &[&str] = &[
        "null",
        "eins",
        "zwo",
        "zehn",
        "elf",
        "zwoelf",
        "dreizehn",
        "vierzehn",
        "fuenfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
    ];
    const TENS: &[&str] =
        &["zwanzig", "dreissig", "vierzig", "fuenfzig", "sechzig", "siebzig", "achtzig", "neunzig"];
    let compound = || {
        TENS.iter()
            .filter_map(|tens| word.strip_suffix(tens)?.strip_suffix("und"))
            .any(|unit| UNITS.contains(&unit))
    };
    UNITS.contains(&word) || OTHERS.contains(&word) || TENS.contains(&word) || compound()
}

#[cfg(test)]
mod tests;
