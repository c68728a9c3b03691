//! With what a turn tells of something that was done, however cautiously, and until when it says good-bye.

use super::claims;
use super::clauses::{Said, has_any, is_question, says, sentences, statement, words};
use super::deeds::DONE;
use super::partings::{announces, is_meeting, is_new_time, is_parting};
use super::times::{names_time, timed};
use super::when::{When, only_when, when};
use super::{Claim, Claimed};

/// What is noted tells of a booking without a promise.
const NOTED: &[&str] =
    &["vorgemerkt", "notiert", "bestaetigt", "aufgenommen", "uebernommen", "geklappt", "steht"];

/// A sentence that tells of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// As it was recognised.
    pub sentence: String,
    /// When, `None` where nothing is named without doubt.
    pub when: Option<When>,
}

impl Told {
    fn of(sentence: &str) -> Self {
        Self { sentence: sentence.to_owned(), when: time_of(sentence) }
    }
}

/// The time that the whole sentence names, as far as it does not stand in a clause of its own that is about something else: "Ihr
/// Termin ist gebucht, am Montag sind wir übrigens geschlossen."
fn time_of(sentence: &str) -> Option<When> {
    let whole = only_when(&words(sentence))?;
    let clauses = Said::of(sentence).clauses;
    let is_telling = |clause: &&Vec<String>| {
        DONE.iter().any(|(word, ..)| has_any(clause, &[word])) || has_any(clause, NOTED) || is_meeting(clause)
    };
    let telling: Vec<_> =
        clauses.iter().filter(is_telling).flat_map(|clause| timed(clause)).cloned().collect();
    if telling.is_empty() { Some(whole) } else { when(&telling)?.as_far_as(whole) }
}

/// Whether one is told with the other. A move is told by where it goes, and not by the end of what was before.
fn is_told_with(claim: Claim, said: Claim) -> bool {
    said == claim || claim == Claim::Moved && said == Claim::Booked
}

/// The sentences with which a turn tells of something that was done to an appointment, however cautiously.
#[must_use]
pub fn told(turn: &str, claim: Claim) -> Vec<Told> {
    let tells = |said: &Claimed| is_told_with(claim, said.claim) || said.is_placed && claim == Claim::Booked;
    let claimed = claims(turn).into_iter().filter(tells);
    let mut told: Vec<_> = claimed.map(|claimed| Told::of(&claimed.sentence)).collect();
    // "… ist gebucht, in Ordnung?" is a question, and tells all the same.
    let statement = |sentence| statement(sentence).or_else(|| Some(sentence.rsplit_once(',')?.0));
    for sentence in sentences(turn).into_iter().filter_map(statement) {
        let tells = sentence.split(',').any(|clause| {
            let words = words(clause);
            let has = |word: &str| words.iter().any(|known| known == word);
            let done = DONE.iter().any(|(word, kind, _)| is_told_with(claim, *kind) && has(word));
            let noted = claim != Claim::Cancelled && NOTED.iter().any(|word| has(word));
            !has_any(&words, &["nicht", "kein", "keinen", "leider"]) && (done || noted)
        });
        if tells || claim != Claim::Cancelled && has_now(&words(sentence)) {
            told.push(Told::of(sentence));
        }
    }
    told
}

/// The times at which a turn says that the caller comes: "Wir sehen uns am Donnerstag um zehn".
#[must_use]
pub fn good_byes(turn: &str) -> Vec<Told> {
    times_of(turn, is_meeting)
}

/// Of these, what is said only to whoever comes, and tells of an appointment by itself.
#[must_use]
pub fn partings(turn: &str) -> Vec<Told> {
    times_of(turn, is_parting)
}

/// The times at which something is said to be from now on, which tells of a move: "Der neue ist am Mittwoch um elf".
#[must_use]
pub fn new_times(turn: &str) -> Vec<Told> {
    times_of(turn, is_new_time)
}

/// "Mia hat jetzt am Freitag einen Termin": whoever that is.
fn has_now(words: &[String]) -> bool {
    ["jetzt", "nun"].iter().any(|now| says(words, &["hat", now]))
        && has_any(words, &["termin"])
        && !has_any(words, &["frei", "freien", "noch"])
}

/// What is said to stay where it is, or to be back there: "Dann bleibt Ihr Termin am Montag", "Es bleibt beim Alten", "ist
/// zurückverlegt".
#[must_use]
pub fn stays(turn: &str) -> Vec<Told> {
    let stays = |sentence: &&str| {
        let words = words(sentence);
        let is_it = ["termin", "es", "alles", "alten"].iter().any(|it| has_any(&words, &[it]));
        has_any(&words, &["rueckgaengig"])
            || has_any(&words, &["bleibt"]) && (is_it || names_time(&words))
            || words
                .iter()
                .any(|word| word.starts_with("zurueckverlegt") || word.starts_with("zurueckgelegt"))
    };
    let told = sentences(turn).into_iter().filter(|sentence| !is_question(sentence)).filter(stays);
    told.map(Told::of).collect()
}

/// The times of such clauses, of sentences that ask nothing, as far as no condition goes before them. What is only announced, none
/// may follow either: "Sie erhalten eine Bestätigung für Ihren Termin am Freitag, sobald der Salon zusagt."
fn times_of(turn: &str, is_such: fn(&[String]) -> bool) -> Vec<Told> {
    let mut times = Vec::new();
    for sentence in sentences(turn).into_iter().filter(|sentence| !is_question(sentence)) {
        let said = Said::of(sentence);
        let is_unconditional = !said.unconditional().is_empty();
        let is_told = |clause: &&Vec<String>| is_such(clause) && (is_unconditional || !announces(clause));
        let named = said.before_condition().iter().filter(is_told).filter_map(|clause| when(timed(clause)));
        times.extend(named.map(|when| Told { sentence: sentence.to_owned(), when: Some(when) }));
    }
    times
}
