//! Wordings of their own for changes: that an appointment has come to lie elsewhere, is gone, or that such a deed is settled.

use super::Claim;
use super::clauses::{has_any, opens_with, says};
use super::deeds::{DEED_NOUNS, DONE, SETTLED, TO_DO};
use super::times::{is_day, is_from, is_time, names_time};
use super::unreal::{PARTLY, STILL, UNREAL};
use super::wordings::{closes, is_of_other_things, is_still, is_subject, names_appointment, worked};

/// "Ihr Termin ist jetzt am Freitag statt am Donnerstag", "Dann liegt Ihr Termin jetzt auf Freitag"; "dann" depends on what
/// goes before it.
pub(super) fn is_elsewhere(words: &[String], is_first: bool) -> bool {
    let instead = words.iter().position(|word| word == "statt" || word == "anstatt");
    let is_instead = instead.is_some_and(|at| names_time(&words[..at]) && names_time(&words[at + 1..]));
    // "Statt morgen kommen Sie jetzt übermorgen", "Statt um zwölf beginnt Ihre Massage jetzt um eins".
    let has_now = ["jetzt", "nun"].iter().any(|now| says(words, &["haben", "sie", now]));
    let comes = instead == Some(0) && (has_now || says(words, &["kommen", "sie"]))
        || is_instead && says(words, &["sie", "sind", "jetzt"]);
    // "Ihr Termin ist nicht mehr am Donnerstag, sondern am Freitag."
    let days_after = |at: usize| words[at..].iter().filter(|word| is_day(word)).count();
    let no_more = says(words, &["nicht", "mehr"])
        && words.iter().position(|word| word == "mehr").is_some_and(|at| days_after(at) == 2);
    let is_now = has_any(words, &["jetzt", "nun"]) && names_time(words);
    let is_unreal =
        |word: &String| word != "statt" && !(no_more && word == "nicht") && UNREAL.contains(&word.as_str());
    let is_still = STILL.iter().any(|phrase| *phrase != ["dann"] && says(words, phrase));
    (takes_place(words) || (is_now && (comes || service_takes_place(words) || all_take_place(words))))
        && (is_instead || is_now || no_more)
        && (is_first || !has_any(words, &["dann"]))
        && !words.iter().any(is_unreal)
        && !is_still
        // "Der Termin ist jetzt drin": booked.
        && !has_any(words, &["naechster", "drin"])
}

/// "Ihr Termin liegt jetzt am Freitag", "Ihr Termin wurde auf Freitag gelegt": nothing is said of where it was before.
pub(super) fn is_only_placed(words: &[String]) -> bool {
    let is_from = is_from(words)
        || has_any(words, &["anstatt", "vom", "mehr", "sondern"])
        // "Findet jetzt am Freitag statt" says nothing of it.
        || has_any(words, &["statt"]) && !(has_any(words, &["findet"]) && ends_with_statt(words));
    let is_moved = DONE
        .iter()
        .any(|(done, claim, _)| *claim == Claim::Moved && *done != "gelegt" && has_any(words, &[done]));
    !is_from && !is_moved
}

/// "Findet … statt".
pub(super) fn ends_with_statt(words: &[String]) -> bool {
    words.last().is_some_and(|last| last == "statt")
}

/// "Ihr neuer Termin ist am Freitag um elf".
pub(super) fn is_new_one(words: &[String]) -> bool {
    let is_new = says(words, &["neuer", "termin"]) || says(words, &["neue", "termin"]);
    takes_place(words) && is_new && names_time(words) && !is_still(words)
}

/// An appointment is said to take place, and nothing to be done to it.
pub(super) fn takes_place(words: &[String]) -> bool {
    is_subject(words, &["termin"])
        && has_any(words, &["ist", "liegt", "findet"])
        && !DONE.iter().any(|(done, ..)| has_any(words, &[done]))
}

/// "Ihre beiden Termine sind jetzt am Freitag".
fn all_take_place(words: &[String]) -> bool {
    let is_all = |pair: &[String]| {
        ["ihre", "beiden", "beide", "die"].contains(&pair[0].as_str()) && pair[1] == "termine"
    };
    words.windows(2).any(is_all)
        && has_any(words, &["sind", "liegen", "finden"])
        && !DONE.iter().any(|(done, ..)| has_any(words, &[done]))
}

/// "Ihre Massage ist jetzt am Freitag um elf": the service is called by its name, and nothing follows its time.
fn service_takes_place(words: &[String]) -> bool {
    let is_service = ["ihr", "ihre"].iter().any(|whose| words.iter().any(|word| word == whose));
    let ends_with_time = match words {
        [.., before, last] => is_time(last) || last == "uhr" || last == "statt" || before == "uhr",
        _ => false,
    };
    let ends_instead =
        words.iter().rposition(|word| word == "statt").is_some_and(|at| names_time(&words[at..]));
    is_service
        && (ends_with_time || ends_instead)
        && has_any(words, &["ist", "liegt", "findet", "beginnt"])
        && !DONE.iter().any(|(done, ..)| has_any(words, &[done]))
}

