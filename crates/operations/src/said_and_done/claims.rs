//! What an assistant said that it had done, sentence by sentence. Rules over words; every finding names its sentence.
//!
//! A clause claims something if it says in the perfect or the present that an appointment has been booked, moved or
//! called off, or where it has come to stand. Questions, wishes, conditions, announcements, refusals, what goes on as it
//! was, and what is noted without a promise ("vorgemerkt") claim nothing; what one clause leaves open, another does not: "Ihr
//! Termin ist gebucht und Sie werden eine Bestätigung erhalten." "Ihr Termin ist eingetragen, kann ich sonst
//! noch etwas für Sie tun?" claims something before it asks.
//! Where a sentence may be meant either way it claims nothing: a person looks at every finding.

mod changes;
mod clauses;
mod deeds;
mod ended;
mod lists;
mod number;
mod partings;
mod persons;
mod times;
mod told;
mod unreal;
mod when;
mod which;
mod wordings;

pub use clauses::goes_on;
use clauses::{
    Asks, Said, begins_with, has_any, is_glad, is_hollow, is_question, opens_with, says, sentences,
    statement, words,
};
use deeds::{DONE, FIRM, LENGTHS, MOMENTS, Of};
pub use ended::{Ended, ended, more};
use lists::{AWAY, NOW, SOMEBODYS};
use number::{are_several, how_many, two_times};
use persons::with_whom;
pub use persons::{name_of, put_right};
use times::{is_day, is_part, names_time, timed};
pub use told::{Told, good_byes, new_times, partings, stays, told};
use unreal::{ALREADY, CONTINUING, EARLIER, UNREAL};
pub use when::When;
use when::{only_when, several_days, when};
use which::which;

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
    /// Of a move, at which time what was moved is said to have been, or to be.
    pub which: Option<When>,
    /// That nothing is left open is promised with it: "fest eingetragen", "bestätigt".
    pub is_firm: bool,
    /// Said of how it stands and not of a deed, so that it may have been so before the call: "Sie sind eingetragen".
    pub is_state: bool,
    /// Of how many appointments, as far as they are counted: "beide Termine".
    pub number: usize,
    /// Only where it lies by now, and not from where: what was booked is said to lie there, too.
    pub is_placed: bool,
    /// With whom, said in one breath with it: each time a name and what follows it, or any other words.
    pub with_whom: Vec<Vec<String>>,
}

/// The claims of one turn of the assistant, in order.
#[must_use]
pub fn claims(turn: &str) -> Vec<Claimed> {
    let all = sentences(turn);
    let mut claimed = Vec::new();
    for (at, sentence) in all.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| all.get(at)).copied();
        let clauses = claims_of(sentence, before, all.get(at + 1).copied());
        match clauses.as_slice() {
            [clause] => claimed.extend(several_in(sentence, clause)),
            clauses => claimed.extend(clauses.iter().map(|clause| clause.clone().in_sentence(sentence))),
        }
    }
    claimed
}

/// What a sentence claims in which there is nothing else: "Ich habe Ihnen Donnerstag um zehn und Freitag um elf gebucht" is two
/// bookings, "Ihre Termine am Montag und am Mittwoch sind abgesagt" is said of each, "Ich habe Ihre Termine am Montag und am
/// Mittwoch verlegt" of as many.
fn several_in(sentence: &str, clause: &Clause) -> Vec<Claimed> {
    let words = words(sentence);
    let is_alone = Said::of(sentence).clauses.len() == 1;
    let of_days = timed(&words);
    let days = if is_alone && are_several(of_days) { several_days(of_days) } else { Vec::new() };
    // How it stands, one of them may have stood before.
    let is_ours = is_own_deed(&words) || has_any(&words, &["wir"]) && has_any(&words, &["haben"]);
    let counted = if is_ours { days.len() } else { 0 };
    let clause = Clause { number: clause.number.max(counted), ..clause.clone() };
    let times = match clause.claim {
        Claim::Booked if is_alone => two_times(&words, clause.is_state).into_iter().flatten().collect(),
        Claim::Booked | Claim::Moved => Vec::new(),
        Claim::Cancelled => days,
    };
    if times.is_empty() {
        return vec![clause.in_sentence(sentence)];
    }
    times.into_iter().map(|when| clause.clone().at(when).in_sentence(sentence)).collect()
}

