//! Wordings of their own: that an appointment stands, is in the calendar, has come to lie elsewhere, or is gone from it.

use super::Claim;
use super::clauses::{Asks, begins_with, has_any, says};
use super::deeds::{
    BOOKINGS, BOUND, CALLBACKS, CHANGES, CHANGING, CONFIRMED_TOO, CUSTOMERS, DEED_NOUNS, DONE, FIRM, LENGTHS,
    OTHER_THINGS, SETTLED, TO_DO,
};
use super::lists::{ABOUT, HOURS, PARTLY, STILL, TIME_AFTER, UNREAL, WEEKDAYS, WORKED};

/// Whether an appointment is said to stand, and not to be standing still. Whoever asks as well tells what there is: "Ihr
/// Termin am Dienstag steht, möchten Sie daran etwas ändern?" And a confirmation that "steht noch aus" is none.
pub(super) fn stands(words: &[String], asks: Asks) -> bool {
    // "Damit steht Ihr Termin" says that it is new; "damit Ihr Termin steht" says what for.
    let is_new = says(words, &["damit", "steht"]);
    has_any(words, &["steht"])
        && words.iter().any(|word| word.starts_with("termin"))
        && (asks == Asks::Nothing || (is_new && matches!(asks, Asks::Else | Asks::ForMore)))
        && (is_new || !has_any(words, &["damit"]))
        && !is_still(words)
}

/// "Die Buchung hat geklappt", "Das hat geklappt mit dem Termin": not one at which something else has worked out, nor that
/// one was moved or called off. "Das hat geklappt" alone may be said of anything, but not before "wir sehen uns am
/// Donnerstag".
pub(super) fn has_worked(words: &[String], ends_with_meeting: bool) -> bool {
    let is_with_it = words.iter().position(|word| word == "mit").is_some_and(|with| {
        let next = &words[with + 1..words.len().min(with + 3)];
        has_any(next, &["termin", "termine", "terminen"]) || has_any(next, BOOKINGS)
    });
    let is_booking = words.iter().any(|word| BOOKINGS.contains(&word.as_str()) && has_article(words, word));
    // "Hat geklappt, Freitag um elf."
    let is_it = (ends_with_meeting || names_time(after_worked(words)))
        && begins_with(words, &["das", "es", "alles", "hat"]);
    let is_in_doubt = [PARTLY, CHANGES, CHANGING].iter().any(|list| has_any(words, list));
    worked(words) && (is_booking || is_with_it || is_it) && !is_in_doubt
}

/// What follows a word that something has worked out.
fn after_worked(words: &[String]) -> &[String] {
    let worked = words.iter().position(|word| WORKED.contains(&word.as_str()));
    worked.map_or(&[], |at| &words[at + 1..])
}

/// "Hat geklappt", "hat funktioniert", "war erfolgreich". The verb of a question comes first; that of "nachdem die Buchung
/// geklappt hat" comes last.
fn worked(words: &[String]) -> bool {
    if has_any(words, &["war", "ist"]) && closes(words, &["erfolgreich"]) {
        return true;
    }
    let verb = words.iter().position(|word| word == "hat");
    let participle = words.iter().position(|word| WORKED.contains(&word.as_str()));
    verb.zip(participle)
        .is_some_and(|(verb, participle)| (verb == 0 && participle == 1) || (0 < verb && verb < participle))
}

/// Whether such a thing stands there with its article, and is not what something else is for: "der Link für die Buchung".
fn has_article(words: &[String], thing: &str) -> bool {
    words.iter().position(|word| word == thing).is_some_and(|at| {
        let before = |back: usize| at.checked_sub(back).map(|at| words[at].as_str());
        before(1).is_some_and(|article| ["die", "ihre"].contains(&article))
            && before(2).is_none_or(|word| !ABOUT.contains(&word))
    })
}

