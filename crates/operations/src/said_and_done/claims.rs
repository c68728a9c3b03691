//! What an assistant said that it had done, sentence by sentence. Rules over words; every finding names its sentence.
//!
//! A sentence claims something if it says in the perfect or the present that an appointment has been booked, moved or
//! called off. Questions, wishes, conditions, announcements, refusals, and what is noted without a promise ("vorgemerkt")
//! claim nothing. "Ihr Termin ist eingetragen, kann ich sonst noch etwas für Sie tun?" claims something before it asks.
//! Where a sentence may be meant either way it claims nothing: a person looks at every finding.

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
}

/// Words that say what was done; the letters are folded as [`words`] does.
const DONE: &[(&str, Claim)] = &[
    ("gebucht", Claim::Booked),
    ("eingebucht", Claim::Booked),
    ("eingetragen", Claim::Booked),
    ("reserviert", Claim::Booked),
    ("vereinbart", Claim::Booked),
    ("festgemacht", Claim::Booked),
    ("verschoben", Claim::Moved),
    ("verlegt", Claim::Moved),
    ("umgebucht", Claim::Moved),
    ("vorverlegt", Claim::Moved),
    ("storniert", Claim::Cancelled),
    ("abgesagt", Claim::Cancelled),
    ("geloescht", Claim::Cancelled),
    ("gestrichen", Claim::Cancelled),
    ("ausgetragen", Claim::Cancelled),
];

/// Words that make a sentence a wish, a question, a condition, an announcement or a refusal.
const UNREAL: &[&str] = &[
    "nicht",
    "kein",
    "keine",
    "keinen",
    "keinem",
    "keiner",
    "nie",
    "leider",
    "ohne",
    "weder",
    "statt",
    "soll",
    "sollen",
    "sollte",
    "sollten",
    "kann",
    "kannst",
    "koennen",
    "koennte",
    "koennten",
    "koennt",
    "moechte",
    "moechten",
    "moechtest",
    "will",
    "wollen",
    "wollten",
    "darf",
    "duerfen",
    "muss",
    "muessen",
    "muesste",
    "werde",
    "werden",
    "wird",
    "wuerde",
    "wuerden",
    "waere",
    "waeren",
    "haette",
    "haetten",
    "wenn",
    "falls",
    "sobald",
    "sofern",
    "bevor",
    "ob",
    "oder",
    "versuche",
    "versucht",
    "vorgemerkt",
    "vormerken",
    "gerne",
];

/// Words that speak of what was there before this call.
const EARLIER: &[&str] =
    &["bereits", "schon", "damals", "gestern", "neulich", "letzte", "letzten", "letztes", "frueher"];

/// Words with which a question begins, at the beginning of a sentence or after a comma.
const ASKING: &[&str] = &[
    "kann",
    "kannst",
    "koennen",
    "koennte",
    "koennten",
    "moechte",
    "moechten",
    "moechtest",
    "soll",
    "sollen",
    "sollte",
    "darf",
    "duerfen",
    "wollen",
    "wuerden",
    "brauchen",
    "wuenschen",
    "ist",
    "sind",
    "war",
    "waere",
    "wurde",
    "wurden",
    "haben",
    "hat",
    "passt",
    "passen",
    "gibt",
    "geht",
    "gilt",
    "stimmt",
    "wie",
    "was",
    "wann",
    "wer",
    "wo",
    "wofuer",
    "warum",
    "womit",
    "welche",
    "welchen",
    "welcher",
    "welches",
];

/// The claims of one turn of the assistant, in order.
#[must_use]
pub fn claims(turn: &str) -> Vec<Claimed> {
    sentences(turn)
        .into_iter()
        .filter_map(|sentence| {
            claim_of(sentence).map(|claim| Claimed { claim, sentence: sentence.to_owned() })
        })
        .collect()
}