/// What a clause claims.
#[derive(Clone)]
struct Clause {
    claim: Claim,
    when: Option<When>,
    which: Option<When>,
    is_firm: bool,
    is_state: bool,
    number: usize,
    is_placed: bool,
}

impl Clause {
    /// A deed.
    fn of(claim: Claim, words: &[String]) -> Self {
        let number = how_many(words);
        Self {
            claim,
            when: when(timed(words)),
            which: which(words),
            is_firm: has_any(words, FIRM),
            is_state: false,
            number,
            is_placed: false,
        }
    }

    /// How it stands, unless it is said to be new. "Ich sehe gerade, dass Sie eingetragen sind": just seen.
    fn standing(self, words: &[String]) -> Self {
        let seen = words.iter().position(|word| word == "dass").unwrap_or_default();
        Self { is_state: !has_any(&words[seen..], NOW), ..self }
    }

    /// Whatever time is named: it may have been so before, or be another one's.
    fn without_time(self) -> Self {
        Self { when: None, ..self }
    }

    fn at(self, when: When) -> Self {
        Self { when: Some(when), ..self }
    }

    /// Where something lies by now: two times would be that of before and that of now.
    fn placed(self, words: &[String]) -> Self {
        Self { when: only_when(timed(words)), is_placed: changes::is_only_placed(words), ..self }
    }

    /// Which appointment was called off is told by a time only where nothing else is named or done beside it.
    fn where_named(self, words: &[String]) -> Self {
        let is_done = |word: &str| has_any(words, &[word]);
        let is_alone = !DONE.iter().any(|(word, claim, _)| *claim != self.claim && is_done(word));
        let is_named = self.claim != Claim::Cancelled || is_alone && only_when(timed(words)).is_some();
        if is_named { self } else { self.without_time() }
    }

    fn in_sentence(self, sentence: &str) -> Claimed {
        let Self { claim, when, which, is_firm, is_state, number, is_placed } = self;
        let (with_whom, sentence) = (with_whom(sentence, claim), sentence.to_owned());
        Claimed { claim, sentence, when, which, is_firm, is_state, number, is_placed, with_whom }
    }
}

/// What a clause is said with.
#[derive(Clone, Copy)]
struct Beside {
    /// The whole statement has hardly more words than it takes.
    is_short: bool,
    /// It is the first of its sentence.
    is_first: bool,
    /// A word that something is settled goes before it.
    is_glad: bool,
    /// The sentence says good-bye until a day or an hour.
    is_meeting: bool,
    /// The sentence says what is free, or somebody's.
    is_offer: bool,
    /// The sentence says that somebody is away: what was done for that is told of anybody's appointments.
    is_away: bool,
    asks: Asks,
}

impl Beside {
    /// Whether nothing is asked about what is said.
    const fn is_settled(self) -> bool {
        matches!(self.asks, Asks::Nothing | Asks::ForMore)
    }
}

/// What the clauses of a sentence claim, in order. A word that something is settled, or a good-bye, may be a sentence of its
/// own.
fn claims_of(sentence: &str, before: Option<&str>, next: Option<&str>) -> Vec<Clause> {
    let Some(statement) = statement(sentence) else { return Vec::new() };
    // "Dass der Termin gebucht ist, kann ich nicht bestätigen": what is said of it comes after it.
    if words(statement).first().is_some_and(|first| first == "dass") {
        return Vec::new();
    }
    let said = Said::of(statement);
    let told = said.unconditional();
    // "…, daran hat sich nichts geändert": then it was so before.
    if told.iter().any(|clause| says(clause, &["nichts", "geaendert"])) {
        return Vec::new();
    }
    let is_glad = said.is_glad || before.is_some_and(is_glad);
    let is_offer = told.iter().any(|clause| wordings::offers(clause));
    let good_bye = next.filter(|next| !is_question(next)).map(Said::of);
    let next = good_bye.iter().flat_map(|said| said.clauses.first());
    let is_meeting = told.iter().chain(next).any(|clause| partings::is_meeting(clause));
    let beside = |at: usize| Beside {
        is_short: told.iter().map(Vec::len).sum::<usize>() <= 3,
        is_first: at == 0,
        is_glad: at == 0 && is_glad && !is_offer,
        is_meeting,
        is_offer,
        // "Da Sie krank sind": then it is the caller's that was called off.
        is_away: told.iter().any(|clause| has_any(clause, AWAY) && !says_of_caller(clause)),
        asks: Asks::of(sentence, statement),
    };
    let claimed = told
        .iter()
        .enumerate()
        .filter_map(|(at, clause)| Some(claim_of(clause, beside(at))?.where_named(clause)));
    claimed.collect()
}

