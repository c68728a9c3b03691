//! "Für meine Tochter Mia": the words around a name that tell of whom it is.

use kernel::contact::name_words;

/// A text without the words that tell of whom it speaks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Apart<'a> {
    /// The speaker (`false`) or another person (`true`); `None`: the words do not tell.
    pub(super) is_other: Option<bool>,
    /// The name that is left, or nothing.
    pub(super) name: &'a str,
}

/// Words for the speaker, folded.
const SPEAKER: &[&str] = &["ich", "me", "mich", "mir", "myself", "selber", "selbst", "self"];
/// What stands beside them.
const BESIDE_SPEAKER: &[&str] =
    &["anrufer", "anruferin", "caller", "den", "der", "die", "er", "ihn", "sich", "sie"];
/// What a verb after "ich" begins: "ich bin …", "ich heiße …" introduces a name.
const INTRODUCES: &[&str] = &["bin", "heisse"];

/// What an answer begins with.
const BEFORE: &[&str] = &["aber", "ach", "also", "doch", "ja", "lieber", "nein", "nur"];
const FOR: &[&str] = &["for", "fuer"];
const ARTICLES: &[&str] = &["das", "dem", "den", "der", "die"];
/// Whose relative it is, without the endings of German adjectives.
const POSSESSIVES: &[&str] = &["dein", "euer", "eur", "ihr", "mein", "sein", "unser", "my"];
/// How a relative is told from others, likewise.
const WHICH: &[&str] =
    &["aeltest", "aelter", "best", "gross", "juengst", "juenger", "jung", "klein", "lieb", "zweit"];
const ENDINGS: &[&str] = &["", "e", "em", "en", "er", "es"];

/// Relatives whose words are surnames too: alone they are a name, but not with an article, before a name, or in brackets.
const OFTEN_NAMES: &[&str] =
    &["bruder", "enkel", "kind", "mutter", "neffe", "neffen", "nichte", "onkel", "schwager", "sohn", "vater"];

/// Relatives whose words are nobody's name.
const RELATIVES: &[&str] = &[
    "baby",
    "cousine",
    "ehefrau",
    "ehemann",
    "enkelin",
    "enkelkind",
    "enkelsohn",
    "enkeltochter",
    "freundin",
    "grossmutter",
    "grossvater",
    "lebensgefaehrte",
    "lebensgefaehrten",
    "lebensgefaehrtin",
    "mama",
    "mutti",
    "nachbarin",
    "oma",
    "opa",
    "papa",
    "partnerin",
    "schwaegerin",
    "schwester",
    "schwiegermutter",
    "schwiegersohn",
    "schwiegertochter",
    "schwiegervater",
    "stiefsohn",
    "stieftochter",
    "tante",
    "tochter",
    "verlobte",
    "verlobten",
    "verlobter",
];

/// Relatives whose words are surnames and forms of address as well: only "mein Mann" is one, and not "Mann".
const WITH_POSSESSIVE: &[&str] = &[
    "chef",
    "chefin",
    "cousin",
    "daughter",
    "eltern",
    "frau",
    "freund",
    "husband",
    "kinder",
    "kollege",
    "kollegen",
    "kollegin",
    "mann",
    "nachbar",
    "nachbarn",
    "partner",
    "soehne",
    "son",
    "toechter",
    "wife",
    "zwillinge",
];

/// What may stand between a relative and the name.
const CALLED: &[&str] = &["heisst", "names", "namens"];

/// Takes the words off that tell of whom the text speaks.
pub(super) fn apart(text: &str) -> Apart<'_> {
    let text = text.trim();
    // "Nein, doch für mich."
    let mut rest = text;
    while let Some(next) = without_first(rest, |word| BEFORE.contains(&word)) {
        rest = next;
    }
    let found = of_whom(rest);
    if found.is_other.is_some() { found } else { of_whom(text) }
}

fn of_whom(text: &str) -> Apart<'_> {
    let text = without_for(text);
    if let Some(speaker) = of_speaker(text) {
        return speaker;
    }
    if let Some(name) = after_relative(text, false) {
        return Apart { is_other: Some(true), name };
    }
    // "Mia, meine Tochter" and "Mia (Tochter)".
    if let Some((name, relative)) = text.rsplit_once([',', '(', '–'])
        && after_relative(relative.trim().trim_end_matches(')'), true) == Some("")
    {
        return Apart { is_other: Some(true), name: name.trim() };
    }
    Apart { is_other: None, name: text }
}