/// "Sie sind jetzt am Freitag um elf dran", "So, Sie sind dabei am Freitag um elf", "Sie kommen jetzt am Freitag um elf".
pub(super) fn is_next(words: &[String], is_glad: bool) -> bool {
    let is_caller = says(words, &["sie", "sind"]) || says(words, &["sind", "sie"]);
    let is_so_by_now = has_any(words, &["jetzt", "nun", "damit"]);
    let is_in = closes(words, &["dran"]) || closes(words, &["dabei"]);
    let comes = ["jetzt", "nun"].iter().any(|now| says(words, &["sie", "kommen", now]));
    names_time(words) && (is_caller && is_in && (is_so_by_now || is_glad) || comes)
}

/// "Der Termin ist gemacht", "Ich habe den Termin für Sie gemacht": not what is made about one, nor by whom, how or how soon
/// one is.
pub(super) fn is_made(words: &[String]) -> bool {
    let is_object = ["den", "einen", "ihren"].iter().any(|whose| {
        words.iter().enumerate().any(|(at, word)| {
            let next = &words[at + 1..words.len().min(at + 3)];
            let is_one = begins_with(next, &["termin"])
                || matches!(next, [kind, termin] if kind.ends_with("en") && termin == "termin");
            word == whose
                && is_one
                && at.checked_sub(1).is_none_or(|before| !has_any(&words[before..at], ABOUT))
        })
    });
    let is_ours = has_any(words, &["ich", "wir"]) && is_object;
    let is_state = is_subject(words, &["termin"]) && has_any(words, &["ist", "wurde"]);
    let is_else = has_any(words, &["von", "wie", "vermerk", "vorschlag", "notiz", "eintrag", "angebot"])
        || (is_state && (has_any(words, LENGTHS) || has_any(words, &["schnell", "gleich"])));
    closes(words, &["gemacht"]) && (is_ours || is_state) && !is_else
}

/// "Da haben wir ihn ja": what follows was found so.
pub(super) fn is_found(words: &[String]) -> bool {
    const FOUND: [&[&str]; 5] =
        [&["da", "hier"], &["habe", "hab", "haben"], &["ich", "wir"], &["ihn", "sie", "es"], &["ja"]];
    words.len() > FOUND.len() && words.iter().zip(FOUND).all(|(word, place)| place.contains(&word.as_str()))
}

/// "Wir sehen uns dann am Donnerstag um zehn", "Ihr Termin ist am Donnerstag": a good-bye until a day or an hour.
pub(super) fn is_meeting(words: &[String]) -> bool {
    let after = if has_any(words, WORKED) { after_worked(words) } else { words };
    let is_good_bye = begins_with(after, &["bis"])
        || says(words, &["sehen", "uns"])
        || says(words, &["sie", "sind"])
        || has_any(words, &["freue", "freuen", "erwarten", "erwartet", "dran"])
        || takes_place(words);
    is_good_bye && names_time(words) && !has_any(words, UNREAL)
}

/// "Wir sehen uns am Freitag um elf, alles fest."
pub(super) fn is_all_fixed(words: &[String]) -> bool {
    words.ends_with(&["alles", "fest"].map(str::to_owned)) && is_meeting(words)
}