fn claim_of(words: &[String], beside: Beside) -> Option<Clause> {
    let is_still = CONTINUING.iter().any(|phrase| says(words, phrase));
    // "Den letzten freien Platz": none that was before.
    let is_earlier = has_any(words, EARLIER) && !says(words, &["letzten", "freien"]);
    if is_still || is_earlier || (has_any(words, ALREADY) && !is_own_deed(words)) {
        return None;
    }
    // These deny what was before.
    if beside.is_settled() && changes::is_elsewhere(words, beside.is_first) {
        return Some(Clause::of(Claim::Moved, words).placed(words));
    }
    if changes::is_gone(words) {
        return Some(Clause::of(Claim::Cancelled, words).standing(words));
    }
    let words = wordings::without_then(words, beside.is_glad);
    let settled = wordings::is_politely_settled(words);
    let words = settled.as_deref().unwrap_or(words);
    if has_any(words, UNREAL) {
        return None;
    }
    in_other_words(words, beside).or_else(|| in_plain_words(words, beside))
}

/// "Ich habe …", and nothing said of how something is.
fn is_own_deed(words: &[String]) -> bool {
    has_any(words, &["ich"])
        && has_any(words, &["habe", "hab"])
        && !has_any(words, &["ist", "sind", "wurde", "wurden", "war"])
}

fn in_other_words(words: &[String], beside: Beside) -> Option<Clause> {
    let booked = Clause::of(Claim::Booked, words);
    if let Some(claim) = changes::is_settled_deed(words) {
        let deed = Clause { claim, ..booked }.without_time();
        return Some(if has_any(words, &["ist"]) { deed.standing(words) } else { deed });
    }
    if let Some(claim) = changes::could_do(words) {
        return Some(Clause { claim, ..booked });
    }
    if let Some(claim) = wordings::is_confirming(words).filter(|_| beside.is_settled()) {
        return Some(Clause { claim, is_firm: true, ..booked }.without_time());
    }
    if wordings::stands(words, beside.asks) {
        return Some(Clause { is_firm: true, ..booked }.without_time().standing(words));
    }
    let is_new = wordings::has_worked(words, beside.is_meeting)
        || wordings::is_in_calendar(words)
        || wordings::is_taken_up(words)
        || wordings::is_through(words)
        || wordings::is_all_fixed(words, beside.is_glad)
        || (wordings::is_granted(words) && beside.is_settled())
        || (wordings::is_next(words, beside.is_glad) && beside.is_settled())
        || (wordings::has_now(words, beside.is_glad) && beside.asks != Asks::ToChange)
        || (changes::is_new_one(words) && beside.is_settled());
    if is_new {
        return Some(booked);
    }
    let is_sure = wordings::is_sure(words);
    if beside.is_settled() && (is_sure || wordings::is_inside(words)) {
        return Some(Clause { is_firm: booked.is_firm || is_sure, ..booked }.standing(words));
    }
    if wordings::is_made(words) {
        return Some(if has_any(words, &["ist"]) { booked.standing(words) } else { booked });
    }
    None
}

