//! Sentences, what they ask, and the clauses and words that they are made of.

use super::Claim;
use super::deeds::{CHANGING, DONE, Of};
use super::lists::{
    ABBREVIATED, ASKING, BETWEEN, DANGLING, DEPENDENT, FAMILIAR, FINITE, GLAD, HOLLOW, MORE, NO_MATTER,
    POLITE, RELATIVE,
};
use super::times::names_date;
use super::unreal::{CONDITION, HOPING, LIMITING, SUPPOSING, UNREAL};

/// What a sentence asks beside what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    Nothing,
    /// Whether there is something else: so ends what is settled.
    ForMore,
    /// Whether what there is shall be changed: so asks whoever reads out an appointment.
    ToChange,
    Else,
}

impl Asks {
    pub(super) fn of(sentence: &str, statement: &str) -> Self {
        let question = words(sentence.get(statement.len()..).unwrap_or_default());
        if !is_question(sentence) {
            Self::Nothing
        } else if has_any(&question, CHANGING) {
            Self::ToChange
        } else if MORE.iter().any(|phrase| says(&question, phrase)) {
            Self::ForMore
        } else {
            Self::Else
        }
    }
}

/// What a sentence says, without the polite words before it.
pub(super) struct Said {
    /// Its clauses, in order.
    pub(super) clauses: Vec<Vec<String>>,
    /// It begins with a word that something is settled: "Passt, …", "Wunderbar, …".
    pub(super) is_glad: bool,
}

impl Said {
    pub(super) fn of(statement: &str) -> Self {
        let mut parts = parts(statement);
        let polite = parts.iter().take_while(|part| is_polite(part)).count();
        let is_glad = parts.drain(..polite).any(|part| has_any(&part, GLAD));
        parts.retain(|part| !is_address(part));
        Self { clauses: clauses(parts), is_glad }
    }

    /// The clauses that depend on no condition. What follows one depends on it, and one at the end is about all before it.
    pub(super) fn unconditional(&self) -> &[Vec<String>] {
        let before = self.before_condition();
        match &self.clauses[before.len()..] {
            [last] if begins_with(last, CONDITION) => &[],
            _ => before,
        }
    }

    /// The clauses before the first condition: "Bis Mittwoch um elf, falls nichts mehr ist" is a good-bye all the same.
    pub(super) fn before_condition(&self) -> &[Vec<String>] {
        let is_condition = |(at, clause): (usize, &Vec<String>)| {
            begins_with(clause, CONDITION) || is_if(clause, self.clauses.get(at + 1).map(Vec::as_slice))
        };
        let end = self.clauses.iter().enumerate().position(is_condition);
        &self.clauses[..end.unwrap_or(self.clauses.len())]
    }
}

/// A condition without a word for it: "Ist der Termin abgesagt, wird der Platz frei", "Nehmen wir an, …", "Sagen Sie ja,
/// dann …".
fn is_if(clause: &[String], next: Option<&[String]>) -> bool {
    let is_supposed = SUPPOSING.iter().any(|phrase| says(&clause[..phrase.len().min(clause.len())], phrase));
    // "Ist gebucht, …" and "Hab ich eingetragen, …" leave a word out and ask for nothing.
    let is_verb_first = begins_with(clause, FINITE)
        && !begins_with(clause, &["bitte", "habe", "hab"])
        && !is_hollow(clause)
        && next.is_some_and(|next| begins_with(next, FINITE));
    let is_command = matches!(clause, [verb, sie, ..] if verb.ends_with("en") && sie == "sie");
    let is_result = has_any(clause, &["dann"]) || next.is_some_and(|next| begins_with(next, &["dann"]));
    // "Damit der Termin gebucht ist, …", and not "Damit ist der Termin gebucht".
    let is_aside = matches!(clause, [first, second, .., last] if ["damit", "als"].contains(&first.as_str())
        && !FINITE.contains(&second.as_str()) && FINITE.contains(&last.as_str()));
    let is_done = clause.iter().any(|word| DONE.iter().any(|(done, ..)| done == word));
    let is_limited = LIMITING.iter().any(|phrase| opens_with(clause, phrase))
        && !opens_with(clause, &["ein", "wort", "noch"])
        && (is_done || next.is_some_and(|next| begins_with(next, FINITE)));
    is_supposed || is_limited || is_aside || is_verb_first || (is_command && is_result)
}

