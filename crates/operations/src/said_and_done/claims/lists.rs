//! The words around what was done: they make clauses and questions. Their letters are folded,
//! umlauts written out.

/// Verbs that make a clause of its own of what they stand in; what has none belongs to the clause before it. Where one is missing
/// here, the clauses run together, and what makes one of them unreal does so to the other; of a time behind what was done see
/// [`timed`](super::times::timed).
pub(super) const FINITE: &[&str] = &[
    "arbeiten",
    "arbeitet",
    "beginnt",
    "bekommen",
    "bestaetige",
    "bestaetigt",
    "bin",
    "bitte",
    "bleiben",
    "bleibt",
    "brauche",
    "brauchen",
    "bringen",
    "darf",
    "dauert",
    "denke",
    "duerfen",
    "entfaellt",
    "entstehen",
    "entsteht",
    "erhalten",
    "erinnere",
    "erinnern",
    "erreichen",
    "faellt",
    "fallen",
    "findet",
    "freue",
    "freuen",
    "gebe",
    "geben",
    "gehen",
    "gehoert",
    "geht",
    "gibt",
    "ging",
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
    "informiere",
    "informieren",
    "ist",
    "kann",
    "koennen",
    "koennte",
    "koennten",
    "kommen",
    "kommt",
    "konnte",
    "konnten",
    "kostet",
    "leite",
    "leiten",
    "liegt",
    "melde",
    "melden",
    "meldet",
    "moechte",
    "moechten",
    "muessen",
    "muesste",
    "muessten",
    "muss",
    "oeffnen",
    "oeffnet",
    "passt",
    "rufe",
    "rufen",
    "ruft",
    "schicke",
    "schicken",
    "schliessen",
    "schliesst",
    "sehe",
    "sehen",
    "seien",
    "sende",
    "senden",
    "sind",
    "soll",
    "sollen",
    "sollte",
    "sollten",
    "startet",
    "stehen",
    "steht",
    "trage",
    "verfaellt",
    "waere",
    "war",
    "waren",
    "wartet",
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

/// Words between two clauses.
pub(super) const BETWEEN: &[&str] = &["und", "aber", "doch", "sondern", "denn"];

/// Words that somebody is away.
pub(super) const AWAY: &[&str] = &["verhindert", "krank", "erkrankt", "urlaub"];

/// Words with which no sentence ends.
pub(super) const DANGLING: &[&str] = &[
    "am", "an", "auf", "bei", "der", "den", "dem", "die", "das", "ein", "eine", "einen", "fuer", "habe",
    "hab", "ich", "ihr", "ihre", "ihren", "im", "in", "ist", "mit", "sind", "um", "und", "von", "wir",
    "wurde", "zum", "zur",
];

/// Words with which a clause begins that depends on the one before it, with all that makes that one unreal.
pub(super) const DEPENDENT: &[&str] = &["dass", "damit", "weil"];

/// Words with which a clause about a word before it may begin.
pub(super) const RELATIVE: &[&str] =
    &["der", "die", "das", "den", "dem", "denen", "welcher", "welche", "welches", "welchen"];

/// Words with a full stop that ends no sentence.
pub(super) const ABBREVIATED: &[&str] = &["dr", "prof", "med", "nr", "bzw", "ca", "inkl"];

/// How friends are spoken to, and the words of whoever is more polite.
pub(super) const FAMILIAR: &[(&str, &str)] = &[
    ("du", "sie"),
    ("dich", "sie"),
    ("dir", "ihnen"),
    ("dein", "ihr"),
    ("deine", "ihre"),
    ("deinen", "ihren"),
    ("deinem", "ihrem"),
    ("deiner", "ihrer"),
    ("bist", "sind"),
    ("hast", "haben"),
    ("kommst", "kommen"),
    ("bekommst", "bekommen"),
];

/// What is said beside a matter, and denies nothing of it.
pub(super) const NO_MATTER: &[&[&str]] = &[
    &["kein", "thema"],
    &["kein", "problem"],
    &["keine", "sorge"],
    &["keine", "ursache"],
    &["das", "haetten", "wir"],
    &["schon", "passiert"],
    &["schon", "geschehen"],
    &["schon", "erledigt"],
    &["bereits", "erledigt"],
];

/// Words before what something else is about.
pub(super) const ABOUT: &[&str] = &["fuer", "ueber", "auf", "an", "in", "zu", "von", "mit", "bei"];

/// Words that something has worked out.
pub(super) const WORKED: &[&str] = &["geklappt", "funktioniert"];

/// Words that say that it was done in this moment, or is new.
pub(super) const NOW: &[&str] = &[
    "jetzt",
    "nun",
    "soeben",
    "eben",
    "gerade",
    "hiermit",
    "damit",
    "neu",
    "neuer",
    "neue",
    "neuen",
    "erfolgreich",
    "worden",
];

/// Words that are said before the matter and say nothing of it, beside those of [`GLAD`].
pub(super) const POLITE: &[&str] = &[
    "ja",
    "jawohl",
    "genau",
    "sehr",
    "vielen",
    "dank",
    "danke",
    "dankeschoen",
    "glueckwunsch",
    "herzlichen",
    "gern",
    "gerne",
    "natuerlich",
    "selbstverstaendlich",
    "alles",
    "in",
    "na",
];

/// Words before the matter that say that something is settled.
pub(super) const GLAD: &[&str] = &[
    "so",
    "klar",
    "ordnung",
    "okay",
    "ok",
    "super",
    "perfekt",
    "prima",
    "wunderbar",
    "klasse",
    "toll",
    "fein",
    "schoen",
    "passt",
    "erledigt",
    "geschafft",
    "fertig",
    "fantastisch",
    "hervorragend",
    "ausgezeichnet",
    "bestens",
    "gut",
];

/// Words that may stand beside what was done where it is left out to what.
pub(super) const HOLLOW: &[&str] = &[
    "ist", "sind", "wurde", "wurden", "hiermit", "damit", "jetzt", "nun", "fest", "beides", "soeben",
    "gerade", "eben", "bereits", "schon", "es", "s", "habe", "hab", "ich", "wir", "fuer", "sie", "ihnen",
    "notiert",
];

/// Words that may follow what is said of an appointment: when and with whom it is.
pub(super) const TIME_AFTER: &[&str] = &["am", "um", "fuer", "bei", "den", "dem", "zwar"];

/// Words that make somebody else of whom it is by: "von Ihrem Arzt".
pub(super) const SOMEBODYS: &[&str] = &["ihrem", "ihrer", "einem", "einer", "jemandem", "jemand"];

/// The question with which a matter ends.
pub(super) const MORE: &[&[&str]] =
    &[&["sonst", "noch"], &["noch", "etwas"], &["noch", "was"], &["weiter", "helfen"]];

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
