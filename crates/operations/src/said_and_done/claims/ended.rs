//! Of which appointments a turn tells that they were called off.

use super::Claim;
use super::clauses::{has_any, is_question, says, sentences, words};
use super::times::{is_part, names_time, timed};
use super::told::{Told, told};
use super::when::{When, several_days, when};

/// That something was called off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When that was to be, as far as it is named without doubt: of several days, each.
    pub times: Vec<When>,
    /// Of a single one, without a doubt.
    pub is_one: bool,
    /// Of one in whose place another is: "den alten Termin".
    pub is_old: bool,
    /// Of something beside: of a single cancellation, it tells nothing by itself.
    pub is_more: bool,
}

/// What is said of more than one.
const SEVERAL: &[&str] =
    &["termine", "terminen", "beide", "beiden", "beides", "alle", "alles", "sind", "wurden", "zwei", "drei"];

/// What is said of one.
const ONE: &[&str] = &["termin", "ihn"];

/// The same, where nothing but that is said.
const THAT_ONE: &[&str] = &["termin", "der", "den", "dieser", "diesen"];

/// What there was before, said of what another takes the place of.
const OLD: &[&str] =
    &["alte", "alten", "alter", "bisherige", "bisherigen", "bisheriger", "urspruengliche", "urspruenglichen"];

/// Said of one more, without a verb of its own.
const MORE: &[&str] = &["auch", "ebenfalls", "ebenso", "genauso", "erledigt"];

/// What may stand beside that. Anything else may say the opposite, or be about something else: "bleibt auch bestehen",
/// "Ihnen auch einen schönen Freitag".
const BESIDE_MORE: &[&str] = &[
    "und", "das", "dieser", "diesen", "ihr", "ihren", "termin", "anderer", "andere", "anderen", "ist",
    "habe", "ich", "jetzt", "dann", "damit", "beides", "alles", "ja", "gut",
];

impl Ended {
    /// Of whatever there was; of a single one, there may have been more.
    const ALL: Self = Self { times: Vec::new(), is_one: false, is_old: false, is_more: true };

    /// As a sentence tells of it that may be about other things as well; where days are named of which nobody knows which is
    /// meant, all may be.
    fn told(told: &Told) -> Self {
        let words = words(&told.sentence);
        let several = several_days(&words);
        let times = if several.is_empty() { told.when.into_iter().collect() } else { several };
        // What "und" joins behind the participle is something else.
        let is_joined = has_any(timed(&words), &["und", "sowohl"]);
        let is_one = has_any(&words, ONE) && !has_any(&words, SEVERAL) && !is_joined && !names_time(&words);
        Self { times, is_one, is_old: has_any(&words, OLD), is_more: false }
    }

    /// As a sentence tells of it that is about nothing else: "Der am Mittwoch ebenfalls", "Ist erledigt".
    fn more(more: &Told) -> Self {
        let words = words(&more.sentence);
        let is_one = has_any(&words, THAT_ONE) && !has_any(&words, SEVERAL);
        Self { times: more.when.into_iter().collect(), is_one, is_old: false, is_more: true }
    }
}

/// What a turn tells was called off, sentence by sentence.
#[must_use]
pub fn ended(turn: &str) -> Vec<Ended> {
    // A sentence may tell of it as a claim and without its question at the end.
    let mut by_sentence: Vec<Told> = Vec::new();
    for told in told(turn, Claim::Cancelled) {
        let is_same = |other: &Told| other.sentence.starts_with(&told.sentence);
        if !by_sentence.iter().any(is_same) {
            by_sentence.push(told);
        }
    }
    let without = sentences(turn).into_iter().filter(|sentence| has_none_left(sentence)).map(|_| Ended::ALL);
    let more = more(turn).into_iter().map(|more| Ended::more(&more));
    by_sentence.iter().map(Ended::told).chain(without).chain(more).collect()
}

/// "Sie haben jetzt keine Termine mehr bei uns."
fn has_none_left(sentence: &str) -> bool {
    let words = words(sentence);
    says(&words, &["sie", "haben"])
        && has_any(&words, &["keine", "keinen"])
        && has_any(&words, &["termin", "termine"])
        && has_any(&words, &["mehr"])
        && !has_any(&words, &["weitere", "weiteren", "anderen", "frei", "freien"])
        && !is_question(sentence)
}

/// What a turn tells of one more, of whatever was told before it: "Der am Mittwoch ebenfalls", "Ist erledigt".
#[must_use]
pub fn more(turn: &str) -> Vec<Told> {
    let sentences = sentences(turn).into_iter().filter(|sentence| !is_question(sentence));
    let more = sentences.filter(|sentence| is_more(&words(sentence)));
    more.map(|sentence| Told { sentence: sentence.to_owned(), when: when(&words(sentence)) }).collect()
}

fn is_more(words: &[String]) -> bool {
    let is_beside = |word: &String| {
        is_part(word) || MORE.contains(&word.as_str()) || BESIDE_MORE.contains(&word.as_str())
    };
    has_any(words, MORE) && words.iter().all(is_beside)
}