/// Whether these words say that something is done and leave out what: "Ist gebucht", "Hab ich eingetragen".
pub(super) fn is_hollow(words: &[String]) -> bool {
    let is_done = |word: &String| DONE.iter().any(|(done, ..)| done == word);
    let is_beside = |word: &String| HOLLOW.contains(&word.as_str()) || is_small_talk(word);
    // "Es ist alles gebucht": nothing is free.
    let is_booked =
        DONE.iter().any(|(done, claim, _)| *claim == Claim::Booked && words.iter().any(|word| word == done));
    let is_full = is_booked && has_any(words, &["alles"]) && !says(words, &["alles", "klar"]);
    words.iter().any(is_done) && words.iter().all(|word| is_done(word) || is_beside(word)) && !is_full
}

/// "…, Frau Muster": who is spoken to.
fn is_address(part: &[String]) -> bool {
    begins_with(part, &["frau", "herr"]) && part.len() <= 3 && !has_any(part, FINITE)
}

/// "Alles klar", "Sehr gern, Frau Muster": what is said before the matter.
fn is_polite(part: &[String]) -> bool {
    is_address(part) || part.iter().all(|word| is_small_talk(word))
}

fn is_small_talk(word: &str) -> bool {
    [POLITE, GLAD].iter().any(|list| list.contains(&word))
}

/// Whether a sentence says no more than that something is settled: "Passt."
pub(super) fn is_glad(sentence: &str) -> bool {
    let said = Said::of(sentence);
    said.is_glad && said.clauses.is_empty() && !is_question(sentence)
}

pub(super) fn has_any(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

/// Whether these words stand there one after the other.
pub(super) fn says(words: &[String], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|some| some == phrase)
}

/// Whether these words come first, one after the other.
pub(super) fn opens_with(words: &[String], phrase: &[&str]) -> bool {
    words.get(..phrase.len()).is_some_and(|first| first == phrase)
}

pub(super) fn begins_with(words: &[String], list: &[&str]) -> bool {
    words.first().is_some_and(|first| list.contains(&first.as_str()))
}

/// Whether a part has a verb of its own; "und bestätigt" has none.
fn is_finite(part: &[String]) -> bool {
    let is_verb = |word: &str| FINITE.contains(&word) && (word != "bestaetigt" || part.len() > 2);
    part.iter().any(|word| is_verb(word))
}

/// The clauses of a statement. What has no verb of its own belongs to the clause before it, as the parts of a date do; what
/// is said about a word of another clause is none.
fn clauses(parts: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        let ends_with_verb = part.last().is_some_and(|last| FINITE.contains(&last.as_str()));
        // "Perfekt, der Termin steht": about no word before it.
        let is_main = opens_with(&part, &["der", "termin"]);
        if index > 0 && begins_with(&part, RELATIVE) && ends_with_verb && !is_main {
            continue;
        }
        let Some(before) = all.last_mut() else {
            all.push(part);
            continue;
        };
        // "Kein Problem, …": no more than a word before the matter, whatever it denies.
        let is_a_word = index == 1 && before.len() <= 2 && !is_finite(before);
        let is_hoped = before.last().is_some_and(|last| HOPING.contains(&last.as_str()));
        // "Wie Sie sagten, habe ich …": nothing depends on that.
        if is_hoped && begins_with(before, &["wie"]) {
            *before = part;
            continue;
        }
        let depends = is_hoped || begins_with(&part, DEPENDENT) && !says(&part, &["damit", "steht"]);
        if begins_with(&part, CONDITION)
            || begins_with(before, CONDITION)
            || (is_finite(before) && is_finite(&part) && !depends)
        {
            all.push(part);
        } else if is_a_word && !is_hoped && before.iter().any(|word| UNREAL.contains(&word.as_str())) {
            *before = part;
        } else if let Some(clause) = beside(before, &part) {
            all.push(clause);
        } else {
            before.extend(part);
        }
    }
    all
}