/// "Ich habe Ihren Termin in unseren Kalender übernommen": neither what is noted there about one, nor the caller's own.
pub(super) fn is_in_calendar(words: &[String]) -> bool {
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
/// Termin am Dienstag gewünscht" tells of what the caller did. "Dann haben Sie jetzt einen Termin" may be to come, unless
/// a word that something is settled goes before: "Wunderbar, dann …".
pub(super) fn has_now(words: &[String], is_glad: bool) -> bool {
    let is_settled = is_glad && words.starts_with(&["dann", "haben", "sie"].map(str::to_owned));
    let words = if is_settled { &words[1..] } else { words };
    let is_so_by_now = (is_settled || says(words, &["sie", "haben"]))
        && has_any(words, &["jetzt", "nun", "damit"])
        || ["jetzt", "nun", "damit"].iter().any(|now| says(words, &[now, "haben", "sie"]));
    let (last, before) = match words {
        [.., before, last] => (last.as_str(), before.as_str()),
        _ => return false,
    };
    let ends_without_verb = ["termin", "uhr"].contains(&last)
        || is_time(last)
        || ["bei", "fuer", "zum", "zur", "frau", "herrn"].contains(&before);
    is_so_by_now
        && (says(words, &["einen", "termin"]) || says(words, &["ihren", "termin"]))
        && ends_without_verb
        && !has_any(words, &["nur", "gerade", "zu"])
        && !is_still(words)
}

/// "Ihr Platz am Donnerstag ist Ihnen sicher", "Der Termin gehört Ihnen", "Sie haben den Termin sicher".
pub(super) fn is_sure(words: &[String]) -> bool {
    let is_so = ["sicher", "fix", "ihrer"].iter().any(|sure| closes(words, &[sure]));
    let is_sure = has_any(words, &["ist"]) && is_so || closes(words, &["gehoert", "ihnen"]);
    let has_it = words.starts_with(&["sie", "haben", "den", "termin"].map(str::to_owned))
        && words.last().is_some_and(|last| last == "sicher");
    (is_subject(words, &["termin", "platz"]) && is_sure || has_it) && !is_still(words)
}

/// "Ihr Termin ist drin", "Sie stehen im Kalender", "Ich habe Sie drin", "Ist im Kasten": but not that there is still one to
/// be had.
pub(super) fn is_inside(words: &[String]) -> bool {
    const PLACES: [&[&str]; 4] = [&["drin"], &["im", "kalender"], &["im", "kasten"], &["auf", "dem", "plan"]];
    let is_there = PLACES.iter().any(|place| closes(words, place));
    let is_caller = ["sind", "stehen", "habe", "hab"].iter().any(|verb| says(words, &[verb, "sie"]))
        || ["sind", "stehen"].iter().any(|verb| says(words, &["sie", verb]))
        || says(words, &["wir", "haben", "sie"]);
    let is_left_out = begins_with(words, &["ist"]) && names_time(words);
    let is_it = is_left_out || is_subject(words, &["termin"]) && has_any(words, &["ist"]);
    // "Ich habe Sie im System": whoever is known there has no appointment.
    ((is_it || is_caller) && is_there || is_it && closes(words, &["im", "system"])) && !is_still(words)
}

/// "Donnerstag zehn Uhr ist reserviert", after a word that something is settled. Without one it may be anybody's: "Zehn Uhr
/// ist gebucht, elf Uhr kann ich anbieten."
pub(super) fn is_time_taken(words: &[String]) -> bool {
    let is_booked = DONE.iter().any(|(word, claim, _)| *claim == Claim::Booked && closes(words, &[word]));
    // "Wunderbar, Freitag um elf Uhr, fest eingetragen": without a verb it is said firmly.
    names_time(words) && (has_any(words, &["ist", "sind"]) || has_any(words, FIRM)) && is_booked
}

/// Whether it is said which times are free, and which are somebody's.
pub(super) fn offers(words: &[String]) -> bool {
    has_any(words, &["frei", "belegt", "besetzt", "weg", "jemand", "anderes", "anderem", "anbieten"])
}

/// "Ihr Termin ist jetzt am Freitag statt am Donnerstag", "Dann liegt Ihr Termin jetzt auf Freitag"; "dann" depends on what
/// goes before it.
pub(super) fn is_elsewhere(words: &[String], is_first: bool) -> bool {
    let instead = words.iter().position(|word| word == "statt" || word == "anstatt");
    let is_instead = instead.is_some_and(|at| names_time(&words[..at]) && names_time(&words[at + 1..]));
    let is_now = has_any(words, &["jetzt", "nun"]) && names_time(words);
    let is_unreal = |word: &String| word != "statt" && UNREAL.contains(&word.as_str());
    let is_still = STILL.iter().any(|phrase| *phrase != ["dann"] && says(words, phrase));
    takes_place(words)
        && (is_instead || is_now)
        && (is_first || !has_any(words, &["dann"]))
        && !words.iter().any(is_unreal)
        && !is_still
        && !has_any(words, &["naechster"])
}

/// "Ihr neuer Termin ist am Freitag um elf".
pub(super) fn is_new_one(words: &[String]) -> bool {
    let is_new = says(words, &["neuer", "termin"]) || says(words, &["neue", "termin"]);
    takes_place(words) && is_new && names_time(words) && !is_still(words)
}

/// An appointment is said to take place, and nothing to be done to it.
fn takes_place(words: &[String]) -> bool {
    is_subject(words, &["termin"])
        && has_any(words, &["ist", "liegt", "findet"])
        && !DONE.iter().any(|(done, ..)| has_any(words, &[done]))
}

/// "Der Termin findet nicht mehr statt", "Ihr Termin entfällt", "Ihr Termin ist raus aus dem Kalender": that it does not
/// stand any more is said of one that was not found, too.
pub(super) fn is_gone(words: &[String]) -> bool {
    // "Findet nicht am Donnerstag statt": then at another time.
    let takes_place = has_any(words, &["findet"])
        && (says(words, &["nicht", "statt"]) || says(words, &["nicht", "mehr", "statt"]));
    let falls = has_any(words, &["entfaellt"])
        || has_any(words, &["faellt"]) && (closes(words, &["aus"]) || closes(words, &["weg"]));
    let is_out = has_any(words, &["ist"])
        && (closes(words, &["raus"])
            || closes(words, &["vom", "tisch"])
            || says(words, &["raus", "aus"])
            || says(words, &["aus", "dem", "kalender", "raus"])
            // "Der Termin um zehn ist weg": somebody else has it.
            || has_any(words, &["ihr"]) && closes(words, &["weg"]) && !has_any(words, &["schnell"]));
    // "Den Termin gibt es nicht mehr."
    let exists_no_more = says(words, &["gibt", "es"])
        && says(words, &["nicht", "mehr"])
        && ["den", "ihren"].iter().any(|whose| says(words, &[whose, "termin"]));
    let but_real = |word: &&String| {
        let is_of_it = takes_place || exists_no_more;
        UNREAL.contains(&word.as_str()) && !(is_of_it && ["nicht", "statt"].contains(&word.as_str()))
    };
    (is_subject(words, &["termin"]) && (takes_place || falls || is_out) || exists_no_more)
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
    named.filter(|_| is_settled && !is_of_other_things(words))
}

/// Whether something else than an appointment is entered: a place on the waiting list, also for one, a call back, a customer.
/// A clause that tells of an appointment beside it is about both.
pub(super) fn is_of_else(words: &[String]) -> bool {
    let is_the_one = ["der", "den", "ihr", "ihren"].iter().any(|whose| says(words, &[whose, "termin"]));
    let is_listed =
        ["die", "der", "unsere", "unserer"].iter().any(|list| says(words, &["auf", list, "warteliste"]));
    let is_of_customer = has_any(words, CUSTOMERS) && !names_time(words);
    !is_the_one && (is_listed || has_any(words, CALLBACKS) || is_of_other_things(words) || is_of_customer)
}

fn is_of_other_things(words: &[String]) -> bool {
    words.iter().any(|word| OTHER_THINGS.iter().any(|thing| word.ends_with(thing)))
}

/// "Ich konnte Ihren Termin verlegen."
pub(super) fn could_do(words: &[String]) -> Option<Claim> {
    let could = ["ich", "wir"].iter().any(|who| {
        ["konnte", "konnten"].iter().any(|verb| says(words, &[who, verb]) || says(words, &[verb, who]))
    });
    let is_about = names_appointment(words) || has_any(words, &["sie", "ihn"]);
    let (_, claim) = TO_DO.iter().find(|(verb, _)| closes(words, &[verb]))?;
    (could && is_about && !has_any(words, PARTLY)).then_some(*claim)
}

/// "Alles gebucht, bis Freitag um elf!": without the good-bye nothing might be free.
pub(super) fn is_all_done(words: &[String], done: &str) -> bool {
    words.starts_with(&["alles", done, "bis"].map(str::to_owned)) && names_time(words)
}

/// "Das wäre dann gebucht" says that it is, and how it would be said plainly.
pub(super) fn is_politely_settled(words: &[String]) -> Option<Vec<String>> {
    let is_done = DONE.iter().any(|(done, ..)| closes(words, &[done]));
    let is_polite = words.starts_with(&["das", "waere"].map(str::to_owned))
        && has_any(words, &["dann", "damit", "hiermit", "somit", "jetzt", "nun"]);
    let plain = |word: &String| if word == "waere" { "ist".to_owned() } else { word.clone() };
    (is_done && is_polite).then(|| words.iter().filter(|word| *word != "dann").map(plain).collect())
}

/// "Die Buchung ist durch."
pub(super) fn is_through(words: &[String]) -> bool {
    words.iter().any(|word| BOOKINGS.contains(&word.as_str()) && has_article(words, word))
        && has_any(words, &["ist"])
        && closes(words, &["durch"])
}

/// "Ihre Massage ist gebucht", "Die Krankengymnastik habe ich verlegt": what is booked is called by its name, with a word that
/// is said of nothing else.
pub(super) fn names_service(words: &[String], done: &str) -> bool {
    let verbs = ["ist", "sind", "wurde", "wurden", "habe", "hab", "haben", "ich", "wir"];
    let is_confirmed = done == "bestaetigt"
        && names_time(words)
        && !words.iter().any(|word| CONFIRMED_TOO.iter().any(|other| word.ends_with(other)));
    (BOUND.contains(&done) || is_confirmed)
        && words.windows(2).any(|pair| {
            ["ihre", "ihren", "die", "den", "das"].contains(&pair[0].as_str())
                && !verbs.contains(&pair[1].as_str())
                && pair[1] != done
        })
}

/// "Gebucht für Donnerstag um zehn": nothing but what was done, and when.
pub(super) fn is_bare(words: &[String], done: &str) -> bool {
    begins_with(words, &[done]) && closes(words, &[done])
}

/// Whether an appointment is called so.
pub(super) fn names_appointment(words: &[String]) -> bool {
    let is_named = |word: &String| {
        word.ends_with("termin") || word.ends_with("termine") || BOOKINGS.contains(&word.as_str())
    };
    words.iter().any(is_named)
}

/// "… auf Freitag gelegt", "… nach hinten geschoben", "… aus dem Kalender genommen", "am Freitag um elf angemeldet".
pub(super) fn has_aim(words: &[String], done: &str) -> bool {
    match done {
        "genommen" => {
            return ["dem", "unserem"].iter().any(|whose| says(words, &["aus", whose, "kalender"]));
        }
        "angemeldet" => return names_time(words),
        _ => {}
    }
    words.windows(2).any(|pair| match (pair[0].as_str(), pair[1].as_str()) {
        ("auf", next) => is_time(next) || next == "den" && names_time(words),
        ("nach", next) => ["hinten", "vorn", "vorne"].contains(&next),
        _ => false,
    })
}

/// Whether it is so as it was before, or would be, or something else is.
fn is_still(words: &[String]) -> bool {
    STILL.iter().any(|phrase| says(words, phrase))
}

/// Whether such a thing is what the sentence is about: "der Termin", "Ihr neuer Termin"; not "die Nachricht zum Termin".
fn is_subject(words: &[String], things: &[&str]) -> bool {
    let is_thing = |word: &String| things.iter().any(|thing| word.ends_with(thing));
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1);
        let is_described = next.is_some_and(|next| next.ends_with("er") || next.ends_with('e'))
            && words.get(at + 2).is_some_and(is_thing);
        ["der", "ihr"].contains(&word.as_str()) && (next.is_some_and(is_thing) || is_described)
    })
}

/// Whether these words end the clause, or are followed by a time, a person or a branch.
fn closes(words: &[String], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).enumerate().any(|(at, some)| {
        let next = words.get(at + phrase.len()).map(String::as_str);
        some == phrase && next.is_none_or(|next| TIME_AFTER.contains(&next) || is_time(next))
    })
}

/// Whether a day or an hour is named.
fn names_time(words: &[String]) -> bool {
    let is_hour =
        |pair: &[String]| pair[0] == "um" && is_time(&pair[1]) || pair[1] == "uhr" && is_time(&pair[0]);
    words.iter().any(|word| is_day(word)) || words.windows(2).any(is_hour)
}

fn is_day(word: &str) -> bool {
    WEEKDAYS.iter().any(|day| word.starts_with(day)) || ["heute", "morgen", "uebermorgen"].contains(&word)
}

fn is_time(word: &str) -> bool {
    is_day(word)
        || HOURS.contains(&word)
        || ["halb", "viertel", "dreiviertel"].contains(&word)
        || word.parse::<u8>().is_ok()
}
