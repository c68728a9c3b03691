//! The words for what is done to an appointment; their letters are folded, umlauts written out.

use super::Claim;

/// Words that say what was done; the letters are folded as [`words`](super::clauses::words) does.
pub(super) const DONE: &[(&str, Claim)] = &[
    ("gebucht", Claim::Booked),
    ("eingebucht", Claim::Booked),
    ("eingetragen", Claim::Booked),
    ("reserviert", Claim::Booked),
    ("vereinbart", Claim::Booked),
    ("festgemacht", Claim::Booked),
    ("eingeplant", Claim::Booked),
    ("verschoben", Claim::Moved),
    ("verlegt", Claim::Moved),
    ("umgebucht", Claim::Moved),
    ("umgelegt", Claim::Moved),
    ("umgeplant", Claim::Moved),
    ("vorverlegt", Claim::Moved),
    ("vorgezogen", Claim::Moved),
    ("umgestellt", Claim::Moved),
    ("geschoben", Claim::Moved),
    ("gelegt", Claim::Moved),
    ("gesetzt", Claim::Moved),
    ("storniert", Claim::Cancelled),
    ("abgesagt", Claim::Cancelled),
    ("geloescht", Claim::Cancelled),
    ("gestrichen", Claim::Cancelled),
    ("ausgetragen", Claim::Cancelled),
    ("gecancelt", Claim::Cancelled),
    ("gecancelled", Claim::Cancelled),
    ("annulliert", Claim::Cancelled),
    ("genommen", Claim::Cancelled),
    // What may be done to other things than appointments comes last: the plainer word of a clause says what is claimed.
    ("rausgenommen", Claim::Cancelled),
    ("herausgenommen", Claim::Cancelled),
    ("rausgestrichen", Claim::Cancelled),
    ("rausgeloescht", Claim::Cancelled),
    ("entfernt", Claim::Cancelled),
    ("aufgehoben", Claim::Cancelled),
    ("bestaetigt", Claim::Booked),
    ("angelegt", Claim::Booked),
    ("gesichert", Claim::Booked),
    ("festgelegt", Claim::Booked),
    ("geblockt", Claim::Booked),
    ("abgemacht", Claim::Booked),
    ("ausgemacht", Claim::Booked),
    ("geaendert", Claim::Moved),
];

/// Words of [`DONE`] that say something only of what is called an appointment: names, numbers and accounts are confirmed,
/// made and changed as well.
pub(super) const OF_ANYTHING: &[&str] = &[
    "rausgenommen",
    "herausgenommen",
    "rausgestrichen",
    "rausgeloescht",
    "entfernt",
    "aufgehoben",
    "bestaetigt",
    "angelegt",
    "gesichert",
    "festgelegt",
    "geblockt",
    "abgemacht",
    "ausgemacht",
    "geaendert",
];

/// The same as infinitives: "Ich konnte Ihren Termin verlegen."
pub(super) const TO_DO: &[(&str, Claim)] = &[
    ("buchen", Claim::Booked),
    ("eintragen", Claim::Booked),
    ("reservieren", Claim::Booked),
    ("vereinbaren", Claim::Booked),
    ("verschieben", Claim::Moved),
    ("verlegen", Claim::Moved),
    ("umbuchen", Claim::Moved),
    ("vorverlegen", Claim::Moved),
    ("stornieren", Claim::Cancelled),
    ("absagen", Claim::Cancelled),
    ("loeschen", Claim::Cancelled),
    ("streichen", Claim::Cancelled),
];

/// Words of [`DONE`] that say something only with where to: "auf Freitag gelegt", "aus dem Kalender genommen".
pub(super) const WITH_AIM: &[&str] = &["umgestellt", "geschoben", "gelegt", "gesetzt", "genommen"];

/// Words for something that is booked, beside those that end with "termin".
pub(super) const BOOKINGS: &[&str] = &["buchung", "terminbuchung", "reservierung"];

/// What was done, as a word of its own: "Die Absage ist eingetragen."
pub(super) const DEED_NOUNS: &[(&str, Claim)] = &[
    ("absage", Claim::Cancelled),
    ("terminabsage", Claim::Cancelled),
    ("stornierung", Claim::Cancelled),
    ("umbuchung", Claim::Moved),
    ("verlegung", Claim::Moved),
    ("terminverlegung", Claim::Moved),
    ("verschiebung", Claim::Moved),
    ("terminverschiebung", Claim::Moved),
    ("terminaenderung", Claim::Moved),
];

/// Words that say of [`DEED_NOUNS`] that nothing is left to be done.
pub(super) const SETTLED: &[&str] = &[
    "bestaetigt",
    "eingetragen",
    "gebucht",
    "durch",
    "durchgefuehrt",
    "erledigt",
    "erfolgt",
    "vorgenommen",
    "vollzogen",
    "abgeschlossen",
];

/// What is done so that somebody calls back.
pub(super) const CALLBACKS: &[&str] = &["rueckruf", "rueckrufbitte", "rueckrufwunsch"];

/// Who is entered, and is no appointment.
pub(super) const CUSTOMERS: &[&str] = &["kunde", "kundin", "kundenkartei"];

/// Of time that something takes, not of an appointment: "Dafür sind dreißig Minuten eingeplant."
pub(super) const LENGTHS: &[&str] = &["minute", "minuten", "stunde", "stunden", "zeit"];

/// Words of the question whether what there is shall be changed.
pub(super) const CHANGING: &[&str] =
    &["aendern", "verschieben", "verlegen", "absagen", "stornieren", "loeschen"];

/// Words that promise that nothing is left open.
pub(super) const FIRM: &[&str] =
    &["fest", "festgemacht", "bestaetigt", "verbindlich", "definitiv", "garantiert", "endgueltig"];

/// What is done to an appointment that there is, or noted about one.
pub(super) const CHANGES: &[&str] = &[
    "absage",
    "aenderung",
    "loeschung",
    "stornierung",
    "umbuchung",
    "umbuchen",
    "verlegung",
    "verschiebung",
    "notiz",
    "wunsch",
];
