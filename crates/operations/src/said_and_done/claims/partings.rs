//! That the caller comes at a day or an hour, said as a good-bye or by the way.

use super::changes::{ends_with_statt, takes_place};
use super::clauses::{begins_with, has_any, says};
use super::deeds::DONE;
use super::lists::WORKED;
use super::times::names_time;
use super::unreal::{ALREADY, UNREAL};
use super::wordings::{after_worked, names_appointment};

/// "Wir sehen uns dann am Donnerstag um zehn", "Ihr Termin ist am Donnerstag": a good-bye until a day or an hour.
pub(super) fn is_meeting(words: &[String]) -> bool {
    let after = if has_any(words, WORKED) { after_worked(words) } else { words };
    let is_good_bye = begins_with(after, &["bis"])
        || says(words, &["sehen", "uns"])
        || says(words, &["sehen", "wir"])
        || says(words, &["dann", "bis"])
        || says(words, &["sie", "sind"])
        || (says(words, &["sie", "haben"]) && names_appointment(words) && !is_done_to(words))
        || has_any(words, &["freue", "freuen", "freut", "erwarten", "erwartet", "dran"])
        || takes_place(words)
        || announces(words);
    // "Ihr Termin findet am Donnerstag statt": it is instead of nothing.
    let is_it = has_any(words, &["findet"]) && ends_with_statt(words);
    let is_real = |word: &&String| !UNREAL.contains(&word.as_str()) || is_it && *word == "statt";
    is_good_bye && names_time(words) && words.iter().all(|word| is_real(&word))
}

/// Of [`is_meeting`] what is said to the caller, and offers nothing: "Bis Donnerstag um zehn", "Ihr Termin ist am Donnerstag",
/// "Sie haben den Termin am Freitag".
pub(super) fn is_parting(words: &[String]) -> bool {
    let awaited = ["erwarten", "erwartet", "wir"].iter().any(|who| says(words, &[who, "sie"]));
    // "Sie haben schon den Termin am Dienstag": so it was before.
    let has_it = ["den", "ihren"].iter().any(|whose| says(words, &["sie", "haben", whose, "termin"]))
        && !has_any(words, ALREADY)
        && !is_done_to(words);
    is_meeting(words)
        && (begins_with(words, &["bis"])
            || says(words, &["dann", "bis"])
            || says(words, &["sehen", "uns"])
            || says(words, &["sehen", "wir"])
            || has_any(words, &["freue", "freuen", "freut"])
            || awaited && has_any(words, &["erwarten", "erwartet"])
            || says(words, &["ihr", "termin"]) && takes_place(words)
            || has_it
            || announces(words))
}

/// "Der neue ist am Mittwoch um elf", "Stattdessen kommen Sie am Mittwoch um elf": said of a move, and where to.
pub(super) fn is_new_time(words: &[String]) -> bool {
    let is_new = ["der", "ihr"].iter().any(|whose| {
        ["neue", "neuer"]
            .iter()
            .any(|new| says(words, &[whose, new, "ist"]) || says(words, &[whose, new, "termin"]))
    });
    // "Mia kommt jetzt am Mittwoch", "Ihre Tochter hat ihren Termin jetzt am Mittwoch".
    let has_it = has_any(words, &["termin"]) && (has_any(words, &["hat"]) || says(words, &["sie", "haben"]));
    let is_now = has_any(words, &["jetzt", "nun"]) && (has_any(words, &["kommt"]) || has_it);
    (is_new && has_any(words, &["ist", "liegt"]) && !is_done_to(words)
        || says(words, &["kommen", "sie"])
        || is_now && !is_done_to(words))
        && names_time(words)
        && !words.iter().any(|word| UNREAL.contains(&word.as_str()) && !(is_now && word == "statt"))
}

/// Whether something is said to be done, by whomever: "Sie haben den Termin am Freitag abgesagt."
fn is_done_to(words: &[String]) -> bool {
    DONE.iter().any(|(done, ..)| has_any(words, &[done]))
}

/// "Sie erhalten gleich eine Bestätigung für Ihren Termin am Freitag": nothing is confirmed that there is not.
pub(super) fn announces(words: &[String]) -> bool {
    !is_done_to(words)
        && has_any(words, &["bestaetigung", "terminbestaetigung"])
        && (says(words, &["fuer", "ihren", "termin"]) || says(words, &["zu", "ihrem", "termin"]))
}