/// One of the words for what is done. "Habe ich für Sie gebucht", "ist eingetragen", "hiermit gebucht": something has
/// happened. "Sie haben gebucht" tells of what the caller did.
fn in_plain_words(words: &[String], beside: Beside) -> Option<Clause> {
    let by_speaker = has_any(words, &["ich", "wir"])
        || begins_with(words, &["habe", "hab"])
        || says(words, &["hab", "sie"]);
    let by_us = by_speaker || has_any(words, &["ist", "sind", "wurde", "wurden", "hiermit"]);
    // That an hour is booked may be about anybody: "Zehn Uhr ist gebucht, elf Uhr kann ich anbieten."
    let is_named = wordings::names_appointment(words);
    let about_appointment = is_named
        || wordings::is_the_other(words)
        || has_any(words, &["ihn", "sie", "ihnen", "das"])
        // "Ja, der ist fest eingetragen": of which was just asked.
        || opens_with(words, &["der", "ist"]) && has_any(words, FIRM)
        // "Ich hab's eingetragen."
        || (by_speaker && has_any(words, &["uhr", "es", "s"]))
        // "Ich habe Lea am Mittwoch um elf eingetragen."
        || is_own_deed(words) && names_time(timed(words))
        || is_somebody_entered(words);
    let is_taken = beside.is_glad && beside.is_settled() && wordings::is_time_taken(words);
    let is_said =
        |word: &str, of: Of| has_any(words, &[word]) && (of != Of::Places || changes::has_aim(words, word));
    let (word, claim, of) = DONE.iter().find(|(word, _, of)| is_said(word, *of))?;
    let is_hollow = is_hollow(words) || wordings::is_all_done(words, word);
    let is_service = wordings::names_service(words, word, beside.is_glad);
    let about_all = (*claim == Claim::Cancelled || beside.is_meeting) && by_speaker && has_any(words, &["alles"])
            // "Damit ist alles fest gebucht."
            || opens_with(words, &["damit", "ist", "alles"]) && has_any(words, FIRM);
    // "Hab ich umgelegt auf Montag."
    let is_aimed = (by_speaker || begins_with(words, &[word]))
        && *claim == Claim::Moved
        && changes::has_aim(words, word);
    let is_state = wordings::is_found(words) || is_state_of(words, word);
    // "Ihr Termin ist noch eingetragen": as it was. "Der Termin um zehn ist gebucht, um elf ist frei": somebody's.
    // "Ein Termin ist schnell verlegt": so it always is.
    let is_as_it_was = is_state && (says_before(words, "noch", word) || has_any(words, &["schnell"]));
    let is_anybodys = is_state
        && (beside.is_offer || (*claim == Claim::Booked && wordings::is_about_all(words)))
        && !has_any(words, &["ihr", "ihre", "sie", "ihnen"]);
    let by_others = says(words, &["von", "ihnen"]) || !by_speaker && is_by_somebody(words);
    let is_else = wordings::is_of_else(words)
        // "Anna ist am Dienstag verhindert, ihre Termine wurden alle abgesagt."
        || beside.is_away && !by_speaker && has_any(words, &["wurde", "wurden"]) && is_several(words)
        // "Und Sie von der Warteliste gestrichen."
        || *claim == Claim::Cancelled && has_any(words, &["warteliste"]) && !is_named
        || ["fast", "beinahe"].iter().any(|nearly| says(words, &[nearly, word]))
        // "Sie haben eine Nachricht bekommen, dass Ihr Termin abgesagt wurde."
        || has_any(words, &["nachricht"]) && has_any(words, &["dass"])
        || (is_state && is_in_a_moment(words))
        || wordings::is_kept_for_now(words, word)
        || (*word == "eingeplant" && has_any(words, LENGTHS))
        || says(words, &["vereinbart", "dass"])
        // "Online ist ein Termin in zwei Minuten gebucht": so it always is.
        || (is_state
            && says(words, &["ein", "termin"])
            && (has_any(words, LENGTHS) || has_any(words, &["online"])));
    if is_as_it_was || is_anybodys || by_others || is_else {
        return None;
    }
    let is_claimed = if *of == Of::Anything {
        let is_told = beside.asks == Asks::ToChange && !by_speaker;
        // "Bei Anna ist Ihr Termin gut aufgehoben."
        let is_caller =
            *claim == Claim::Cancelled && has_any(words, &["sie", "ihren", "ihre"]) && when(words).is_some();
        by_us && (is_named || is_service || is_caller) && !is_told && !has_any(words, &["gut", "bestens"])
    } else {
        by_us && (about_appointment || about_all || is_service)
            || beside.is_short
            || is_hollow
            || is_taken
            || is_aimed
            || wordings::is_bare(words, word)
    };
    let clause = Clause::of(*claim, words);
    let clause = if *word == "gelegt" { clause.placed(words) } else { clause };
    let has_subject = !is_hollow || says(words, &["sie", "sind"]) || says(words, &["sind", "sie"]);
    // "Das ist eingetragen": what was just asked for.
    let has_name = is_named
        || wordings::is_the_other(words)
        || is_service
        || has_any(words, &["sie", "ihnen"])
        || is_somebody_entered(words);
    let stands = is_state && (has_subject && has_name || wordings::is_found(words));
    is_claimed.then(|| if stands { clause.standing(words) } else { clause })
}

