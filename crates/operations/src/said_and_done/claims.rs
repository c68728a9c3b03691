//! What an assistant said that it had done, sentence by sentence. Rules over words; every finding names its sentence.
//!
//! A clause claims something if it says in the perfect or the present that an appointment has been booked, moved or
//! called off. Questions, wishes, conditions, announcements, refusals, and what is noted without a promise ("vorgemerkt")
//! claim nothing; what one clause leaves open, another does not: "Ihr Termin ist gebucht und Sie werden eine Bestätigung
//! erhalten." "Ihr Termin ist eingetragen, kann ich sonst noch etwas für Sie tun?" claims something before it asks.
//! Where a sentence may be meant either way it claims nothing: a person looks at every finding.

mod lists;

use chrono::{Datelike, NaiveDateTime, Timelike};
use lists::{
    ALREADY, ASKING, BETWEEN, CHANGES, CHANGING, CONDITION, DEPENDENT, DONE, EARLIER, FINITE, FIRM, HOPING,
    HOURS, LENGTHS, NOT_QUITE, OF_ANYTHING, PARTLY, RELATIVE, STILL, UNREAL, WEEKDAYS,
};

/// What is said to have been done to an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// It was booked.
    Booked,
    /// It was moved.
    Moved,
    /// It was called off.
    Cancelled,
}

/// A claim with the sentence that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// What is claimed.
    pub claim: Claim,
    /// The sentence, as it was recognised.
    pub sentence: String,
    /// When, as far as it is named without doubt; `None` too for what is only said to stand.
    pub when: Option<When>,
    /// That nothing is left open is promised with it: "fest eingetragen", "bestätigt".
    pub is_firm: bool,
}

/// The day of the week and the hour that a claim names, as far as it names just one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// From 0 for Monday.
    weekday: Option<u8>,
    /// 0 to 11: two o'clock may be fourteen o'clock.
    hour: Option<u8>,
}

impl When {
    /// Of an appointment, on its own clock.
    #[must_use]
    pub fn of(starts_at: NaiveDateTime) -> Self {
        let weekday = u8::try_from(starts_at.weekday().num_days_from_monday()).ok();
        Self { weekday, hour: u8::try_from(starts_at.hour() % 12).ok() }
    }

    /// Whether both name a day or an hour, and not the same.
    #[must_use]
    pub fn differs_from(self, other: Self) -> bool {
        let differ =
            |one: Option<u8>, other: Option<u8>| one.zip(other).is_some_and(|(one, other)| one != other);
        differ(self.weekday, other.weekday) || differ(self.hour, other.hour)
    }
}

/// The claims of one turn of the assistant, in order.
#[must_use]
pub fn claims(turn: &str) -> Vec<Claimed> {
    sentences(turn)
        .into_iter()
        .flat_map(|sentence| {
            let claimed = move |Clause { claim, when, is_firm }| Claimed {
                claim,
                sentence: sentence.to_owned(),
                when,
                is_firm,
            };
            claims_of(sentence).into_iter().map(claimed)
        })
        .collect()
}

/// Whether a turn tells of something that was done to an appointment, however cautiously: then the caller knows.
#[must_use]
pub fn tells(turn: &str, claim: Claim) -> bool {
    const NOTED: &[&str] =
        &["vorgemerkt", "notiert", "bestaetigt", "aufgenommen", "uebernommen", "geklappt", "steht"];
    if claims(turn).iter().any(|claimed| claimed.claim == claim || claim == Claim::Moved) {
        return true;
    }
    // "… ist gebucht, in Ordnung?" is a question, and tells all the same.
    let told = |sentence| statement(sentence).or_else(|| Some(sentence.rsplit_once(',')?.0));
    sentences(turn).into_iter().filter_map(told).flat_map(|told| told.split(',')).any(|clause| {
        let words = words(clause);
        let has = |word: &str| words.iter().any(|known| known == word);
        if words.iter().any(|word| ["nicht", "kein", "keinen", "leider"].contains(&word.as_str())) {
            return false;
        }
        let done = DONE.iter().any(|(word, kind)| (*kind == claim || claim == Claim::Moved) && has(word));
        let noted = claim != Claim::Cancelled && NOTED.iter().any(|word| has(word));
        done || noted
    })
}

