//! The words that the rules are made of; their letters are folded, umlauts written out.

use super::Claim;

/// Verbs that make a clause of its own of what they stand in; what has none belongs to the clause before it. One that is
/// missing here costs a finding, never makes one.
pub(super) const FINITE: &[&str] = &[
    "bekommen",
    "bestaetige",
    "bestaetigt",
    "bin",
    "bitte",
    "bringen",
    "darf",
    "denke",
    "duerfen",
    "erhalten",
    "freue",
    "freuen",
    "gibt",
    "glaube",
    "hab",
    "habe",
    "haben",
    "haette",
    "haetten",
    "hat",
    "hatte",
    "hatten",
    "hoffe",
    "ist",
    "kann",
    "koennen",
    "koennte",
    "koennten",
    "kommen",
    "kommt",
    "kostet",
    "melde",
    "melden",
    "meldet",
    "moechte",
    "moechten",
    "muessen",
    "muss",
    "passt",
    "rufe",
    "rufen",
    "ruft",
    "schicke",
    "schicken",
    "sehe",
    "sehen",
    "sende",
    "senden",
    "sind",
    "soll",
    "sollen",
    "sollte",
    "sollten",
    "steht",
    "trage",
    "war",
    "waere",
    "waren",
    "werde",
    "werden",
    "will",
    "wird",
    "wollen",
    "wuensche",
    "wuenschen",
    "wuerde",
    "wuerden",
    "wurde",
    "wurden",
];

/// Words with which a condition begins.
pub(super) const CONDITION: &[&str] = &["wenn", "falls", "sobald", "sofern", "bevor", "ob"];

/// Words between two clauses.
pub(super) const BETWEEN: &[&str] = &["und", "aber", "doch", "sondern", "denn"];

/// Words with which a clause begins that depends on the one before it, with all that makes that one unreal.
pub(super) const DEPENDENT: &[&str] = &["dass", "damit", "weil"];

/// Words with which a clause about a word before it may begin.
pub(super) const RELATIVE: &[&str] =
    &["der", "die", "das", "den", "dem", "denen", "welcher", "welche", "welches", "welchen"];

/// The days of the week, from Monday.
pub(super) const WEEKDAYS: [&str; 7] =
    ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"];

/// Hours from 0 on, as they are said before "Uhr".
pub(super) const HOURS: [&str; 25] = [
    "null",
    "ein",
    "zwei",
    "drei",
    "vier",
    "fuenf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwoelf",
    "dreizehn",
    "vierzehn",
    "fuenfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
    "zwanzig",
    "einundzwanzig",
    "zweiundzwanzig",
    "dreiundzwanzig",
    "vierundzwanzig",
];

/// Words that make another time of the hour after them.
pub(super) const NOT_QUITE: &[&str] = &["halb", "viertel", "dreiviertel", "kurz", "vor", "nach", "gegen"];

/// Words that make a sentence a wish, a question, a condition, an announcement or a refusal.
pub(super) const UNREAL: &[&str] = &[
    "nicht",
    "kein",
    "keine",
    "keinen",
    "keinem",
    "keiner",
    "nichts",
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
    "hoffe",
    "hoffen",
    "hoffentlich",
    "vielleicht",
    "vermutlich",
    "wahrscheinlich",
];

/// Words of [`UNREAL`] on which the clause after them depends: "Ich hoffe, die Buchung hat geklappt."
pub(super) const HOPING: &[&str] = &["hoffe", "hoffen"];

/// With these an appointment "steht" as it did before, or would, or something else does.
pub(super) const STILL: &[&[&str]] = &[
    &["aus"],
    &["zur"],
    &["weiter"],
    &["weiterhin"],
    &["noch"],
    &["unveraendert"],
    &["dann"],
    &["wie", "vor"],
    &["wie", "bisher"],
    &["steht", "so"],
    &["so", "steht"],
];

/// With these something has not quite worked out.
pub(super) const PARTLY: &[&str] = &["fast", "beinahe", "nur", "teilweise", "kaum", "dann"];

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

/// Words that speak of what was there before this call.
pub(super) const EARLIER: &[&str] =
    &["damals", "gestern", "neulich", "letzte", "letzten", "letztes", "frueher"];

/// Words that do so too, unless the assistant speaks of what it did: "Ich habe den Termin bereits eingetragen."
pub(super) const ALREADY: &[&str] = &["bereits", "schon"];

/// Words with which a question begins, at the beginning of a sentence or after a comma.
pub(super) const ASKING: &[&str] = &[
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

/// Words that say what was done; the letters are folded as [`words`] does.
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
    ("vorverlegt", Claim::Moved),
    ("storniert", Claim::Cancelled),
    ("abgesagt", Claim::Cancelled),
    ("geloescht", Claim::Cancelled),
    ("gestrichen", Claim::Cancelled),
    ("ausgetragen", Claim::Cancelled),
    // What may be done to other things than appointments comes last: the plainer word of a clause says what is claimed.
    ("bestaetigt", Claim::Booked),
    ("angelegt", Claim::Booked),
    ("geaendert", Claim::Moved),
];

/// Words of [`DONE`] that say something only of what is called an appointment: names, numbers and accounts are confirmed,
/// made and changed as well.
pub(super) const OF_ANYTHING: &[&str] = &["bestaetigt", "angelegt", "geaendert"];

/// Of time that something takes, not of an appointment: "Dafür sind dreißig Minuten eingeplant."
pub(super) const LENGTHS: &[&str] = &["minute", "minuten", "stunde", "stunden", "zeit"];

/// Words of the question whether what there is shall be changed.
pub(super) const CHANGING: &[&str] =
    &["aendern", "verschieben", "verlegen", "absagen", "stornieren", "loeschen"];

/// Words that promise that nothing is left open.
pub(super) const FIRM: &[&str] =
    &["fest", "festgemacht", "bestaetigt", "verbindlich", "definitiv", "garantiert", "endgueltig"];