/// Whether it is the caller that is spoken of: "Sie sind", and not "sie ist".
fn says_of_caller(words: &[String]) -> bool {
    has_any(words, &["sie"]) && !has_any(words, &["ist"])
}

/// "Lea ist am Mittwoch um elf eingetragen", "Lea und Max sind beide um elf eingetragen". Of a "Lea ist gebucht" nobody knows by
/// whom.
fn is_somebody_entered(words: &[String]) -> bool {
    const NOBODY: &[&str] =
        &["das", "es", "dies", "der", "die", "da", "hier", "dort", "alles", "was", "jemand", "wer"];
    let is_name =
        |at: usize| words.get(at).is_some_and(|word| !is_part(word) && !NOBODY.contains(&word.as_str()));
    let is_one = is_name(0) && words.get(1).is_some_and(|verb| verb == "ist");
    let are_two = is_name(0) && is_name(1) && says(words, &["sind", "beide"]);
    let are_children = says(words, &["beide", "kinder"]) || says(words, &["kinder", "sind"]);
    (is_one && names_time(timed(words)) || are_two || are_children) && has_any(words, &["eingetragen"])
}

/// "Ihre Termine", "alle": whose they are nobody knows.
fn is_several(words: &[String]) -> bool {
    words.iter().any(|word| word.ends_with("termine")) || has_any(words, &["alle"])
}

/// Whether what is done is said of how something is, "ist eingetragen", "eingetragen sind", and not of who did it.
fn is_state_of(words: &[String], done: &str) -> bool {
    let is_now = |word: &String| ["ist", "sind"].contains(&word.as_str());
    let is_verb =
        |word: &&String| is_now(word) || ["habe", "hab", "haben", "wurde", "wurden"].contains(&word.as_str());
    words.iter().position(|word| word == done).is_some_and(|at| {
        words.get(at + 1).is_some_and(is_now) || words[..at].iter().rfind(is_verb).is_some_and(is_now)
    })
}

/// "In wenigen Sekunden", "in einem Moment", and not "im Moment".
fn is_in_a_moment(words: &[String]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        MOMENTS.contains(&word.as_str()) && has_any(&words[at.saturating_sub(3)..at], &["in"])
    })
}

/// "Von Ihrem Arzt", and not "von Ihrem Termin am Donnerstag".
fn is_by_somebody(words: &[String]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let next = &words[at + 1..words.len().min(at + 4)];
        let is_thing = next.iter().any(|next| next.ends_with("termin") || is_day(next));
        // "Der Termin von Ihrem Sohn."
        let is_whose = at.checked_sub(1).is_some_and(|at| words[at].ends_with("termin"));
        word == "von" && begins_with(next, SOMEBODYS) && !is_whose && !is_thing && !has_any(next, LENGTHS)
    })
}

fn says_before(words: &[String], first: &str, then: &str) -> bool {
    let at = |wanted: &str| words.iter().position(|word| word == wanted);
    at(first).zip(at(then)).is_some_and(|(first, then)| first < then)
}

#[cfg(test)]
mod tests;