/// What a clause claims.
struct Clause {
    claim: Claim,
    when: Option<When>,
    is_firm: bool,
}

/// What the clauses of a sentence claim, in order.
fn claims_of(sentence: &str) -> Vec<Clause> {
    let Some(statement) = statement(sentence) else { return Vec::new() };
    let short = words(statement).len() <= 3;
    let clauses = clauses(statement);
    let condition = clauses.iter().position(|clause| begins_with(clause, CONDITION));
    let told = match condition {
        None => clauses.as_slice(),
        // What follows a condition depends on it; one at the end is about all before it.
        Some(index) if index + 1 < clauses.len() => &clauses[..index],
        Some(_) => &[],
    };
    let asks = Asks::of(sentence, statement);
    told.iter().filter_map(|clause| claim_of(clause, short, asks)).collect()
}

/// What a sentence asks beside what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Nothing,
    /// Whether what there is shall be changed: so asks whoever reads out an appointment.
    ToChange,
    Else,
}

impl Asks {
    fn of(sentence: &str, statement: &str) -> Self {
        let question = sentence.get(statement.len()..).unwrap_or_default();
        match words(question).iter().any(|word| CHANGING.contains(&word.as_str())) {
            _ if !is_question(sentence) => Self::Nothing,
            true => Self::ToChange,
            false => Self::Else,
        }
    }
}

fn claim_of(words: &[String], short: bool, asks: Asks) -> Option<Clause> {
    let has = |word: &str| words.iter().any(|known| known == word);
    let has_any = |list: &[&str]| list.iter().any(|word| has(word));
    let is_deed =
        has("ich") && has_any(&["habe", "hab"]) && !has_any(&["ist", "sind", "wurde", "wurden", "war"]);
    if has_any(UNREAL) || has_any(EARLIER) || (has_any(ALREADY) && !is_deed) {
        return None;
    }
    if stands(words, asks) {
        return Some(Clause { claim: Claim::Booked, when: None, is_firm: has_any(FIRM) });
    }
    if has_worked(words) || is_in_calendar(words) || (has_now(words) && asks != Asks::ToChange) {
        return Some(Clause { claim: Claim::Booked, when: when(words), is_firm: has_any(FIRM) });
    }
    // "Habe ich für Sie gebucht", "ist eingetragen", "hiermit gebucht": something has happened. "Sie haben gebucht" tells
    // of what the caller did.
    let by_speaker = has_any(&["ich", "wir"]);
    let by_us = by_speaker || has_any(&["ist", "sind", "wurde", "wurden", "hiermit"]);
    // That an hour is booked may be about anybody: "Zehn Uhr ist gebucht, elf Uhr kann ich anbieten."
    let about_appointment = has_any(&["termin", "termine", "ihn", "sie", "ihnen", "das"])
        || (by_speaker && has("uhr"))
        || words.iter().any(|word| word.ends_with("termin"));
    let (word, claim) = DONE.iter().find(|(word, _)| has(word))?;
    if *word == "eingeplant" && has_any(LENGTHS) {
        return None;
    }
    let claimed = |when| Clause { claim: *claim, when, is_firm: has_any(FIRM) };
    if OF_ANYTHING.contains(word) {
        let is_named = words.iter().any(|word| word.ends_with("termin") || word.ends_with("termine"));
        let is_told = asks == Asks::ToChange && !by_speaker;
        return (by_us && is_named && !is_told).then(|| claimed(when(words)));
    }
    ((by_us && about_appointment) || short).then(|| claimed(when(words)))
}