/// "Mich", "ich selbst", "der Anrufer selbst", "Max Berger selbst", "ich, Max Berger".
fn of_speaker(text: &str) -> Option<Apart<'_>> {
    let words = name_words(text);
    let speaks = |word: &String| SPEAKER.contains(&word.as_str());
    let is_beside = |word: &String| BESIDE_SPEAKER.contains(&word.as_str());
    if words.iter().any(speaks) && words.iter().all(|word| speaks(word) || is_beside(word)) {
        return Some(Apart { is_other: Some(false), name: "" });
    }
    if words.first().is_some_and(speaks)
        && words.get(1).is_some_and(|next| INTRODUCES.contains(&next.as_str()))
    {
        return None;
    }
    // "Mir Ali" and "Anna Selber" are names.
    let is_word = |word: &str| word.starts_with(char::is_lowercase) || word.starts_with("Ich");
    let first = text.split(' ').next().unwrap_or(text);
    let before = without_first(text, |word| SPEAKER.contains(&word)).filter(|_| is_word(first));
    // Two people: "mich und meine Tochter".
    if before.is_some_and(|rest| rest.starts_with("und ")) {
        return Some(Apart { is_other: None, name: "" });
    }
    let mut name = before.unwrap_or(text);
    let mut is_speaker = before.is_some();
    if let Some((rest, last)) = name.rsplit_once(' ')
        && ["selbst", "selber"].contains(&last.trim_end_matches(['.', '!', ')']))
    {
        (name, is_speaker) = (rest.trim_end_matches([',', ' ', '(']), true);
    }
    is_speaker.then_some(Apart { is_other: Some(false), name })
}

/// What follows a relative, or nothing if what follows is no name: "Tochter der Anruferin".
fn after_relative(text: &str, in_brackets: bool) -> Option<&str> {
    let possessive = without_first(text, |word| is_form_of(word, POSSESSIVES));
    let article = || without_first(text, |word| ARTICLES.contains(&word));
    let whose = possessive.or_else(article).unwrap_or(text);
    let mut rest = whose;
    while let Some(next) = without_first(rest, |word| is_form_of(word, WHICH)) {
        rest = next;
    }
    let is_before_name = rest
        .split_once(' ')
        .is_some_and(|(first, name)| !first.ends_with(',') && name.starts_with(char::is_uppercase));
    let is_told = possessive.is_some() || whose.len() < text.len() || is_before_name || in_brackets;
    let is_relative = |word: &str| {
        RELATIVES.contains(&word)
            || OFTEN_NAMES.contains(&word) && is_told
            || WITH_POSSESSIVE.contains(&word) && possessive.is_some()
    };
    let name = match without_first(rest, is_relative) {
        Some(name) => without_first(name, |word| CALLED.contains(&word)).unwrap_or(name),
        // "Meine Jüngste", "mein kleiner Max".
        None if possessive.is_some() && rest.len() < whose.len() => rest,
        None => return None,
    };
    Some(if name.starts_with(char::is_uppercase) { name } else { "" })
}

/// "Für Lea" is Lea. "For" alone may be a name.
fn without_for(text: &str) -> &str {
    let rest = without_first(text, |word| FOR.contains(&word));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(text)
}

/// The text behind its first word, if that is one of those.
fn without_first(text: &str, is_it: impl Fn(&str) -> bool) -> Option<&str> {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    match name_words(first).as_slice() {
        [word] if is_it(word) => Some(rest.trim_start_matches([',', ':', ' '])),
        _ => None,
    }
}

fn is_form_of(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| word.strip_prefix(stem).is_some_and(|ending| ENDINGS.contains(&ending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_around_a_name_tell_of_whom_it_is() {
        for (text, is_other, name) in [
            ("ich", Some(false), ""),
            ("für mich selbst", Some(false), ""),
            ("Der Anrufer selbst", Some(false), ""),
            ("Max Berger selbst", Some(false), "Max Berger"),
            ("ich, Max Berger", Some(false), "Max Berger"),
            ("meine Tochter", Some(true), ""),
            ("nein, doch für mich", Some(false), ""),
            ("ja, für meine Tochter Mia", Some(true), "Mia"),
            ("für meine Tochter Mia", Some(true), "Mia"),
            ("für meine kleine Tochter, Mia Berger", Some(true), "Mia Berger"),
            ("seine Frau Petra", Some(true), "Petra"),
            ("mein Mann", Some(true), ""),
            ("Tochter Mia", Some(true), "Mia"),
            ("die Tochter der Anruferin", Some(true), ""),
            ("mein Sohn heißt Max", Some(true), "Max"),
            ("Mia, meine Tochter", Some(true), "Mia"),
            ("Mia Berger (Tochter)", Some(true), "Mia Berger"),
            ("Max (Sohn)", Some(true), "Max"),
            ("Sohn Max", Some(true), "Max"),
            ("der Sohn", Some(true), ""),
            ("meine Kinder", Some(true), ""),
            ("mich und meine Tochter", None, ""),
            ("meine Jüngste", Some(true), ""),
            ("mein kleiner Max", Some(true), "Max"),
            ("für Lea", None, "Lea"),
            ("For", None, "For"),
        ] {
            assert_eq!(apart(text), Apart { is_other, name }, "{text}");
        }
    }

    /// Surnames and forms of address that are words for relatives as well.
    #[test]
    fn a_name_is_left_as_it_is() {
        for text in [
            "Thomas Mann",
            "Herr Freund",
            "Mann",
            "Frau Berger",
            "die Frau Berger",
            "Muster, Erika",
            "Ursula von der Leyen",
            "ich bin Max Berger",
            "ich heiße Max",
            "mein Name ist Erika Muster",
            "Klein",
            "Ja",
            "Sein",
            "Ali Mir",
            "Mir Ali",
            "Anna Selber",
            "Schwager, Michael",
            "Peter Schwager",
            "Sohn",
            "Maria-Theresia Kind",
        ] {
            assert_eq!(apart(text), Apart { is_other: None, name: text }, "{text}");
        }
    }
}