/// Whether a turn tells of something that was done to an appointment, however cautiously: then the caller knows.
#[must_use]
pub fn tells(turn: &str, claim: Claim) -> bool {
    const NOTED: &[&str] = &["vorgemerkt", "notiert", "bestaetigt", "aufgenommen", "steht"];
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

fn claim_of(sentence: &str) -> Option<Claim> {
    let words = words(statement(sentence)?);
    let has = |word: &str| words.iter().any(|known| known == word);
    if words.iter().any(|word| UNREAL.contains(&word.as_str()) || EARLIER.contains(&word.as_str())) {
        return None;
    }
    // Whoever asks as well tells what there is: "Ihr Termin am Dienstag steht, möchten Sie daran etwas ändern?"
    let stands = !is_question(sentence)
        && has("steht")
        && (has("termin") || words.iter().any(|word| word.starts_with("termin")));
    if stands {
        return Some(Claim::Booked);
    }
    // "Habe ich für Sie gebucht", "ist eingetragen", "hiermit gebucht": something has happened. "Sie haben gebucht" tells
    // of what the caller did.
    let by_us = has("ich")
        || has("wir")
        || has("ist")
        || has("sind")
        || has("wurde")
        || has("wurden")
        || has("hiermit");
    let short = words.len() <= 3;
    let about_appointment = has("termin")
        || has("termine")
        || has("ihn")
        || has("sie")
        || has("ihnen")
        || has("das")
        || has("uhr")
        || words.iter().any(|word| word.ends_with("termin"));
    let (_, claim) = DONE.iter().find(|(word, _)| has(word))?;
    ((by_us && about_appointment) || short).then_some(*claim)
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
mod tests {
    use super::*;

    /// What was said, and what it claims.
    const SAID: &[(&str, Option<Claim>)] = &[
        // Claims.
        ("Ich habe den Termin für Sie gebucht.", Some(Claim::Booked)),
        ("Wunderbar, ich habe Sie am Dienstag um 14:30 Uhr eingetragen.", Some(Claim::Booked)),
        (
            "Ihre Termine sind am Freitag, dem vierten Dezember, um zehn Uhr fest eingetragen, zuerst Haarschnitt, danach um zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, kann ich sonst noch etwas für Sie tun?",
            Some(Claim::Booked),
        ),
        (
            "Ihre Termine sind jetzt auf Freitag, den vierten Dezember, um elf Uhr verlegt, zuerst Haarschnitt bei Anna Petersen, danach um elf Uhr dreißig Bartpflege bei Boris Kühn, kann ich sonst noch etwas für Sie tun?",
            Some(Claim::Moved),
        ),
        (
            "Ihre Termine am Freitag, dem vierten Dezember, um zehn Uhr sind abgesagt, Haarschnitt und Bartpflege, möchten Sie gleich einen neuen vereinbaren?",
            Some(Claim::Cancelled),
        ),
        (
            "Am Freitag, dem vierten Dezember, um zehn Uhr geht beides nacheinander, zuerst Haarschnitt, danach um zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, soll ich beides so eintragen?",
            None,
        ),
        (
            "Der Kalender hat nicht alles davon angenommen, eingetragen ist jetzt der Termin für Haarschnitt am Freitag, dem vierten Dezember, um zehn Uhr, soll sich jemand dazu bei Ihnen melden?",
            None,
        ),
        ("Ihr Termin ist gebucht.", Some(Claim::Booked)),
        ("Der Termin am 24.11. um 10 Uhr bei Frau Petersen ist eingetragen", Some(Claim::Booked)),
        ("Ihr Termin steht.", Some(Claim::Booked)),
        ("Alles klar, der Friseurtermin ist reserviert!", Some(Claim::Booked)),
        ("Gebucht.", Some(Claim::Booked)),
        ("So, ist eingetragen.", Some(Claim::Booked)),
        ("Wir haben das für Donnerstag um neun Uhr vereinbart.", Some(Claim::Booked)),
        ("Ich hab Ihnen den Termin eingetragen.", Some(Claim::Booked)),
        ("Der Termin wurde gebucht.", Some(Claim::Booked)),
        ("Hiermit ist Ihr Termin um halb drei Uhr gebucht.", Some(Claim::Booked)),
        ("Ich habe Ihren Termin auf Freitag verschoben.", Some(Claim::Moved)),
        ("Ihr Termin ist jetzt auf den 3.12. verlegt.", Some(Claim::Moved)),
        ("Ich habe Sie auf elf Uhr umgebucht.", Some(Claim::Moved)),
        ("Ihr Termin ist storniert.", Some(Claim::Cancelled)),
        ("Ich habe den Termin abgesagt.", Some(Claim::Cancelled)),
        ("Der Termin wurde gelöscht.", Some(Claim::Cancelled)),
        ("Erledigt, ich habe Sie ausgetragen.", Some(Claim::Cancelled)),
        ("Storniert!", Some(Claim::Cancelled)),
        // None.
        ("Soll ich den Termin so eintragen?", None),
        ("Möchten Sie, dass der Termin gebucht ist?", None),
        ("Ich kann Ihnen Dienstag um zehn Uhr anbieten.", None),
        ("Ich trage Sie gleich ein.", None),
        ("Ich werde den Termin für Sie buchen.", None),
        ("Der Termin wird eingetragen, sobald Sie zustimmen.", None),
        ("Wenn Sie möchten, ist der Termin gleich gebucht.", None),
        ("Leider habe ich den Termin nicht eingetragen.", None),
        ("Der Termin ist noch nicht gebucht.", None),
        ("Ich habe keinen Termin gebucht.", None),
        ("Sie haben bereits am Montag einen Termin bei uns gebucht.", None),
        ("Um zehn Uhr ist schon etwas eingetragen.", None),
        ("Dienstag um zehn Uhr ist frei.", None),
        ("Ich habe den Termin vorgemerkt.", None),
        ("Vorgemerkt ist er, eine Kollegin bestätigt ihn.", None),
        ("Der Termin ist vorgemerkt, aber noch nicht gebucht.", None),
        ("Sie können den Termin bis zum Vortag absagen.", None),
        ("Wurde der Termin abgesagt?", None),
        ("Möchten Sie den Termin verschieben?", None),
        ("Einen Moment bitte.", None),
        ("Ich würde Sie dann eintragen.", None),
        ("Guten Tag, hier ist der Salon Nord.", None),
        ("Termine sind von neun bis achtzehn Uhr möglich.", None),
        ("Falls der Termin abgesagt wird, melden wir uns.", None),
        ("Den Termin um zwölf Uhr hat jemand anderes reserviert.", None),
        ("Dann ist der Termin verlegt oder abgesagt, je nachdem.", None),
        // What is said before a question.
        (
            "Ihr Termin für Haarschnitt bei Anna ist am Dienstag, den 24. November, um zehn Uhr fest eingetragen, kann ich \
             sonst noch etwas für Sie tun?",
            Some(Claim::Booked),
        ),
        (
            "Ihr Termin für Haarschnitt ist jetzt auf Freitag um elf Uhr bei Anna verlegt, das kostet 12,50 Euro, kann ich \
             sonst noch etwas für Sie tun?",
            Some(Claim::Moved),
        ),
        (
            "Ihr Termin für Haarschnitt am Freitag um elf Uhr ist abgesagt, möchten Sie gleich einen neuen vereinbaren?",
            Some(Claim::Cancelled),
        ),
        (
            "Ich habe den Termin für Haarschnitt am Freitag vorgemerkt, die Bestätigung aus dem Kalender steht noch aus, \
             fragen Sie dazu bitte später noch einmal nach, kann ich sonst noch etwas für Sie tun?",
            None,
        ),
        ("Ihr Termin am Freitag um elf Uhr steht, möchten Sie daran etwas ändern?", None),
        ("Der Termin am Freitag ist schon für Sie eingetragen, kann ich sonst noch etwas für Sie tun?", None),
        ("Unter dieser Nummer sind mehrere Personen bei uns eingetragen, wie ist Ihr Name bitte?", None),
        ("Ist der Termin am Freitag, um zehn Uhr gebucht?", None),
        ("Der Termin am Freitag ist eingetragen, richtig?", None),
        (
            "Sie stehen für Haarschnitt am Freitag, auf der Warteliste, wird etwas frei, ruft der Salon Sie an, kann ich sonst \
             noch etwas für Sie tun?",
            None,
        ),
    ];

    #[test]
    fn what_is_claimed_and_what_is_not() {
        for (said, expected) in SAID {
            let found: Vec<_> = claims(said).into_iter().map(|claimed| claimed.claim).collect();
            assert_eq!(found, expected.iter().copied().collect::<Vec<_>>(), "{said}");
        }
    }

    #[test]
    fn a_finding_is_the_sentence_and_no_more() {
        let turn =
            "Vielen Dank, Frau Muster. Ich habe den Termin am 24.11. um 14.30 Uhr gebucht. Noch etwas?";
        let found = claims(turn);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].sentence, "Ich habe den Termin am 24.11. um 14.30 Uhr gebucht.");
    }

    #[test]
    fn a_caller_who_was_told_knows_it() {
        for (turn, claim, told) in [
            ("Ich habe den Termin vorgemerkt.", Claim::Booked, true),
            ("Sehr gern, Dienstag um zehn ist notiert.", Claim::Booked, true),
            ("Ihr Termin ist gebucht.", Claim::Booked, true),
            ("Ihr neuer Termin ist eingetragen.", Claim::Moved, true),
            ("Soll ich ihn eintragen?", Claim::Booked, false),
            ("Leider ist nichts eingetragen.", Claim::Booked, false),
            ("Auf Wiederhören!", Claim::Booked, false),
            ("Der Termin ist abgesagt.", Claim::Cancelled, true),
            ("Der Termin ist vorgemerkt.", Claim::Cancelled, false),
            (
                "Ihr Termin ist am Dienstag um zehn Uhr fest eingetragen, kann ich sonst noch etwas für Sie tun?",
                Claim::Booked,
                true,
            ),
            (
                "Ich habe den Termin vorgemerkt, die Bestätigung steht noch aus, falls es nicht klappt, ruft jemand Sie an, \
                 kann ich sonst noch etwas für Sie tun?",
                Claim::Booked,
                true,
            ),
            ("Ihr Termin ist abgesagt, möchten Sie gleich einen neuen vereinbaren?", Claim::Cancelled, true),
            ("Ihr Termin ist abgesagt, möchten Sie gleich einen neuen vereinbaren?", Claim::Booked, false),
            ("Ihr Termin ist auf Freitag verlegt, das kostet 12,50 Euro, passt das so?", Claim::Moved, true),
            ("Der Termin ist gebucht, in Ordnung?", Claim::Booked, true),
            ("Dienstag um zehn Uhr ist frei, soll der Termin gebucht werden?", Claim::Booked, false),
            ("Ist er gebucht?", Claim::Booked, false),
        ] {
            assert_eq!(tells(turn, claim), told, "{turn}");
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        for text in ["", "...", "?!.", "1.2.3.", "ß", "\u{0}", "🙂 gebucht 🙂", "ıİ."] {
            let _ = (claims(text), tells(text, Claim::Moved));
        }
    }
}