/// Whether an appointment is said to stand, and not to be standing still. Whoever asks as well tells what there is: "Ihr
/// Termin am Dienstag steht, möchten Sie daran etwas ändern?" And a confirmation that "steht noch aus" is none.
fn stands(words: &[String], asks: Asks) -> bool {
    // "Damit steht Ihr Termin" says that it is new; "damit Ihr Termin steht" says what for.
    let is_new = says(words, &["damit", "steht"]);
    has_any(words, &["steht"])
        && words.iter().any(|word| word.starts_with("termin"))
        && (asks == Asks::Nothing || (is_new && asks == Asks::Else))
        && (is_new || !has_any(words, &["damit"]))
        && !STILL.iter().any(|phrase| says(words, phrase))
}

/// "Die Buchung hat geklappt", "Das hat geklappt mit dem Termin": not one at which something else has worked out, nor that
/// one was moved or called off.
fn has_worked(words: &[String]) -> bool {
    let at = |word: &str| words.iter().position(|known| known == word);
    // The verb of a question comes first; that of "nachdem die Buchung geklappt hat" comes last.
    let is_told =
        at("hat").zip(at("geklappt")).is_some_and(|(verb, participle)| 0 < verb && verb < participle);
    let is_with_it = at("mit").is_some_and(|with| {
        let next = &words[with + 1..words.len().min(with + 3)];
        has_any(next, &["termin", "termine", "terminen"])
    });
    let is_booking = has_any(words, &["buchung", "terminbuchung"]);
    let is_in_doubt = [PARTLY, CHANGES, CHANGING].iter().any(|list| has_any(words, list));
    is_told && (is_booking || is_with_it) && !is_in_doubt
}

/// "Ich habe Ihren Termin in unseren Kalender übernommen": neither what is noted there about one, nor the caller's own.
fn is_in_calendar(words: &[String]) -> bool {
    let is_ours = ["den", "unseren", "meinen"].iter().any(|whose| says(words, &["in", whose, "kalender"]));
    let is_appointment = words.iter().any(|word| word.ends_with("termin") || word.ends_with("termine"));
    let is_caller = ["habe", "hab", "haben"].iter().any(|have| says(words, &[have, "sie"]));
    is_ours
        && has_any(words, &["aufgenommen", "uebernommen"])
        && has_any(words, &["ich", "wir", "ist", "sind", "wurde", "wurden", "hiermit"])
        && (is_appointment || is_caller || has_any(words, &["ihn"]))
        && !has_any(words, CHANGES)
}

/// "Sie haben jetzt am Dienstag einen Termin": with nothing after it that might be the verb, since "Sie haben jetzt einen
/// Termin am Dienstag gewünscht" tells of what the caller did.
fn has_now(words: &[String]) -> bool {
    let is_so_by_now = says(words, &["sie", "haben"]) && has_any(words, &["jetzt", "damit"])
        || ["jetzt", "damit"].iter().any(|now| says(words, &[now, "haben", "sie"]));
    let (last, before) = match words {
        [.., before, last] => (last.as_str(), before.as_str()),
        _ => return false,
    };
    let ends_without_verb = ["termin", "uhr"].contains(&last)
        || WEEKDAYS.contains(&last)
        || ["bei", "fuer", "zum", "zur", "frau", "herrn"].contains(&before);
    is_so_by_now
        && says(words, &["einen", "termin"])
        && ends_without_verb
        && !has_any(words, &["nur", "gerade", "zu"])
        && !STILL.iter().any(|phrase| says(words, phrase))
}

fn has_any(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

/// Whether these words stand there one after the other.
fn says(words: &[String], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|some| some == phrase)
}

fn begins_with(words: &[String], list: &[&str]) -> bool {
    words.first().is_some_and(|first| list.contains(&first.as_str()))
}