/// "Ich habe Sie am Donnerstag eingetragen und den alten Termin abgesagt": two deeds, of which the second takes over the verb of
/// the first, and what it is done to where it names nothing of its own. `None`: it is no other deed, or what goes before makes
/// both of them unreal.
fn beside(before: &[String], part: &[String]) -> Option<Vec<String>> {
    const VERBS: &[&str] = &["habe", "hab", "haben", "ist", "sind", "wurde", "wurden"];
    const PRONOUNS: &[&str] = &["ich", "wir", "sie", "ihn", "ihnen", "es"];
    const OWN: &[&str] = &[
        "der", "die", "das", "den", "ein", "eine", "einen", "ihr", "ihre", "ihren", "sie", "ihn", "ihnen",
        "es", "mir", "alles",
    ];
    let deed = |words: &[String]| DONE.iter().find(|(done, ..)| has_any(words, &[done]));
    let ((_, first, _), (done, second, of)) = (deed(before)?, deed(part)?);
    // "Storniert und bestätigt": said of what goes before.
    if first == second || *of == Of::Anything || before.iter().any(|word| UNREAL.contains(&word.as_str())) {
        return None;
    }
    // "Und das Formular gelöscht": said of another thing, while "das" alone is what was just spoken of.
    if begins_with(part, &["das"]) && part.get(1).is_some_and(|next| next != done) {
        return None;
    }
    let verb = before.iter().position(|word| VERBS.contains(&word.as_str()))?;
    let done_at = part.iter().position(|word| word == done)?;
    let is_active = before[verb].starts_with("hab");
    if !has_any(part, OWN) {
        let pronouns = before[verb + 1..].iter().take_while(|word| PRONOUNS.contains(&word.as_str()));
        return Some(before[..=verb].iter().chain(pronouns).chain(part).cloned().collect());
    }
    if is_active {
        let who = before.iter().find(|word| ["ich", "wir"].contains(&word.as_str()))?;
        return Some([who, &before[verb]].into_iter().chain(part).cloned().collect());
    }
    // "Der Termin am Freitag ist gebucht und der alte gelöscht": a verb at the beginning would make a condition.
    let (subject, rest) = part.split_at(done_at);
    Some(subject.iter().chain([&before[verb]]).chain(rest).cloned().collect())
}

/// What stands between commas, colons and the words between clauses.
fn parts(statement: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for piece in statement.split(',').flat_map(|piece| piece.split(": ")) {
        let words = words(piece);
        if NO_MATTER.iter().any(|phrase| words == *phrase) {
            continue;
        }
        let pieces = words.split(|word| BETWEEN.contains(&word.as_str()));
        // "Am Freitag und nicht mehr am Donnerstag": where it was before denies nothing.
        let is_former = |piece: &[String]| opens_with(piece, &["nicht", "mehr"]) && !is_finite(piece);
        // "Schade, dass es nicht klappt": said of what it is for.
        if opens_with(&words, &["dass"]) && all.last().is_some_and(|last| *last == ["schade"]) {
            all.pop();
            continue;
        }
        all.extend(pieces.filter(|piece| !piece.is_empty() && !is_former(piece)).map(<[String]>::to_vec));
    }
    all
}

pub(super) fn is_question(sentence: &str) -> bool {
    sentence.trim_end().ends_with('?')
}

/// What a sentence says before it asks; all of it if it asks nothing, and `None` if it only asks, or if it cannot be seen
/// where the question begins.
pub(super) fn statement(sentence: &str) -> Option<&str> {
    if !is_question(sentence) {
        return Some(sentence);
    }
    let mut begin = 0;
    for clause in sentence.split(',') {
        if words(clause).first().is_some_and(|word| ASKING.contains(&word.as_str())) {
            return (begin > 0).then(|| &sentence[..begin - 1]);
        }
        begin += clause.len() + 1;
    }
    None
}