/// "Der Termin findet nicht mehr statt", "Ihr Termin entfällt", "Ihr Termin ist raus aus dem Kalender": that it does not
/// stand any more is said of one that was not found, too.
pub(super) fn is_gone(words: &[String]) -> bool {
    // "Findet nicht am Donnerstag statt": then at another time.
    let takes_place = says(words, &["besteht", "nicht", "mehr"])
        || says(words, &["existiert", "nicht", "mehr"])
        || has_any(words, &["findet"])
            && (says(words, &["nicht", "statt"]) || says(words, &["nicht", "mehr", "statt"]));
    let falls = has_any(words, &["entfaellt"])
        || has_any(words, &["faellt"]) && (closes(words, &["aus"]) || closes(words, &["weg"]));
    let is_named_here = has_any(words, &["ihr"]) || says(words, &["ist", "damit"]);
    let is_out = has_any(words, &["ist"])
        && (closes(words, &["raus"])
            || closes(words, &["vom", "tisch"])
            || says(words, &["raus", "aus"])
            || says(words, &["aus", "dem", "kalender", "raus"])
            // "Der Termin um zehn ist weg": somebody else has it.
            || is_named_here && closes(words, &["weg"]) && !has_any(words, &["schnell"]));
    // "Sie sind nicht mehr eingetragen."
    let is_no_more = (says(words, &["sie", "sind"]) || says(words, &["sind", "sie"]))
        && says(words, &["nicht", "mehr", "eingetragen"]);
    // "Den Termin gibt es nicht mehr", "Der Termin besteht nicht mehr".
    let exists_no_more = says(words, &["gibt", "es"])
        && says(words, &["nicht", "mehr"])
        && ["den", "ihren"].iter().any(|whose| says(words, &[whose, "termin"]));
    let but_real = |word: &&String| {
        let is_of_it = takes_place || exists_no_more || is_no_more;
        UNREAL.contains(&word.as_str()) && !(is_of_it && ["nicht", "statt"].contains(&word.as_str()))
    };
    (is_subject(words, &["termin"]) && (takes_place || falls || is_out) || exists_no_more || is_no_more)
        && !words.iter().any(|word| but_real(&word))
}

/// "Die Absage ist eingetragen", "Die Verschiebung hat geklappt": the deed is the subject, and what is said to be settled.
pub(super) fn is_settled_deed(words: &[String]) -> Option<Claim> {
    let has_verb = |verbs: &[&str]| has_any(words, verbs);
    let is_state = has_verb(&["ist", "wurde"]);
    let is_ours = has_verb(&["ich", "wir"]) && has_verb(&["habe", "hab", "haben"]);
    let is_settled =
        // "Durch einen Anruf" is no end.
        SETTLED.iter().any(|word| {
            let is_said = if *word == "durch" { closes(words, &[word]) } else { has_any(words, &[word]) };
            is_said && (is_state || is_ours && *word != "bestaetigt")
        }) || (worked(words) && !has_any(words, PARTLY));
    let named = words.iter().enumerate().find_map(|(at, word)| {
        let (_, claim) = DEED_NOUNS.iter().find(|(noun, _)| noun == word)?;
        let article = at.checked_sub(1)?;
        let before = article.checked_sub(1).map(|at| words[at].as_str());
        let is_subject = before.is_none_or(|before| ["ist", "wurde", "hat"].contains(&before));
        (["die", "ihre"].contains(&words[article].as_str()) && (is_subject || is_ours)).then_some(*claim)
    });
    // "Das Verschieben hat geklappt", and not "das Eintragen auf die Warteliste": what is entered or deleted may be anything.
    let is_deed = |verb: &str| {
        !["eintragen", "loeschen", "streichen"].contains(&verb) && opens_with(words, &["das", verb, "hat"])
    };
    let deed = TO_DO.iter().find(|(verb, _)| is_deed(verb) && worked(words));
    named.or(deed.map(|(_, claim)| *claim)).filter(|_| is_settled && !is_of_other_things(words))
}

/// "Ich konnte Ihren Termin verlegen."
pub(super) fn could_do(words: &[String]) -> Option<Claim> {
    let could = ["ich", "wir"].iter().any(|who| {
        ["konnte", "konnten"].iter().any(|verb| says(words, &[who, verb]) || says(words, &[verb, who]))
    });
    let is_about = names_appointment(words) || has_any(words, &["sie", "ihn"]);
    let is_aimed = |verb: &str| verb != "legen" || has_aim(words, "gelegt");
    let (_, claim) = TO_DO.iter().find(|(verb, _)| closes(words, &[verb]) && is_aimed(verb))?;
    (could && is_about && !has_any(words, PARTLY)).then_some(*claim)
}

/// "… auf Freitag gelegt", "… nach hinten geschoben", "… aus dem Kalender genommen", "am Freitag um elf angemeldet".
pub(super) fn has_aim(words: &[String], done: &str) -> bool {
    match done {
        "genommen" => {
            return ["dem", "unserem"].iter().any(|whose| says(words, &["aus", whose, "kalender"]));
        }
        "angemeldet" | "abgemeldet" => return names_time(words),
        "getauscht" => return words.windows(2).any(|pair| pair[0] == "gegen" && is_time(&pair[1])),
        _ => {}
    }
    words.windows(2).any(|pair| match (pair[0].as_str(), pair[1].as_str()) {
        ("auf", next) => {
            is_time(next)
                || ["den", "kommende", "kommenden", "naechste", "naechsten"].contains(&next)
                    && names_time(words)
        }
        ("naechste" | "kommende", "woche") => true,
        ("nach", next) => ["hinten", "vorn", "vorne"].contains(&next),
        _ => false,
    })
}