/// The clauses of a statement. What has no verb of its own belongs to the clause before it, as the parts of a date do; what
/// is said about a word of another clause is none.
fn clauses(statement: &str) -> Vec<Vec<String>> {
    let is_finite = |part: &[String]| part.iter().any(|word| FINITE.contains(&word.as_str()));
    let mut all: Vec<Vec<String>> = Vec::new();
    for (index, part) in parts(statement).into_iter().enumerate() {
        let ends_with_verb = part.last().is_some_and(|last| FINITE.contains(&last.as_str()));
        // "Perfekt, der Termin steht": about no word before it.
        let is_main = part.starts_with(&["der".to_owned(), "termin".to_owned()]);
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
        let depends = is_hoped || begins_with(&part, DEPENDENT) && !says(&part, &["damit", "steht"]);
        if begins_with(&part, CONDITION)
            || begins_with(before, CONDITION)
            || (is_finite(before) && is_finite(&part) && !depends)
        {
            all.push(part);
        } else if is_a_word && before.iter().any(|word| UNREAL.contains(&word.as_str())) {
            *before = part;
        } else {
            before.extend(part);
        }
    }
    all
}

/// What stands between commas and the words between clauses.
fn parts(statement: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for piece in statement.split(',') {
        let words = words(piece);
        let pieces = words.split(|word| BETWEEN.contains(&word.as_str()));
        all.extend(pieces.filter(|piece| !piece.is_empty()).map(<[String]>::to_vec));
    }
    all
}

/// The day and the hour that are named, where only one is.
fn when(words: &[String]) -> Option<When> {
    let only = |mut found: Vec<u8>| {
        found.sort_unstable();
        found.dedup();
        if let [one] = found.as_slice() { Some(*one) } else { None }
    };
    let days = (0_u8..).zip(WEEKDAYS);
    let named = |day: &str| words.iter().any(|word| word.starts_with(day));
    let weekday = only(days.filter(|(_, day)| named(day)).map(|(number, _)| number).collect());
    let is_number = |word: Option<&String>| {
        word.is_some_and(|word| word.parse::<u8>().is_ok() || HOURS.contains(&word.as_str()))
    };
    let hour_before = |at: usize| -> Option<u8> {
        let said = words.get(at.checked_sub(1)?)?;
        let before = at.checked_sub(2).and_then(|at| words.get(at));
        // "14:30 Uhr", "am 24.11. 10 Uhr", "halb elf Uhr": not this hour, or who knows.
        if is_number(before) || before.is_some_and(|word| NOT_QUITE.contains(&word.as_str())) {
            return None;
        }
        let spelt = (0_u8..).zip(HOURS).find(|(_, hour)| hour == said).map(|(number, _)| number);
        spelt.or_else(|| said.parse().ok().filter(|hour| *hour <= 24)).map(|hour| hour % 12)
    };
    let clocks: Vec<_> = (0..words.len()).filter(|at| words[*at] == "uhr").map(hour_before).collect();
    let hour = clocks.iter().copied().collect::<Option<Vec<_>>>().and_then(only);
    (weekday.is_some() || hour.is_some()).then_some(When { weekday, hour })
}

fn is_question(sentence: &str) -> bool {
    sentence.trim_end().ends_with('?')
}

/// What a sentence says before it asks; all of it if it asks nothing, and `None` if it only asks, or if it cannot be seen
/// where the question begins.
fn statement(sentence: &str) -> Option<&str> {
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

/// Sentences, with what ends them. A full stop between digits, or after one, is part of a date or a time.
fn sentences(turn: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut begin = 0;
    let mut before = ' ';
    for (at, letter) in turn.char_indices() {
        let ends = match letter {
            '!' | '?' | '\n' | ';' => true,
            '.' => !before.is_ascii_digit(),
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

/// The words of a sentence in small letters, umlauts written out.
fn words(sentence: &str) -> Vec<String> {
    let mut folded = String::with_capacity(sentence.len());
    for letter in sentence.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => folded.push_str("ae"),
            'ö' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ => folded.push(' '),
        }
    }
    folded.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
