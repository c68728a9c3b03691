//! The words for what is done to an appointment; their letters are folded, umlauts written out.

use super::Claim;

/// What a word for what was done is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Of an appointment, whatever else is said.
    Appointments,
    /// Of names, numbers and accounts as well: of an appointment only where one is called so.
    Anything,
    /// Of an appointment only with where to, or when: "auf Freitag gelegt", "aus dem Kalender genommen".
    Places,
}

use Of::{Anything, Appointments, Places};

/// Words that say what was done; the letters are folded as [`words`](super::clauses::words) does.
pub(super) const DONE: &[(&str, Claim, Of)] = &[
    ("gebucht", Claim::Booked, Appointments),
    ("eingebucht", Claim::Booked, Appointments),
    ("eingetragen", Claim::Booked, Appointments),
    ("reserviert", Claim::Booked, Appointments),
    ("vereinbart", Claim::Booked, Appointments),
    ("eingeschrieben", Claim::Booked, Appointments),
    ("dazwischengeschoben", Claim::Booked, Appointments),
    ("eingeschoben", Claim::Booked, Appointments),
    ("festgemacht", Claim::Booked, Appointments),
    ("eingeplant", Claim::Booked, Appointments),
    ("umgetragen", Claim::Moved, Appointments),
    ("angemeldet", Claim::Booked, Places),
    ("verschoben", Claim::Moved, Appointments),
    ("verlegt", Claim::Moved, Appointments),
    ("zurueckverlegt", Claim::Moved, Appointments),
    ("umgebucht", Claim::Moved, Appointments),
    ("umgelegt", Claim::Moved, Appointments),
    ("umgeplant", Claim::Moved, Appointments),
    ("vorverlegt", Claim::Moved, Appointments),
    ("vorgezogen", Claim::Moved, Appointments),
    ("umgestellt", Claim::Moved, Places),
    ("geschoben", Claim::Moved, Places),
    ("gelegt", Claim::Moved, Places),
    ("gesetzt", Claim::Moved, Places),
    ("gewandert", Claim::Moved, Places),
    ("getauscht", Claim::Moved, Places),
    ("storniert", Claim::Cancelled, Appointments),
    ("abgesagt", Claim::Cancelled, Appointments),
    ("geloescht", Claim::Cancelled, Appointments),
    ("gestrichen", Claim::Cancelled, Appointments),
    ("ausgetragen", Claim::Cancelled, Appointments),
    ("gecancelt", Claim::Cancelled, Appointments),
    ("gecancelled", Claim::Cancelled, Appointments),
    ("annulliert", Claim::Cancelled, Appointments),
    ("genommen", Claim::Cancelled, Places),
    ("abgemeldet", Claim::Cancelled, Places),
    // What may be done to other things than appointments comes last: the plainer word of a clause says what is claimed.
    ("zurueckgezogen", Claim::Cancelled, Anything),
    ("rausgenommen", Claim::Cancelled, Anything),
    ("herausgenommen", Claim::Cancelled, Anything),
    ("rausgestrichen", Claim::Cancelled, Anything),
    ("rausgeloescht", Claim::Cancelled, Anything),
    ("entfernt", Claim::Cancelled, Anything),
    ("aufgehoben", Claim::Cancelled, Anything),
    ("aufgeloest", Claim::Cancelled, Anything),
    ("bestaetigt", Claim::Booked, Anything),
    ("angelegt", Claim::Booked, Anything),
    ("erstellt", Claim::Booked, Anything),
    ("gesichert", Claim::Booked, Anything),
    ("gegeben", Claim::Booked, Anything),
    ("festgelegt", Claim::Booked, Anything),
    ("geblockt", Claim::Booked, Anything),
    ("abgemacht", Claim::Booked, Anything),
    ("ausgemacht", Claim::Booked, Anything),
    ("geaendert", Claim::Moved, Anything),
    ("angepasst", Claim::Moved, Anything),
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
    ("vorziehen", Claim::Moved),
    ("umlegen", Claim::Moved),
    ("legen", Claim::Moved),
    ("stornieren", Claim::Cancelled),
    ("absagen", Claim::Cancelled),
    ("loeschen", Claim::Cancelled),
    ("streichen", Claim::Cancelled),
];

/// Words for something that is booked, beside those that end with "termin".
pub(super) const BOOKINGS: &[&str] =
    &["buchung", "terminbuchung", "terminvereinbarung", "reservierung", "serie", "terminserie"];

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

/// Words of [`DONE`] that are said of what is booked, whatever it is called.
pub(super) const BOUND: &[&str] = &[
    "gebucht",
    "eingebucht",
    "umgebucht",
    "umgelegt",
    "umgetragen",
    "verlegt",
    "verschoben",
    "abgesagt",
    "storniert",
    "gecancelt",
    "annulliert",
];

/// What is reserved, entered or called off as well, and is no appointment.
pub(super) const OTHER_THINGS: &[&str] = &[
    "parkplatz",
    "stellplatz",
    "rollstuhl",
    "leihwagen",
    "mietwagen",
    "ersatzwagen",
    "ticket",
    "anfrage",
    "tiefgarage",
    "raum",
    "zimmer",
    "eingang",
    "ausflug",
    "newsletter",
    "veranstaltung",
    "seminar",
    "workshop",
    "erinnerung",
    "terminerinnerung",
    "gutschein",
    "rechnung",
    "bestellung",
    "zahlung",
    "lieferung",
];

/// What is moved as well, and is no service.
pub(super) const PREMISES: &[&str] =
    &["filiale", "salon", "praxis", "studio", "laden", "standort", "geschaeft", "betrieb", "zeiten"];

/// What is confirmed or entered as well, and is no service, whenever it is for.
pub(super) const CONFIRMED_TOO: &[&str] =
    &["anfrage", "nummer", "adresse", "daten", "angaben", "rezept", "versicherung", "kasse", "wunsch"];

/// Who may have an appointment of their own.
pub(super) const RELATIVES: &[&str] =
    &["tochter", "sohn", "kind", "kinder", "mann", "ehemann", "mutter", "vater", "partner", "partnerin"];

/// What is done so that somebody calls back.
pub(super) const CALLBACKS: &[&str] = &["rueckruf", "rueckrufbitte", "rueckruftermin", "rueckrufwunsch"];

/// Who is entered, and is no appointment.
pub(super) const CUSTOMERS: &[&str] = &["kunde", "kundin", "kundenkartei"];

/// Of time that something takes, not of an appointment: "Dafür sind dreißig Minuten eingeplant."
pub(super) const LENGTHS: &[&str] = &["minute", "minuten", "stunde", "stunden", "zeit"];

/// Of time that passes until something is done: "in wenigen Sekunden gebucht".
pub(super) const MOMENTS: &[&str] = &["sekunde", "sekunden", "augenblick", "augenblicken", "moment"];

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
