//! Wordings of their own: that an appointment stands, is in the calendar, is the caller's.

use super::Claim;
use super::clauses::{Asks, begins_with, has_any, opens_with, says};
use super::deeds::{
    BOOKINGS, BOUND, CALLBACKS, CHANGES, CHANGING, CONFIRMED_TOO, CUSTOMERS, DEED_NOUNS, DONE, FIRM, LENGTHS,
    OTHER_THINGS, PREMISES, RELATIVES,
};
use super::lists::{ABOUT, TIME_AFTER, WORKED};
use super::partings::is_meeting;
use super::times::{is_time, names_date, names_time};
use super::unreal::{PARTLY, STILL};

/// Whether an appointment is said to stand, and not to be standing still. Whoever asks as well tells what there is: "Ihr
/// Termin am Dienstag steht, möchten Sie daran etwas ändern?" And a confirmation that "steht noch aus" is none.
pub(super) fn stands(words: &[String], asks: Asks) -> bool {
    // "Damit steht Ihr Termin" says that it is new; "damit Ihr Termin steht" says what for.
    let is_new = says(words, &["damit", "steht"]);
    // "Ihre beiden Termine stehen", and not what stands to choose from.
    let are_all = has_any(words, &["stehen"])
        && has_any(words, &["ihre", "beide", "beiden"])
        && !has_any(words, &["verfuegung"]);
    (has_any(words, &["steht"]) || are_all)
        && (words.iter().any(|word| word.starts_with("termin"))
            || BOOKINGS.iter().any(|booking| says(words, &["ihre", booking])))
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
pub(super) fn after_worked(words: &[String]) -> &[String] {
    let worked = words.iter().position(|word| WORKED.contains(&word.as_str()));
    worked.map_or(&[], |at| &words[at + 1..])
}

/// "Hat geklappt", "hat funktioniert", "war erfolgreich". The verb of a question comes first; that of "nachdem die Buchung
/// geklappt hat" comes last.
pub(super) fn worked(words: &[String]) -> bool {
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

/// "Ich habe die Reservierung vorgenommen", "Ich habe Ihre Buchung aufgenommen": the deed is the object, and done by us.
pub(super) fn is_taken_up(words: &[String]) -> bool {
    let is_ours = ["habe", "hab", "haben"]
        .iter()
        .any(|verb| ["ich", "wir"].iter().any(|who| says(words, &[verb, who]) || says(words, &[who, verb])));
    let is_booking = words.iter().any(|word| BOOKINGS.contains(&word.as_str()) && has_article(words, word));
    is_ours
        && is_booking
        && ["vorgenommen", "aufgenommen"].iter().any(|done| closes(words, &[done]))
        && !is_of_other_things(words)
        && !has_any(words, CHANGES)
}

/// "Da haben wir ihn ja": what follows was found so.
pub(super) fn is_found(words: &[String]) -> bool {
    const FOUND: [&[&str]; 5] =
        [&["da", "hier"], &["habe", "hab", "haben"], &["ich", "wir"], &["ihn", "sie", "es"], &["ja"]];
    words.len() > FOUND.len() && words.iter().zip(FOUND).all(|(word, place)| place.contains(&word.as_str()))
}

/// "Wir sehen uns am Freitag um elf, alles fest", "Fertig. Freitag, elf Uhr, alles eingetragen."
pub(super) fn is_all_fixed(words: &[String], is_glad: bool) -> bool {
    let [.., all, last] = words else { return false };
    let is_settled = is_glad && !has_any(words, &["ist", "sind"]) && names_time(words);
    all == "alles"
        && (last == "fest" && is_meeting(words)
            || is_settled && ["fest", "gebucht", "eingetragen", "reserviert"].contains(&last.as_str()))
}

/// "Ich habe Ihren Termin in unseren Kalender übernommen": neither what is noted there about one, nor the caller's own.
pub(super) fn is_in_calendar(words: &[String]) -> bool {
    let is_ours = ["den", "unseren", "meinen"].iter().any(|whose| says(words, &["in", whose, "kalender"]));
    let is_saved = says(words, &["im", "system", "gespeichert"]) && says(words, &["den", "termin"]);
    let is_appointment = words.iter().any(|word| word.ends_with("termin") || word.ends_with("termine"));
    let is_caller = ["habe", "hab", "haben"].iter().any(|have| says(words, &[have, "sie"]));
    (is_saved || is_ours && has_any(words, &["aufgenommen", "uebernommen"]))
        && has_any(words, &["ich", "wir", "ist", "sind", "wurde", "wurden", "hiermit"])
        && (is_appointment || is_caller || has_any(words, &["ihn"]))
        && !has_any(words, CHANGES)
}

/// "Sie haben jetzt am Dienstag einen Termin": with nothing after it that might be the verb, since "Sie haben jetzt einen
/// Termin am Dienstag gewünscht" tells of what the caller did. "Dann haben Sie jetzt einen Termin" may be to come, unless
/// a word that something is settled goes before: "Wunderbar, dann …".
pub(super) fn has_now(words: &[String], is_glad: bool) -> bool {
    let is_settled = is_glad && opens_with(words, &["dann", "haben", "sie"]);
    let words = if is_settled { &words[1..] } else { words };
    // "Ihre Tochter hat jetzt einen Termin."
    let has_child = matches!(words, [whose, _, hat, now, ..] if ["ihr", "ihre"].contains(&whose.as_str())
        && hat == "hat" && ["jetzt", "nun"].contains(&now.as_str()));
    // "Beide Kinder haben jetzt ihren Termin."
    let have_children = ["jetzt", "nun"]
        .iter()
        .any(|now| says(words, &["kinder", "haben", now]) || says(words, &[now, "haben", "beide", "kinder"]));
    let is_so_by_now = (is_settled || has_child || have_children || says(words, &["sie", "haben"]))
        && has_any(words, &["jetzt", "nun", "damit"])
        || ["jetzt", "nun", "damit"].iter().any(|now| says(words, &[now, "haben", "sie"]));
    let (last, before) = match words {
        [.., before, last] => (last.as_str(), before.as_str()),
        _ => return false,
    };
    let ends_without_verb = ["termin", "uhr"].contains(&last)
        || is_time(last)
        || ["bei", "fuer", "zum", "zur", "frau", "herrn", "doktor", "dr"].contains(&before)
        // "Bei Anna Petersen", and not "bei Anna gewünscht".
        || matches!(words, [.., at, _, name] if at == "bei" && !is_participle(name))
        || ["einen", "eine"].iter().any(|one| says(&words[words.len().saturating_sub(3)..], &["fuer", one]));
    is_so_by_now
        && ["einen", "ihren", "festen", "neuen"].iter().any(|which| says(words, &[which, "termin"]))
        && ends_without_verb
        && !has_any(words, &["nur", "gerade", "zu"])
        && !is_still(words)
}

/// "Gewünscht", "vorgeschlagen", as far as it can be seen.
fn is_participle(word: &str) -> bool {
    let is_made_so = ["ge", "ange", "vorge", "ausge"].iter().any(|first| word.starts_with(first));
    is_made_so && (word.ends_with('t') || word.ends_with("en"))
}

/// "Ihr Platz am Donnerstag ist Ihnen sicher", "Der Termin gehört Ihnen", "Sie haben den Termin sicher".
pub(super) fn is_sure(words: &[String]) -> bool {
    let is_so = ["sicher", "safe", "fix", "ihrer"].iter().any(|sure| closes(words, &[sure]));
    // "Dann ist das jetzt fix."
    let is_fixed =
        says(words, &["ist", "das", "jetzt", "fix"]) || says(words, &["das", "ist", "jetzt", "fix"]);
    // "Jetzt ist der Termin fest", and not "fest für Sie reserviert", which is said in other words.
    let is_firm = words.last().is_some_and(|last| last == "fest");
    let is_sure = has_any(words, &["ist"]) && (is_so || is_firm) || closes(words, &["gehoert", "ihnen"]);
    let has_it = ["den", "ihren"].iter().any(|whose| {
        let follows = words.iter().position(|word| word == "sicher").and_then(|at| words.get(at + 1));
        opens_with(words, &["sie", "haben", whose, "termin"])
            && words.iter().any(|word| word == "sicher")
            && follows.is_none_or(|next| is_time(next) || ["naechste", "kommende"].contains(&next.as_str()))
    });
    let is_it = is_subject(words, &["termin", "platz"]) && is_sure && !is_of_other_things(words);
    (is_it || has_it) && !is_still(words) || is_fixed
}

/// "Ihr Termin ist drin", "Sie stehen im Kalender", "Ich habe Sie drin", "Ist im Kasten": but not that there is still one to
/// be had.
pub(super) fn is_inside(words: &[String]) -> bool {
    const PLACES: [&[&str]; 8] = [
        &["drin"],
        &["im", "kalender"],
        &["im", "terminkalender"],
        &["im", "terminbuch"],
        &["im", "kalender", "hinterlegt"],
        &["unserem", "kalender", "hinterlegt"],
        &["im", "kasten"],
        &["auf", "dem", "plan"],
    ];
    let is_there = PLACES.iter().any(|place| closes(words, place));
    let is_caller = ["sind", "stehen", "habe", "hab"].iter().any(|verb| says(words, &[verb, "sie"]))
        || ["sind", "stehen"].iter().any(|verb| says(words, &["sie", verb]))
        || says(words, &["wir", "haben", "sie"])
        || says(words, &["haben", "wir", "ihren", "termin"]);
    let is_left_out =
        begins_with(words, &["ist"]) && names_time(words) || says(words, &["jetzt", "ist", "er"]);
    let is_it = is_left_out || is_subject(words, &["termin"]) && has_any(words, &["ist", "wurde"]);
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

/// Whether something else than an appointment is entered: a place on the waiting list, also for one, a call back, a customer.
/// A clause that tells of an appointment beside it is about both.
pub(super) fn is_of_else(words: &[String]) -> bool {
    let is_the_one = ["der", "den", "ihr", "ihren"].iter().any(|whose| says(words, &[whose, "termin"]));
    let is_listed =
        ["die", "der", "unsere", "unserer"].iter().any(|list| says(words, &["auf", list, "warteliste"]));
    let is_of_customer = has_any(words, CUSTOMERS) && !names_time(words);
    !is_the_one && (is_listed || has_any(words, CALLBACKS) || is_of_other_things(words) || is_of_customer)
}

pub(super) fn is_of_other_things(words: &[String]) -> bool {
    words.iter().any(|word| OTHER_THINGS.iter().any(|thing| word.ends_with(thing)))
}

/// "Alles gebucht, bis Freitag um elf!": without the good-bye nothing might be free.
pub(super) fn is_all_done(words: &[String], done: &str) -> bool {
    opens_with(words, &["alles", done, "bis"]) && names_time(words)
}

/// "Das wäre dann gebucht" says that it is, and how it would be said plainly.
pub(super) fn is_politely_settled(words: &[String]) -> Option<Vec<String>> {
    let is_done = DONE.iter().any(|(done, ..)| closes(words, &[done]));
    let is_polite = (opens_with(words, &["das", "waere"]) || opens_with(words, &["der", "termin", "waere"]))
        && has_any(words, &["dann", "damit", "hiermit", "somit", "jetzt", "nun"]);
    let plain = |word: &String| if word == "waere" { "ist".to_owned() } else { word.clone() };
    (is_done && is_polite).then(|| words.iter().filter(|word| *word != "dann").map(plain).collect())
}

/// "Gut, dann steht Ihr Termin", "Super, dann sind Sie drin": after a word that something is settled "dann" makes no
/// condition.
pub(super) fn without_then(words: &[String], is_glad: bool) -> &[String] {
    match words {
        [then, verb, ..]
            if is_glad && then == "dann" && ["steht", "sind", "ist"].contains(&verb.as_str()) =>
        {
            &words[1..]
        }
        _ => words,
    }
}

/// "Die Buchung ist durch."
pub(super) fn is_through(words: &[String]) -> bool {
    words.iter().any(|word| BOOKINGS.contains(&word.as_str()) && has_article(words, word))
        && has_any(words, &["ist"])
        && ["durch", "abgeschlossen", "erfolgt"].iter().any(|word| closes(words, &[word]))
}

/// "Das System hat die Buchung bestätigt", "Sie haben den Termin bekommen".
pub(super) fn is_granted(words: &[String]) -> bool {
    let is_by_it = opens_with(words, &["das", "system", "hat"]) && closes(words, &["bestaetigt"]);
    let is_got = opens_with(words, &["sie", "haben", "den", "termin"])
        && (words.len() == 4 || closes(words, &["bekommen"]))
        || opens_with(words, &["sie", "haben", "den"]) && closes(words, &["freien", "termin", "bekommen"]);
    is_by_it && names_appointment(words) || is_got
}

/// "Ich bestätige Ihnen den neuen Termin am Freitag", "Ich bestätige die Absage": it is, by being said. What is confirmed
/// soon, is not yet.
pub(super) fn is_confirming(words: &[String]) -> Option<Claim> {
    let is_said = opens_with(words, &["ich", "bestaetige"]) || says(words, &["bestaetige", "ich"]);
    let is_to_come =
        has_any(words, &["gleich", "noch", "dann", "spaeter", "nachher", "per", "schriftlich", "dass"]);
    if !is_said || is_to_come {
        return None;
    }
    let deed = words.windows(2).find_map(|pair| {
        let (_, claim) = DEED_NOUNS.iter().find(|(noun, _)| *noun == pair[1])?;
        ["die", "ihre"].contains(&pair[0].as_str()).then_some(*claim)
    });
    let is_appointment = ["den", "ihren", "neuen"].iter().any(|which| says(words, &[which, "termin"]))
        || ["die", "ihre"].iter().any(|which| BOOKINGS.iter().any(|booking| says(words, &[which, booking])));
    deed.or(is_appointment.then_some(Claim::Booked))
}

/// "Ihre Massage ist gebucht", "Die Krankengymnastik habe ich verlegt": what is booked is called by its name, with a word that
/// is said of nothing else. "Gut, dann ist der Haarschnitt abgesagt": after a word that something is settled it is the one
/// that was asked for.
pub(super) fn names_service(words: &[String], done: &str, is_glad: bool) -> bool {
    let verbs = ["ist", "sind", "wurde", "wurden", "habe", "hab", "haben", "ich", "wir"];
    let is_confirmed = ["bestaetigt", "eingetragen", "reserviert", "eingeplant", "angemeldet"]
        .contains(&done)
        && names_time(words)
        && !has_any(words, RELATIVES)
        && !words.iter().any(|word| CONFIRMED_TOO.iter().any(|other| word.ends_with(other)));
    let is_taken_out = ["geloescht", "gestrichen", "entfernt"].contains(&done)
        && says(words, &["aus", "dem", "kalender"])
        || is_glad && done == "gestrichen";
    (BOUND.contains(&done) || is_confirmed || is_taken_out)
        && words.windows(2).any(|pair| {
            let is_the_one = ["ihr", "ihre", "ihren", "die", "den", "das"].contains(&pair[0].as_str());
            // "Der Haarschnitt ist gebucht", and not "der Freitag ist komplett gebucht".
            let is_first = done == "gebucht"
                && opens_with(words, &["der", &pair[1]])
                && !names_date(&pair[1])
                && !["tag", "morgen", "abend", "monat", "herr"].iter().any(|end| pair[1].ends_with(end))
                && !has_any(words, &["komplett", "voll", "ganz"]);
            (is_the_one || (is_glad || is_first) && pair[0] == "der")
                && !verbs.contains(&pair[1].as_str())
                && !PREMISES.iter().any(|place| pair[1].ends_with(place))
                && pair[1] != done
        })
}

/// "Am Freitag sind alle Termine gebucht", and not "alle sechs Termine": those that were asked for.
pub(super) fn is_about_all(words: &[String]) -> bool {
    let is_every = has_any(words, &["jeder", "saemtliche"]);
    // "Die sechs Termine sind alle gebucht."
    let is_counted = words.windows(2).any(|pair| is_time(&pair[0]) && pair[1] == "termine");
    let is_all = |at: usize| !words.get(at + 1).is_some_and(|next| is_time(next));
    is_every || !is_counted && words.iter().position(|word| word == "alle").is_some_and(is_all)
}

/// "Die Zeit ist kurz für Sie reserviert": until the caller has said yes.
pub(super) fn is_kept_for_now(words: &[String], done: &str) -> bool {
    let is_short =
        has_any(words, &["kurz"]) && !says(words, &["kurz", "vor"]) && !says(words, &["kurz", "nach"]);
    ["reserviert", "geblockt"].contains(&done)
        && (is_short || has_any(words, &["kurzzeitig", "solange", "moment", "minuten"]))
}

/// "Gebucht für Donnerstag um zehn": nothing but what was done, and when.
pub(super) fn is_bare(words: &[String], done: &str) -> bool {
    begins_with(words, &[done]) && closes(words, &[done])
}

/// Whether an appointment is called so.
pub(super) fn names_appointment(words: &[String]) -> bool {
    let is_named = |word: &String| {
        word.ends_with("termin")
            || word.ends_with("termine")
            || ["platz", "slot"].contains(&word.as_str())
            || BOOKINGS.contains(&word.as_str())
    };
    words.iter().any(is_named)
}

/// "Der alte am Freitag ist gelöscht", "Ihren anderen abgesagt": of appointments, since no other thing is named.
pub(super) fn is_the_other(words: &[String]) -> bool {
    const WHICH: &[&str] = &[
        "alte",
        "alten",
        "alter",
        "andere",
        "anderen",
        "anderer",
        "neue",
        "neuen",
        "neuer",
        "bisherige",
        "bisherigen",
    ];
    words.windows(3).any(|some| {
        let is_left_out = ["am", "um", "vom", "von", "ist", "wurde", "habe", "hab"]
            .contains(&some[2].as_str())
            || DONE.iter().any(|(done, ..)| *done == some[2]);
        ["der", "den", "ihr", "ihren"].contains(&some[0].as_str())
            && WHICH.contains(&some[1].as_str())
            && is_left_out
    })
}

/// Whether it is so as it was before, or would be, or something else is.
pub(super) fn is_still(words: &[String]) -> bool {
    STILL.iter().any(|phrase| says(words, phrase))
}

/// Whether such a thing is what the sentence is about: "der Termin", "Ihr neuer Termin"; not "die Nachricht zum Termin".
pub(super) fn is_subject(words: &[String], things: &[&str]) -> bool {
    let is_thing = |word: &String| things.iter().any(|thing| word.ends_with(thing));
    // "Mias Termin", and not "dieses Termins".
    let is_somebodys = |whose: &String| {
        whose.ends_with('s')
            && !["das", "dieses", "jedes", "alles", "als", "bis", "falls"].contains(&whose.as_str())
    };
    // "Termin ist drin."
    words.first().is_some_and(is_thing)
        || words.windows(2).any(|pair| is_somebodys(&pair[0]) && is_thing(&pair[1]))
        || words.iter().enumerate().any(|(at, word)| {
            let next = words.get(at + 1);
            let is_described = next.is_some_and(|next| next.ends_with("er") || next.ends_with('e'))
                && words.get(at + 2).is_some_and(is_thing);
            ["der", "ihr"].contains(&word.as_str()) && (next.is_some_and(is_thing) || is_described)
        })
}

/// Whether these words end the clause, or are followed by a time, a person or a branch.
pub(super) fn closes(words: &[String], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).enumerate().any(|(at, some)| {
        let next = words.get(at + phrase.len()).map(String::as_str);
        some == phrase && next.is_none_or(|next| TIME_AFTER.contains(&next) || is_time(next))
    })
}