/// Sentences, with what ends them. A full stop between digits, or after one, is part of a date or a time, unless a word
/// follows with which a sentence may begin; that of "Dr." ends none.
pub(super) fn sentences(turn: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut begin = 0;
    let mut before = ' ';
    for (at, letter) in turn.char_indices() {
        let ends = match letter {
            '!' | '?' | '\n' | ';' => true,
            '.' if before.is_ascii_digit() => begins_sentence(&turn[at + 1..]),
            '.' => !is_abbreviated(&turn[begin..at]),
            _ => false,
        };
        if ends {
            let next = at + letter.len_utf8();
            found.push(turn[begin..next].trim());
            begin = next;
        }
        before = letter;
    }
    found.push(turn[begin..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// Whether a sentence may begin so, after a number: "um 10 Uhr 10. Bis dann", and not "am 10. Oktober", "am 10. um zehn".
fn begins_sentence(after: &str) -> bool {
    let is_apart = after.starts_with(char::is_whitespace);
    is_apart
        && after.trim_start().starts_with(char::is_uppercase)
        && words(after.split_whitespace().next().unwrap_or_default())
            .first()
            .is_some_and(|word| !names_date(word))
}

/// Whether what was said last goes on with this: it begins with a small letter or a time, or a word went before with which nothing
/// ends. What claims something by itself is left alone, unless a condition or a denial follows, and so is a question. What follows and
/// claims by itself is left alone too, unless it depends on what went before.
#[must_use]
pub fn goes_on(before: &str, next: &str) -> bool {
    let last = sentences(before).pop().unwrap_or_default();
    let (said, follows) = (words(last), words(next));
    let is_small =
        next.trim_start().starts_with(|letter: char| letter.is_lowercase() || letter.is_ascii_digit());
    let is_dangling = said.last().is_some_and(|last| DANGLING.contains(&last.as_str()));
    let is_time = follows.first().is_some_and(|first| names_date(first));
    // "Alles klar, soll ich Sie eintragen": the polite words ask nothing.
    let asks = |part: &str| begins_with(&words(part), ASKING);
    let is_question = asks(last) || last.split(',').next_back().is_some_and(asks);
    let takes_back = begins_with(&follows, CONDITION) || begins_with(&follows, &["nicht", "noch", "aber"]);
    let depends = [CONDITION, HOPING, DEPENDENT].iter().any(|list| has_any(&said, list));
    let is_apart =
        !is_dangling && !depends && !takes_back && is_finite(&follows) && !super::claims(next).is_empty();
    (is_small || is_dangling || is_time)
        && !is_question
        && !is_apart
        && (takes_back || super::claims(before).is_empty())
}

fn is_abbreviated(sentence: &str) -> bool {
    let last = sentence.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    ABBREVIATED.iter().any(|word| last.eq_ignore_ascii_case(word))
}

/// A time in digits as it is spoken: "um 10:30 Uhr", "10.30 Uhr" is "10 uhr 30", and "11:00" is "11 uhr 00". "24.11." is a date.
fn spoken(sentence: &str) -> String {
    const O_CLOCK: &str = "uhr";
    let mut spoken = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(at) = rest.find([':', '.']) {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let hour = before.rsplit(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
        let minutes = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        let behind = after.get(2..).unwrap_or_default();
        let unit = behind.trim_start().get(..O_CLOCK.len());
        let is_length =
            unit.is_some_and(|unit| unit.eq_ignore_ascii_case("stu") || unit.eq_ignore_ascii_case("std"));
        let is_named = unit.is_some_and(|unit| unit.eq_ignore_ascii_case(O_CLOCK));
        let is_time = hour.parse().is_ok_and(|hour: u8| hour <= 24)
            && minutes.is_some_and(|minutes| minutes < "60")
            && !behind.starts_with(|letter: char| letter.is_ascii_digit())
            && (rest[at..].starts_with(':') || is_named)
            && !is_length;
        spoken.push_str(before);
        rest = match minutes.filter(|_| is_time) {
            Some(minutes) => {
                spoken.push_str(" uhr ");
                spoken.push_str(minutes);
                spoken.push(' ');
                if is_named { &behind.trim_start()[O_CLOCK.len()..] } else { behind }
            }
            None => {
                spoken.push_str(&rest[at..=at]);
                after
            }
        };
    }
    spoken + rest
}

/// The dots above a letter, as a sign of their own.
const DOTS: char = '\u{308}';

/// Small letters, umlauts written out, and nothing else but spaces.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => folded.push_str("ae"),
            'ö' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            // Umlauts may come as a letter and its dots.
            DOTS if folded.ends_with(['a', 'o', 'u']) => folded.push('e'),
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ => folded.push(' '),
        }
    }
    folded
}

/// The words of a sentence in small letters, umlauts written out, friends spoken to as anybody, times as they are spoken. A
/// participle that was heard as two words is one: "fest gemacht", "ab gesagt".
pub(super) fn words(sentence: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in fold(&spoken(sentence)).split_whitespace() {
        let polite = FAMILIAR.iter().find(|(familiar, _)| *familiar == word);
        let word = polite.map_or(word, |(_, polite)| *polite);
        let is_rest =
            |before: &String| DONE.iter().any(|(done, ..)| done.strip_prefix(before.as_str()) == Some(word));
        match words.last_mut().filter(|before| is_rest(before)) {
            Some(before) => before.push_str(word),
            None => words.push(word.to_owned()),
        }
    }
    words
}
